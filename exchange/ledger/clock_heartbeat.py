"""Guards against a wrong clock by a heartbeat file: the last clock reading that was trusted.

The file belongs to a machine, not to the ledger: several hosts of one ledger boot at different
times. It is written at most once a minute, by whoever writes to the ledger or projects, and only
while the clock is trusted; so a doubt stays until the clock is right again or a person confirms.
Errors: a damaged file is a doubt, no error; EnvironmentFault when `confirm` cannot write.
Decision: docs/decisions/0016-clock-trust.md.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from typing import TYPE_CHECKING, Final, Protocol

from exchange.domain.clock_trust import ClockDoubt, ClockReading, assess
from exchange.domain.errors import EnvironmentFault
from exchange.ledger.withdrawal_journal import sync_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PERIOD: Final = 60_000  # milliseconds between two heartbeats


class _Unreadable(Exception):
    """The file exists and is no heartbeat."""


class ClockGuard(Protocol):
    """Decides whether the clock may end a record's publicity."""

    def doubt(self) -> ClockDoubt | None:
        """Return why the clock is not trusted now; None while it is."""

    def beat(self) -> None:
        """Store the current reading if it is trusted and the stored one is a minute old."""

    def trusted_time(self) -> int | None:
        """Return the wall time of the last heartbeat in milliseconds; None before the first."""


class AlwaysTrustedClock:
    """Trusts every clock: for tests and tools that pass their own clock to the ledger."""

    def doubt(self) -> ClockDoubt | None:
        """Return None: the clock is trusted."""
        return None

    def beat(self) -> None:
        """Store nothing."""

    def trusted_time(self) -> int | None:
        """Return None: there is no heartbeat."""
        return None


class Heartbeat:
    """Compares the machine's clock with the stored heartbeat. Thread-safe.

    `path`: the heartbeat file; `read`: returns the current reading of the machine's clocks.
    """

    def __init__(self, path: Path, read: Callable[[], ClockReading]) -> None:
        self._path = path
        self._read = read
        self._started = False  # whether this program has trusted a reading already

    def doubt(self) -> ClockDoubt | None:
        """Return why the clock is not trusted now; None while it is."""
        return self._assess(self._read())

    def beat(self) -> None:
        """Store the current reading if it is trusted and the stored one is a minute old.

        A heartbeat that cannot be written (a full disk) raises no error: the older one stays and
        can only raise a doubt too early.
        """
        now = self._read()
        if self._assess(now) is not None:
            return
        last = self._last()
        if last and last.boot_id == now.boot_id and 0 <= now.wall - last.wall < PERIOD:
            return
        # A clock set back before a boot must not replace a later, trusted time.
        if last and now.wall < last.wall:
            return
        try:
            self._write(now)
        except OSError:
            return

    def confirm(self) -> ClockReading:
        """Store the current reading because a person confirmed the clock; return it.

        Raises:
            EnvironmentFault: the file cannot be written.

        """
        now = self._read()
        try:
            self._write(now)
        except OSError as error:
            raise EnvironmentFault(
                f"The heartbeat {self._path} cannot be written: {error.strerror}.",
                "Make the data directory writable and confirm again.",
                zh=f"时钟心跳文件 {self._path} 无法写入：{error.strerror}。",
                zh_hint="请检查数据目录的写权限后重新确认。",
            ) from error
        return now

    def trusted_time(self) -> int | None:
        """Return the wall time of the last heartbeat in milliseconds; None without one."""
        try:
            last = self._last()
        except _Unreadable:
            return None
        return None if last is None else last.wall

    def _assess(self, now: ClockReading) -> ClockDoubt | None:
        try:
            doubt = assess(self._last(), now, starting=not self._started)
        except _Unreadable:
            return ClockDoubt.UNREADABLE
        if doubt is None:
            self._started = True
        return doubt

    def _last(self) -> ClockReading | None:
        try:
            stored = json.loads(self._path.read_bytes())
            return ClockReading(int(stored["wall"]), int(stored["uptime"]), str(stored["boot_id"]))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise _Unreadable from error

    def _write(self, reading: ClockReading) -> None:
        partial = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        handle = os.open(partial, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
        try:
            os.write(handle, json.dumps(asdict(reading)).encode())
            os.fsync(handle)
        finally:
            os.close(handle)
        partial.replace(self._path)
        sync_folder(self._path.parent)
