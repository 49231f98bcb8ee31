"""Writes a workbook whose faulty cells are coloured, with a comment: the rule and the hint.

Every cell is written as text, never as a formula or link. Rows are written to the disk at once;
only comments stay in memory, and their number is bounded.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final, Self

import xlsxwriter

from exchange.intake.findings import column_position

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from xlsxwriter.worksheet import Worksheet

    from exchange.intake.findings import Finding
    from exchange.intake.sheet import Row, Sheet

FINDINGS_SHEET: Final = "问题清单 findings"
_HEADINGS: Final = (
    "工作表 sheet",
    "行 row",
    "列 column",
    "代码 code",
    "名称 name",
    "值 value",
    "级别 severity",
    "规则 rule",
    "说明与改法",
    "what and how to mend",
)
ROWS: Final = 1_048_576  # of a sheet, by the format
CELL: Final = 32_767  # characters of a cell, by the format
_COMMENTS: Final = 10_000  # of one workbook; cells beyond are only coloured
_COMMENT: Final = 1_000  # characters of one
_TITLE: Final = 31
_COLOURS: Final = {"info": "#DDEBF7", "warning": "#FFE699", "held": "#E4C7F1", "error": "#F8CBAD"}
_RANK: Final = {severity: rank for rank, severity in enumerate(_COLOURS)}


class AnnotatedWorkbook:
    """Writes one sheet after the other, row by row; call `close`, or leave the context.

    With `note`, a last sheet lists findings: those about the file as a whole have no cell.
    """

    def __init__(self, path: Path, lang: str | None = None) -> None:
        """Begin a workbook; `lang` is zh, en or None for both languages in each comment."""
        self._book = xlsxwriter.Workbook(
            str(path),
            {
                "constant_memory": True,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
                "tmpdir": str(path.parent),
            },
        )
        # The text format keeps codes and ID numbers whole when a clerk types in the cell.
        self._plain = self._book.add_format({"num_format": "@"})
        self._marks = {
            severity: self._book.add_format({"num_format": "@", "bg_color": colour})
            for severity, colour in _COLOURS.items()
        }
        self._langs = (lang,) if lang else ("zh", "en")
        self._comments = 0
        self._sheet: Worksheet | None = None
        self._titles: set[str] = set()
        self._row = 0
        self._listed: list[Finding] = []
        self._list = False

    def list_findings(self, findings: Iterable[Finding]) -> None:
        """Put findings on the last sheet, for those that belong to no cell."""
        self._list = True
        room = _COMMENTS - len(self._listed)
        self._listed.extend(islice(findings, max(room, 0)))

    def begin_sheet(self, sheet: Sheet) -> None:
        """Begin a sheet and write the sender's own header rows."""
        title = (sheet.origin.sheet or "数据")[:_TITLE]
        while title.lower() in self._titles:
            title = f"{title[: _TITLE - 4]}({len(self._titles) + 1})"
        self._titles.add(title.lower())
        self._sheet = self._book.add_worksheet(title)
        self._row = 0
        for cells in sheet.header.sender_rows if sheet.header else ():
            self._write(cells, {})

    def add_row(self, row: Row, findings: Iterable[Finding]) -> None:
        """Write a row as delivered and mark the cells of its findings."""
        if self._row >= ROWS:
            return
        cells = (row.raw,) if isinstance(row.raw, str) else row.raw
        if self._list:
            findings = tuple(findings)
            self.list_findings(findings)
        by_column: dict[int, list[Finding]] = {}
        for item in findings:
            at = column_position(item.location.column) if item.location.column else 0
            by_column.setdefault(at, []).append(item)
        self._write(cells, by_column)

    def _write(self, cells: Sequence[str], by_column: dict[int, list[Finding]]) -> None:
        if self._sheet is None:
            return
        for column in range(max([len(cells), *(at + 1 for at in by_column)])):
            text = cells[column] if column < len(cells) else ""
            style = self._plain
            if column in by_column:
                worst = max((item.severity for item in by_column[column]), key=_RANK.__getitem__)
                style = self._marks[worst]
                self._comment(column, by_column[column])
            if text:
                self._sheet.write_string(self._row, column, text[:CELL], style)
            elif column in by_column:
                self._sheet.write_blank(self._row, column, None, style)
        self._row += 1

    def _comment(self, column: int, findings: list[Finding]) -> None:
        if self._sheet is None or self._comments >= _COMMENTS:
            return
        self._comments += 1
        text = "\n".join(
            f"[{item.rule}] {item.advice(lang)}" for item in findings for lang in self._langs
        )
        self._sheet.write_comment(
            self._row, column, text[:_COMMENT], {"author": "Credence", "x_scale": 3, "y_scale": 2}
        )

    def _write_list(self) -> None:
        self._sheet = self._book.add_worksheet(FINDINGS_SHEET)
        self._row = 0
        self._write(_HEADINGS, {})
        for item in self._listed:
            location = item.location
            cells = (
                location.sheet,
                location.row,
                location.column,
                location.code,
                location.name,
                item.value,
            )
            words = (item.severity, item.rule, item.advice("zh"), item.advice("en"))
            self._write(["" if cell is None else str(cell) for cell in (*cells, *words)], {})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Write the workbook to the disk.

        Raises:
            OSError: it cannot be written.

        """
        if self._sheet is None:
            self._book.add_worksheet()
        if self._list:
            self._write_list()
        try:
            self._book.close()
        except xlsxwriter.exceptions.FileCreateError as error:
            raise OSError(*error.args[0].args) from error
