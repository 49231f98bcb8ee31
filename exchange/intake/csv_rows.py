"""Reads CSV strictly: no row is lost inside another, and every fault is reported at its row.

Python's csv module joins physical lines while a quote is open, so one forgotten quote can eat
the rows after it. This reader keeps the lines of a record until the record proves sound. If it
does not, only its first line counts as broken and reading resumes at the second.
"""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING, Final, TextIO

from exchange.intake.findings import CellLocation, printable
from exchange.intake.sheet import StructureFaults, open_text
from exchange.intake.table_sheet import TableRow, TableSheet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from exchange.intake.encoding import Encoding
    from exchange.intake.header_matching import FormColumns
    from exchange.intake.limits import Limits

# A cell with sound quotes, or without.
_CELL: Final = re.compile(r'"(?:[^"]|"")*+"|[^",][^,]*|(?=,)')
_CELLS_TO_SUSPECT: Final = 8


class CsvSheet(TableSheet):
    """A CSV file whose header has been found; see `sheet.Sheet`."""

    format = "csv"

    def __init__(
        self,
        path: Path,
        name: str,
        encoding: Encoding,
        candidates: Sequence[FormColumns],
        limits: Limits,
    ) -> None:
        """Read the header.

        Raises:
            UsageError: the columns fit several kinds.

        """
        self._path = path
        super().__init__(CellLocation(name), encoding, limits)
        self.choose(candidates)

    def records(self, expected: int) -> Iterator[TableRow]:
        """Yield the records of the file, `expected` cells wide where that is known."""
        with open_text(self._path, self.encoding, self.structure_faults) as stream:
            yield from CsvRecords(stream, self.structure_faults, self.limits, expected)


class CsvRecords:
    """The records of a CSV stream: spreadsheet row, first physical line, cells."""

    def __init__(
        self, stream: TextIO, faults: StructureFaults, limits: Limits, expected: int
    ) -> None:
        csv.field_size_limit(limits.cell_characters)
        self._lines = _Lines(stream, limits.line_characters)
        self._reader = csv.reader(self._lines, strict=True)
        self._faults = faults
        self._limits = limits
        self._expected = expected
        self._number = 0

    def __iter__(self) -> Iterator[TableRow]:
        """Yield record after record until the end or until there are too many faults."""
        while not self._faults.full:
            line = self._lines.begin()
            self._number += 1
            try:
                cells = next(self._reader, None)
            except csv.Error as error:
                self._broken(line, error)
                continue
            if cells is None:
                return
            if self._sound(line, cells):
                yield TableRow(self._number, line, cells)

    def _broken(self, line: int, error: csv.Error) -> None:
        words = str(error)
        rule = "unclosed-quote"
        if self._lines.too_long:
            rule = "line-size"
        elif "limit" in words:
            rule = "cell-size"
        elif "expected after" in words and len(self._lines.taken) == 1:
            rule = "quote-inside"
        self._fault(rule, line)
        self._lines.put_back()

    def _sound(self, line: int, cells: list[str]) -> bool:
        taken = self._lines.taken
        if len(taken) > 1 and self._swallowed(cells, taken):
            self._fault("unclosed-quote", line)
            self._lines.put_back()
            return False
        count = len(cells)
        if self._lines.ended and cells and count < self._expected:
            self._faults.add(
                "cut-row",
                row=self._number,
                line=line,
                found=count,
                expected=self._expected,
                position=max(count - 1, 0),
            )
        return True

    def _swallowed(self, cells: list[str], taken: list[str]) -> bool:
        """Whether a record of several lines looks like several rows joined by a stray quote."""
        expected = self._expected
        if not expected:
            return False
        if len(cells) != expected:
            return any(_cells_of(item) == expected for item in taken[1:3])
        return expected >= _CELLS_TO_SUSPECT and any(
            _is_rows_run_into_one(cell, position, expected)
            for position, cell in enumerate(cells)
            if "\n" in cell or "\r" in cell
        )

    def _fault(self, rule: str, line: int) -> None:
        first = self._lines.taken[0] if self._lines.taken else ""
        limit = self._limits.cell_characters
        if rule == "line-size":
            limit = self._limits.line_characters
        self._faults.add(
            rule,
            row=self._number,
            line=line,
            position=_broken_cell(first),
            value=printable(first.rstrip("\r\n")),
            limit=limit,
        )


class _Lines:
    """Feeds physical lines to the csv module and can take back all but the first."""

    def __init__(self, stream: TextIO, bound: int) -> None:
        self._stream = stream
        self._bound = bound
        self._again: list[str] = []
        self._next_line = 1
        self.taken: list[str] = []
        self.too_long = False
        self.ended = False  # whether the line handed out last has no line end: the file's last
        self._size = 0

    def begin(self) -> int:
        """Start a record; return its physical line."""
        self.taken = []
        self._size = 0
        self.too_long = False
        return self._next_line

    def put_back(self) -> None:
        """Read the lines after the record's first one again."""
        back = self.taken[1:]
        self._again.extend(reversed(back))
        self._next_line -= len(back)
        self.taken = self.taken[:1]

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._again.pop() if self._again else self._stream.readline(self._bound + 1)
        if not line:
            self.ended = True
            raise StopIteration
        self.taken.append(line)
        self._next_line += 1
        self._size += len(line)
        if len(line) > self._bound:
            self._skip_rest()
        if self._size > self._bound:  # many lines of one record count like one long line
            self.too_long = True
            raise csv.Error("line larger than its limit")
        self.ended = line[-1:] not in "\r\n"
        return line

    def _skip_rest(self) -> None:
        while (rest := self._stream.readline(self._bound)) and rest[-1:] not in "\r\n":
            pass


def _is_rows_run_into_one(cell: str, position: int, expected: int) -> bool:
    """Whether a cell holds the rest of its row, whole rows and the start of another.

    That happens when a missing quote pairs with a stray one further down.
    """
    first, *middle, last = [part.count(",") for part in cell.splitlines() or [""]] + [0] * (
        cell[-1:] in "\r\n"
    )
    between = all(count == expected - 1 for count in middle)
    return between and first == expected - 1 - position and last == position


def _broken_cell(line: str) -> int:
    """Return the position of the first cell whose quotes are wrong, else of the last cell."""
    at = position = 0
    while at < len(line):
        whole = _CELL.match(line, at)
        if whole is None or line[whole.end() : whole.end() + 1] != ",":
            break
        at = whole.end() + 1
        position += 1
    return position


def _cells_of(line: str) -> int:
    try:
        return len(next(csv.reader([line], strict=True), []))
    except csv.Error:
        return 0
