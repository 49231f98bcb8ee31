"""Which lines the withdrawal journal lacks, read from the ledger; and which it has too many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from exchange.domain.errors import EnvironmentFault
from exchange.ledger import schema
from exchange.ledger.journal import Line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from exchange.ledger.engine import Database

_CHUNK = 5000


def journal_missing(database: Database) -> Callable[[Line | None], Sequence[Line]]:
    """Return the function that gives the next lines after a journal's last one.

    It raises EnvironmentFault when that line is not in the ledger: the ledger is then an
    older copy than the journal, or another one.
    """

    def missing(last: Line | None) -> Sequence[Line]:
        passage = schema.passage
        with database.reading() as connection:
            head = connection.execute(select(schema.head)).one()
            after = 0 if last is None else last.position
            if last is not None and last.epoch < head.epoch:
                after = head.epoch_from
            elif last is not None:
                known = connection.execute(
                    select(passage).where(passage.c.position == last.position)
                ).first()
                _same(last, known, head.epoch)
            rows = connection.execute(
                select(passage)
                .where(passage.c.position > after)
                .order_by(passage.c.position)
                .limit(_CHUNK)
            ).all()
        return [line_of(row, head) for row in rows]

    return missing


def line_of(row: Any, head: Any) -> Line:
    """Return the line of a passage; positions up to an epoch's begin belong to the one before."""
    epoch = head.epoch if row.position > head.epoch_from else head.epoch - 1
    return Line(epoch, row.position, row.record, row.op)


def _same(last: Line, known: Any, epoch: int) -> None:
    if known is None or epoch != last.epoch or known.record != last.record or known.op != last.op:
        raise EnvironmentFault(
            "The ledger is older than its withdrawal journal, or not the one it belongs to: "
            f"the journal ends at position {last.position}.",
            "Restore a backup that was made after that position. Do not serve this ledger, and "
            "keep the journal: it lists what must stay withdrawn.",
            position=last.position,
        )
