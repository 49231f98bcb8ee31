"""A cache of the ledger's changes, so that surfaces of a tier at like positions share a read."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from exchange.domain.disclosure_levels import PUBLISHED_TIERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exchange.domain.disclosure_levels import Tier
    from exchange.domain.record import Change
    from publisher.surfaces.port import ChangeSource

# Reads kept a tier: surfaces whose chunks differ in size are seldom further apart.
_HELD: Final = 2


@dataclass(frozen=True, slots=True)
class _Window:
    """The result of one read; `head` was the tier's head before it."""

    after: int
    head: int
    changes: Sequence[Change]

    def part(self, after: int, limit: int) -> Sequence[Change]:
        """Return whole groups after a number, as the ledger would; empty if too few are left."""
        rest = self.changes[after - self.after :] if after >= self.after else ()
        if len(rest) < limit:
            # All that was read is as good as a read; a remainder is not.
            return rest if after == self.after and len(rest) == len(self.changes) else ()
        if len(rest) == limit:
            return rest
        cut = rest[limit].published
        return [change for change in rest[:limit] if change.published < cut]


class ChangeCache:
    """Keeps the last reads of each tier. Not thread-safe."""

    def __init__(self, ledger: ChangeSource) -> None:
        self._ledger = ledger
        self._held = {tier: deque[_Window](maxlen=_HELD) for tier in PUBLISHED_TIERS}

    def changes(self, tier: Tier, after: int, limit: int) -> Sequence[Change]:
        """Return about `limit` changes after `after`, never a part of a group.

        A read from before a removal is not used any more; the changes are read again.
        """
        held = self._held[tier]
        for window in held:
            part = window.part(after, limit)
            if part and not self._ledger.removals(tier, window.head, 1):
                return part
        head = self._ledger.head(tier)
        window = _Window(after, head, self._ledger.changes(tier, after, limit))
        held.append(window)
        return window.changes

    def clear(self) -> None:
        """Drop all changes, and with them their text."""
        for held in self._held.values():
            held.clear()
