"""Records as lists show them: one line each, whatever their kind.

Purpose: what the index or the ledger found becomes lines of a page; what has left since the index
was written is taken out by the ledger's word, in one question a list.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from exchange.domain.identifiers import id_of
from publisher.surfaces.index import IndexMapping
from publisher.web.pages.dates import last_day

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from exchange.domain.disclosure_levels import Tier
    from exchange.domain.record import VisibleRecord
    from exchange.model import Kind
    from publisher.surfaces.index import Entry
    from publisher.surfaces.index.index_row import IndexRow
    from publisher.web.context import SiteContext


@dataclass(frozen=True, slots=True)
class RecordSummary:
    """Summary of one record; `path` is its address on this site, texts may be empty.

    `slug` is its kind's, `until` its last day as declared, `list` the notation of its list.
    """

    path: str
    kind: str
    name: str
    number: str
    date: str
    objection: bool = False
    slug: str = ""
    authority: str = ""
    until: str = ""
    list: str = ""


class RecordSummaries:
    """Makes summaries of records from the ledger or the index. Thread-safe."""

    def __init__(self, context: SiteContext) -> None:
        self._context = context
        self.kinds: Mapping[str, Kind] = {
            kind.class_iri: kind
            for kind in visible_kinds(context.model.kinds.values(), context.tier)
        }
        self._plan = IndexMapping(self.kinds.values())
        self._by_slug = {kind.slug: kind for kind in self.kinds.values()}

    def from_records(
        self, records: Iterable[VisibleRecord], lang: str, today: date
    ) -> list[RecordSummary]:
        """Return summaries of the ledger's records; records whose publicity ended are left out."""
        known = (
            (record, self._facts(record)) for record in records if record.kind in self._by_slug
        )
        last = today.isoformat()
        return [
            self._line_of(record, facts, lang)
            for record, facts in known
            if not facts.until or facts.until >= last
        ]

    def _facts(self, record: VisibleRecord) -> IndexRow:
        return self._plan.read(record.iri, record.view)[0]

    def _line_of(self, record: VisibleRecord, facts: IndexRow, lang: str) -> RecordSummary:
        return RecordSummary(
            _path(facts.iri),
            self.label(record.kind, lang),
            facts.name,
            facts.number,
            facts.day,
            objection=record.objection,
            slug=record.kind,
            authority=facts.authority,
            until=last_day(facts.until or ""),
            list=facts.list or "",
        )

    def from_index(self, entries: Sequence[Entry], lang: str) -> list[RecordSummary]:
        """Return summaries of index entries whose records are visible now."""
        live = still_visible(self._context, [entry.iri for entry in entries])
        return [self.from_entry(entry, lang) for entry in entries if entry.iri in live]

    def from_entry(self, entry: Entry, lang: str) -> RecordSummary:
        """Return the summary of an entry of the index."""
        kind = self.label(entry.kind, lang)
        path = _path(entry.iri)
        return RecordSummary(
            path,
            kind,
            entry.name,
            entry.number,
            entry.day,
            objection=entry.objection,
            slug=entry.kind,
            authority=entry.authority,
            until=last_day(entry.until),
            list=entry.list,
        )

    def label(self, slug: str, lang: str) -> str:
        """Return the name of a kind; its slug where the model does not know it."""
        kind = self._by_slug.get(slug)
        if kind is None:
            return slug
        return kind.label.zh if lang == "zh" else kind.label.en


def still_visible(context: SiteContext, iris: Iterable[str]) -> set[str]:
    """Return those of the records that are visible in the tier now."""
    named = {id_of(iri): iri for iri in iris}
    return (
        {named[each] for each in context.ledger.live_among(context.tier, named)} if named else set()
    )


def visible_kinds(kinds: Iterable[Kind], tier: Tier) -> list[Kind]:
    """Return the kinds whose records the tier may show."""
    return [kind for kind in kinds if kind.max_tier.rank <= tier.rank]


def _path(iri: str) -> str:
    return f"/record/{id_of(iri)}"
