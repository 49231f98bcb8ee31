"""What the withdrawal journal knows beside a ledger that was put back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exchange.domain.disclosure_levels import Tier
from exchange.domain.restore_reconciliation import KnownRecord
from exchange.ledger.withdrawal_journal import OP_GONE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from exchange.ledger.withdrawal_journal import JournalLine


def known_to_journal(lines: Iterable[JournalLine]) -> tuple[dict[str, KnownRecord], int]:
    """Return the records of lines that the ledger lacks, and the greatest epoch of the lines.

    Of several lines of a record the last says whether it is gone; an erasure is one for ever.
    """
    found: dict[str, KnownRecord] = {}
    epoch = 0
    for line in lines:
        epoch = max(epoch, line.epoch)
        before = found.get(line.record, KnownRecord(line.record))
        found[line.record] = KnownRecord(
            line.record,
            line.kind or before.kind,
            Tier(line.tier) if line.tier else before.tier,
            line.keys or before.keys,
            gone=line.op == OP_GONE,
            erased=line.erased or before.erased,
        )
    return found, epoch
