"""Expires records whose publicity period ends, at midnight in China.

Purpose: `serve` runs the scheduler beside the projector and under its lock, so that one process
of a deployment does it. Records that expire at midnight are collected beforehand, since that
reads every record, and expired in short transactions as soon as the date has changed.
Errors: those of the ledger; they end the process, which is started again.
Source: docs/design/surfaces.md "Expiry" (staged before midnight, switched within 5 s after).
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from exchange.domain.publicity_period import china_date, seconds_of_day_left

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence
    from datetime import date

_EVERY: Final = 1.0  # seconds between two looks at the clock
STAGING: Final = 600  # seconds before midnight; reading a million records takes less


class ExpiryScheduler:
    """Expires records when the date changes in China.

    `due(day)` returns the records that expire before a day, `expire` ends them and returns how
    many it ended, `clock` returns milliseconds since 1970-01-01 UTC. `trusted` records a
    heartbeat and returns whether the clock is trusted; while it is not, nothing expires.
    """

    def __init__(
        self,
        due: Callable[[date], Sequence[str]],
        expire: Callable[[Sequence[str]], int],
        clock: Callable[[], int],
        trusted: Callable[[], bool] = lambda: True,
    ) -> None:
        self._trusted = trusted
        self._due = due
        self._expire = expire
        self._clock = clock
        self._day: date | None = None  # the last day that was expired
        self._staged: tuple[date, Sequence[str]] | None = None

    def run(self, stop: threading.Event) -> None:
        """Call `tick` every second until `stop` is set."""
        while not stop.is_set():
            self.tick()
            stop.wait(_EVERY)

    def tick(self) -> int:
        """Collect before midnight, expire after it; return how many records expired."""
        if not self._trusted():
            return 0
        now = self._clock()
        today = china_date(now)
        if today != self._day:
            ended = self._switch(today)
            self._day = today
            return ended
        tomorrow = today + timedelta(days=1)
        staged = self._staged is not None and self._staged[0] == tomorrow
        if not staged and seconds_of_day_left(now) <= STAGING:
            self._staged = (tomorrow, self._due(tomorrow))
        return 0

    def _switch(self, today: date) -> int:
        """Expire the staged records first, then all others that are due."""
        ended = 0
        # A clock set back may stand before the day that was staged for.
        if self._staged is not None and self._staged[0] <= today:
            ended = self._expire(self._staged[1])
            self._staged = None
        return ended + self._expire(self._due(today))
