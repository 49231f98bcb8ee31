"""A marker file: an erasure is searching rejects and held rows and has not ended."""

from __future__ import annotations

import fcntl
import os
from typing import IO, TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from pathlib import Path


class ErasureMarker:
    """Marks on the disk that an erasure has begun and not ended; also a lock between processes.

    The file is never deleted, since two processes could then hold the lock; it is empty at rest.
    """

    FILE: Final = ".erasing"

    def __init__(self, rejects: Path) -> None:
        self._path = rejects / self.FILE
        self._handle: IO[bytes] | None = None

    @classmethod
    def is_set(cls, rejects: Path) -> bool:
        """Whether an erasure has begun and not ended."""
        path = rejects / cls.FILE
        return path.exists() and path.stat().st_size > 0

    def set(self) -> None:
        """Set the marker and sync it to the disk."""
        self._write(b"1")

    def clear(self) -> None:
        """Clear the marker and sync it to the disk."""
        self._write(b"")

    def __enter__(self) -> Self:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._handle = self._path.open("ab")
        fcntl.flock(self._handle, fcntl.LOCK_EX)
        return self

    def __exit__(self, *_: object) -> None:
        if self._handle is not None:
            self._handle.close()

    def _write(self, content: bytes) -> None:
        if self._handle is not None:
            self._handle.truncate(0)
            self._handle.write(content)
            self._handle.flush()
            os.fsync(self._handle.fileno())
