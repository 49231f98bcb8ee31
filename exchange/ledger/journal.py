"""The withdrawal journal: which opaque record left its readers at which position, fsynced.

It lies on its own path, outlives a lost ledger, and is written before a withdrawal is
acknowledged; so a restored backup that is older than it is refused, and what must be
withdrawn again is known (DESIGN §4). One JSON line:
`{"epoch":1,"position":7,"record":"<26 characters>","op":"gone"}`; op is `gone` or `back`.

Whoever appends holds the file's lock and writes *every* line the ledger has beyond the last
one, so lines are in order and a crashed neighbour's are not lost.
"""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from exchange.domain.errors import EnvironmentFault
from exchange.domain.failpoints import Point, nothing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from exchange.domain.failpoints import At

_TAIL = 4096  # bytes; a line has fewer than 200
GONE, BACK = "gone", "back"


@dataclass(frozen=True, slots=True)
class Line:
    """One passage of a record: away from its readers, or back to them."""

    epoch: int
    position: int
    record: str
    op: str

    def encoded(self) -> bytes:
        """Return the line as it stands in the file."""
        return json.dumps(asdict(self), separators=(",", ":")).encode() + b"\n"


class Journal:
    """The file; opened for each use, so that processes and threads share it by its lock."""

    def __init__(self, path: Path, at: At = nothing) -> None:
        self._path = path
        self._at = at

    def catch_up(self, missing: Callable[[Line | None], Sequence[Line]]) -> int:
        """Append what `missing(last line)` returns until it returns none; return how many.

        Always syncs: the last line may be a neighbour's that is still on its way.
        """
        with self._locked() as handle:
            last = _trimmed(handle, self._path.name)
            written = 0
            while lines := missing(last):
                _write(handle, b"".join(line.encoded() for line in lines))
                last = lines[-1]
                written += len(lines)
                self._at(Point.JOURNAL_WRITTEN)
            os.fsync(handle)
            return written

    def lines(self) -> Iterator[Line]:
        """Yield every whole line, oldest first.

        Raises:
            EnvironmentFault: a line cannot be read.

        """
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            for text in file:
                if text.endswith(b"\n"):
                    yield _parsed(text, self._path.name)

    @contextmanager
    def _locked(self) -> Iterator[int]:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            fresh = not self._path.exists()
            handle = os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_APPEND, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX)
                yield handle
                if fresh:
                    sync_folder(self._path.parent)
            finally:
                os.close(handle)
        except OSError as error:
            raise EnvironmentFault(
                f"The withdrawal journal cannot be written: {error.strerror}.",
                "Make its path writable; the ledger heals the journal at the next opening.",
            ) from error


def _trimmed(handle: int, name: str) -> Line | None:
    """Cut a torn last line off; return the last whole one."""
    size = os.fstat(handle).st_size
    start = max(0, size - _TAIL)
    tail = os.pread(handle, size - start, start)
    end = tail.rfind(b"\n") + 1
    if end != len(tail):
        os.ftruncate(handle, start + end)
    if end == 0:
        if start:
            raise _damaged(name)
        return None
    return _parsed(tail[tail.rfind(b"\n", 0, end - 1) + 1 : end], name)


def _parsed(text: bytes, name: str) -> Line:
    try:
        line = Line(**json.loads(text))
    except (ValueError, TypeError, RecursionError) as error:
        raise _damaged(name) from error
    if not _is_own(line, text):
        raise _damaged(name)
    return line


def _is_own(line: Line, text: bytes) -> bool:
    """Whether we would write the line so: what JSON lets through need not be one of ours."""
    numbered = type(line.epoch) is int and type(line.position) is int
    named = type(line.record) is str and line.op in (GONE, BACK)
    return numbered and named and line.encoded() == text


def _damaged(name: str) -> EnvironmentFault:
    return EnvironmentFault(
        f"The withdrawal journal {name} holds a line that is not one of its own.",
        "Restore the journal; it is needed to know what must stay withdrawn.",
    )


def _write(handle: int, data: bytes) -> None:
    while data:
        data = data[os.write(handle, data) :]


def sync_folder(folder: Path) -> None:
    """Make the entries of a folder durable. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
