"""What the runner asks about histories: whether a surface was built from this ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from publisher.surfaces.port import label
from publisher.surfaces.runtime.alarms import Alarm, describe, describe_in_chinese
from publisher.surfaces.runtime.checkpoints import (
    OTHER_EPOCH,
    OTHER_ROOT,
    REPLACED,
    Checkpoint,
    other_history,
)
from publisher.surfaces.set_digest import shows_what_stands

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from exchange.domain.restore_evidence import Recovered
    from publisher.surfaces.port import Readable, Source
    from publisher.surfaces.runtime.checkpoints import Checkpoints
    from publisher.surfaces.runtime.runner_state import Desk

_COMPARE_EVERY: Final = 60_000  # milliseconds between two comparisons


class Histories:
    """Keeps the checkpoints of the runner's surfaces; without checkpoints, nothing is compared.

    `recover` has the ledger take in what surfaces of another history know, before they are
    rebuilt; `clock` is milliseconds.
    """

    def __init__(
        self,
        ledger: Source,
        clock: Callable[[], int],
        checkpoints: Checkpoints | None = None,
        recover: Callable[[Sequence[Readable]], Recovered] | None = None,
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._kept = checkpoints
        self._recover = recover

    def is_due(self, desk: Desk) -> bool:
        """Whether a surface is to be compared: at the start, and from time to time."""
        fresh = desk.compared_at is not None and (
            0 <= self._clock() - desk.compared_at < _COMPARE_EVERY
        )
        return self._kept is not None and not desk.foreign and (not fresh or self.replaced(desk))

    def replaced(self, desk: Desk) -> bool:
        """Whether other files were put in a surface's place since this process wrote them.

        Asked at every step: a look at one file and a small file to read.
        """
        if self._kept is None or desk.foreign:
            return False
        if desk.served is not None and desk.served != self._kept.served(desk.surface):
            return True
        if desk.noted is None:
            return False
        kept = self._kept.read(desk.surface) or Checkpoint()
        return kept.size < desk.noted.size or kept.cleared < desk.noted.cleared

    def published(self, desk: Desk) -> None:
        """Note which files readers have now."""
        if self._kept is not None and not desk.foreign:
            desk.served = self._kept.served(desk.surface)

    def can_heal(self, desk: Desk) -> bool:
        """Whether nothing that only the surface knows is lost by building it anew."""
        return self._kept is not None and self._kept.is_of_ledger(desk.surface)

    def reason(self, desk: Desk) -> str:
        """Return why a surface is not of this ledger, nothing where it is."""
        replaced = REPLACED if self.replaced(desk) else None
        found = self._kept.difference(desk.surface) if self._kept else None
        desk.compared_at = self._clock()
        return found or replaced or ""

    def take_in(self, found: Mapping[str, str], desks: Sequence[Desk]) -> dict[str, str]:
        """Have the ledger take in what these surfaces know, by label with the reason of each.

        Returns what is to be rebuilt: every surface where that opened a new epoch.
        """
        surfaces = [desk.surface for desk in desks if label(desk.surface) in found]
        if self._recover is None or not self._recover(surfaces).opened:
            return dict(found)
        others = {label(desk.surface): OTHER_EPOCH for desk in desks if not desk.foreign}
        return others | dict(found)

    def alarm(self, desk: Desk, reason: str) -> Alarm:
        """Return the alarm of a surface of another history."""
        problem = other_history(desk.surface, reason)
        zh = describe_in_chinese(problem)
        return Alarm(label(desk.surface), describe(problem), self._clock(), 1, zh)

    def is_unverified(self, desk: Desk) -> bool:
        """Whether a surface has content and no root: it was written before roots were kept."""
        return self._kept is not None and self._kept.is_unverified(desk.surface)

    def verify(self, desk: Desk) -> str:
        """Compare a surface with the whole ledger; return why it is not of it, or nothing.

        One that shows exactly what the ledger says gets its checkpoint.
        """
        head = self._ledger.head(desk.surface.tier)
        if shows_what_stands(self._ledger, desk.surface):
            if self._kept is not None:
                self._kept.advance(desk.surface, desk.surface.position())
            return ""
        return OTHER_ROOT if head == self._ledger.head(desk.surface.tier) else ""

    def before_apply(self, desk: Desk, seq: int) -> None:
        """Note the ledger's tree before changes up to a number are applied."""
        if self._kept and not desk.rebuilding and not self.is_unverified(desk):
            self._kept.advance(desk.surface, seq)
            desk.noted = self._kept.read(desk.surface)

    def rebuilt(self, desk: Desk, position: int) -> None:
        """Note that readers have a surface that was built anew."""
        if self._kept:
            self._kept.restart(desk.surface, position)
            desk.noted = self._kept.read(desk.surface)

    def cleared(self, desk: Desk, seq: int) -> None:
        """Note up to which number no reader is shown what had to leave."""
        if self._kept and not desk.foreign and not self.replaced(desk):
            self._kept.cleared(desk.surface, seq)
            desk.noted = self._kept.read(desk.surface)
