"""Reads rows of a form (cells by column code) into values of a record."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from exchange.model.cell_reader import BLANKS, CellValue, cell_reader
from exchange.model.rule_messages import Problem, field_problem
from exchange.model.value_checks import compile_condition, value_check

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from exchange.model.kinds import Column, Field, Kind


_SHORT: Final = 64  # characters of a cell that is remembered: names, codes, days
_REMEMBERED: Final = 4096  # cells of a column

Test = Callable[[Any], "str | None"]


class _CellResult(NamedTuple):
    """Result of reading one cell.

    `warning`: a problem to report. `sound`: whether the values pass the check of their fields.
    `plain`: the value if it is a single valid string without warning.
    """

    cell: CellValue
    warning: Problem | None
    sound: bool
    plain: str | None


class _ColumnReader:
    """One column of a field; `applies` tests whether it belongs to this field in a record."""

    __slots__ = (
        *("applies", "code", "field", "longest", "memory", "missing", "name", "needed"),
        *("received", "_form", "_read", "_test", "_test_received"),
    )

    def __init__(
        self,
        column: Column,
        field: Field,
        form: str,
        tests: Mapping[str, Test],
        applies: Callable[[Mapping[str, Any]], bool] | None,
    ) -> None:
        self.code = column.code
        self.field = field
        self.name = field.name
        self.received = field.received_field
        # The form may require a column although the record does not require the field or infers it.
        self.needed = column.required and bool(field.inferred or not field.required)
        self.applies = applies
        self.memory: dict[str, _CellResult | None] = {}  # None: blank
        self.missing = field_problem(field, "column-required", None, form=form)
        self._form = form
        # Free text of up to so many characters is its own value, sound as it stands, where all
        # its characters print and none is an outer blank; -1: the column is no free text.
        free = field.value_type.slug == "Text" and not (field.many or field.received_field)
        self.longest = (field.max_length or 2**31) if free and not column.constant else -1
        self._read = cell_reader(field, column, form)
        self._test = tests[field.name]
        self._test_received = tests.get(field.received_field or "")

    def read(self, text: str) -> _CellResult | None:
        """Read a cell; short texts are remembered, since most columns repeat few values."""
        taken = self._take(text.strip(BLANKS))
        if len(text) <= _SHORT:
            if len(self.memory) >= _REMEMBERED:
                self.memory.clear()
            self.memory[text] = taken
        return taken

    def _take(self, text: str) -> _CellResult | None:
        if not text:
            return None
        read = self._read(text)
        sound = read.value is None or self._test(read.value) is None
        if read.received is not None and self._test_received is not None:
            sound = sound and self._test_received(read.received) is None
        value = read.value
        plain = sound and isinstance(value, str) and read.received is read.warning is None
        noticed = None
        if read.warning:
            noticed = field_problem(
                self.field, read.warning, text, form=self._form, severity="warning"
            )
        return _CellResult(read, noticed, sound, value if plain else None)  # type: ignore[arg-type]


class RowReader:
    """Reads the rows of one kind in one form."""

    def __init__(self, kind: Kind, form: str) -> None:
        self._infer = inference(kind)
        columns = [(field, item) for field in kind.fields for item in field.columns_in(form)]
        sharing: dict[str, list[Field]] = {}
        for field, column in columns:
            if column.constant is None:
                sharing.setdefault(column.code, []).append(field)
        tests = {field.name: value_check(field) for field in kind.fields}
        self._first: dict[str, _ColumnReader] = {}
        # Fields that share a column are told apart by others, which are therefore read first.
        self._later: list[_ColumnReader] = []
        self._needed: list[_ColumnReader] = []
        for field, column in columns:
            applies = None if column.constant else _applies(field, sharing[column.code])
            cell = _ColumnReader(column, field, form, tests, applies)
            if applies is None and column.constant is None:
                self._first[cell.code] = cell
            else:
                self._later.append(cell)
            if cell.needed:
                self._needed.append(cell)
        self._needed_codes = {cell.code for cell in self._needed}

    def read(self, row: Mapping[str, str], record: dict[str, Any]) -> tuple[list[Problem], bool]:
        """Put the values of a row into the record.

        Returns the warnings, and whether each value passes the check of its field.
        """
        problems: list[Problem] = []
        cells = self._first
        pairs = ((cells[code], text) for code, text in row.items() if text and code in cells)
        sound = self._read(pairs, record, problems)
        self._infer(record)
        if self._later:
            pairs = ((cell, row.get(cell.code, "")) for cell in self._later)
            later = [
                (cell, text)
                for cell, text in pairs
                if text and (cell.applies is None or cell.applies(record))
            ]
            sound = self._read(later, record, problems) and sound
        if not self._needed_codes <= row.keys() or not all(row.values()):
            problems += [cell.missing for cell in self._needed if not _is_filled(row, cell.code)]
        return problems, sound

    def _read(
        self,
        pairs: Iterable[tuple[_ColumnReader, str]],
        record: dict[str, Any],
        problems: list[Problem],
    ) -> bool:
        sound = True
        for cell, text in pairs:
            if len(text) <= cell.longest and text.isprintable() and text[0] != " " != text[-1]:
                record[cell.name] = text
                continue
            taken = cell.memory.get(text) or cell.read(text)
            if taken is None:
                continue
            if taken.plain is not None:
                record[cell.name] = taken.plain
            else:
                sound = self._put(cell, taken, record, problems) and sound
        return sound

    def _put(
        self,
        cell: _ColumnReader,
        taken: _CellResult,
        record: dict[str, Any],
        problems: list[Problem],
    ) -> bool:
        value = taken.cell
        if value.value is not None:
            _put(record, cell.name, value.value)
        if value.received is not None and cell.received:
            _put(record, cell.received, value.received)
        if taken.warning is not None:
            problems.append(taken.warning)
        return taken.sound


def _is_filled(row: Mapping[str, str], code: str) -> bool:
    return bool(row.get(code, "").strip(BLANKS))


def inference(kind: Kind) -> Callable[[dict[str, Any]], None]:
    """Return the function that fills in absent fields from others, by the shapes' inferences."""
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
    if type(value) is list:
        before = record.get(name)
        # A list of its own: what a cell came to is remembered and shared.
        value = list(dict.fromkeys([*before, *value])) if type(before) is list else value.copy()
    record[name] = value


def _applies(field: Field, sharing: list[Field]) -> Callable[[Mapping[str, Any]], bool] | None:
    if len(sharing) == 1:
        return None
    if field is not sharing[-1]:
        return _all_conditions(field)
    # The last field takes the cell if no other applies, so that no value is lost silently.
    others = [_all_conditions(item) for item in sharing[:-1]]
    return lambda record: not any(other(record) for other in others)


def _all_conditions(field: Field) -> Callable[[Mapping[str, Any]], bool]:
    tests = [compile_condition(when) for when in field.only_when]
    return lambda record: all(test(record) for test in tests)
