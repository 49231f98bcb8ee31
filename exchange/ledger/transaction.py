"""One writing transaction: the rows it has read, the events and feed members it will write.

No event reaches the database before `write`: it stores the seals (durably, first), seals the
bodies, computes commitments, grows the tree and inserts all rows at once. `flush` writes
records, keys and links earlier, where a query has to see them.

Example:
    with transaction(context) as tx:
        record = require_record(tx, ref)
        tx.transition(EventType.SUSPEND, record, {"decision": decision})

"""

from __future__ import annotations

from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from exchange.domain.errors import EnvironmentFault
from exchange.domain.events import ACTORLESS_EVENTS, EventType
from exchange.domain.failpoints import Failpoint
from exchange.domain.identifiers import new_id
from exchange.domain.lifecycle import TERMINAL_STATES, State, advance
from exchange.ledger import schema
from exchange.ledger.feed_pagination import NewMember
from exchange.ledger.journal_catch_up import journal_missing
from exchange.ledger.key_resolution import resolve
from exchange.ledger.resemblance import Resemblances
from exchange.ledger.rows import KeyCoverage, KeyRow, PendingRows, RecordRow, record_row_of
from exchange.ledger.sealed_bodies import EventMeta, canonical_json, unseal
from exchange.ledger.transaction_writer import UnsealedEvent, chunks, flush_rows, write_events
from exchange.ledger.visibility import feed_steps, journal_op, visible_tiers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sqlalchemy import Connection

    from exchange.domain.disclosure_levels import Tier
    from exchange.ledger.context import LedgerContext
    from exchange.ledger.key_resolution import KeyMacs, KeyMatch


