"""Sets and removes the mark of an open objection, which the readers of a record see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from exchange.domain.events import EventType
from exchange.domain.record import DeliveredState

if TYPE_CHECKING:
    from exchange.domain.record import Submission
    from exchange.ledger.rows import RecordRow
    from exchange.ledger.transaction import Transaction

# Values of the mark; 0: no mark.
HAND: Final = 1  # opened by an officer or an objection case
ROW: Final = 2  # opened by a delivered row, and closed by one


def set_mark(tx: Transaction, record: RecordRow, mark: int, delivery: int | None = None) -> None:
    """Append the event that sets the mark (by hand or by a row) or removes it (0).

    Raises:
        Conflict: the record is gone.

    """
    by = "row" if ROW in (mark, record.mark) else "hand"
    record.mark = mark
    tx.transition(EventType.OBJECT, record, {"by": by, "open": bool(mark)}, delivery)


def mark_after(row: Submission, record: RecordRow) -> int | None:
    """Return the new objection mark of the record; None where the row does not change it."""
    if row.delivered_state is DeliveredState.OBJECTION and not record.mark:
        return ROW
    if (
        row.delivered_state is DeliveredState.LIVE
        and record.mark == ROW
        and not row.inherits_objection
    ):
        return 0
    return None
