"""Reads the versions of a record from deliveries, and the states of its objection mark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import select

from exchange.domain.events import VERSION_EVENTS, EventType
from exchange.domain.record import Superseded
from exchange.ledger import schema
from exchange.ledger.sealed_bodies import unseal
from exchange.ledger.transaction import meta_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exchange.ledger.delivery_progress import OpenDelivery
    from exchange.ledger.rows import RecordRow
    from exchange.ledger.transaction import Transaction

COMPARED_VERSIONS: Final = 200  # of one record that a row is compared with
BYTES: Final = 8 * 1024 * 1024  # of their sealed bodies
MARKS: Final = 1000  # events looked through for changes of a mark


class ReceivedVersion(NamedTuple):
    """A version from a delivery; `row`: its event, None while it is not written yet."""

    position: int
    at: int  # milliseconds since 1970-01-01 UTC
    delivery: int
    digest: str  # of the file, SHA-256 in hex
    model: int
    row: Any = None


class ReceivedVersions:
    """The versions from deliveries of a record and its predecessors in the chain, newest first.

    Versions that the ledger itself wrote (without a dropped link, the first one of a reinstated
    record) are left out. `bounded`: there are more versions than the bounds allow.
    """

    def __init__(self, tx: Transaction, record: RecordRow, delivery: OpenDelivery) -> None:
        self._tx = tx
        chain = _chain(tx, record)
        pending = [
            ReceivedVersion(
                item.meta.position, item.meta.at, delivery.id, delivery.digest, delivery.model
            )
            for item in reversed(tx.unsealed_events)
            if item.meta.record in chain and item.meta.tier and item.meta.delivery is not None
        ]
        stored = [_stored(row) for row in _rows(tx, chain)]
        self.newest_first = _within([*pending, *stored])
        self.bounded = len(self.newest_first) < len(pending) + len(stored)
        self._seals = tx.context.seals.get(
            [item.row.seal for item in self.newest_first if item.row]
        )

    def text(self, version: ReceivedVersion) -> str | None:
        """Return the body of a version; None where its seal was destroyed."""
        row = version.row
        if row is None:
            return self._tx.text_at(version.position)
        seal = self._seals.get(row.seal)
        return None if seal is None else unseal(seal, meta_of(row), row.body).decode()

    def brought_by(self, digest: str, at: int | None) -> bool:
        """Return whether the newest version and that of index `at` are from the same file."""
        if at is None:
            return False
        return {self.newest_first[0].digest, self.newest_first[at].digest} == {digest}

    def superseded(self, at: int | None) -> Superseded | None:
        """Return the times at which the version of index `at` was received and replaced."""
        if not at:
            return None
        return Superseded(self.newest_first[at].at, self.newest_first[at - 1].at)


def _chain(tx: Transaction, record: RecordRow) -> set[int]:
    if record.id == record.chain:
        return {record.id}
    table = schema.record
    statement = select(table.c.id).where(table.c.chain == record.chain, table.c.id <= record.id)
    return {record.id, *tx.connection.execute(statement).scalars()}


def _rows(tx: Transaction, chain: set[int]) -> Sequence[Any]:
    event, delivery = schema.event, schema.delivery
    return tx.connection.execute(
        select(*event.c, delivery.c.digest, delivery.c.model)
        .join_from(event, delivery, delivery.c.id == event.c.delivery)
        .where(event.c.record.in_(sorted(chain)), event.c.name.in_(sorted(VERSION_EVENTS)))
        .order_by(event.c.position.desc())
        .limit(COMPARED_VERSIONS + 1)
    ).all()


def _stored(row: Any) -> ReceivedVersion:
    return ReceivedVersion(row.position, row.at, row.delivery, row.digest, row.model, row)


def _within(versions: list[ReceivedVersion]) -> list[ReceivedVersion]:
    """Return the newest versions within the bounds; the newest one in any case."""
    within: list[ReceivedVersion] = []
    size = 0
    for version in versions[:COMPARED_VERSIONS]:
        size += len(version.row.body) if version.row else 0
        if within and size > BYTES:
            break
        within.append(version)
    return within


class MarkState(NamedTuple):
    """A state of the objection mark: its time, and the delivery that set it."""

    at: int  # milliseconds since 1970-01-01 UTC
    delivery: int | None


def mark_states(tx: Transaction, record: RecordRow) -> list[MarkState]:
    """Return the states of a record's mark since its newest received version, oldest first.

    Each event changes the mark, so no body has to be decrypted. An event right after its version
    belongs to the same row.
    """
    event = schema.event
    rows = tx.connection.execute(
        select(event.c.position, event.c.name, event.c.at, event.c.delivery)
        .where(
            event.c.record == record.id,
            event.c.name.in_([*sorted(VERSION_EVENTS), EventType.OBJECT]),
        )
        .order_by(event.c.position.desc())
        .limit(MARKS)
    ).all()
    events: list[Any] = [*reversed(rows)]
    events += [item.meta for item in tx.unsealed_events if item.meta.record == record.id]
    states: list[MarkState] = []
    version: Any = None
    for item in events:
        if item.name in VERSION_EVENTS and (item.delivery is not None or not states):
            version, states = item, [MarkState(item.at, item.delivery)]
        elif item.name == EventType.OBJECT and not _of_same_row(item, version):
            states.append(MarkState(item.at, item.delivery))
    return states


def _of_same_row(item: Any, version: Any) -> bool:
    return (
        version is not None
        and item.delivery is not None
        and (item.position, item.delivery) == (version.position + 1, version.delivery)
    )
