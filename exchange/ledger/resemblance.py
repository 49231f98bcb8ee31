"""Keeps what removed records are recognised by, and finds which new rows resemble one.

Only HMACs are kept (`resemblance`: MAC and record), from the removal on; they outlive an erasure as
the key's do, and go when the record is reinstated. Source: docs/decisions/0017-resemblance.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, insert, select, update

from exchange.domain.lifecycle import TERMINAL_STATES, State
from exchange.domain.resemblance import delivered_marks, removed_marks
from exchange.ledger import schema
from exchange.ledger.transaction_writer import chunks

if TYPE_CHECKING:
    from collections.abc import Iterable

    from exchange.ledger.transaction import Batch, Rec

EARLIER: Final = 500  # removed records of earlier releases that one transaction enters


class Resemblances:
    """What one transaction knows of removed records; looked up for many rows at once."""

    def __init__(self, work: Batch) -> None:
        self._work = work
        self._any = _first(work) is not None
        self._chains: dict[bytes, set[int]] = {}
        self._asked: set[bytes] = set()

    def remember(self, record: Rec) -> None:
        """Keep what a record is recognised by that is being removed."""
        rules = self._work.parts.model.resemblances.get(record.kind, ())
        if not rules or not record.version:
            return
        body = self._work.text(record)
        macs = set(
            map(self._work.parts.secret.resemblance, removed_marks(record.kind, body, rules))
        )
        table = schema.resemblance
        known = select(table.c.mac).where(table.c.record == record.id)
        fresh = sorted(macs - set(self._work.connection.execute(known).scalars()))
        self._work.settle()  # the record itself may be as new
        if fresh:
            rows = [{"mac": mac, "record": record.id} for mac in fresh]
            self._work.connection.execute(insert(table), rows)
        for mac in macs:
            self._chains.setdefault(mac, set()).add(record.chain)
        self._any = self._any or bool(macs)

    def forget(self, chain: int) -> None:
        """Forget the records of a chain, of which one was reinstated."""
        table, record = schema.resemblance, schema.record
        numbers = select(record.c.id).where(record.c.chain == chain)
        self._work.connection.execute(delete(table).where(table.c.record.in_(numbers)))
        for chains in self._chains.values():
            chains.discard(chain)

    def fetch(self, rows: Iterable[tuple[str, str]]) -> None:
        """Look up rows (kind, body) in few queries."""
        if self._any:
            self._look_up({mac for kind, body in rows for mac in self._macs(kind, body)})

    def found(self, kind: str, body: str, chain: int | None = None) -> bool:
        """Return whether a removed record, but none of `chain`, has what this row has."""
        if not self._any:
            return False
        macs = self._macs(kind, body)
        self._look_up(macs)
        return any(self._chains.get(mac, set()) - {chain} for mac in macs)

    def _macs(self, kind: str, body: str) -> set[bytes]:
        rules = self._work.parts.model.resemblances.get(kind, ())
        return set(map(self._work.parts.secret.resemblance, delivered_marks(kind, body, rules)))

    def _look_up(self, macs: set[bytes]) -> None:
        missing = sorted(macs - self._asked)
        self._asked |= macs
        table, record = schema.resemblance, schema.record
        for part in chunks(missing):
            statement = (
                select(table.c.mac, record.c.chain)
                .join_from(table, record, table.c.record == record.c.id)
                .where(table.c.mac.in_(part))
            )
            for row in self._work.connection.execute(statement):
                self._chains.setdefault(row.mac, set()).add(row.chain)


def _first(work: Batch) -> bytes | None:
    return work.connection.execute(select(schema.resemblance.c.mac).limit(1)).scalar()


def remember_earlier(work: Batch, after: int) -> int | None:
    """Enter some of the records that earlier releases removed; return the last one's number.

    Call it with what it returned until that is None. What was erased cannot be read any more and
    is recognised by its key alone.
    """
    table = schema.record
    statement = (
        select(table.c.id)
        .where(table.c.id > after, table.c.state.in_(sorted(TERMINAL_STATES - {State.ERASED})))
        .order_by(table.c.id)
        .limit(EARLIER)
    )
    numbers = work.connection.execute(statement).scalars().all()
    work.fetch_records(numbers)
    for number in numbers:
        record = work.record(number)
        if not _reinstated(work, record):
            work.resemblances.remember(record)
    if numbers:
        return int(numbers[-1])
    work.connection.execute(update(schema.head).values(resemblances=True))
    return None


def _reinstated(work: Batch, record: Rec) -> bool:
    table = schema.record
    later = select(table.c.id).where(table.c.chain == record.chain, table.c.id > record.id)
    return work.connection.execute(later.limit(1)).first() is not None
