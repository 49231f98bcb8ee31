"""The methods of the ledger that compare copies with it and that a restore needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exchange.ledger import restore_merge, tree_heads
from exchange.ledger.journal_catch_up import journal_missing

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from exchange.domain.disclosure_levels import Tier
    from exchange.domain.restore_reconciliation import KnownRecord, Recovered
    from exchange.ledger.context import LedgerContext
    from exchange.ledger.withdrawal_journal import JournalLine


class RestoreMethods:
    """Each method is a function of `tree_heads` or `restore_merge`."""

    _context: LedgerContext

    def tree_point(self, tier: Tier, seq: int) -> tree_heads.EpochTreeHead | None:
        """Return the tree after the transaction of a member of a tier's sequence."""
        return tree_heads.tree_point(self._context, tier, seq)

    def root_at(self, size: int) -> bytes | None:
        """Return the root of the tree of a size; None where no transaction ended there."""
        return tree_heads.root_at(self._context, size)

    def epoch(self) -> int:
        """Return the number of the current epoch."""
        return tree_heads.epoch(self._context)

    def removal_since(self, tier: Tier, after: int, before: int) -> bool:
        """Return whether a tier removed text after a number, before a time (milliseconds)."""
        return tree_heads.removal_since(self._context, tier, after, before)

    def catch_up_journal(self) -> None:
        """Append to the withdrawal journal every line that only the ledger has."""
        self._context.journal.catch_up(journal_missing(self._context.database))

    def unknown(self, public_ids: Collection[str]) -> set[str]:
        """Return those of the records that the ledger does not know."""
        return restore_merge.unknown(self._context, public_ids)

    def unknown_members(self, tier: Tier, events: Mapping[int, str]) -> set[int]:
        """Return the numbers of `events` at which the tier's sequence has another event or none."""
        return restore_merge.unknown_members(self._context, tier, events)

    def unknown_lines(self) -> Iterator[JournalLine]:
        """Yield the lines of the withdrawal journal that the ledger does not have."""
        return restore_merge.unknown_lines(self._context)

    def recover(
        self, known: Iterable[KnownRecord], epoch: int, *, reason: str, force: bool = False
    ) -> Recovered:
        """Merge what surfaces and journal know; a new epoch begins where anything is merged."""
        return restore_merge.recover(self._context, known, epoch, reason=reason, force=force)
