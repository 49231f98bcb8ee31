"""Refuses surfaces that are unfit to be read; checked before every answer, so it is cheap.

A surface that was built from another ledger, or that has not followed a removal in time (another
host took the record down, and this host's projector does not run), would show removed records.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, Protocol

from exchange.domain.errors import StoreUnavailable
from publisher.surfaces.port import label
from publisher.surfaces.runtime.checkpoints import Checkpoint, Lineage, other_history_error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from exchange.domain.disclosure_levels import Tier
    from publisher.surfaces.port import SurfaceReader
    from publisher.surfaces.runtime.checkpoints import Checkpoints

# Seconds that a surface may take to follow a removal.
REMOVAL_SECONDS: Final = 5.0
_KEPT_SECONDS: Final = 0.5  # for which a result is reused


class RemovalLedger(Lineage, Protocol):
    """The ledger as the guard uses it (`exchange.ledger.Ledger`)."""

    def removal_since(self, tier: Tier, after: int, before: int, /) -> bool:
        """Return whether text had to leave the tier after a number, before a time."""


class SurfaceGuard:
    """Refuses surfaces of one tier that are unfit to be read. Thread-safe.

    `clock` is milliseconds since 1970-01-01 UTC, `ticks` seconds of a monotonic clock.
    """

    def __init__(
        self,
        ledger: RemovalLedger,
        checkpoints: Checkpoints,
        readers: Iterable[SurfaceReader],
        clock: Callable[[], int],
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ledger = ledger
        self._checkpoints = checkpoints
        self._readers = {reader.name: reader for reader in readers}
        self._clock = clock
        self._ticks = ticks
        self._known: dict[str, tuple[float, StoreUnavailable | None]] = {}
        self._newest: dict[str, int] = {}  # highest `cleared` seen of each surface

    def require(self, name: str) -> None:
        """Return if the surface of that name may be read.

        Raises:
            StoreUnavailable: it shows another history, or lags behind a removal.

        """
        now, known = self._ticks(), self._known.get(name)
        if known is None or now - known[0] > _KEPT_SECONDS:
            known = self._known[name] = now, self._fault(self._readers[name])
        if known[1] is not None:
            raise known[1]

    def is_fit(self, name: str) -> bool:
        """Return whether the surface of that name may be read; raises nothing."""
        try:
            self.require(name)
        except StoreUnavailable:
            return False
        return True

    def _fault(self, reader: SurfaceReader) -> StoreUnavailable | None:
        try:
            reason = self._checkpoints.difference(reader)
            if reason is not None:
                return other_history_error(reader, reason)
            return _lagging(reader) if self._lags(reader) else None
        except StoreUnavailable as problem:
            return problem

    def _lags(self, reader: SurfaceReader) -> bool:
        kept = self._checkpoints.read(reader) or Checkpoint()
        cleared = max(kept.cleared, reader.position())
        # A surface that had cleared more before was replaced by an older copy: no grace for it.
        newest = self._newest[reader.name] = max(cleared, self._newest.get(reader.name, 0))
        grace = int(REMOVAL_SECONDS * 1000) if cleared == newest else -1
        before = self._clock() - grace
        return self._ledger.removal_since(reader.tier, cleared, before)


def _lagging(reader: SurfaceReader) -> StoreUnavailable:
    return StoreUnavailable(
        f"{label(reader)} has not yet followed a removal, so nothing is answered from it.",
        "Try again soon; the operator should look whether the projector of this host runs.",
        zh=f"{label(reader)} 尚未完成一次撤下，暂不对外提供。",
        zh_hint="请稍后再试；运行人员请检查本机的发布进程。",
    )
