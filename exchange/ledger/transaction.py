"""One transaction: rows it has read, events it will write, members they show.

Nothing of an event reaches the database before `finish`: then seals are kept (durably, first),
bodies sealed, commitments made, the tree grown and all rows inserted at once. `settle` writes
records, keys and links early, where a query has to see them.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from exchange.domain.disclosure import Tier
from exchange.domain.errors import EnvironmentFault
from exchange.domain.events import EventType
from exchange.domain.failpoints import Failpoint
from exchange.domain.identity import new_id
from exchange.domain.lifecycle import TERMINAL_STATES, State, advance
from exchange.ledger import schema
from exchange.ledger.feed_sequence import Shown
from exchange.ledger.journal_lines import journal_missing
from exchange.ledger.key_resolution import Key, Macs, Met, Told, meet
from exchange.ledger.pending_rows import Tables
from exchange.ledger.resemblance import Resemblances
from exchange.ledger.sealed_bodies import Meta, canonical, unseal
from exchange.ledger.transaction_writer import Pending, chunks, settle, write
from exchange.ledger.visibility import passage, steps, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sqlalchemy import Connection

    from exchange.ledger.context import Parts


@dataclass(slots=True)
class Rec:
    """A row of `record`; change it only through the batch."""

    id: int
    public_id: str
    kind: str
    tier: Tier
    widest: Tier
    chain: int
    state: State
    mark: int = 0
    content_mac: bytes | None = None
    version: int = 0
    person: str | None = None
    versions: int = 0
    model: int = 0

    def visible(self) -> frozenset[Tier]:
        """Return the tiers whose readers see the record."""
        return visible(self.state, self.tier)

    def values(self) -> dict[str, Any]:
        """Return the row as it is stored."""
        return {
            "id": self.id,
            "public_id": self.public_id,
            "kind": self.kind,
            "tier": self.tier.value,
            "widest": self.widest.value,
            "chain": self.chain,
            "state": self.state.value,
            "mark": self.mark,
            "content_mac": self.content_mac,
            "version": self.version,
            "person": self.person,
            "versions": self.versions,
            "model": self.model,
        }


class Batch:
    """The state of one writing transaction."""

    def __init__(self, connection: Connection, parts: Parts, head: Any) -> None:
        self.connection = connection
        self.parts = parts
        self.now = parts.clock()
        self.first = head.position
        self.position: int = head.position
        self.epoch: int = head.epoch
        self.epoch_from: int = head.epoch_from
        self.delivery: int = head.delivery
        self.record_number: int = head.record
        self.pending: list[Pending] = []
        self.shown: list[Shown] = []
        self.passages: list[dict[str, Any]] = []
        self.erasures: list[dict[str, Any]] = []
        self.waiting = Tables()
        self._texts: dict[int, str] = {}
        self._records: dict[int, Rec] = {}
        self._keys: dict[bytes, Key | None] = {}

    # --- reading ---

    @cached_property
    def resemblances(self) -> Resemblances:
        """What is known of removed records, to recognise them under another key."""
        return Resemblances(self)

    def fetch_keys(self, macs: Iterable[bytes]) -> None:
        """Read keys and their records into the batch, in few queries."""
        missing = sorted({mac for mac in macs if mac not in self._keys})
        key, record = schema.key_state, schema.record
        for part in chunks(missing):
            rows = self.connection.execute(
                select(key.c.mac, key.c.told, *record.c)
                .join_from(key, record, key.c.record == record.c.id)
                .where(key.c.mac.in_(part))
            ).all()
            for row in rows:
                known = self._adopt(row)
                self._keys[row.mac] = Key(row.mac, known.id, Told(row.told))
        for mac in missing:
            self._keys.setdefault(mac, None)

    def key(self, mac: bytes) -> Key | None:
        """Return what a MAC leads to, None for one never seen."""
        if mac not in self._keys:
            self.fetch_keys([mac])
        return self._keys[mac]

    def keys_of(self, record: Rec) -> list[Key]:
        """Return every MAC that leads to a record."""
        self.settle()
        key = schema.key_state
        macs = self.connection.execute(select(key.c.mac).where(key.c.record == record.id)).scalars()
        return [found for mac in sorted(macs) if (found := self.key(mac)) is not None]

    def met(self, macs: Macs) -> Met:
        """Return which records a telling leads to."""
        return meet(macs, self.key)

    def record(self, number: int) -> Rec:
        """Return a record by its row number."""
        if number not in self._records:
            self.fetch_records([number])
        return self._records[number]

    def fetch_records(self, numbers: Iterable[int]) -> None:
        """Read records into the batch, in few queries."""
        missing = sorted({number for number in numbers if number not in self._records})
        for part in chunks(missing):
            statement = select(schema.record).where(schema.record.c.id.in_(part))
            for row in self.connection.execute(statement).all():
                self._adopt(row)

    def find(self, public_id: str) -> Rec | None:
        """Return a record by its public id."""
        statement = select(schema.record).where(schema.record.c.public_id == public_id)
        row = self.connection.execute(statement).first()
        return None if row is None else self._adopt(row)

    def text(self, record: Rec) -> str:
        """Return the stored body of the record's newest version."""
        return self.text_at(record.version)

    def text_at(self, position: int) -> str:
        """Return the stored body of the version at a position."""
        if position in self._texts:
            return self._texts[position]
        event = schema.event
        row = self.connection.execute(select(event).where(event.c.position == position)).one()
        return self.opened(row)

    def opened(self, row: Any) -> str:
        """Return the body of a row of `event`."""
        seal = self.parts.seals.get([row.seal]).get(row.seal)
        if seal is None:
            raise EnvironmentFault(
                f"The seal of the event at position {row.position} is missing.",
                "Restore the seals from the backup that belongs to the ledger.",
            )
        return unseal(seal, meta_of(row), row.body).decode()

    def _adopt(self, row: Any) -> Rec:
        known = self._records.get(row.id)
        if known is None:
            known = self._records[row.id] = rec_of(row)
        return known

    # --- writing ---

    def event(
        self,
        name: EventType,
        body: Mapping[str, Any],
        record: Rec | None = None,
        delivery: int | None = None,
    ) -> int:
        """Log an event whose body is canonical JSON; return its position."""
        return self._log(name, canonical(body), record, delivery, None)

    def version(  # noqa: PLR0913 (two of them by keyword, rarely given)
        self,
        name: EventType,
        record: Rec,
        text: str,
        delivery: int | None = None,
        *,
        tier: Tier | None = None,
        retracts_text: bool = False,
    ) -> int:
        """Log a version of a record and show it; return its position.

        `tier`: the widest with a view, where that changes. `retracts_text`: older text must go.

        Raises:
            Conflict: the record's state does not allow it.

        """
        before = record.visible()
        tier = tier or record.tier
        record.state = advance(record.state, name)
        record.tier = tier
        if tier.rank < record.widest.rank:
            record.widest = tier
        iri = self.parts.iri(record.kind, record.public_id)
        record.version = self._log(name, text.encode(), record, delivery, iri)
        record.versions += delivery is not None
        self._texts[record.version] = text
        self.touch(record)
        self._show(name, record, record.version, before, retracts_text=retracts_text)
        return record.version

    def move(
        self, name: EventType, record: Rec, body: Mapping[str, Any], delivery: int | None = None
    ) -> int:
        """Log an event of the record's lifecycle and show what it changes.

        Raises:
            Conflict: the record's state does not allow it.

        """
        before = record.visible()
        record.state = advance(record.state, name)
        if record.state in TERMINAL_STATES and name is not EventType.REINSTATE:
            self.resemblances.remember(record)
        position = self.event(name, body, record, delivery)
        self.touch(record)
        if name is not EventType.REINSTATE:
            self._show(name, record, position, before, retracts_text=False)
        return position

    def enter(self, public_id: str, kind: str, tier: Tier, body: Mapping[str, Any]) -> Rec:
        """Log that a record is withdrawn which this ledger never published; it has no text.

        Whoever was shown it somewhere else gets its Delete.
        """
        record = self.new_record(kind, tier)
        record.public_id = public_id
        record.state = advance(record.state, EventType.WITHDRAW)
        position = self.event(EventType.WITHDRAW, body, record)
        self._show(
            EventType.WITHDRAW, record, position, visible(State.LIVE, tier), retracts_text=False
        )
        return record

    def touch(self, record: Rec) -> None:
        """Have the record's row written."""
        if record.id not in self.waiting.records:
            self.waiting.changed[record.id] = record

    def new_record(self, kind: str, tier: Tier, chain: int | None = None) -> Rec:
        """Begin a record; its first version and the keys that lead to it have to follow."""
        self.record_number += 1
        number = self.record_number
        record = Rec(number, new_id(), kind, tier, tier, chain or number, State.NONE)
        self._records[record.id] = self.waiting.records[record.id] = record
        return record

    def lead(self, mac: bytes, record: int, told: Told) -> None:
        """Have a MAC lead to a record from now on."""
        key = self.key(mac)
        if key is None:
            self._keys[mac] = self.waiting.keys[mac] = Key(mac, record, told)
            return
        if (key.record, key.told) != (record, told):
            key.record, key.told = record, told
            if mac not in self.waiting.keys:
                self.waiting.changed_keys[mac] = key

    def settle(self) -> None:
        """Write records, keys, persons, links and decisions so that queries see them."""
        settle(self.connection, self.waiting)
        self.waiting = Tables()

    def finish(self) -> None:
        """Write all that waits; only the commit is left."""
        self.settle()
        write(self)

    def _log(
        self,
        name: EventType,
        body: bytes,
        record: Rec | None,
        delivery: int | None,
        iri: str | None,
    ) -> int:
        self.position += 1
        meta = Meta(
            self.position,
            name.value,
            self.now,
            delivery,
            None if record is None else record.id,
            None if record is None or iri is None else record.tier.value,
        )
        self.pending.append(Pending(meta, body, iri))
        return self.position

    def _show(
        self,
        name: EventType,
        record: Rec,
        position: int,
        before: frozenset[Tier],
        *,
        retracts_text: bool,
    ) -> None:
        """Add the members that the event means for each tier, and its line in the journal."""
        taken = steps(before, record.visible(), retracts_text=retracts_text)
        self.shown += [
            Shown(
                step.tier,
                record.kind,
                record.id,
                position,
                record.version,
                step.activity,
                mark=bool(record.mark),
                retracts_text=step.retracts_text,
            )
            for step in taken
        ]
        op = passage(name, taken)
        if op is not None:
            self.passages.append({"position": position, "record": record.public_id, "op": op})


