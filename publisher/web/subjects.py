"""`/subject/{code}`: every record shown that names a social credit code, whatever it says.

Purpose: the plain list, by the role in which the code is named; status, measures and timeline
join with the index surface (ROADMAP 2). No list means no record, not good credit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Blueprint, request

from exchange.domain.errors import NotFound
from exchange.domain.identity import normal_code, uscc_problem
from exchange.model import Sort
from publisher.web import http, rdf
from publisher.web.lines import rows, stands
from publisher.web.view import USCC

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyoxigraph import Triple

    from exchange.model import Field
    from publisher.web.lines import Line, Lines
    from publisher.web.pages import Pages
    from publisher.web.parts import Parts

MOST: Final = 200
_COUNT: Final = (
    "SELECT ?role (COUNT(?record) AS ?count) {{ VALUES ?role {{ {roles} }} "
    "?record ?role <{iri}> }} GROUP BY ?role"
)
_NAMED: Final = (
    "{{ SELECT ?record ?class ?role {{ VALUES ?role {{ <{role}> }} VALUES ?class {{ {classes} }} "
    "?record ?role <{iri}> ; a ?class }} LIMIT {most} }}"
)
_CONSTRUCT: Final = (
    "CONSTRUCT {{ ?record ?p ?o }} {{ {{ SELECT DISTINCT ?record {{ VALUES ?role {{ {roles} }} "
    "?record ?role <{iri}> }} }} ?record ?p ?o }}"
)


def blueprint(parts: Parts, pages: Pages, lines: Lines) -> Blueprint:
    """Return the routes of subjects."""
    subjects = Subjects(parts, pages, lines)
    made = Blueprint("subjects", __name__)
    made.add_url_rule("/subject/<name>", view_func=subjects.subject)
    return made


class Subjects:
    """Answers about one code."""

    def __init__(self, parts: Parts, pages: Pages, lines: Lines) -> None:
        self._parts = parts
        self._pages = pages
        self._lines = lines
        self._roles: Mapping[str, Field] = {
            field.iri: field
            for kind in sorted(lines.kinds.values(), key=lambda kind: kind.slug)
            for field in kind.fields
            if field.sort is Sort.ORGANISATION and field.base == USCC
        }
        # Those made of the record's own `uscc`: the record is about the subject.
        self._about = [iri for iri, field in self._roles.items() if field.code_from]

    def subject(self, name: str) -> http.Reply:
        """Return what is shown about a code, by Accept or suffix.

        Raises NotFound for what is no code, and for a code that no record names.
        """
        given, _, suffix = name.partition(".")
        code = _code(given)
        media = rdf.wished(suffix, _none())
        if code != given:
            # Only now: a suffix that is none of ours may hold anything, line ends too.
            return _lead(f"{self._pages.prefix}/subject/{code}{'.' * bool(suffix)}{suffix}")
        body = self._page(code) if media == http.HTML else self._data(code, media)
        return http.Reply(body, media, headers=rdf.HEADERS).tagged(request.environ)

    def _page(self, code: str) -> bytes:
        lang = http.language(request.environ)
        iri = USCC + code
        roles = " ".join(f"<{role}>" for role in self._roles)
        counted = rows(self._parts.queries, _COUNT.format(roles=roles, iri=iri))
        counts = {row["role"]: int(row["count"]) for row in counted if int(row["count"])}
        if not counts:
            raise _none()
        groups = self._groups(iri, counts, lang)
        path = f"/subject/{code}"
        return self._pages.render(
            "subject.html",
            lang,
            here=path,
            path=path,
            code=code,
            name_of=next(
                (line.name for _, _, found in groups[:1] for line in found if line.name), ""
            ),
            groups=groups,
            most=MOST,
            formats=tuple(http.SUFFIXES.items()),
            alternates=[(media, f"{path}.{suffix}") for suffix, media in http.SUFFIXES.items()],
        )

    def _groups(
        self, iri: str, counts: Mapping[str, int], lang: str
    ) -> list[tuple[str, int, list[Line]]]:
        """Return (role, count, lines): first where the record is about the subject."""
        about = [role for role in self._about if role in counts]
        asked = sorted(about, key=counts.__getitem__)
        asked += sorted(counts.keys() - about, key=lambda role: (-counts[role], role))
        branches = (
            _NAMED.format(role=role, classes=self._lines.classes, iri=iri, most=MOST)
            for role in asked
        )
        found = self._lines.ask(" UNION ".join(branches))
        groups = []
        for role in asked:
            lines = self._lines.of((row for row in found if row["role"] == role), lang)
            label = self._roles[role].label
            title = label.zh if lang == "zh" else label.en
            if lines:
                groups.append((title, counts[role], sorted(lines, key=_newest, reverse=True)))
        return groups

    def _data(self, code: str, media: str) -> bytes:
        """Return the records about the subject as RDF, without those that have just left."""
        roles = " ".join(f"<{role}>" for role in self._about)
        asked = _CONSTRUCT.format(roles=roles, iri=USCC + code)
        triples = rdf.received(self._parts.queries.query(asked, http.NTRIPLES).body)
        live = {iri for iri in set(map(_record, triples)) if stands(self._parts, iri)}
        standing = [triple for triple in triples if _record(triple) in live]
        if not standing:
            raise _none()
        return rdf.written(standing, media)


def _record(triple: Triple) -> str:
    return str(triple.subject)[1:-1]


def _newest(line: Line) -> str:
    return line.date


def _lead(path: str) -> http.Reply:
    return http.Reply(b"", status=303, headers=(("Location", path),))


def _code(text: str) -> str:
    """Return the code in its canonical writing. Raises NotFound for what is none."""
    code = normal_code(text)
    problem = uscc_problem(code)
    if problem is None:
        return code
    check = problem == "uscc-check-digit"
    raise NotFound(
        "This is no unified social credit code." + " Its check digit is wrong." * check,
        "Check its 18 characters.",
        zh="这不是统一社会信用代码" + ("：校验位不符。" if check else "。"),
        zh_hint="请核对 18 位代码。",
    )


def _none() -> NotFound:
    return NotFound(
        "No record shown names this code.",
        "Check the code; no record does not mean good credit.",
        zh="没有提到该代码的公开记录。",
        zh_hint="请核对代码；没有记录不等于信用良好。",
    )
