"""Figures and a few records for the home page, kept as long as the generation stands.

Purpose: the page costs a query once a generation, not once a visit; what has left since is
taken out by the ledger's word at every visit. The index surface takes this over (ROADMAP 2).
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from exchange.domain.errors import CredenceError
from exchange.domain.identity import id_of
from exchange.domain.record import Standing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exchange.model import Kind
    from publisher.web.parts import Parts

_SHOWN: Final = 8
_JSON: Final = "application/sparql-results+json"
_COUNTS: Final = (
    "SELECT ?class (COUNT(?record) AS ?count) {{ VALUES ?class {{ {classes} }} "
    "?record a ?class }} GROUP BY ?class"
)
_SOME: Final = (
    "PREFIX cr: <https://w3id.org/credence/ns#> SELECT ?record ?class ?name ?number ?date {{ "
    "VALUES ?class {{ {classes} }} ?record a ?class ; cr:documentNumber ?number ; "
    "cr:decidedOn ?date OPTIONAL {{ ?record cr:counterpartName ?name }} }} LIMIT {limit}"
)


@dataclass(frozen=True, slots=True)
class Listed:
    """One record of the list: `path` is its address on this site."""

    path: str
    name: str
    number: str
    date: str


@dataclass(frozen=True, slots=True)
class _Figures:
    generation: str
    counts: dict[str, int]
    rows: Sequence[dict[str, str]]


class Listing:
    """Counts by kind and some records; safe to ask from many threads."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._kinds = {kind.class_iri: kind for kind in parts.model.kinds.values()}
        self._lock = threading.Lock()
        self._kept: _Figures | None = None

    def counts(self, lang: str) -> list[tuple[str, int]] | None:
        """Return (label of the kind, live records); None while they cannot be had."""
        figures = self._figures()
        if figures is None:
            return None
        return [
            (kind.label.zh if lang == "zh" else kind.label.en, figures.counts[iri])
            for iri, kind in self._kinds.items()
            if figures.counts.get(iri)
        ]

    def records(self, lang: str) -> list[Listed]:
        """Return some records that stand at this moment."""
        figures = self._figures()
        rows = figures.rows if figures else ()
        return [self._listed(row, lang) for row in rows if self._stands(row["record"])]

    def _listed(self, row: dict[str, str], lang: str) -> Listed:
        kind: Kind = self._kinds[row["class"]]
        label = kind.label.zh if lang == "zh" else kind.label.en
        path = f"/record/{id_of(row['record'])}"
        return Listed(path, row.get("name") or label, row["number"], row["date"])

    def _stands(self, iri: str) -> bool:
        standing = self._parts.ledger.standing(self._parts.tier, id_of(iri))
        return standing is Standing.LIVE

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
        classes = " ".join(f"<{iri}>" for iri in self._kinds)
        counted = self._rows(_COUNTS.format(classes=classes))
        return _Figures(
            generation,
            {row["class"]: int(row["count"]) for row in counted},
            self._rows(_SOME.format(classes=classes, limit=_SHOWN)),
        )

    def _rows(self, query: str) -> list[dict[str, str]]:
        body = json.loads(self._parts.queries.query(query, _JSON).body)
        return [
            {name: cell["value"] for name, cell in row.items()}
            for row in body["results"]["bindings"]
        ]
