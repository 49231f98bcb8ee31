"""Figures and a few records for pages, from the index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from exchange.domain.errors import CredenceError

if TYPE_CHECKING:
    from exchange.model import Kind
    from publisher.web.lines import Line, Lines
    from publisher.web.parts import Parts

_EACH: Final = 6
_ON_HOME: Final = 2


@dataclass(frozen=True, slots=True)
class Count:
    """How many records of a kind are shown."""

    slug: str
    label: str
    count: int


class Listing:
    """Counts by kind and some records; safe to ask from many threads.

    A figure is no reason to fail a page: while the index cannot be read there is none.
    """

    def __init__(self, parts: Parts, lines: Lines) -> None:
        self._index = parts.index
        self._lines = lines

    def counts(self, lang: str) -> list[Count] | None:
        """Return the live records of each kind; None while they cannot be had."""
        try:
            counted = self._index.counts()
        except CredenceError:
            return None
        return [
            Count(kind.slug, self._lines.label(kind.slug, lang), counted.get(kind.slug, 0))
            for kind in self._lines.kinds.values()
        ]

    def records(self, lang: str) -> list[Line]:
        """Return some new records of each kind that stand at this moment."""
        lists = (self.of_kind(kind, lang)[:_ON_HOME] for kind in self._lines.kinds.values())
        return [line for found in lists for line in found]

    def of_kind(self, kind: Kind, lang: str) -> list[Line]:
        """Return some new records of one kind that stand at this moment."""
        try:
            return self._lines.shown(self._index.latest(kind.slug, _EACH), lang)
        except CredenceError:
            return []
