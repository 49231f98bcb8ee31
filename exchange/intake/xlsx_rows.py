"""XLSX: a process of its own unpacks the workbook into a nameless file of rows, bounded.

`xlsx_worker` writes one JSON line `{"sheet", "hidden"}` a sheet, then `[row, cells, marks]` a
row, and `{"end": true}`; or `{"fault", "details"}` where it gave up. The loading process reads
the lines as it would read a CSV, so that its own memory does not grow with the workbook.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import weakref
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from exchange.domain.errors import EnvironmentFault
from exchange.intake.encoding import Encoding
from exchange.intake.findings import Finding, Place, finding
from exchange.intake.tables import Record, TableSheet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from exchange.intake.headers import Book
    from exchange.intake.limits import Limits

_WORKER: Final = Path(__file__).with_name("xlsx_worker.py")
_ENCODING: Final = Encoding("utf-8", "XLSX")
_BLOCK: Final = 256 * 1024  # bytes read at once
_WAIT: Final = 2  # seconds of the clock for each second of processor time


@dataclass(frozen=True, slots=True)
class Tab:
    """One sheet of a workbook: where its rows begin and end among the spooled lines."""

    name: str
    hidden: bool
    start: int
    end: int

    @property
    def shows(self) -> bool:
        """Whether a person who opens the workbook sees something there."""
        return not self.hidden and self.start < self.end


class Workbook:
    """An unpacked workbook; its rows are gone when it is."""

    def __init__(self, path: Path, name: str, limits: Limits) -> None:
        """Unpack it.

        Raises:
            EnvironmentFault: the process cannot be started or the disk is full.

        """
        self.name = name
        self.limits = limits
        self.spool = tempfile.TemporaryFile()  # noqa: SIM115 (closed with this object)
        weakref.finalize(self, self.spool.close)
        self.tabs: list[Tab] = []
        self.fault = self._unpack(path) or self._index()

    def _unpack(self, path: Path) -> Finding | None:
        bounds = self.limits.workbook
        command = [sys.executable, "-I", str(_WORKER), str(path), json.dumps(asdict(bounds))]
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
            return finding("xlsx-large", Place(self.name))
        except OSError as error:
            raise EnvironmentFault(
                f"The workbook {self.name} cannot be unpacked: {error.strerror}.",
                "Check the space of the temporary directory.",
            ) from error
        if ended.returncode < 0:  # stopped at a limit
            return finding("xlsx-large", Place(self.name))
        return finding("xlsx-broken", Place(self.name)) if ended.returncode else None

    def _index(self) -> Finding | None:
        """Note where each sheet stands; return why the workbook cannot be taken, if so."""
        begun: list[tuple[str, bool, int]] = []
        before = 0
        self.spool.seek(0)
        for line in self.spool:
            after = before + len(line)
            if line.startswith(b"{"):
                said = json.loads(line)
                if "fault" in said:
                    return finding(said["fault"], Place(self.name), **said["details"])
                if begun:
                    self.tabs.append(Tab(*begun.pop(), before))
                if "end" in said:
                    return self._counted()
                begun.append((said["sheet"], said["hidden"], after))
            before = after
        return finding("xlsx-large", Place(self.name))  # the spool is full

    def _counted(self) -> Finding | None:
        limit = self.limits.sheets
        if len(self.tabs) > limit:
            return finding("too-many-sheets", Place(self.name), found=len(self.tabs), limit=limit)
        return None if self.tabs else finding("empty", Place(self.name))

    def lines(self, tab: Tab) -> Iterator[list[Any]]:
        """Yield the rows of a sheet as written; several may be read by turns."""
        at = tab.start
        while at < tab.end:
            self.spool.seek(at)
            block = self.spool.readlines(_BLOCK)
            for line in block:
                if at >= tab.end:
                    return
                at += len(line)
                yield json.loads(line)


class XlsxSheet(TableSheet):
    """One sheet of a workbook; see `sources.Sheet`."""

    format = "xlsx"

    def __init__(self, book: Workbook, tab: Tab, candidates: Sequence[Book]) -> None:
        """Read the header.

        Raises:
            UsageError: the columns fit several kinds.

        """
        self._workbook = book
        self.tab = tab
        super().__init__(Place(book.name, tab.name), _ENCODING, book.limits)
        self.choose(candidates)

    def records(self, expected: int) -> Iterator[Record]:
        """Yield the rows, each at least as wide as expected."""
        limit = self.limits.cell_characters
        for number, cells, marks in self._workbook.lines(self.tab):
            if max(map(len, cells), default=0) > limit:
                self.trouble.add("cell-size", row=number, line=None, limit=limit)
                if self.trouble.full:
                    return
                continue
            cells.extend([""] * (expected - len(cells)))
            yield Record(number, None, cells, {int(at): mark for at, mark in marks.items()})
