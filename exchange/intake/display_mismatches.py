"""Compares what a spreadsheet displays with what is read: number formats, hidden parts."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from exchange.intake.findings import CellLocation, Finding, column_letters, finding
from exchange.model import FieldType
from exchange.workbook.number_formats import number_format

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from exchange.intake.header_matching import Header
    from exchange.intake.worksheet import Worksheet
    from exchange.workbook.number_formats import NumberFormat

# Marks of a cell that take precedence over marks of its number format.
OVERRIDING_MARKS: Final = frozenset(
    {"error", "digits", "formula-empty", "merged-across", "cell-twice"}
)
_TIMES: Final = frozenset({FieldType.DATE, FieldType.MOMENT})
_ROOM: Final = re.compile(r"[\s,()+\-]")
_PLAIN: Final = re.compile(r"[0-9]+(?:\.[0-9]*)?|\.[0-9]+")
_MAX_RANGES: Final = 10  # ranges that one finding lists


class DisplayedColumn:
    """The number formats of one column, from the top down; `field_type` is that of its field."""

    def __init__(
        self, runs: Iterable[tuple[int, int, NumberFormat]], field_type: FieldType
    ) -> None:
        self._runs = sorted(runs, key=lambda run: run[0])
        self._money = field_type is FieldType.MONEY
        self._day = field_type in _TIMES
        self._at = 0

    def mark_of(self, row: int, text: str) -> str | None:
        """Return the mark of a cell that displays something else than it holds, None if it agrees.

        Ask for rows in ascending order; a smaller number starts from the top again.
        """
        runs = self._runs
        if self._at >= len(runs) or row < runs[self._at][0]:
            self._at = 0
        while self._at < len(runs) - 1 and row > runs[self._at][1]:
            self._at += 1
        first, last, cell_format = runs[self._at]
        return self._mark(cell_format, text) if text and first <= row <= last else None

    def _mark(self, cell_format: NumberFormat, text: str) -> str | None:
        if self._day:
            return f"date-shown {cell_format.code}"
        if cell_format.is_date:
            return None if self._money else "date-cell"
        number = cell_format.display_number(text)
        shown, unit = number or (cell_format.display_text(text), True)
        if shown.strip() == text:
            return None
        if self._money and not unit:
            return f"money-rounded {shown}" if _displays_other_number(shown, text) else None
        return f"{'money' if self._money else 'number'}-shown {shown}"


def _displays_other_number(shown: str, text: str) -> bool:
    """Whether a number is displayed as another one; other displays are not compared."""
    plain = _ROOM.sub("", shown)
    return _PLAIN.fullmatch(plain) is not None and abs(Decimal(plain)) != abs(Decimal(text))


def displayed_columns(
    header: Header, runs: Iterable[Sequence[int]], formats: Mapping[int, str]
) -> dict[int, DisplayedColumn]:
    """Return the columns whose number formats can mislead, by position from 0."""
    runs_by_column: dict[int, list[tuple[int, int, NumberFormat]]] = {}
    sorts = _field_types(header)
    for column, first, last, style in runs:
        sort, shown = sorts.get(column, FieldType.DATE), number_format(formats[style])
        if sort not in _TIMES or (column in sorts and shown.hides_day):
            runs_by_column.setdefault(column, []).append((first, last, shown))
    return {
        column: DisplayedColumn(parts, sorts[column]) for column, parts in runs_by_column.items()
    }


def _field_types(header: Header) -> dict[int, FieldType]:
    by_code = {
        code: pairs[0][0].field_type
        for code, pairs in header.form_columns.kind.columns(header.form_columns.form).items()
    }
    return {position: by_code[code] for position, code in header.codes}


def hidden_parts(header: Header, tab: Worksheet, origin: CellLocation) -> list[Finding]:
    """Return warnings about hidden rows and columns, which are read all the same."""
    rows = [
        (max(first, header.first_row), last) for first, last in tab.rows if last >= header.first_row
    ]
    known = dict(header.columns)
    columns = [at for first, last in tab.columns for at in range(first, last + 1) if at in known]
    findings = []
    if rows:
        rule = "rows-filtered" if tab.filtered else "rows-hidden"
        findings.append(
            finding(rule, origin, "", "warning", ranges=_join_bounded(map(_range, rows)))
        )
    if columns:
        names = (f"{column_letters(at)} {known[at].name}" for at in columns)
        findings.append(
            finding("columns-hidden", origin, "", "warning", ranges=_join_bounded(names))
        )
    return findings


def _range(ends: tuple[int, int]) -> str:
    first, last = ends
    return str(first) if first == last else f"{first}-{last}"


def _join_bounded(items: Iterable[str]) -> str:
    every = list(items)
    more = f" …（{len(every)}）" if len(every) > _MAX_RANGES else ""
    return ", ".join(every[:_MAX_RANGES]) + more
