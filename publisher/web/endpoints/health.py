"""How far the surfaces are, as `/readyz` and `/status` say it (docs/design/surfaces.md "The port").

Purpose: alarms and lag of each surface without naming a ledger position, which is never public.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from exchange.domain.errors import StoreUnavailable
from publisher.surfaces.port import label
from publisher.surfaces.runtime.alarms import standing_alarms

if TYPE_CHECKING:
    from collections.abc import Mapping

    from publisher.surfaces.port import SurfaceReader
    from publisher.web.context import SiteContext

OK: Final = "ok"
BEHIND: Final = "behind"
ALARM: Final = "alarm"
CLOCK: Final = "clock"  # named beside the surfaces while the machine's clock is not trusted
# Named while the files of the ledger are not those that this process opened.
LEDGER: Final = "ledger"
OTHER_HISTORY: Final = "other-history"


class Health:
    """Checks the surfaces of one tier. Thread-safe."""

    def __init__(self, context: SiteContext) -> None:
        self._context = context
        self._lock = threading.Lock()
        # Since when (milliseconds) each surface has not been seen at the head.
        self._behind: dict[str, int] = {}

    def states(self) -> dict[str, str]:
        """Return `ok`, `behind`, `alarm` or `other-history` for each surface by its label."""
        if not self._context.ledger_in_place():
            # What the open files still say is not what the next process will read.
            return {LEDGER: ALARM}
        alarmed = {alarm.surface for alarm in standing_alarms(self._context.alarms)}
        states = {label(one): self._state(one, alarmed) for one in self._context.readers}
        return {**states, CLOCK: ALARM} if self._context.clock_doubt() is not None else states

    def faults(self) -> Mapping[str, str]:
        """Return the reasons why the service is not ready; empty when it is.

        A surface may lag while it works off a load (withdrawals run ahead of it), but not longer
        than the takedown bound.
        """
        now, bound = self._context.clock(), self._context.takedown_bound * 1000
        return {
            name: state
            for name, state in self.states().items()
            if state in {ALARM, OTHER_HISTORY}
            or (state == BEHIND and now - self._since(name, now) > bound)
        }

    def _state(self, surface: SurfaceReader, alarmed: set[str]) -> str:
        name = label(surface)
        try:
            if self._context.checkpoints.difference(surface):
                return OTHER_HISTORY
            level = surface.position() >= self._context.ledger.head(surface.tier)
        except StoreUnavailable:
            level = False
        if name in alarmed or (level and not self._context.guard.is_fit(surface.name)):
            return ALARM
        with self._lock:
            if level:
                self._behind.pop(name, None)
            else:
                self._behind.setdefault(name, self._context.clock())
        return OK if level else BEHIND

    def _since(self, name: str, now: int) -> int:
        with self._lock:
            since = self._behind.get(name, now)
            if since > now:  # the clock was set back: what was waited is not known any more
                since = self._behind[name] = now
            return since
