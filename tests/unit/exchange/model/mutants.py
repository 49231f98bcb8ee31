"""Sound records of every kind with one thing changed, for oracles to agree on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tests.unit.exchange.model import sound as rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exchange.model import CompiledKind, Field

_CODES: Final = [
    "",
    "x",
    "00000000000000000X",
    "91140400QQQQ00013A",
    "92140403QQQQ00021H",
    "91140400qqqq00013e",
    "9114040OQQQQ00013E",
]
MUTATIONS: Final[dict[str, list[Any]]] = {
    "text": ["", " ", "\u3000\t", "a\x07b", "a\x85", "x\x7f", "好\n好", '"', "\U0001f600"],
    "code": ["", "nonsense", "fine ", "organisation", "other", "resident-id", "penalty", "granted"],
    "organisation": [*_CODES, "140400", "040400"],
    "date": ["", "2024-02-31", "2024-13-01", "1900-01-01", "2024-02-29", "9999-09-09", "24-1-1"],
    "moment": [
        "",
        "2024-02-31T00:00:00+08:00",
        "2024-02-29T23:59:59+08:00",
        "2024-02-29T24:59:59+08:00",
        "2024-02-29T09:00:00Z",
        "2024-02-29",
    ],
    "money": ["", "1", "1.5", "-1.00", "0.00", "1e3", "12345678.90", "1,000.00"],
}


@dataclass(frozen=True)
class Mutant:
    """A record of a kind that differs from a sound one in `field`."""

    compiled: CompiledKind
    record: dict[str, Any]
    field: Field


def mutants(kinds: dict[str, CompiledKind]) -> list[Mutant]:
    """Return every mutant, in a fixed order."""
    return [
        mutant
        for slug, form, row in rows.SOUND
        for mutant in _of(kinds[slug], kinds[slug].read_row(row, form)[0])
    ]


def _of(compiled: CompiledKind, record: dict[str, Any]) -> Iterator[Mutant]:
    for field in compiled.kind.fields:
        if field.name in record:
            without = {name: value for name, value in record.items() if name != field.name}
            yield Mutant(compiled, without, field)
        for value in _values(field):
            changed = [value] if field.many else value
            yield Mutant(compiled, record | {field.name: changed}, field)


def _values(field: Field) -> Iterator[str]:
    yield from MUTATIONS[field.field_type.value]
    if field.value_type.slug in {"UnifiedCode", "IdNumber"}:
        yield from (*_CODES, rows.ID_NUMBER, "E1234567")
    if field.max_length is not None:
        yield "长" * field.max_length
        yield "长" * (field.max_length + 1)
    if field.scheme is not None:
        yield from field.scheme.concepts
