"""The public mark of an open objection: the record stays, its readers are told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from exchange.domain.events import EventType

if TYPE_CHECKING:
    from exchange.ledger.transaction import Batch, Rec

# 0 stands for no mark.
HAND: Final = 1  # opened by an officer or an objection case
ROW: Final = 2  # opened by a delivered row, and closed by one


def set_mark(work: Batch, record: Rec, mark: int, delivery: int | None = None) -> None:
    """Log that the mark is set by hand or row, or taken off.

    Raises:
        Conflict: the record is gone.

    """
    by = "row" if ROW in (mark, record.mark) else "hand"
    record.mark = mark
    work.move(EventType.OBJECT, record, {"by": by, "open": bool(mark)}, delivery)
