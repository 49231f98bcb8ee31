"""Merges the evidence of surfaces and journal into a restored, older ledger (docs/decisions/0044).

Unknown records are registered as withdrawn, each with its Delete, so that every follower drops
them; records removed in the lost part are removed again; records published in a lost version are
published again with this ledger's text. All of it belongs to a new epoch, which tells followers
that the positions of the old one are void.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from exchange.domain.events import EventType
from exchange.domain.lifecycle import ACTIVE_STATES, TERMINAL_STATES, State
from exchange.domain.restore_reconciliation import Recovered
from exchange.ledger import schema
from exchange.ledger.cascade import (
    cascade_to_late_links,
    remove_with_dependents,
    republish_without_links,
    unresolved_links,
)
from exchange.ledger.erasure import erase
from exchange.ledger.rows import KeyCoverage
from exchange.ledger.transaction import transaction
from exchange.ledger.transaction_writer import chunks

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from exchange.domain.disclosure_levels import Tier
    from exchange.domain.restore_reconciliation import KnownRecord
    from exchange.ledger.context import LedgerContext
    from exchange.ledger.rows import RecordRow
    from exchange.ledger.transaction import Transaction
    from exchange.ledger.withdrawal_journal import JournalLine

BECAUSE: Final = "restore"
_BODY: Final = {"because": BECAUSE, "cause": None, "decision": None}
_BATCH: Final = 200  # records of one transaction, so that no writer waits long


def unknown(context: LedgerContext, public_ids: Collection[str]) -> set[str]:
    """Return those of the records that the ledger does not know."""
    record, unknown_ids = schema.record, set(public_ids)
    with context.database.reading() as connection:
        for part in chunks(sorted(unknown_ids)):
            known = connection.execute(
                select(record.c.public_id).where(record.c.public_id.in_(part))
            )
            unknown_ids.difference_update(known.scalars())
    return unknown_ids


def unknown_members(context: LedgerContext, tier: Tier, events: Mapping[int, str]) -> set[int]:
    """Return the numbers of `events` at which the tier's sequence has another event or none."""
    member, numbers = schema.member, set(events)
    with context.database.reading() as connection:
        for part in chunks(sorted(numbers)):
            rows = connection.execute(
                select(member.c.seq, member.c.event).where(
                    member.c.tier == tier, member.c.seq.in_(part)
                )
            )
            numbers -= {row.seq for row in rows if events[row.seq] == row.event}
    return numbers


def unknown_lines(context: LedgerContext) -> Iterator[JournalLine]:
    """Yield the journal lines that the ledger does not have, oldest first."""
    pending: list[JournalLine] = []
    for line in context.journal.lines():
        pending.append(line)
        if len(pending) == _BATCH:
            yield from _not_in_ledger(context, pending)
            pending.clear()
    yield from _not_in_ledger(context, pending)


def _not_in_ledger(context: LedgerContext, lines: Sequence[JournalLine]) -> Iterator[JournalLine]:
    passage = schema.passage
    positions = [line.position for line in lines]
    with context.database.reading() as connection:
        rows = connection.execute(select(passage).where(passage.c.position.in_(positions))).all()
    known = {(row.position, row.record, row.op) for row in rows}
    return (line for line in lines if line.identity[1:] not in known)


def recover(
    context: LedgerContext, known: Iterable[KnownRecord], epoch: int, *, reason: str, force: bool
) -> Recovered:
    """Merge known records into the ledger; `epoch`: the greatest epoch that a surface saw.

    A new epoch begins if anything is merged, if a later epoch was seen, or with `force`.

    Raises:
        EnvironmentFault: the ledger, its seals or its journal cannot be written.

    """
    return _Recovery(context, epoch, reason).run(list(known), force=force)


