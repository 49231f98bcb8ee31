"""Reads XLSX: a separate process with limits unpacks the workbook into a temporary file of rows.

`exchange.workbook.xlsx_worker` writes a JSON line `{"formats"}`, one `{"sheet", "state", ...}` a
sheet, then `[row, cells, marks]` a row, and `{"end": true}`; or `{"fault", "details"}` where it
gave up. The loading process reads the lines as it would read a CSV, so that its own memory does not
grow with the workbook.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import weakref
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from exchange.domain.errors import EnvironmentFault
from exchange.intake.display_mismatches import OVERRIDING_MARKS, displayed_columns, hidden_parts
from exchange.intake.encoding import Encoding
from exchange.intake.findings import CellLocation, Finding, finding
from exchange.intake.table_sheet import TableRow, TableSheet
from exchange.intake.worksheet import Worksheet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from exchange.intake.display_mismatches import DisplayedColumn
    from exchange.intake.header_matching import FormColumns
    from exchange.intake.limits import Limits

_ROOT: Final = Path(__file__).parents[2]
# Isolated: no variable and no folder of the caller's says what is imported.
_WORKER: Final = (
    "import sys; sys.path.insert(0, sys.argv.pop(1));"
    "from exchange.workbook.xlsx_worker import main; main()"
)
_ENCODING: Final = Encoding("utf-8", "XLSX")
_BLOCK: Final = 256 * 1024  # bytes read at once
_WAIT: Final = 2  # seconds of the clock for each second of processor time


class UnpackedWorkbook:
    """An unpacked workbook; its temporary file is deleted with this object."""

    def __init__(self, path: Path, name: str, limits: Limits) -> None:
        """Unpack it.

        Raises:
            EnvironmentFault: the process cannot be started or the disk is full.

        """
        self.name = name
        self.limits = limits
        self.spool = tempfile.TemporaryFile()  # noqa: SIM115 (closed with this object)
        weakref.finalize(self, self.spool.close)
        self.worksheets: list[Worksheet] = []
        self.formats: dict[int, str] = {}
        self.fault = self._unpack(path) or self._index()

    def _unpack(self, path: Path) -> Finding | None:
        bounds = self.limits.workbook
        command = [
            *(sys.executable, "-I", "-c", _WORKER, str(_ROOT)),
            *(str(path), json.dumps(asdict(bounds))),
        ]
        try:
            ended = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=self.spool,
                stderr=subprocess.DEVNULL,
                timeout=bounds.seconds * _WAIT,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return finding("xlsx-large", CellLocation(self.name))
        except OSError as error:
            raise EnvironmentFault(
                f"The workbook {self.name} cannot be unpacked: {error.strerror}.",
                "Check the space of the temporary directory.",
            ) from error
        if ended.returncode < 0:  # stopped at a limit
            return finding("xlsx-large", CellLocation(self.name))
        return finding("xlsx-broken", CellLocation(self.name)) if ended.returncode else None

    def _index(self) -> Finding | None:
        """Find the byte range of each sheet; return the finding that rejects the workbook."""
        begun: list[tuple[dict[str, Any], int]] = []
        before = 0
        self.spool.seek(0)
        for line in self.spool:
            after = before + len(line)
            if line.startswith(b"{"):
                document = json.loads(line)
                if "fault" in document:
                    return finding(
                        document["fault"], CellLocation(self.name), **document["details"]
                    )
                if begun:
                    self.worksheets.append(_tab(*begun.pop(), before))
                if "end" in document:
                    return self._counted()
                if "formats" in document:
                    self.formats = {int(style): code for style, code in document["formats"].items()}
                else:
                    begun.append((document, after))
            before = after
        return finding("xlsx-large", CellLocation(self.name))  # the spool is full

    def _counted(self) -> Finding | None:
        limit = self.limits.sheets
        if len(self.worksheets) > limit:
            return finding(
                "too-many-sheets", CellLocation(self.name), found=len(self.worksheets), limit=limit
            )
        return None if self.worksheets else finding("empty", CellLocation(self.name))

    def lines(self, tab: Worksheet) -> Iterator[list[Any]]:
        """Yield the rows of a sheet; several sheets may be read alternately."""
        at = tab.start
        while at < tab.end:
            self.spool.seek(at)
            block = self.spool.readlines(_BLOCK)
            for line in block:
                if at >= tab.end:
                    return
                at += len(line)
                yield json.loads(line)


def _tab(said: dict[str, Any], start: int, end: int) -> Worksheet:
    ranges = {name: tuple(said[name]) for name in ("rows", "columns", "runs")}
    return Worksheet(said["sheet"], start, end, said["state"], said["filtered"], **ranges)


class XlsxSheet(TableSheet):
    """One sheet of a workbook; see `sheet.Sheet`."""

    format = "xlsx"

    def __init__(
        self, book: UnpackedWorkbook, tab: Worksheet, candidates: Sequence[FormColumns]
    ) -> None:
        """Read the header.

        Raises:
            UsageError: the columns fit several kinds.

        """
        self._workbook = book
        self.worksheet = tab
        self._shown: dict[int, DisplayedColumn] = {}
        super().__init__(CellLocation(book.name, tab.name), _ENCODING, book.limits)
        self.choose(candidates)
        if self.header is not None:
            self._shown = displayed_columns(self.header, tab.runs, book.formats)
            self.notes += hidden_parts(self.header, tab, self.origin)

    def records(self, expected: int) -> Iterator[TableRow]:
        """Yield the rows, each at least as wide as expected."""
        limit = self.limits.cell_characters
        for number, cells, marks in self._workbook.lines(self.worksheet):
            if max(map(len, cells), default=0) > limit:
                self.structure_faults.add("cell-size", row=number, line=None, limit=limit)
                if self.structure_faults.full:
                    return
                continue
            cells.extend([""] * (expected - len(cells)))
            known = {int(at): mark for at, mark in marks.items()}
            for position, column in self._shown.items():
                mark = column.mark_of(number, cells[position])
                if mark and known.get(position) not in OVERRIDING_MARKS:
                    known[position] = mark
            yield TableRow(number, None, cells, known)
