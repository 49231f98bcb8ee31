"""Rows of a form, keyed by column code -> values of a record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from exchange.model.cells import BLANKS, Read, reader
from exchange.model.checks import holds
from exchange.model.messages import Problem, problem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from exchange.model.kinds import Column, Field, Kind


@dataclass(frozen=True, slots=True)
class _Cell:
    """One column of a field; `applies` says whether the column is this field's in a record."""

    code: str
    field: Field
    needed: bool  # by the form, though not by the record
    read: Callable[[str], Read]
    applies: Callable[[Mapping[str, Any]], bool] | None


class Rows:
    """Reads the rows of one kind in one form."""

    def __init__(self, kind: Kind, form: str) -> None:
        self._form = form
        self._infer = inferrer(kind)
        columns = [(field, item) for field in kind.fields for item in field.columns_in(form)]
        sharing: dict[str, list[Field]] = {}
        for field, column in columns:
            if column.constant is None:
                sharing.setdefault(column.code, []).append(field)
        self._first: list[_Cell] = []
        # Fields that share a column are told apart by others, which are therefore read first.
        self._later: list[_Cell] = []
        for field, column in columns:
            applies = None if column.constant else _applies(field, sharing[column.code])
            cells = self._first if applies is None else self._later
            cells.append(self._cell(field, column, applies))

    def _cell(
        self, field: Field, column: Column, applies: Callable[[Mapping[str, Any]], bool] | None
    ) -> _Cell:
        # What the record can do without, or can infer, the form may ask for all the same.
        needed = column.required and bool(field.inferred or not field.required)
        return _Cell(column.code, field, needed, reader(field, column, self._form), applies)

    def read(self, row: Mapping[str, str], record: dict[str, Any]) -> list[Problem]:
        """Put the row's values into the record and return what was noticed on the way."""
        problems: list[Problem] = []
        self._read(self._first, row, record, problems)
        self._infer(record)
        self._read(self._later, row, record, problems)
        return problems

    def _read(
        self,
        cells: list[_Cell],
        row: Mapping[str, str],
        record: dict[str, Any],
        problems: list[Problem],
    ) -> None:
        get = row.get
        for cell in cells:
            text = get(cell.code, "").strip(BLANKS)
            if not text:
                if cell.needed:
                    problems.append(problem(cell.field, "column-required", None, form=self._form))
            elif cell.applies is None or cell.applies(record):
                self._take(cell, text, record, problems)

    def _take(
        self, cell: _Cell, text: str, record: dict[str, Any], problems: list[Problem]
    ) -> None:
        field, found = cell.field, cell.read(text)
        if found.value is not None:
            _put(record, field.name, found.value)
        if found.received is not None and field.received:
            _put(record, field.received, found.received)
        if found.warning:
            problems.append(
                problem(field, found.warning, text, form=self._form, severity="warning")
            )


def inferrer(kind: Kind) -> Callable[[dict[str, Any]], None]:
    """Return the function that fills in the fields that others tell, where they are absent."""
    rules = [
        (field.name, rule.field, rule.prefix, rule.value)
        for field in kind.fields
        for rule in field.inferred
    ]

    def infer(record: dict[str, Any]) -> None:
        for name, told_by, prefix, value in rules:
            if name not in record:
                given = record.get(told_by)
                if isinstance(given, str) and given.startswith(prefix):
                    record[name] = value

    return infer


def _put(record: dict[str, Any], name: str, value: str | list[str]) -> None:
    """Put a value into the record; several columns of one field are joined."""
    before = record.get(name)
    if isinstance(before, list) and isinstance(value, list):
        value = list(dict.fromkeys([*before, *value]))
    record[name] = value


def _applies(field: Field, sharing: list[Field]) -> Callable[[Mapping[str, Any]], bool] | None:
    if len(sharing) == 1:
        return None
    if field is not sharing[-1]:
        return _all(field)
    # The last also takes what no other takes, so that nothing is lost unsaid.
    others = [_all(item) for item in sharing[:-1]]
    return lambda record: not any(other(record) for other in others)


def _all(field: Field) -> Callable[[Mapping[str, Any]], bool]:
    tests = [holds(when) for when in field.only_when]
    return lambda record: all(test(record) for test in tests)
