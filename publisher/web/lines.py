"""Records as lists show them: one line each, whatever their kind.

Purpose: the one place that knows which properties make a line. Rows may be kept; what has left
since is taken out by the ledger's word whenever they are shown.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from exchange.domain.identity import id_of
from exchange.domain.record import Standing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from exchange.domain.access import Tier
    from exchange.model import Kind
    from publisher.stores.workers import QueryPool
    from publisher.web.parts import Parts

# The first that a record has names it, numbers it, dates it.
NAMES: Final = ("counterpartName", "subjectName", "measureName")
NUMBERS: Final = ("documentNumber", "measureCode", "caseNumber", "uscc")
DATES: Final = ("decidedOn", "effectiveFrom", "establishedOn")
JSON: Final = "application/sparql-results+json"
_OPTIONAL: Final = " ".join(
    f"OPTIONAL {{ ?record cr:{name} ?{name} }}" for name in (*NAMES, *NUMBERS, *DATES)
)
_SELECT: Final = "PREFIX cr: <https://w3id.org/credence/ns#> SELECT * {{ {inner} {optional} }}"

Rows = list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Line:
    """One record: `path` is its address on this site; texts may be empty."""

    path: str
    kind: str
    name: str
    number: str
    date: str


class Lines:
    """Asks for rows and turns them into lines; safe to use from many threads."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.kinds: Mapping[str, Kind] = {
            kind.class_iri: kind for kind in shown_kinds(parts.model.kinds.values(), parts.tier)
        }

    @property
    def classes(self) -> str:
        """The classes of all kinds that are shown, for a VALUES block."""
        return " ".join(f"<{iri}>" for iri in self.kinds)

    def ask(self, inner: str) -> Rows:
        """Return rows for a pattern that binds ?record and ?class.

        Raises the errors of `QueryPool.query`.
        """
        return rows(self._parts.queries, _SELECT.format(inner=inner, optional=_OPTIONAL))

    def of(self, found: Iterable[Mapping[str, str]], lang: str) -> list[Line]:
        """Return the lines of the records that stand at this moment, each record once."""
        by_record = {row["record"]: row for row in found}
        return [self._line(row, lang) for iri, row in by_record.items() if self._stands(iri)]

    def _line(self, row: Mapping[str, str], lang: str) -> Line:
        kind = self.kinds[row["class"]]
        label = kind.label.zh if lang == "zh" else kind.label.en
        path = f"/record/{id_of(row['record'])}"
        return Line(path, label, _first(row, NAMES), _first(row, NUMBERS), _first(row, DATES))

    def _stands(self, iri: str) -> bool:
        return stands(self._parts, iri)


def stands(parts: Parts, iri: str) -> bool:
    """Say whether a record is shown to the tier's readers at this moment."""
    return parts.ledger.standing(parts.tier, id_of(iri)) is Standing.LIVE


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
