"""Whether each of the runner's surfaces was built from this ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from publisher.surfaces.port import label
from publisher.surfaces.runtime.alarms import Alarm, describe, describe_in_chinese
from publisher.surfaces.runtime.checkpoints import (
    OTHER_EPOCH,
    OTHER_ROOT,
    REPLACED,
    Checkpoint,
    other_history_error,
)
from publisher.surfaces.set_digest import matches_ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from exchange.domain.restore_reconciliation import Recovered
    from publisher.surfaces.port import ChangeSource, SurfaceReader
    from publisher.surfaces.runtime.checkpoints import Checkpoints
    from publisher.surfaces.runtime.runner_state import SurfaceState

_COMPARE_EVERY: Final = 60_000  # milliseconds between two comparisons


class LedgerComparison:
    """Compares the runner's surfaces with the ledger by their checkpoints.

    Without `checkpoints` nothing is compared. `recover` lets the ledger take over what only
    surfaces of another history know, before they are rebuilt; `clock` is milliseconds.
    """

    def __init__(
        self,
        ledger: ChangeSource,
        clock: Callable[[], int],
        checkpoints: Checkpoints | None = None,
        recover: Callable[[Sequence[SurfaceReader]], Recovered] | None = None,
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._checkpoints = checkpoints
        self._recover = recover

    def is_due(self, state: SurfaceState) -> bool:
        """Whether a surface must be compared: at the start, and then once a minute."""
        fresh = state.compared_at is not None and (
            0 <= self._clock() - state.compared_at < _COMPARE_EVERY
        )
        return (
            self._checkpoints is not None
            and not state.other_history
            and (not fresh or self.replaced(state))
        )

    def replaced(self, state: SurfaceState) -> bool:
        """Whether the files of a surface were replaced since this process wrote them.

        Called at every step: costs one file status and one small file.
        """
        if self._checkpoints is None or state.other_history:
            return False
        if state.served_files is not None and state.served_files != self._checkpoints.served(
            state.surface
        ):
            return True
        if state.newest_checkpoint is None:
            return False
        kept = self._checkpoints.read(state.surface) or Checkpoint()
        return (
            kept.size < state.newest_checkpoint.size
            or kept.cleared < state.newest_checkpoint.cleared
        )

    def published(self, state: SurfaceState) -> None:
        """Remember which files readers have now."""
        if self._checkpoints is not None and not state.other_history:
            state.served_files = self._checkpoints.served(state.surface)

    def can_heal(self, state: SurfaceState) -> bool:
        """Whether the surface can be rebuilt without losing what only it knows."""
        return self._checkpoints is not None and self._checkpoints.is_of_ledger(state.surface)

    def reason(self, state: SurfaceState) -> str:
        """Return why a surface is not of this ledger (a key of REASONS); empty when it is."""
        replaced = REPLACED if self.replaced(state) else None
        difference = self._checkpoints.difference(state.surface) if self._checkpoints else None
        state.compared_at = self._clock()
        return difference or replaced or ""

    def take_in(self, reasons: Mapping[str, str], states: Sequence[SurfaceState]) -> dict[str, str]:
        """Let the ledger take over what these surfaces know; return the surfaces to rebuild.

        `reasons` and the result are reasons by label. A new epoch adds every other surface.
        """
        surfaces = [state.surface for state in states if label(state.surface) in reasons]
        if self._recover is None or not self._recover(surfaces).opened:
            return dict(reasons)
        others = {label(state.surface): OTHER_EPOCH for state in states if not state.other_history}
        return others | dict(reasons)

    def alarm(self, state: SurfaceState, reason: str) -> Alarm:
        """Return the alarm of a surface that was built from another history."""
        problem = other_history_error(state.surface, reason)
        zh = describe_in_chinese(problem)
        return Alarm(label(state.surface), describe(problem), self._clock(), 1, zh)

    def is_unverified(self, state: SurfaceState) -> bool:
        """Whether a surface has content but no checkpoint with a root."""
        return self._checkpoints is not None and self._checkpoints.is_unverified(state.surface)

    def verify(self, state: SurfaceState) -> str:
        """Compare a surface with the whole ledger; return why it differs, empty when it does not.

        A surface that shows exactly the ledger's records gets its checkpoint.
        """
        head = self._ledger.head(state.surface.tier)
        if matches_ledger(self._ledger, state.surface):
            if self._checkpoints is not None:
                self._checkpoints.advance(state.surface, state.surface.position())
            return ""
        return OTHER_ROOT if head == self._ledger.head(state.surface.tier) else ""

    def before_apply(self, state: SurfaceState, seq: int) -> None:
        """Write the checkpoint of a change before changes up to it are applied."""
        if self._checkpoints and not state.rebuilding and not self.is_unverified(state):
            self._checkpoints.advance(state.surface, seq)
            state.newest_checkpoint = self._checkpoints.read(state.surface)

    def rebuilt(self, state: SurfaceState, position: int) -> None:
        """Write the checkpoint of a rebuilt surface that readers now have."""
        if self._checkpoints:
            self._checkpoints.restart(state.surface, position)
            state.newest_checkpoint = self._checkpoints.read(state.surface)

    def cleared(self, state: SurfaceState, seq: int) -> None:
        """Write the number up to which all removals are published."""
        if self._checkpoints and not state.other_history and not self.replaced(state):
            self._checkpoints.cleared(state.surface, seq)
            state.newest_checkpoint = self._checkpoints.read(state.surface)