class Transaction:
    """The state of one writing transaction."""

    def __init__(self, connection: Connection, context: LedgerContext, head: Any) -> None:
        self.connection = connection
        self.context = context
        self.now = context.clock()
        self.first_position = head.position
        self.position: int = head.position
        self.epoch: int = head.epoch
        self.epoch_from: int = head.epoch_from
        self.delivery: int = head.delivery
        self.record_number: int = head.record
        self.unsealed_events: list[UnsealedEvent] = []
        self.new_members: list[NewMember] = []
        self.journal_entries: list[dict[str, Any]] = []
        self.erasures: list[dict[str, Any]] = []
        self.pending_rows = PendingRows()
        self._texts: dict[int, str] = {}
        self._records: dict[int, RecordRow] = {}
        self._keys: dict[bytes, KeyRow | None] = {}

    # --- reading ---

    @cached_property
    def resemblances(self) -> Resemblances:
        """The fingerprints of removed records, by which a row under another key is recognised."""
        return Resemblances(self)

    def fetch_keys(self, macs: Iterable[bytes]) -> None:
        """Read keys and their records into the transaction, in few queries."""
        missing = sorted({mac for mac in macs if mac not in self._keys})
        key, record = schema.key_state, schema.record
        for part in chunks(missing):
            rows = self.connection.execute(
                select(key.c.mac, key.c.told, *record.c)
                .join_from(key, record, key.c.record == record.c.id)
                .where(key.c.mac.in_(part))
            ).all()
            for row in rows:
                known = self._cached(row)
                self._keys[row.mac] = KeyRow(row.mac, known.id, KeyCoverage(row.told))
        for mac in missing:
            self._keys.setdefault(mac, None)

    def key(self, mac: bytes) -> KeyRow | None:
        """Return the record mapping of a key variant; None for an unknown one."""
        if mac not in self._keys:
            self.fetch_keys([mac])
        return self._keys[mac]

    def keys_of(self, record: RecordRow) -> list[KeyRow]:
        """Return every key variant that is mapped to a record."""
        self.flush()
        table = schema.key_state
        statement = select(table.c.mac).where(table.c.record == record.id)
        macs = self.connection.execute(statement).scalars()
        return [key for mac in sorted(macs) if (key := self.key(mac)) is not None]

    def resolve(self, macs: KeyMacs) -> KeyMatch:
        """Return the records that a key matches."""
        return resolve(macs, self.key)

    def record(self, number: int) -> RecordRow:
        """Return a record by its row number."""
        if number not in self._records:
            self.fetch_records([number])
        return self._records[number]

    def fetch_records(self, numbers: Iterable[int]) -> None:
        """Read records into the transaction, in few queries."""
        missing = sorted({number for number in numbers if number not in self._records})
        for part in chunks(missing):
            statement = select(schema.record).where(schema.record.c.id.in_(part))
            for row in self.connection.execute(statement).all():
                self._cached(row)

    def find(self, public_id: str) -> RecordRow | None:
        """Return a record by its public identifier; None for an unknown one."""
        statement = select(schema.record).where(schema.record.c.public_id == public_id)
        row = self.connection.execute(statement).first()
        return None if row is None else self._cached(row)

    def text(self, record: RecordRow) -> str:
        """Return the stored body of the record's newest version."""
        return self.text_at(record.version)

    def text_at(self, position: int) -> str:
        """Return the stored body of the version at a position."""
        if position in self._texts:
            return self._texts[position]
        event = schema.event
        row = self.connection.execute(select(event).where(event.c.position == position)).one()
        return self.decrypt_body(row)

    def decrypt_body(self, row: Any) -> str:
        """Return the decrypted body of a row of `event`.

        Raises:
            EnvironmentFault: its seal is missing.

        """
        seal = self.context.seals.get([row.seal]).get(row.seal)
        if seal is None:
            raise EnvironmentFault(
                f"The seal of the event at position {row.position} is missing.",
                "Restore the seals from the backup that belongs to the ledger.",
            )
        return unseal(seal, meta_of(row), row.body).decode()

    def _cached(self, row: Any) -> RecordRow:
        known = self._records.get(row.id)
        if known is None:
            known = self._records[row.id] = record_row_of(row)
        return known

    # --- writing ---

    def append_event(
        self,
        name: EventType,
        body: Mapping[str, Any],
        record: RecordRow | None = None,
        delivery: int | None = None,
    ) -> int:
        """Append an event with a JSON body that names the actor; return its position."""
        if name not in ACTORLESS_EVENTS:
            body = {"actor": self.context.actor.body(), **body}
        return self._append(name, canonical_json(body), record, delivery, None)

    def append_version(  # noqa: PLR0913 (two of them by keyword, rarely given)
        self,
        name: EventType,
        record: RecordRow,
        text: str,
        delivery: int | None = None,
        *,
        tier: Tier | None = None,
        retracts_text: bool = False,
    ) -> int:
        """Append a version of a record and its feed members; return the position of the event.

        `tier`: the new widest tier with a view; None keeps it. `retracts_text`: readers have to
        remove earlier text of the record.

        Raises:
            Conflict: the record's state does not allow it.

        """
        before = record.visible_tiers()
        tier = tier or record.tier
        record.state = advance(record.state, name)
        record.tier = tier
        if tier.rank < record.widest.rank:
            record.widest = tier
        iri = self.context.iri(record.kind, record.public_id)
        record.version = self._append(name, text.encode(), record, delivery, iri)
        record.versions += delivery is not None
        self._texts[record.version] = text
        self.mark_changed(record)
        self._add_members(name, record, record.version, before, retracts_text=retracts_text)
        return record.version

    def transition(
        self,
        name: EventType,
        record: RecordRow,
        body: Mapping[str, Any],
        delivery: int | None = None,
    ) -> int:
        """Append an event that changes the state of a record; return its position.

        Raises:
            Conflict: the record's state does not allow it.

        """
        before = record.visible_tiers()
        record.state = advance(record.state, name)
        if record.state in TERMINAL_STATES and name is not EventType.REINSTATE:
            self.resemblances.remember(record)
        position = self.append_event(name, body, record, delivery)
        self.mark_changed(record)
        if name is not EventType.REINSTATE:
            self._add_members(name, record, position, before, retracts_text=False)
        return position

    def register_removed(
        self, public_id: str, kind: str, tier: Tier, body: Mapping[str, Any]
    ) -> RecordRow:
        """Add a record that this ledger never published, as withdrawn and without text.

        Readers who got it from another copy of the ledger receive its Delete.
        """
        record = self.new_record(kind, tier)
        record.public_id = public_id
        record.state = advance(record.state, EventType.WITHDRAW)
        position = self.append_event(EventType.WITHDRAW, body, record)
        self._add_members(
            EventType.WITHDRAW,
            record,
            position,
            visible_tiers(State.LIVE, tier),
            retracts_text=False,
        )
        return record

    def mark_changed(self, record: RecordRow) -> None:
        """Update the row of the record at the next flush."""
        if record.id not in self.pending_rows.records:
            self.pending_rows.changed[record.id] = record

    def new_record(self, kind: str, tier: Tier, chain: int | None = None) -> RecordRow:
        """Add a record; the caller has to append its first version and to map its keys."""
        self.record_number += 1
        number = self.record_number
        record = RecordRow(number, new_id(), kind, tier, tier, chain or number, State.NONE)
        self._records[record.id] = self.pending_rows.records[record.id] = record
        return record

    def map_key(self, mac: bytes, record: int, coverage: KeyCoverage) -> None:
        """Map a key variant to a record (inserted or updated at the next flush)."""
        key = self.key(mac)
        if key is None:
            self._keys[mac] = self.pending_rows.keys[mac] = KeyRow(mac, record, coverage)
            return
        if (key.record, key.coverage) != (record, coverage):
            key.record, key.coverage = record, coverage
            if mac not in self.pending_rows.keys:
                self.pending_rows.changed_keys[mac] = key

    def flush(self) -> None:
        """Write pending records, keys, persons, links and decisions so that queries see them."""
        flush_rows(self.connection, self.pending_rows)
        self.pending_rows = PendingRows()

    def write(self) -> None:
        """Write all pending rows and events; only the commit is left."""
        self.flush()
        write_events(self)

    def _append(
        self,
        name: EventType,
        body: bytes,
        record: RecordRow | None,
        delivery: int | None,
        iri: str | None,
    ) -> int:
        self.position += 1
        meta = EventMeta(
            self.position,
            name.value,
            self.now,
            delivery,
            None if record is None else record.id,
            None if record is None or iri is None else record.tier.value,
        )
        self.unsealed_events.append(UnsealedEvent(meta, body, iri))
        return self.position

    def _add_members(
        self,
        name: EventType,
        record: RecordRow,
        position: int,
        before: frozenset[Tier],
        *,
        retracts_text: bool,
    ) -> None:
        """Add the feed members that the event causes in each tier, and its journal line."""
        steps = feed_steps(before, record.visible_tiers(), retracts_text=retracts_text)
        self.new_members += [
            NewMember(
                step.tier,
                record.kind,
                record.id,
                position,
                record.version,
                step.activity,
                mark=bool(record.mark),
                retracts_text=step.retracts_text,
            )
            for step in steps
        ]
        op = journal_op(name, steps)
        if op is not None:
            self.journal_entries.append(
                {"position": position, "record": record.public_id, "op": op}
            )


