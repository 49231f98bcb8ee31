"""Records -> rows of a form: what `cells` and `rows` read, written so that they read it again.

Reading the row again gives the same record only if the form has a column for every field; `row`
reports whether it does.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from exchange.domain.identifiers import PLACEHOLDER
from exchange.model.cell_reader import cell_reader
from exchange.model.compiled_kind import PERSON_IRI
from exchange.model.kinds import FieldType

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from exchange.model.compiled_kind import CompiledKind
    from exchange.model.kinds import Column, Field

SEPARATOR: Final = "；"
_OTHER: Final = "other"
# What a spreadsheet may read as a formula; also with quotes before it, so that intake always
# takes one off that was put on.
_FORMULA: Final = re.compile("'*[=+\\-@＝＋－＠]")
_MOMENT: Final = re.compile(r"([0-9-]{10})T([0-9:]{8})\+08:00")


def escape_formula(text: str) -> str:
    """Return the text with a leading quote if a spreadsheet would take it for a formula.

    Source: docs/design/model.md "Text and amounts".
    """
    return "'" + text if _FORMULA.match(text) else text


class FormWriter:
    """Writes records of one kind as rows of one form. Raises UsageError for an unknown form."""

    def __init__(self, compiled: CompiledKind, form: str) -> None:
        self._compiled = compiled
        self._form = form
        self.columns = tuple(compiled.kind.columns(form))
        self._persons = [field.name for field in compiled.kind.fields if field.person_from]
        self._writers = [
            (field.columns[form].code, field, _writer(field, field.columns[form], form))
            for field in compiled.kind.fields
            if form in field.columns
        ]
        # An office without a code: the placeholder fills the column, and intake drops it again.
        self._placeholders = [
            code
            for code, field, _ in self._writers
            if field.value_type.drop_placeholder and field.columns[form].required
        ]

    def row(self, record: Mapping[str, Any]) -> tuple[dict[str, str], bool]:
        """Return the cells of a record by column code, and whether reading them gives it again."""
        row: dict[str, str] = {}
        for code, field, write in self._writers:
            value = record.get(field.name)
            if value is None:
                continue
            received = record.get(field.received_field or "")
            if cell := write(value, received):
                row[code] = cell
        for code in self._placeholders:
            row.setdefault(code, PLACEHOLDER)
        return row, self._same(row, record)

    def _same(self, row: Mapping[str, str], record: Mapping[str, Any]) -> bool:
        again, problems = self._compiled.read_and_check(row, self._form)
        refused = any(problem.severity == "error" for problem in problems)
        return not refused and self._comparable(again) == self._comparable(record)

    def _comparable(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values of a record for comparison: lists sorted, IRIs of persons replaced."""
        values = {
            name: sorted(value) if isinstance(value, list) else value
            for name, value in record.items()
            if name not in {"@context", "id"}
        }
        for name in self._persons:
            if ":" in values.get(name, ""):
                values[name] = PERSON_IRI
        return values


def _writer(field: Field, column: Column, form: str) -> Callable[[Any, Any], str]:
    """Return the function (value, text as received) -> cell; it returns "" if there is none."""
    if column.constant is not None:
        return _no_cell  # another field's cell says it
    if field.scheme is not None:
        return _codes(field, column, form)
    if field.many:
        return lambda value, _received: SEPARATOR.join(value)
    if field.field_type is FieldType.MONEY:
        factor = column.factor or Decimal(1)
        return lambda value, received: received or f"{Decimal(value) / factor:f}"
    return _WRITER_BY_TYPE.get(field.field_type, _as_received)


def _no_cell(_value: Any, _received: Any) -> str:
    return ""


def _as_received(value: Any, received: Any) -> str:
    return str(received or value)


def _moment(value: Any, _received: Any) -> str:
    return _MOMENT.sub(r"\1 \2", value)


def _organisation(value: Any, _received: Any) -> str:
    # A person has no code; the ID number stands in its own column.
    return "" if ":" in value else str(value)


_WRITER_BY_TYPE: Final = {FieldType.MOMENT: _moment, FieldType.ORGANISATION: _organisation}


def _codes(field: Field, column: Column, form: str) -> Callable[[Any, Any], str]:
    words = _words(field, column, form)

    def write(value: Any, received: Any) -> str:
        tokens = value if isinstance(value, list) else [value]
        # What was named "other" was received under names of its own.
        unnamed = received if isinstance(received, list) and _OTHER in tokens else []
        named = [words[token] for token in tokens if token != _OTHER or not unnamed]
        return SEPARATOR.join([*named, *unnamed])

    return write


def _words(field: Field, column: Column, form: str) -> dict[str, str]:
    """Return for each code the first cell text that the form reads as that code."""
    assert field.scheme is not None  # noqa: S101 (the caller asked)
    read, words = cell_reader(field, column, form), {}
    for token, concept in field.scheme.concepts.items():
        writings = (*concept.cells.get(form, ()), concept.label.zh, token)
        words[token] = next(
            (text for text in writings if read(text).value in (token, [token])), token
        )
    return words
