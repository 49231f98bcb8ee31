"""The clock's own duty: publicity ends with the day, also when nobody types a command.

Purpose: `serve` runs this beside the projector, under its lock, so that one process a deployment
does it. What ends at midnight is gathered beforehand, since that reads every record, and written
in short transactions as soon as the day has changed.
Errors: those of the ledger; whoever runs it ends and is started again.
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


class Midnight:
    """Ends publicity day by day; `due` gathers, `end` writes, `clock` is milliseconds.

    `trusted` keeps the heartbeat and says whether the clock is trusted. While it is not, nothing
    ends: pages hide what would have ended, the rest waits for the clock or for a person.
    """

    def __init__(
        self,
        due: Callable[[date], Sequence[str]],
        end: Callable[[Sequence[str]], int],
        clock: Callable[[], int],
        trusted: Callable[[], bool] = lambda: True,
    ) -> None:
        self._trusted = trusted
        self._due = due
        self._end = end
        self._clock = clock
        self._day: date | None = None  # the last day whose ends are written
        self._staged: tuple[date, Sequence[str]] | None = None

    def run(self, stop: threading.Event) -> None:
        """Look at the clock until told to stop."""
        while not stop.is_set():
            self.look()
            stop.wait(_EVERY)

    def look(self) -> int:
        """Do what the moment asks for; count the records that left."""
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
        """End what was staged, at once; then whatever else is due."""
        ended = 0
        # A clock set back may stand before the day that was staged for.
        if self._staged is not None and self._staged[0] <= today:
            ended = self._end(self._staged[1])
            self._staged = None
        return ended + self._end(self._due(today))
