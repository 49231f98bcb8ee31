"""The ledger's changes, read once for all surfaces of a tier that stand close together."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from exchange.domain.disclosure import PUBLISHED_TIERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exchange.domain.disclosure import Tier
    from exchange.domain.record import Change
    from publisher.surfaces.port import Source

# Of each tier: surfaces whose chunks differ in size are seldom further apart.
_HELD: Final = 2


@dataclass(frozen=True, slots=True)
class _Window:
    """What one read gave; `head` is the tier's from before it, so it knew of all before."""

    after: int
    head: int
    changes: Sequence[Change]

    def part(self, after: int, limit: int) -> Sequence[Change]:
        """Return whole groups from there on, as the ledger would; none if too few are left."""
        rest = self.changes[after - self.after :] if after >= self.after else ()
        if len(rest) < limit:
            # All that was read is as good as a read; a remainder is not.
            return rest if after == self.after and len(rest) == len(self.changes) else ()
        if len(rest) == limit:
            return rest
        cut = rest[limit].published
        return [each for each in rest[:limit] if each.published < cut]


class Windows:
    """Remembers the last reads; for one thread."""

    def __init__(self, ledger: Source) -> None:
        self._ledger = ledger
        self._held = {tier: deque[_Window](maxlen=_HELD) for tier in PUBLISHED_TIERS}

    def changes(self, tier: Tier, after: int, limit: int) -> Sequence[Change]:
        """Return the changes after `after`, about `limit` of them, never a part of a group.

        What was read before a record left is never given out once it has: such a window is
        read again.
        """
        held = self._held[tier]
        for window in held:
            part = window.part(after, limit)
            if part and not self._ledger.departures(tier, window.head, 1):
                return part
        head = self._ledger.head(tier)
        window = _Window(after, head, self._ledger.changes(tier, after, limit))
        held.append(window)
        return window.changes

    def clear(self) -> None:
        """Let go of all text."""
        for held in self._held.values():
            held.clear()