def meta_of(row: Any) -> EventMeta:
    """Return the metadata of a row of `event`."""
    return EventMeta(row.position, row.name, row.at, row.delivery, row.record, row.tier, row.format)


@contextmanager
def transaction(context: LedgerContext, *, bulk: bool = False) -> Iterator[Transaction]:
    """Open a writing transaction; leaving the block commits it and syncs the withdrawal journal.

    `bulk`: the transaction waits for urgent writers (a withdrawal) before it begins.

    Raises:
        EnvironmentFault: the ledger, its seals or its journal cannot be written.

    """
    if bulk:
        context.writer_priority.wait_for_urgent()
        with _committed(context) as tx:
            yield tx
    else:
        with context.writer_priority.urgent(), _committed(context) as tx:
            yield tx


@contextmanager
def _committed(context: LedgerContext) -> Iterator[Transaction]:
    with context.database.writing() as connection:
        head = connection.execute(select(schema.head).with_for_update()).one()
        tx = Transaction(connection, context, head)
        yield tx
        tx.write()
        context.failpoint(Failpoint.BEFORE_COMMIT)
    context.failpoint(Failpoint.COMMITTED)
    context.clock_guard.beat()
    if tx.journal_entries:
        context.journal.catch_up(journal_missing(context.database))
        context.failpoint(Failpoint.JOURNALLED)
