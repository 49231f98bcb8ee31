"""Figures and a few records for pages, kept as long as the generation stands.

Purpose: a page costs a query once a generation, not once a visit. The index surface takes this
over (ROADMAP 2).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from exchange.domain.errors import CredenceError
from publisher.web.lines import Line, Lines, Rows, rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exchange.model import Kind
    from publisher.web.parts import Parts

_EACH: Final = 6
_ON_HOME: Final = 2
_COUNTS: Final = (
    "SELECT ?class (COUNT(?record) AS ?count) {{ VALUES ?class {{ {classes} }} "
    "?record a ?class }} GROUP BY ?class"
)
_SOME: Final = (
    "{{ SELECT ?record ?class {{ VALUES ?class {{ <{iri}> }} ?record a ?class }} LIMIT {limit} }}"
)


@dataclass(frozen=True, slots=True)
class Count:
    """How many records of a kind are shown."""

    slug: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class _Figures:
    generation: str
    counts: Mapping[str, int]
    some: Mapping[str, Rows]


class Listing:
    """Counts by kind and some records; safe to ask from many threads."""

    def __init__(self, parts: Parts, lines: Lines) -> None:
        self._parts = parts
        self._lines = lines
        self._lock = threading.Lock()
        self._kept: _Figures | None = None

    def counts(self, lang: str) -> list[Count] | None:
        """Return the live records of each kind; None while they cannot be had."""
        figures = self._figures()
        if figures is None:
            return None
        return [
            Count(
                kind.slug,
                kind.label.zh if lang == "zh" else kind.label.en,
                figures.counts.get(iri, 0),
            )
            for iri, kind in self._lines.kinds.items()
        ]

    def records(self, lang: str) -> list[Line]:
        """Return some records of each kind that stand at this moment."""
        figures = self._figures()
        if figures is None:
            return []
        lists = (self._lines.of(found, lang)[:_ON_HOME] for found in figures.some.values())
        return [line for found in lists for line in found]

    def of_kind(self, kind: Kind, lang: str) -> list[Line]:
        """Return some records of one kind that stand at this moment."""
        figures = self._figures()
        return self._lines.of(figures.some.get(kind.class_iri, ()), lang) if figures else []

    def _figures(self) -> _Figures | None:
        try:
            generation = self._parts.generation()
            with self._lock:
                kept = self._kept
            if kept is None or kept.generation != generation:
                kept = self._ask(generation)
                with self._lock:
                    self._kept = kept
        except CredenceError:
            return None  # the page says so; a count is no reason to fail it
        return kept

    def _ask(self, generation: str) -> _Figures:
        counted = rows(self._parts.queries, _COUNTS.format(classes=self._lines.classes))
        some = " UNION ".join(_SOME.format(iri=iri, limit=_EACH) for iri in self._lines.kinds)
        listed: dict[str, Rows] = {iri: [] for iri in self._lines.kinds}
        for row in self._lines.ask(some):
            listed[row["class"]].append(row)
        return _Figures(generation, {row["class"]: int(row["count"]) for row in counted}, listed)
