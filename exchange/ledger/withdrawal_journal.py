"""The withdrawal journal: an fsynced file of every removal and return of a record.

It lies on its own path, outlives a lost ledger, and is written before a withdrawal is
acknowledged; so a restored backup that is older than it is refused, and what must be
withdrawn again is known (docs/design/ledger.md "Journal"). One JSON line:
`{"epoch":1,"position":7,"record":"<26 characters>","op":"gone","kind":"penalty","tier":"public",`
`"keys":["<64 hexadecimal>"],"erased":false,"crc":"<8 hexadecimal>"}`; op is `gone` or `back`. The
keys are HMACs under the ledger secret; `:1` and `:2` mark partial keys (`rows.KeyCoverage`). With
them, a ledger that never heard of the record knows which rows must not bring it back. Lines of
older versions end after `op`; they are read, and written once more with the rest.

Whoever appends holds the file's lock and writes *every* line the ledger has beyond the last
one, so lines are in order and a crashed neighbour's are not lost.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any
from zlib import crc32

from exchange.domain.errors import EnvironmentFault
from exchange.domain.failpoints import Failpoint, no_failpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from exchange.domain.failpoints import FailpointHook

_TAIL = 4096  # bytes read from the end at first; a line with many keys is longer
_KEY = re.compile("[0-9a-f]{64}(:[12])?")
OP_GONE, OP_BACK = "gone", "back"


@dataclass(frozen=True, slots=True)
class JournalLine:
    """One line: a record was removed from its readers (`gone`) or published again (`back`).

    `tier`: the widest that ever saw it; `keys`: the variants of its key, None in a line of an
    older version; `erased`: its text was destroyed.
    """

    epoch: int
    position: int
    record: str
    op: str
    kind: str = ""
    tier: str = ""
    keys: tuple[str, ...] | None = None
    erased: bool = False

    @property
    def identity(self) -> tuple[int, int, str, str]:
        """Epoch, position, record and operation: what identifies the line."""
        return self.epoch, self.position, self.record, self.op

    def encoded(self) -> bytes:
        """Return the line in the format of the file; `crc` is the CRC-32 of its other members."""
        if self.keys is None:
            known = zip(("epoch", "position", "record", "op"), self.identity, strict=True)
            return _json(dict(known)) + b"\n"
        members = asdict(self)
        return _json({**members, "crc": f"{crc32(_json(members)):08x}"}) + b"\n"


def _json(members: Mapping[str, Any]) -> bytes:
    return json.dumps(members, separators=(",", ":")).encode()


class Journal:
    """The journal file; opened for each use, so that processes and threads share its lock."""

    def __init__(self, path: Path, failpoint: FailpointHook = no_failpoint) -> None:
        self._path = path
        self._failpoint = failpoint

    def catch_up(self, missing: Callable[[JournalLine | None], Sequence[JournalLine]]) -> int:
        """Append the lines that `missing(last line)` returns until it returns none; count them.

        Always syncs: the last line may be another process's that is not synced yet.
        """
        with self._locked() as handle:
            last = _trimmed(handle, self._path.name)
            written = 0
            while lines := missing(last):
                _write(handle, b"".join(line.encoded() for line in lines))
                last = lines[-1]
                written += len(lines)
                self._failpoint(Failpoint.JOURNAL_WRITTEN)
            os.fsync(handle)
            return written

    def lines(self) -> Iterator[JournalLine]:
        """Yield every complete line, oldest first.

        Raises:
            EnvironmentFault: a line cannot be read.

        """
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            for number, text in enumerate(file, 1):
                if text.endswith(b"\n"):
                    yield _parsed(text, self._path.name, number)

    def is_torn(self) -> bool:
        """Return whether the last line is incomplete, so that its record is unknown."""
        if not self._path.exists():
            return False
        with self._path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(size - 1, 0))
            return file.read() not in (b"", b"\n")

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


def _trimmed(handle: int, name: str) -> JournalLine | None:
    """Truncate an incomplete last line; return the last complete one."""
    size, length = os.fstat(handle).st_size, _TAIL
    while True:
        start = max(0, size - length)
        tail = os.pread(handle, size - start, start)
        end = tail.rfind(b"\n") + 1
        begin = tail.rfind(b"\n", 0, max(end - 1, 0)) + 1
        # The whole of the last line is read once there is the end of the one before it.
        if start == 0 or (end and begin):
            break
        length *= 8
    if end != len(tail):
        os.ftruncate(handle, start + end)
    return _parsed(tail[begin:end], name) if end else None


def _parsed(text: bytes, name: str, number: int | None = None) -> JournalLine:
    try:
        members = json.loads(text)
        members.pop("crc", None)  # `_is_own` compares it with the rest
        keys = members.get("keys")
        line = JournalLine(**{**members, "keys": None if keys is None else tuple(keys)})
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise _damaged(name, number) from error
    if not _is_own(line, text):
        raise _damaged(name, number)
    return line


def _is_own(line: JournalLine, text: bytes) -> bool:
    """Return whether this program writes the line so: valid JSON need not be a journal line."""
    has_numbers = type(line.epoch) is int and type(line.position) is int
    has_record = type(line.record) is str and line.op in (OP_GONE, OP_BACK)
    has_facts = type(line.kind) is str and type(line.tier) is str and type(line.erased) is bool
    has_keys = all(type(key) is str and _KEY.fullmatch(key) for key in line.keys or ())
    return has_numbers and has_record and has_facts and has_keys and line.encoded() == text


def _damaged(name: str, number: int | None = None) -> EnvironmentFault:
    at, zh_at = (f" (line {number})", f"（第 {number} 行）") if number else ("", "")
    return EnvironmentFault(
        f"The withdrawal journal {name} holds a line that is not one of its own{at}.",
        "Restore the journal; it is needed to know what must stay withdrawn. If no sound copy is "
        "left, keep one of this file and take that line out: only what it named may be missing.",
        zh=f"撤下日志 {name} 中有一行不是本系统所写{zh_at}。",
        zh_hint="请放回完好的日志：须凭它得知哪些记录不得重现。如无完好副本，请先另存此文件，"
        "再删去该行：可能遗漏的只有该行所记的撤下。",
    )


def _write(handle: int, data: bytes) -> None:
    while data:
        data = data[os.write(handle, data) :]


def sync_folder(folder: Path) -> None:
    """Sync the entries of a folder to the disk. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
