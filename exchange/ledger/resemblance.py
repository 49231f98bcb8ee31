"""Stores fingerprints of removed records and finds delivered rows that resemble one.

Only HMACs are stored (table `resemblance`: MAC and record), from the removal on. They outlive an
erasure, as those of keys do, and are deleted when the record is reinstated.
Source: docs/decisions/0017-resemblance.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from sqlalchemy import delete, insert, select

from exchange.domain.resemblance import delivered_marks, removed_marks
from exchange.ledger import schema
from exchange.ledger.transaction_writer import chunks

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from exchange.ledger.context import LedgerContext
    from exchange.ledger.rows import RecordRow


class RemovedRecordsReader(Protocol):
    """What the fingerprints need of a transaction (`exchange.ledger.transaction`)."""

    connection: Connection
    context: LedgerContext

    def text(self, record: RecordRow) -> str:
        """Return the stored body of the record's newest version."""

    def flush(self) -> None:
        """Write pending rows so that queries see them."""


class Resemblances:
    """The fingerprints of removed records in one transaction, looked up for many rows at once."""

    def __init__(self, tx: RemovedRecordsReader) -> None:
        self._tx = tx
        self._any = _first(tx) is not None
        self._chains: dict[bytes, set[int]] = {}
        self._asked: set[bytes] = set()

    def remember(self, record: RecordRow) -> None:
        """Store the fingerprints of a record that is being removed."""
        rules = self._tx.context.model.resemblances.get(record.kind, ())
        if not rules or not record.version:
            return
        body = self._tx.text(record)
        macs = set(
            map(self._tx.context.secret.resemblance, removed_marks(record.kind, body, rules))
        )
        table = schema.resemblance
        known = select(table.c.mac).where(table.c.record == record.id)
        fresh = sorted(macs - set(self._tx.connection.execute(known).scalars()))
        self._tx.flush()  # the record itself may be as new
        if fresh:
            rows = [{"mac": mac, "record": record.id} for mac in fresh]
            self._tx.connection.execute(insert(table), rows)
        for mac in macs:
            self._chains.setdefault(mac, set()).add(record.chain)
        self._any = self._any or bool(macs)

    def forget(self, chain: int) -> None:
        """Delete the fingerprints of a chain of records, of which one was reinstated."""
        table, record = schema.resemblance, schema.record
        numbers = select(record.c.id).where(record.c.chain == chain)
        self._tx.connection.execute(delete(table).where(table.c.record.in_(numbers)))
        for chains in self._chains.values():
            chains.discard(chain)

    def fetch(self, rows: Iterable[tuple[str, str]]) -> None:
        """Look up the fingerprints of rows (kind, body) in few queries."""
        if self._any:
            self._look_up({mac for kind, body in rows for mac in self._macs(kind, body)})

    def matches(self, kind: str, body: str, chain: int | None = None) -> bool:
        """Return whether a removed record outside `chain` has a fingerprint of this row."""
        if not self._any:
            return False
        macs = self._macs(kind, body)
        self._look_up(macs)
        return any(self._chains.get(mac, set()) - {chain} for mac in macs)

    def _macs(self, kind: str, body: str) -> set[bytes]:
        rules = self._tx.context.model.resemblances.get(kind, ())
        return set(map(self._tx.context.secret.resemblance, delivered_marks(kind, body, rules)))

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
            for row in self._tx.connection.execute(statement):
                self._chains.setdefault(row.mac, set()).add(row.chain)


def _first(tx: RemovedRecordsReader) -> bytes | None:
    return tx.connection.execute(select(schema.resemblance.c.mac).limit(1)).scalar()
