"""Rows of a form, keyed by column code -> values of a record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from exchange.model.cells import BLANKS, Read, reader
from exchange.model.checks import holds
from exchange.model.messages import Problem, problem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from exchange.model.kinds import Field, Kind


@dataclass(frozen=True, slots=True)
class _Cell:
    """One field's column; `applies` says whether the column is this field's in a record."""

    code: str
    field: Field
    needed: bool  # by the form, though not by the record
    read: Callable[[str], Read]
    applies: Callable[[Mapping[str, Any]], bool] | None


class Rows:
    """Reads the rows of one kind in one form."""

    def __init__(self, kind: Kind, form: str) -> None:
        self._form = form
        fields = [field for field in kind.fields if form in field.columns]
        # Fields that share a column are told apart by others, which are therefore read first.
        fields.sort(key=lambda field: bool(field.only_when))
        self._cells = [self._cell(field, fields) for field in fields]

    def _cell(self, field: Field, fields: list[Field]) -> _Cell:
        column = field.columns[self._form]
        return _Cell(
            column.code,
            field,
            column.required and not field.required,
            reader(field, column),
            self._applies(field, fields),
        )

    def _applies(
        self, field: Field, fields: list[Field]
    ) -> Callable[[Mapping[str, Any]], bool] | None:
        code = field.columns[self._form].code
        sharing = [item for item in fields if item.columns[self._form].code == code]
        if len(sharing) == 1:
            return None
        if field is not sharing[-1]:
            return _all(field)
        # The last also takes what no other takes, so that nothing is lost unsaid.
        others = [_all(item) for item in sharing[:-1]]
        return lambda record: not any(other(record) for other in others)

    def read(self, row: Mapping[str, str], record: dict[str, Any]) -> list[Problem]:
        """Put the row's values into the record and return what was noticed on the way."""
        problems: list[Problem] = []
        get = row.get
        for cell in self._cells:
            text = get(cell.code, "").strip(BLANKS)
            if not text:
                if cell.needed:
                    problems.append(problem(cell.field, "column-required", None, form=self._form))
            elif cell.applies is None or cell.applies(record):
                self._take(cell, text, record, problems)
        return problems

    def _take(
        self, cell: _Cell, text: str, record: dict[str, Any], problems: list[Problem]
    ) -> None:
        field, found = cell.field, cell.read(text)
        if found.value is not None:
            record[field.name] = found.value
        if found.received is not None and field.received:
            record[field.received] = found.received
        if found.warning:
            problems.append(
                problem(field, found.warning, text, form=self._form, severity="warning")
            )


def _all(field: Field) -> Callable[[Mapping[str, Any]], bool]:
    tests = [holds(when) for when in field.only_when]
    return lambda record: all(test(record) for test in tests)
