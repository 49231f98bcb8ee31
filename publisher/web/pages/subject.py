"""`/subject/{code}`: every record shown that names a social credit code, whatever it says.

Purpose: what the index knows of the subject, the records by the role in which it is named, the
lists it is on and the measures that follow. Its data are the records about it, found by the index,
written by the ledger, in pages of 500. No list means no record, not good credit.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from flask import Blueprint, request
from pyoxigraph import NamedNode, Triple

from exchange.domain.errors import NotFound
from exchange.domain.identifiers import USCC_BASE, id_of, normal_code, record_iri, uscc_problem
from exchange.domain.publicity_period import china_date
from exchange.model import FieldType
from publisher.web.charts.timeline import WIDTH, timeline
from publisher.web.http import rdf_negotiation, replies
from publisher.web.pages.credit_lists import credit_list
from publisher.web.pages.record_summaries import still_visible
from publisher.web.pages.record_view import ended, shortened, values_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from exchange.domain.record import VisibleRecord
    from exchange.model import Field
    from publisher.surfaces.index import Measure, Subject
    from publisher.web.charts.timeline import Timeline
    from publisher.web.context import SiteContext
    from publisher.web.pages.credit_lists import CreditList
    from publisher.web.pages.record_summaries import RecordSummaries, RecordSummary
    from publisher.web.pages.renderer import Pages
    from publisher.web.pages.vocabulary_labels import Vocabulary

# The kinds that the summary counts: what a visitor asks about first.
_TOLD: Final = ("penalty", "licence")
# XHTML Vocabulary, as paged linked data uses it.
_NEXT: Final = "http://www.w3.org/1999/xhtml/vocab#next"


@dataclass(frozen=True, slots=True)
class Group:
    """The records that mention the code in one role; with `more`, `count` is only a bound.

    `about` says that they are about the subject, not decided or delivered by it.
    """

    about: bool
    title: str
    count: int
    more: bool
    summaries: Sequence[RecordSummary]


@dataclass(frozen=True, slots=True)
class InForce:
    """A measure that follows from a list; `until` is the last day of the entry, may be empty."""

    name: str
    path: str
    list: str
    basis: str
    unit: str
    until: str


def blueprint(
    context: SiteContext, pages: Pages, words: Vocabulary, summaries: RecordSummaries
) -> Blueprint:
    """Return the routes of subjects."""
    subjects = Subjects(context, pages, words, summaries)
    routes = Blueprint("subjects", __name__)
    routes.add_url_rule("/subject/<name>", view_func=subjects.subject)
    return routes


class Subjects:
    """Handles requests about the subject of one code."""

    def __init__(
        self, context: SiteContext, pages: Pages, words: Vocabulary, summaries: RecordSummaries
    ) -> None:
        self._context = context
        self._pages = pages
        self._words = words
        self._summaries = summaries
        self._roles: Mapping[str, Field] = {
            field.name: field
            for kind in sorted(summaries.kinds.values(), key=lambda kind: kind.slug)
            for field in kind.fields
            if field.field_type is FieldType.ORGANISATION and field.iri_base == USCC_BASE
        }
        # Those made of the record's own `uscc`: the record is about the subject.
        self._about = [field.iri for field in self._roles.values() if field.code_from]

    def subject(self, name: str) -> replies.Reply:
        """Return the page or the data of a code, by Accept or suffix.

        Raises NotFound for what is no code, and for a code that no record names.
        """
        given, _, suffix = name.partition(".")
        code = _code(given)
        media = rdf_negotiation.negotiate(suffix, _none())
        if code != given:
            # Only now: a suffix that is none of ours may hold anything, line ends too.
            path = f"/subject/{code}{'.' * bool(suffix)}{suffix}"
            return self._pages.lead(request.environ, path)
        page = self._page(code) if media == replies.HTML else self._data(code, media)
        return page.tagged(request.environ)

    def _page(self, code: str) -> replies.Reply:
        lang = replies.language(request.environ)
        found = self._context.index.subject(code)
        groups = self._groups(found, lang) if found else []
        if found is None or not groups:
            raise _none()
        path = f"/subject/{code}"
        lists, measures = self._in_force(found, lang)
        about = [group for group in groups if group.about]
        tally = Counter(
            line.kind for group in about for line in group.summaries if line.slug in _TOLD
        )
        body = self._pages.render(
            "subject.html",
            lang,
            here=path,
            path=path,
            private=True,
            address=self._context.base_url + path,
            code=code,
            heading=shortened(found.name or code),
            category=self._words.word("subject-category", found.category, lang),
            status=self._words.word("registration-status", found.status, lang),
            division=self._words.word("division", found.division, lang),
            code_parts=self._code_parts(code, lang),
            on=dict.fromkeys(one for _, one in lists if one),
            tally=list(tally.items()),
            clean=not lists and not tally,
            drawn=self._drawn(about),
            width=WIDTH,
            groups=groups,
            lists=lists,
            measures=measures,
            formats=tuple(replies.SUFFIXES.items()),
            alternates=[(media, f"{path}.{suffix}") for suffix, media in replies.SUFFIXES.items()],
        )
        return replies.Reply(body, headers=rdf_negotiation.HEADERS)

    def _groups(self, found: Subject, lang: str) -> list[Group]:
        """Return the roles with records that stand, those first that are about the subject."""
        groups = []
        for role in found.roles:
            summaries = self._summaries.from_index(role.entries, lang)
            field = self._roles[role.name]
            title = field.label.zh if lang == "zh" else field.label.en
            if summaries:
                count = role.total - (len(role.entries) - len(summaries))
                summaries = sorted(summaries, key=_day, reverse=True)
                groups.append(Group(field.iri in self._about, title, count, role.more, summaries))
        return groups

    def _in_force(
        self, found: Subject, lang: str
    ) -> tuple[list[tuple[RecordSummary, CreditList | None]], list[InForce]]:
        """Return the entries on lists that stand, and the measures that follow from them."""
        summaries = self._summaries.from_index(found.lists, lang)
        lists = [(line, credit_list(self._words, line.list, lang)) for line in summaries]
        behind = {iri for one in found.measures for iri in (one.iri, one.entry)}
        live = still_visible(self._context, behind)
        measures = (one for one in found.measures if one.iri in live and one.entry in live)
        return lists, [self._measure(one, lang) for one in measures]

    def _measure(self, one: Measure, lang: str) -> InForce:
        return InForce(
            one.name,
            f"/record/{id_of(one.iri)}",
            self._words.word("credit-list", one.list, lang),
            one.basis,
            one.unit,
            one.until,
        )

    def _drawn(self, about: Sequence[Group]) -> Timeline | None:
        summaries = (line for group in about for line in group.summaries if line.slug != "subject")
        return timeline(summaries, china_date(self._context.clock()))

    def _code_parts(self, code: str, lang: str) -> list[tuple[str, str, str]]:
        """Return (name, part, meaning) of a code (GB 32100-2015)."""
        division = self._words.code("division", code[2:8])
        return [
            ("code-registrar", code[:2], ""),
            ("code-division", code[2:8], division.label(lang) if division else ""),
            ("code-body", code[8:17], ""),
            ("code-check", code[17], ""),
        ]

    def _data(self, code: str, media: str) -> replies.Reply:
        """Return a page of the records about the subject as RDF, as they are at this moment."""
        given = replies.parameter(request.environ, "after")
        found = self._context.index.about(code, self._iri(given) if given else "")
        records = self._context.ledger.visible(
            self._context.tier, [id_of(iri) for iri in found.iris]
        )
        triples = [triple for record in records for triple in self._unended(record)]
        if not triples and not found.after:
            raise _none()
        headers = list(rdf_negotiation.HEADERS)
        if found.after:
            suffix = next(suffix for suffix, name in replies.SUFFIXES.items() if name == media)
            path = f"/subject/{code}.{suffix}?after={id_of(found.after)}"
            address = self._context.base_url + path
            triples.append(_next(f"{self._context.base_url}/subject/{code}", address))
            headers.append(("Link", f'<{address}>; rel="next"'))
        return replies.Reply(
            rdf_negotiation.serialise(triples, media), media, headers=tuple(headers)
        )

    def _iri(self, cursor: str) -> str:
        """Return the IRI of the record that a cursor names. Raises UsageError for none."""
        return record_iri(self._context.base_url, id_of(cursor))

    def _unended(self, record: VisibleRecord) -> Sequence[Triple]:
        """Return the triples of a record, none after its last day of publicity."""
        kind = self._context.model.kinds.get(record.kind)
        triples = rdf_negotiation.parse_triples(rdf_negotiation.statements(record))
        today = china_date(self._context.clock())
        return [] if kind is None or ended(kind, values_of(triples), today) else triples


def _next(subject: str, address: str) -> Triple:
    """Return the statement that leads to the next page: whoever reads no headers finds it too."""
    return Triple(NamedNode(subject), NamedNode(_NEXT), NamedNode(address))


def _day(line: RecordSummary) -> str:
    return line.date


def _code(text: str) -> str:
    """Return the code in canonical form. Raises NotFound for an invalid code."""
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
