"""Writes rejects files: rejected rows in the sender's own columns, and their findings.

Mode 0600 in a directory of mode 0700, kept 30 days (docs/design/ledger.md "Deliveries"); erasing a
record searches them, and the staged copies, for its text.
"""

from __future__ import annotations

import csv
import json
import os
import re
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, Protocol

from exchange.intake.annotated_workbook import AnnotatedWorkbook
from exchange.intake.staged_copies import OWNER_FILE, private_directory, sync_directory

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from exchange.intake.findings import Finding
    from exchange.intake.sheet import Row, Sheet

KEPT_DAYS: Final = 30
_DAY: Final = 24 * 60 * 60 * 1000  # milliseconds
_NAME_BOUND: Final = 160  # bytes; a file system allows 255, of which we add some
_SAFE: Final = re.compile(r"[^\w.-]+")


class Rejects:
    """Writes the rejected rows of one file; no file is created until a row is rejected.

    The format is that of the delivery: CSV, JSON lines, or a workbook with the faulty cells
    marked. Call `begin` before the rows of each sheet.
    """

    def __init__(
        self, directory: Path, delivery: int, sheet: Sheet, clock: Callable[[], int]
    ) -> None:
        stem = _stem(sheet.name)
        suffix = _SUFFIXES[sheet.format]
        self._clock = clock
        self._directory = directory
        self._rows = _WRITERS[suffix](directory / f"{delivery:06d}-{stem}.{suffix}")
        self._findings = _LazyFile(directory / f"{delivery:06d}-{stem}.findings.jsonl")

    def begin(self, sheet: Sheet) -> None:
        """Begin the rows of a sheet."""
        self._rows.begin(sheet)

    def add(self, row: Row, findings: Sequence[Finding]) -> None:
        """Write a rejected row as delivered."""
        self._rows.add(row, findings)

    def note(self, finding: Finding) -> None:
        """Write a finding, one JSON object a line."""
        document = json.dumps(finding.as_json(), ensure_ascii=False)
        self._findings.stream.write(document + "\n")

    def close(self) -> Path | None:
        """Sync both files to the disk; return the path of the rows, None if no row was rejected."""
        now = self._clock()
        written = [lazy.close(now) for lazy in (self._rows, self._findings)]
        if any(written):
            sync_directory(self._directory)
        return self._rows.path if written[0] else None


class _RowsFile(Protocol):
    """Writes rejected rows in one format; `close` returns whether there were any."""

    path: Path

    def begin(self, sheet: Sheet) -> None: ...

    def add(self, row: Row, findings: Sequence[Finding]) -> None: ...

    def close(self, now: int) -> bool: ...


def _stem(name: str) -> str:
    """Return the part of a rejects file's name that comes from the delivered file's name."""
    text = _SAFE.sub("_", Path(name).stem).encode()[:_NAME_BOUND].decode(errors="ignore")
    return text or "delivery"


class _LazyFile:
    """A text file of mode 0600 that is created at first use."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stream: IO[Any] | None = None

    @property
    def opened(self) -> bool:
        return self._stream is not None

    @property
    def stream(self) -> IO[Any]:
        if self._stream is None:
            private_directory(self.path.parent)
            flags = os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_NOFOLLOW
            descriptor = os.open(self.path, flags, OWNER_FILE)
            self._stream = os.fdopen(descriptor, "w", encoding="utf-8", newline="")
        return self._stream

    def close(self, now: int) -> bool:
        if self._stream is None:
            return False
        self._stream.flush()
        os.utime(self._stream.fileno(), (now / 1000, now / 1000))
        os.fsync(self._stream.fileno())
        self._stream.close()
        return True


class _JsonRows(_LazyFile):
    """The sender's JSON records, one a line."""

    def begin(self, sheet: Sheet) -> None:
        """Do nothing: JSON lines have no header."""

    def add(self, row: Row, findings: Sequence[Finding]) -> None:  # noqa: ARG002 (the port)
        self.stream.write(f"{row.raw}\n")


class _CsvRows(_LazyFile):
    """The sender's rows under the sender's header."""

    _sheet: Sheet

    def begin(self, sheet: Sheet) -> None:
        self._sheet = sheet

    def add(self, row: Row, findings: Sequence[Finding]) -> None:  # noqa: ARG002 (the port)
        new = not self.opened
        writer = csv.writer(self.stream)
        if new:
            self.stream.write("\ufeff")  # spreadsheets take Chinese for garbage without it
            header = self._sheet.header
            writer.writerows(header.sender_rows if header else ())
        writer.writerow(row.raw)


class _WorkbookRows:
    """The sender's sheets with the refused rows only, the wrong cells marked."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._book: AnnotatedWorkbook | None = None
        self._sheet: Sheet | None = None  # begun, but nothing of it refused so far

    def begin(self, sheet: Sheet) -> None:
        self._sheet = sheet

    def add(self, row: Row, findings: Sequence[Finding]) -> None:
        if self._book is None:
            private_directory(self.path.parent)
            self._book = AnnotatedWorkbook(self.path)
        if self._sheet is not None:
            self._book.begin_sheet(self._sheet)
            self._sheet = None
        self._book.add_row(row, findings)

    def close(self, now: int) -> bool:
        if self._book is None:
            return False
        os.close(os.open(self.path, os.O_CREAT | os.O_WRONLY | os.O_NOFOLLOW, OWNER_FILE))
        self._book.close()
        self.path.chmod(OWNER_FILE)
        os.utime(self.path, (now / 1000, now / 1000))
        with self.path.open("rb") as stream:
            os.fsync(stream.fileno())
        return True


_SUFFIXES: Final = {"csv": "csv", "json": "jsonl", "xlsx": "xlsx"}
_WRITERS: Final[dict[str, Callable[[Path], _RowsFile]]] = {
    "csv": _CsvRows,
    "jsonl": _JsonRows,
    "xlsx": _WorkbookRows,
}


def purge_rejects(directory: Path, now: int) -> list[str]:
    """Delete rejects and findings older than 30 days; return their names.

    `now` is in milliseconds since 1970-01-01 UTC. A name that begins with a dot is none of them
    but the mark of an erasure, which is a lock and has to stay.
    """
    if not directory.is_dir():
        return []
    oldest = (now - KEPT_DAYS * _DAY) / 1000
    named = (item for item in directory.iterdir() if not item.name.startswith("."))
    old = [item for item in named if item.is_file() and _written(item) < oldest]
    for item in old:
        item.unlink(missing_ok=True)
    if old:
        sync_directory(directory)
    return sorted(item.name for item in old)


def _written(path: Path) -> float:
    return path.lstat().st_mtime