class _Recovery:
    """One run of a recovery; after a kill the next run does the rest."""

    def __init__(self, context: LedgerContext, seen: int, reason: str) -> None:
        self._context = context
        self._seen = seen
        self._reason = reason
        self._epoch = 0  # the one that was opened
        self._counts = dict.fromkeys(("entered", "withdrawn", "erased", "reissued"), 0)

    def run(self, known: Sequence[KnownRecord], *, force: bool) -> Recovered:
        with self._context.database.reading() as connection:
            current = int(connection.execute(select(schema.head.c.epoch)).scalar_one())
        if force or self._seen > current:
            with transaction(self._context) as tx:
                self._open(tx)
        missing = unknown(self._context, [item.public_id for item in known])
        placed = [item for item in known if item.public_id not in missing or _is_placeable(item)]
        # Known records first: a key that is mapped to one is then that of a removed record.
        placed.sort(key=lambda item: item.public_id in missing)
        for at in range(0, len(placed), _BATCH):
            with transaction(self._context) as tx:
                for item in placed[at : at + _BATCH]:
                    self._merge(tx, item)
        self._erase([item for item in placed if item.erased])
        unplaced = len(known) - len(placed)
        epoch, opened = self._epoch or current, bool(self._epoch)
        return Recovered(epoch, opened, **self._counts, unplaced=unplaced)

    def _open(self, tx: Transaction) -> None:
        """Begin the new epoch, once, before any event that belongs to it."""
        if self._epoch:
            return
        number = max(self._seen, tx.epoch) + 1
        body = {"epoch": number, "reason": self._reason, "after": tx.position}
        position = tx.append_event(EventType.EPOCH, body)
        tx.epoch, tx.epoch_from = number, position
        self._epoch = number

    def _merge(self, tx: Transaction, known: KnownRecord) -> None:
        record = tx.find(known.public_id)
        if record is None:
            self._register(tx, known)
        elif known.gone:
            self._withdraw(tx, record)
        elif known.shown:
            self._issue_again(tx, record)

    def _withdraw(self, tx: Transaction, record: RecordRow) -> None:
        if record.state in ACTIVE_STATES:
            self._open(tx)
            remove_with_dependents(tx, record, EventType.WITHDRAW, _BODY)
            self._counts["withdrawn"] += 1

    def _issue_again(self, tx: Transaction, record: RecordRow) -> None:
        if record.state is State.LIVE:
            self._open(tx)
            republish_without_links(tx, record, set())
        elif record.state is State.SUSPENDED:
            # Readers of the lost version have to learn that the record is suspended.
            self._open(tx)
            tx.transition(EventType.RESUME, record, {"decision": None})
            tx.transition(EventType.SUSPEND, record, {"decision": None})
        else:
            return
        self._counts["reissued"] += 1

    def _register(self, tx: Transaction, known: KnownRecord) -> None:
        """Add a removed record without text, and cascade to the links that resolve to it."""
        if known.kind is None or known.tier is None:
            return
        self._open(tx)
        body = {**_BODY, "tier": known.tier.value}
        record = tx.register_removed(known.public_id, known.kind, known.tier, body)
        coverages = dict(map(_coverage_of, known.keys))
        fresh = [mac for mac in coverages if tx.key(mac) is None]
        unresolved = unresolved_links(tx, fresh, record) if fresh else set()
        for mac in fresh:
            tx.map_key(mac, record.id, coverages[mac])
        if unresolved:
            cascade_to_late_links(tx, record, unresolved)
        self._counts["entered"] += 1

    def _erase(self, known: Sequence[KnownRecord]) -> None:
        for item in known:
            with self._context.database.reading() as connection:
                state = _state(connection, item.public_id)
            if state in TERMINAL_STATES and state is not State.ERASED:
                erase(self._context, item.public_id, None)
                self._counts["erased"] += 1


def _is_placeable(known: KnownRecord) -> bool:
    """Return whether kind and tier of a record are known, so that it can be registered."""
    return bool(known.kind and known.tier)


def _coverage_of(key: str) -> tuple[bytes, KeyCoverage]:
    """Return the HMAC of a journal line's key, and its coverage."""
    mac, _, coverage = key.partition(":")
    return bytes.fromhex(mac), KeyCoverage(int(coverage or 0))


def _state(connection: Any, public_id: str) -> State:
    record = schema.record
    rows = connection.execute(select(record.c.state).where(record.c.public_id == public_id))
    return State(rows.scalar_one())
