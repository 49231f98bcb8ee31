"""The projector's lock: one process applies the ledger to the surfaces.

Source: docs/design/surfaces.md "Processes".
"""

from __future__ import annotations

import fcntl
import os
import time
from typing import TYPE_CHECKING, Self

from exchange.domain.errors import EnvironmentFault

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

_POLL_SECONDS = 0.05


class ProjectorLock:
    """An advisory lock on a file that names its holder; freed by the kernel when it dies.

    As a context manager it waits `timeout` seconds (0: not at all) and raises
    EnvironmentFault when another process keeps the lock.
    """

    def __init__(
        self,
        path: Path,
        timeout: float = 0.0,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._path = path
        self._timeout = timeout
        self._pause = pause
        self._handle: int | None = None

    def try_acquire(self) -> bool:
        """Take the lock if it is free. Raises OSError when the file cannot be opened."""
        if self._handle is not None:
            return True
        # Not truncated here: until the lock is ours, the number in it is the holder's.
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return False
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        self._handle = handle
        return True

    def acquire(self, timeout: float) -> bool:
        """Try for `timeout` seconds; whether the lock is ours."""
        end = time.monotonic() + timeout
        while not self.try_acquire():
            if time.monotonic() >= end:
                return False
            self._pause(_POLL_SECONDS)
        return True

    def release(self) -> None:
        """Free the lock; the file stays, since removing it would let two hold it."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def fileno(self) -> int:
        """Return what a helper inherits: the lock is free once it and we are gone.

        Raises ValueError when the lock is not held.
        """
        if self._handle is None:
            raise ValueError("the lock is not held")
        return self._handle

    def holder(self) -> int | None:
        """Return the process id written by the last holder, which may be gone."""
        try:
            text = self._path.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return None
        return int(text) if text.isdecimal() else None

    def __enter__(self) -> Self:
        if not self.acquire(self._timeout):
            raise EnvironmentFault(
                f"another process (id {self.holder()}) is projecting the ledger",
                "Let it finish, or stop `credence serve` first.",
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()
