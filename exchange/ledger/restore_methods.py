"""The part of the ledger's facade that copies are compared with and that a restore needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exchange.ledger import restore_merge, tree_heads
from exchange.ledger.journal_lines import journal_missing

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from exchange.domain.disclosure import Tier
    from exchange.domain.restore_evidence import KnownRecord, Recovered
    from exchange.ledger.context import Parts
    from exchange.ledger.journal import Line


class RestoreMethods:
    """Each method is a function of `tree_heads` or `restore_merge`."""

    _parts: Parts

    def tree_point(self, tier: Tier, seq: int) -> tree_heads.TreePoint | None:
        """Return the tree after the transaction of a member of a tier's sequence."""
        return tree_heads.tree_point(self._parts, tier, seq)

    def root_at(self, size: int) -> bytes | None:
        """Return the root of the tree of a size; None where no transaction ended there."""
        return tree_heads.root_at(self._parts, size)

    def epoch(self) -> int:
        """Return the number of the epoch that the ledger is in."""
        return tree_heads.epoch(self._parts)

    def removal_since(self, tier: Tier, after: int, before: int) -> bool:
        """Return whether text had to leave a tier after a number, before a time."""
        return tree_heads.removal_since(self._parts, tier, after, before)

    def catch_up_journal(self) -> None:
        """Have the withdrawal journal hold every line that the ledger has."""
        self._parts.journal.catch_up(journal_missing(self._parts.database))

    def unknown(self, public_ids: Collection[str]) -> set[str]:
        """Return those of the records that the ledger never heard of."""
        return restore_merge.unknown(self._parts, public_ids)

    def unknown_members(self, tier: Tier, events: Mapping[int, str]) -> set[int]:
        """Return the numbers in a tier's sequence at which the ledger has not that event."""
        return restore_merge.unknown_members(self._parts, tier, events)

    def unknown_lines(self) -> Iterator[Line]:
        """Yield the lines of the withdrawal journal that the ledger does not have."""
        return restore_merge.unknown_lines(self._parts)

    def recover(
        self, known: Iterable[KnownRecord], epoch: int, *, reason: str, force: bool = False
    ) -> Recovered:
        """Take in what others know; opens a new epoch where anything is taken in."""
        return restore_merge.recover(self._parts, known, epoch, reason=reason, force=force)
