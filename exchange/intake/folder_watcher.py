"""Watches a folder into which departments copy files; each complete file is reported once.

A file is ready when its size and modification time did not change between two looks, so that a
file still being copied is left alone. Finished files are noted in the data directory; the folder
itself is never written to. A file that changes is reported again.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from exchange.domain.errors import EnvironmentFault
from exchange.intake.load_order import delivery_files
from exchange.intake.staged_copies import private_directory, sync_directory

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SETTLED: Final = 2_000  # milliseconds that a file must have been alike
KEPT: Final = 20_000  # lines of the memory; more than a folder may hold files


@dataclass(frozen=True, slots=True)
class FileStamp:
    """Size of a file in bytes and its modification time in nanoseconds."""

    size: int
    changed: int


class FolderWatcher:
    """One watched folder; `clock` gives milliseconds since 1970-01-01 UTC."""

    def __init__(self, folder: Path, memory: Path, clock: Callable[[], int]) -> None:
        """Read which files of the folder earlier runs finished.

        Raises:
            EnvironmentFault: the folder or the memory cannot be read.

        """
        self._folder = folder.resolve()
        name = hashlib.sha256(str(self._folder).encode()).hexdigest()[:16]
        self._memory = private_directory(memory) / f"{name}.jsonl"
        self._clock = clock
        self._seen: dict[str, tuple[FileStamp, int]] = {}
        self._lines = 0  # of the memory
        self._done = self._recall()

    def ready_files(self) -> list[Path]:
        """Look at the folder; return the files that are complete and not finished."""
        now = self._clock()
        seen: dict[str, tuple[FileStamp, int]] = {}
        due = []
        for path in delivery_files(self._folder):
            state = _stamp(path)
            if state is None or self._done.get(path.name) == state:
                continue
            before, since = self._seen.get(path.name, (None, now))
            if before != state:
                since = now
            seen[path.name] = (state, since)
            if now - since >= SETTLED:
                due.append(path)
        self._seen = seen
        return due

    def mark_done(self, path: Path) -> None:
        """Note on the disk that a file returned by `ready_files` is finished."""
        state, _ = self._seen.pop(path.name)
        self._done[path.name] = state
        line = {"file": path.name, "size": state.size, "changed": state.changed}
        try:
            with self._memory.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(line, ensure_ascii=False) + "\n")
                stream.flush()
                os.fsync(stream.fileno())
            self._lines += 1
            if self._lines > KEPT:
                self._done = self._recall()
        except OSError as error:
            raise _fault(self._memory, error) from error

    def _recall(self) -> dict[str, FileStamp]:
        """Return the finished files that still exist; forget the others."""
        if not self._memory.is_file():
            return {}
        done: dict[str, FileStamp] = {}
        try:
            with self._memory.open(encoding="utf-8") as stream:
                for line in stream:
                    if line.endswith("\n"):  # else a write that was cut short
                        entry = json.loads(line)
                        done[entry["file"]] = FileStamp(entry["size"], entry["changed"])
            here = {path.name for path in delivery_files(self._folder)}
            kept = {name: state for name, state in done.items() if name in here}
            self._rewrite(kept)
            self._lines = len(kept)
        except OSError as error:
            raise _fault(self._memory, error) from error
        return kept

    def _rewrite(self, done: dict[str, FileStamp]) -> None:
        part = self._memory.with_suffix(".part")
        with part.open("w", encoding="utf-8") as stream:
            for name, state in done.items():
                line = {"file": name, "size": state.size, "changed": state.changed}
                stream.write(json.dumps(line, ensure_ascii=False) + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(self._memory)
        sync_directory(self._memory.parent)


def _stamp(path: Path) -> FileStamp | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return FileStamp(status.st_size, status.st_mtime_ns)


def _fault(path: Path, error: OSError) -> EnvironmentFault:
    return EnvironmentFault(f"{path} cannot be used: {error.strerror}.", "Look at the folder.")
