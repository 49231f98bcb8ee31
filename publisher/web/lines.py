"""Records as lists show them: one line each, whatever their kind.

Purpose: what the index or a query found becomes lines of a page; what has left since is taken out
by the ledger's word, in one question a list.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from exchange.domain.identity import id_of
from ontology.terms import NS
from publisher.surfaces.index.facts import DATES, NAMES, NUMBERS
from publisher.web.moments import last_day

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from exchange.domain.access import Tier
    from exchange.model import Kind
    from publisher.stores.workers import QueryPool
    from publisher.surfaces.index import Entry
    from publisher.web.parts import Parts

JSON: Final = "application/sparql-results+json"
_OPTIONAL: Final = " ".join(
    f"OPTIONAL {{ ?record cr:{name} ?{name} }}" for name in (*NAMES, *NUMBERS, *DATES)
)
_SELECT: Final = f"PREFIX cr: <{NS}> " + "SELECT * {{ {inner} {optional} }}"

Rows = list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Line:
    """One record: `path` is its address on this site; texts may be empty.

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


class Lines:
    """Turns records found into lines; safe to use from many threads."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.kinds: Mapping[str, Kind] = {
            kind.class_iri: kind for kind in shown_kinds(parts.model.kinds.values(), parts.tier)
        }
        self._by_slug = {kind.slug: kind for kind in self.kinds.values()}

    def ask(self, inner: str) -> Rows:
        """Return rows for a pattern that binds ?record and ?class.

        Raises the errors of `QueryPool.query`.
        """
        return rows(self._parts.queries, _SELECT.format(inner=inner, optional=_OPTIONAL))

    def of(self, found: Iterable[Mapping[str, str]], lang: str) -> list[Line]:
        """Return the lines of the records that stand at this moment, each record once."""
        by_record = {row["record"]: row for row in found}
        live = standing(self._parts, by_record)
        return [
            Line(
                _path(iri),
                self.label(self.kinds[row["class"]].slug, lang),
                _first(row, NAMES),
                _first(row, NUMBERS),
                _first(row, DATES),
            )
            for iri, row in by_record.items()
            if iri in live
        ]

    def shown(self, entries: Sequence[Entry], lang: str) -> list[Line]:
        """Return the lines of what the index found and what stands at this moment."""
        live = standing(self._parts, [entry.iri for entry in entries])
        return [self.line(entry, lang) for entry in entries if entry.iri in live]

    def line(self, entry: Entry, lang: str) -> Line:
        """Return the line of an entry of the index."""
        kind = self.label(entry.kind, lang)
        path = _path(entry.iri)
        return Line(
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


def standing(parts: Parts, iris: Iterable[str]) -> set[str]:
    """Return those of the records that are shown to the tier's readers at this moment."""
    named = {id_of(iri): iri for iri in iris}
    return {named[each] for each in parts.ledger.live_among(parts.tier, named)} if named else set()


def shown_kinds(kinds: Iterable[Kind], tier: Tier) -> list[Kind]:
    """Return the kinds that the tier's readers may see records of."""
    return [kind for kind in kinds if kind.ceiling.rank <= tier.rank]


def rows(queries: QueryPool, query: str) -> Rows:
    """Return the solutions of a SELECT as texts. Raises the errors of `QueryPool.query`."""
    body = json.loads(queries.query(query, JSON).body)
    return [
        {name: cell["value"] for name, cell in row.items()} for row in body["results"]["bindings"]
    ]


def _first(row: Mapping[str, str], names: Sequence[str]) -> str:
    return next((row[name] for name in names if name in row), "")


def _path(iri: str) -> str:
    return f"/record/{id_of(iri)}"
