"""Stores, once, the fingerprints of records that earlier releases of the program removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import select, update

from exchange.domain.lifecycle import TERMINAL_STATES, State
from exchange.ledger import schema

if TYPE_CHECKING:
    from exchange.ledger.rows import RecordRow
    from exchange.ledger.transaction import Transaction

EARLIER: Final = 500  # removed records of earlier releases that one transaction enters


def remember_earlier(tx: Transaction, after: int) -> int | None:
    """Store the fingerprints of removed records numbered above `after`; return the last number.

    Call it again with the returned number until that is None. Erased records cannot be read any
    more; they are recognised by their keys alone.
    """
    table = schema.record
    statement = (
        select(table.c.id)
        .where(table.c.id > after, table.c.state.in_(sorted(TERMINAL_STATES - {State.ERASED})))
        .order_by(table.c.id)
        .limit(EARLIER)
    )
    numbers = tx.connection.execute(statement).scalars().all()
    tx.fetch_records(numbers)
    for number in numbers:
        record = tx.record(number)
        if not _reinstated(tx, record):
            tx.resemblances.remember(record)
    if numbers:
        return int(numbers[-1])
    tx.connection.execute(update(schema.head).values(resemblances=True))
    return None


def _reinstated(tx: Transaction, record: RecordRow) -> bool:
    table = schema.record
    later = select(table.c.id).where(table.c.chain == record.chain, table.c.id > record.id)
    return tx.connection.execute(later.limit(1)).first() is not None