def rec_of(row: Any) -> Rec:
    """Return the record of a row that has all columns of `record`."""
    return Rec(
        row.id,
        row.public_id,
        row.kind,
        Tier(row.tier),
        Tier(row.widest),
        row.chain,
        State(row.state),
        row.mark,
        row.content_mac,
        row.version,
        row.person,
        row.versions,
        row.model,
    )


def meta_of(row: Any) -> Meta:
    """Return the metadata of a row of `event`."""
    return Meta(row.position, row.name, row.at, row.delivery, row.record, row.tier, row.format)


@contextmanager
def batch(parts: Parts, *, bulk: bool = False) -> Iterator[Batch]:
    """Give one writing transaction; on leaving it is committed, journalled and acknowledged.

    Raises:
        EnvironmentFault: the ledger, its seals or its journal cannot be written.

    """
    if bulk:
        parts.gate.bulk()
        with _transaction(parts) as work:
            yield work
    else:
        with parts.gate.urgent(), _transaction(parts) as work:
            yield work


@contextmanager
def _transaction(parts: Parts) -> Iterator[Batch]:
    with parts.database.writing() as connection:
        head = connection.execute(select(schema.head).with_for_update()).one()
        work = Batch(connection, parts, head)
        yield work
        work.finish()
        parts.failpoint(Failpoint.BEFORE_COMMIT)
    parts.failpoint(Failpoint.COMMITTED)
    parts.clock_guard.beat()
    if work.passages:
        parts.journal.catch_up(journal_missing(parts.database))
        parts.failpoint(Failpoint.JOURNALLED)
