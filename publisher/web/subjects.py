"""`/subject/{code}`: every record shown that names a social credit code, whatever it says.

Purpose: what the index knows of the subject, the records by the role in which it is named, the
lists it is on and the measures that follow. No list means no record, not good credit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from flask import Blueprint, request

from exchange.domain.errors import NotFound
from exchange.domain.identity import id_of, normal_code, uscc_problem
from exchange.model import Sort
from publisher.web import http, rdf
from publisher.web.lines import standing
from publisher.web.view import USCC

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from pyoxigraph import Triple

    from exchange.model import Field
    from publisher.surfaces.index import Entry, Measure, Subject
    from publisher.web.lines import Line, Lines
    from publisher.web.pages import Pages
    from publisher.web.parts import Parts
    from publisher.web.vocabulary import Vocabulary

_CODES: Final = "https://w3id.org/credence/code/"
_CONSTRUCT: Final = (
    "CONSTRUCT {{ ?record ?p ?o }} {{ {{ SELECT DISTINCT ?record {{ VALUES ?role {{ {roles} }} "
    "?record ?role <{iri}> }} }} ?record ?p ?o }}"
)


@dataclass(frozen=True, slots=True)
class Group:
    """The records that name the code in one role; `more` says that `count` is only the bound."""

    title: str
    count: int
    more: bool
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True)
class Listing:
    """An entry of the subject on a list; `until` may be empty."""

    name: str
    path: str
    since: str
    until: str
    objection: bool


@dataclass(frozen=True, slots=True)
class InForce:
    """A measure that follows from a list; `until` is the last day of the entry, may be empty."""

    name: str
    path: str
    list: str
    measure_class: str
    basis: str
    unit: str
    until: str


def blueprint(parts: Parts, pages: Pages, words: Vocabulary, lines: Lines) -> Blueprint:
    """Return the routes of subjects."""
    subjects = Subjects(parts, pages, words, lines)
    made = Blueprint("subjects", __name__)
    made.add_url_rule("/subject/<name>", view_func=subjects.subject)
    return made


class Subjects:
    """Answers about one code."""

    def __init__(self, parts: Parts, pages: Pages, words: Vocabulary, lines: Lines) -> None:
        self._parts = parts
        self._pages = pages
        self._words = words
        self._lines = lines
        self._roles: Mapping[str, Field] = {
            field.name: field
            for kind in sorted(lines.kinds.values(), key=lambda kind: kind.slug)
            for field in kind.fields
            if field.sort is Sort.ORGANISATION and field.base == USCC
        }
        # Those made of the record's own `uscc`: the record is about the subject.
        self._about = [field.iri for field in self._roles.values() if field.code_from]

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
        found = self._parts.index.subject(code)
        groups = self._groups(found, lang) if found else []
        if found is None or not groups:
            raise _none()
        path = f"/subject/{code}"
        live = self._live(found)
        return self._pages.render(
            "subject.html",
            lang,
            here=path,
            path=path,
            code=code,
            name_of=found.name,
            category=self._word("subject-category", found.category, lang),
            status=self._word("registration-status", found.status, lang),
            division=self._word("division", found.division, lang),
            groups=groups,
            lists=[self._listing(entry, lang) for entry in found.lists if entry.iri in live],
            measures=[
                self._measure(one, lang)
                for one in found.measures
                if one.iri in live and one.entry in live
            ],
            formats=tuple(http.SUFFIXES.items()),
            alternates=[(media, f"{path}.{suffix}") for suffix, media in http.SUFFIXES.items()],
        )

    def _groups(self, found: Subject, lang: str) -> list[Group]:
        """Return the roles with records that stand, those first that are about the subject."""
        groups = []
        for role in found.roles:
            lines = self._lines.shown(role.entries, lang)
            label = self._roles[role.name].label
            title = label.zh if lang == "zh" else label.en
            if lines:
                count = role.total - (len(role.entries) - len(lines))
                groups.append(Group(title, count, role.more, sorted(lines, key=_day, reverse=True)))
        return groups

    def _live(self, found: Subject) -> Collection[str]:
        """Return the records behind lists and measures that stand at this moment."""
        behind = {entry.iri for entry in found.lists}
        behind |= {iri for one in found.measures for iri in (one.iri, one.entry)}
        return standing(self._parts, behind)

    def _listing(self, entry: Entry, lang: str) -> Listing:
        name = self._word("credit-list", entry.list, lang)
        path = f"/record/{id_of(entry.iri)}"
        return Listing(name, path, entry.day, entry.until, entry.objection)

    def _measure(self, one: Measure, lang: str) -> InForce:
        return InForce(
            one.name,
            f"/record/{id_of(one.iri)}",
            self._word("credit-list", one.list, lang),
            self._word("measure-class", one.measure_class, lang),
            one.basis,
            one.unit,
            one.until,
        )

    def _word(self, scheme: str, notation: str, lang: str) -> str:
        """Return the word for a code of a list, the code itself where the list lacks it."""
        term = self._words.get(f"{_CODES}{scheme}/{notation}")
        return term.label(lang) if term else notation

    def _data(self, code: str, media: str) -> bytes:
        """Return the records about the subject as RDF, without those that have just left."""
        roles = " ".join(f"<{role}>" for role in self._about)
        asked = _CONSTRUCT.format(roles=roles, iri=USCC + code)
        triples = rdf.received(self._parts.queries.query(asked, http.NTRIPLES).body)
        live = standing(self._parts, set(map(_record, triples)))
        shown = [triple for triple in triples if _record(triple) in live]
        if not shown:
            raise _none()
        return rdf.written(shown, media)


def _record(triple: Triple) -> str:
    return str(triple.subject)[1:-1]


def _day(line: Line) -> str:
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
