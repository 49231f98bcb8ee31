"""The versions of a record that deliveries brought, and the states of its mark, for comparison."""

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

    from exchange.ledger.deliveries import Running
    from exchange.ledger.transaction import Batch, Rec

COMPARED_VERSIONS: Final = 200  # of one record that a row is compared with
BYTES: Final = 8 * 1024 * 1024  # of their sealed bodies
MARKS: Final = 1000  # events looked through for changes of a mark


class Version(NamedTuple):
    """A version that a delivery brought; `row` is its event, None while it waits to be written."""

    position: int
    at: int  # milliseconds since 1970-01-01 UTC
    delivery: int
    digest: str  # of the file, SHA-256 in hex
    model: int
    row: Any = None


class Versions:
    """The received versions of a record and of those before it in its chain, the newest first.

    What the ledger itself wrote (a version without a reference that had to go, the first one of
    a reinstated record) says nothing new and is left out. `bounded` says that there are more.
    """

    def __init__(self, work: Batch, record: Rec, delivery: Running) -> None:
        self._work = work
        chain = _chain(work, record)
        waiting = [
            Version(item.meta.position, item.meta.at, delivery.id, delivery.digest, delivery.model)
            for item in reversed(work.pending)
            if item.meta.record in chain and item.meta.tier and item.meta.delivery is not None
        ]
        stored = [_stored(row) for row in _rows(work, chain)]
        self.found = _within([*waiting, *stored])
        self.bounded = len(self.found) < len(waiting) + len(stored)
        self._seals = work.parts.seals.get([item.row.seal for item in self.found if item.row])

    def text(self, version: Version) -> str | None:
        """Return the body of a version; None where its seal was destroyed."""
        row = version.row
        if row is None:
            return self._work.text_at(version.position)
        seal = self._seals.get(row.seal)
        return None if seal is None else unseal(seal, meta_of(row), row.body).decode()

    def brought_by(self, digest: str, at: int | None) -> bool:
        """Return whether one file brought both the newest version and the one counted `at`."""
        if at is None:
            return False
        return {self.found[0].digest, self.found[at].digest} == {digest}

    def superseded(self, at: int | None) -> Superseded | None:
        """Return when the version counted `at` was received and when it was replaced."""
        if not at:
            return None
        return Superseded(self.found[at].at, self.found[at - 1].at)


def _chain(work: Batch, record: Rec) -> set[int]:
    if record.id == record.chain:
        return {record.id}
    table = schema.record
    statement = select(table.c.id).where(table.c.chain == record.chain, table.c.id <= record.id)
    return {record.id, *work.connection.execute(statement).scalars()}


def _rows(work: Batch, chain: set[int]) -> Sequence[Any]:
    event, delivery = schema.event, schema.delivery
    return work.connection.execute(
        select(*event.c, delivery.c.digest, delivery.c.model)
        .join_from(event, delivery, delivery.c.id == event.c.delivery)
        .where(event.c.record.in_(sorted(chain)), event.c.name.in_(sorted(VERSION_EVENTS)))
        .order_by(event.c.position.desc())
        .limit(COMPARED_VERSIONS + 1)
    ).all()


def _stored(row: Any) -> Version:
    return Version(row.position, row.at, row.delivery, row.digest, row.model, row)


def _within(versions: list[Version]) -> list[Version]:
    """Return the newest versions that fit the bounds; the newest one in any case."""
    found: list[Version] = []
    size = 0
    for version in versions[:COMPARED_VERSIONS]:
        size += len(version.row.body) if version.row else 0
        if found and size > BYTES:
            break
        found.append(version)
    return found


class MarkState(NamedTuple):
    """A state of the mark of objection: since when, and the delivery that set it."""

    at: int  # milliseconds since 1970-01-01 UTC
    delivery: int | None


def mark_states(work: Batch, record: Rec) -> list[MarkState]:
    """Return the states of a record's mark since its newest received version, the newest last.

    Each event changes the mark, so that no body has to be opened. One that stands right behind
    its version came with the same row.
    """
    event = schema.event
    rows = work.connection.execute(
        select(event.c.position, event.c.name, event.c.at, event.c.delivery)
        .where(
            event.c.record == record.id,
            event.c.name.in_([*sorted(VERSION_EVENTS), EventType.OBJECT]),
        )
        .order_by(event.c.position.desc())
        .limit(MARKS)
    ).all()
    events: list[Any] = [*reversed(rows)]
    events += [item.meta for item in work.pending if item.meta.record == record.id]
    states: list[MarkState] = []
    version: Any = None
    for item in events:
        if item.name in VERSION_EVENTS and (item.delivery is not None or not states):
            version, states = item, [MarkState(item.at, item.delivery)]
        elif item.name == EventType.OBJECT and not _with(item, version):
            states.append(MarkState(item.at, item.delivery))
    return states


def _with(item: Any, version: Any) -> bool:
    return (
        version is not None
        and item.delivery is not None
        and (item.position, item.delivery) == (version.position + 1, version.delivery)
    )
