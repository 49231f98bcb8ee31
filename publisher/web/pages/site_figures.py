"""Figures and a few records for pages, from the index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from exchange.domain.errors import CredenceError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from publisher.surfaces.index import MonthlyCount
    from publisher.web.context import SiteContext
    from publisher.web.pages.record_summaries import RecordSummaries, RecordSummary

_ON_HOME: Final = 8
# What authorities decide about a subject; lists have a column of their own.
_DECISIONS: Final = ("penalty", "licence")


@dataclass(frozen=True, slots=True)
class KindCount:
    """The number of visible records of a kind."""

    slug: str
    label: str
    count: int


class SiteFigures:
    """Counts by kind, and the newest records, from the index. Thread-safe.

    A figure is no reason to fail a page: while the index cannot be read there is none.
    """

    def __init__(self, context: SiteContext, summaries: RecordSummaries) -> None:
        self._index = context.index
        self._summaries = summaries

    def counts(self, lang: str) -> list[KindCount] | None:
        """Return the live records of each kind; None while they cannot be had."""
        try:
            counted = self._index.counts()
        except CredenceError:
            return None
        return [
            KindCount(kind.slug, self._summaries.label(kind.slug, lang), counted.get(kind.slug, 0))
            for kind in self._summaries.kinds.values()
        ]

    def newest(self, lang: str) -> list[RecordSummary]:
        """Return the newest decisions of authorities that are visible now."""
        lists = (self.of_kind(slug, lang, _ON_HOME) for slug in _DECISIONS)
        summaries = sorted((line for found in lists for line in found), key=_day, reverse=True)
        return summaries[:_ON_HOME]

    def of_kind(self, slug: str, lang: str, count: int) -> list[RecordSummary]:
        """Return the newest records of one kind that are visible now."""
        try:
            return self._summaries.from_index(self._index.latest(slug, count), lang)
        except CredenceError:
            return []

    def tallies(self, slug: str) -> Sequence[MonthlyCount]:
        """Return the records of a kind by authority and month; none while they cannot be had."""
        try:
            return self._index.tallies(slug)
        except CredenceError:
            return ()


def _day(line: RecordSummary) -> str:
    return line.date
