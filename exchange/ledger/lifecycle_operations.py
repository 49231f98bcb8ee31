"""Lifecycle operations: withdraw, suspend, resume, expire, object, reinstate, append a note."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, select

from exchange.domain.errors import ClockDoubtful, Conflict, NotFound, UsageError
from exchange.domain.events import NOTE_EVENTS, EventType
from exchange.domain.identifiers import id_of
from exchange.domain.lifecycle import TERMINAL_STATES
from exchange.domain.record_body import without_links
from exchange.ledger import schema
from exchange.ledger.cascade import assess_links, queue_decision, remove_with_dependents
from exchange.ledger.objection_mark import HAND, set_mark
from exchange.ledger.stored_links import incoming_links, insert_links, outgoing_links, target_of
from exchange.ledger.transaction import transaction

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from exchange.ledger.context import LedgerContext
    from exchange.ledger.rows import RecordRow
    from exchange.ledger.transaction import Transaction

CAUSES: Final = ("repair", "correction", "revocation")
EXPIRING: Final = 100  # records whose publicity ends in one transaction


def require_record(tx: Transaction, ref: str) -> RecordRow:
    """Return the record of an IRI or of its last part.

    Raises:
        UsageError: `ref` has the form of neither.
        NotFound: there is no such record.

    """
    record = tx.find(id_of(ref))
    if record is None:
        raise NotFound(
            "There is no record of that name in this ledger.",
            "Copy the IRI from the record's page or from a receipt.",
        )
    return record


def withdraw(context: LedgerContext, ref: str, because: str, decision: str | None) -> int:
    """Take a record off every surface for good; return the event's position."""
    if because not in CAUSES:
        raise UsageError(f"{because!r} is no cause.", f"Give one of {', '.join(CAUSES)}.")
    body = {"because": because, "cause": None, "decision": decision}
    with transaction(context) as tx:
        return remove_with_dependents(tx, require_record(tx, ref), EventType.WITHDRAW, body)


def expire(context: LedgerContext, ref: str) -> int:
    """End a record's publicity; return the event's position.

    Raises:
        ClockDoubtful: the clock is not trusted.

    """
    require_trusted_clock(context)
    with transaction(context) as tx:
        return remove_with_dependents(
            tx, require_record(tx, ref), EventType.EXPIRE, {"cause": "clock"}
        )


def expire_all(context: LedgerContext, refs: Iterable[str]) -> int:
    """End the publicity of the active ones of these records; return their number.

    One transaction expires `EXPIRING` records at most, so that a withdrawal never waits long.

    Raises:
        ClockDoubtful: the clock is not trusted; what had ended before stays ended.

    """
    remaining, ended = iter(refs), 0
    while group := list(islice(remaining, EXPIRING)):
        require_trusted_clock(context)
        with transaction(context) as tx:
            for record in (require_record(tx, ref) for ref in group):
                # One of the group may have left as another's dependent.
                if record.state not in TERMINAL_STATES:
                    remove_with_dependents(tx, record, EventType.EXPIRE, {"cause": "clock"})
                    ended += 1
    return ended


def require_trusted_clock(context: LedgerContext) -> None:
    """Raise ClockDoubtful where the clock is not trusted to end publicity."""
    if (doubt := context.clock_guard.doubt()) is not None:
        raise ClockDoubtful(doubt)


def suspend(context: LedgerContext, ref: str, decision: str | None) -> int:
    """Shield a record for a time; return the event's position."""
    with transaction(context) as tx:
        return tx.transition(EventType.SUSPEND, require_record(tx, ref), {"decision": decision})


def resume(context: LedgerContext, ref: str, decision: str | None) -> int:
    """Publish the newest version of a suspended record again under the same IRI."""
    with transaction(context) as tx:
        return tx.transition(EventType.RESUME, require_record(tx, ref), {"decision": decision})


def set_objection(context: LedgerContext, ref: str, *, opened: bool) -> int:
    """Set or remove the objection mark; return the event's position."""
    with transaction(context) as tx:
        record = require_record(tx, ref)
        if bool(record.mark) is opened:
            raise Conflict(
                f"The objection is {'open' if opened else 'closed'} already.",
                "Nothing needs to be done.",
            )
        set_mark(tx, record, HAND if opened else 0)
        return tx.position


def reinstate(context: LedgerContext, ref: str, decision: str) -> str:
    """Publish a withdrawn or expired record again; return its new IRI.

    One without text, entered after an older ledger was put back, cannot be published; its key is
    free again, so that the next delivery of its row is a new record. The IRI is empty then.

    Raises:
        Conflict: it is held, erased, reinstated already, or all it rested on is gone.

    """
    if not decision.strip():
        raise UsageError("Reinstating needs a decision.", "Name the decision document.")
    with transaction(context) as tx:
        old = require_record(tx, ref)
        if old.state in TERMINAL_STATES and _has_successor(tx, old):
            raise Conflict(
                "The record was reinstated already, under a new address.",
                "Work with the record that took its place.",
            )
        tx.transition(EventType.REINSTATE, old, {"decision": decision})
        if not old.version:
            _free_keys(tx, old)
            return ""
        record = _republish(tx, old)
        return context.iri(record.kind, record.public_id)


def _free_keys(tx: Transaction, record: RecordRow) -> None:
    """Delete the key mappings of a record; no other write of the transaction may follow."""
    tx.flush()
    key = schema.key_state
    tx.connection.execute(delete(key).where(key.c.record == record.id))


def _has_successor(tx: Transaction, record: RecordRow) -> bool:
    """Return whether a later record of the chain exists: this one was reinstated."""
    table = schema.record
    statement = select(table.c.id).where(table.c.chain == record.chain, table.c.id > record.id)
    return tx.connection.execute(statement.limit(1)).first() is not None


def _republish(tx: Transaction, old: RecordRow) -> RecordRow:
    """Add a new record under the key of the old one, from its newest version."""
    link_rows = outgoing_links(tx.connection, [old.id]).get(old.id, [])
    kept = [link_row for link_row in link_rows if not link_row.dropped]
    tx.fetch_keys(mac for link_row in kept for mac in link_row.macs.all)
    assessment = assess_links(tx, [(link_row.relation, link_row.macs) for link_row in kept])
    if assessment.baseless:
        raise Conflict(
            "All that the record rests on is withdrawn.",
            "Reinstate what it rests on first.",
        )
    dropped = {kept[at].number for at in assessment.dropped}
    text = without_links(tx.text(old), dropped)
    record = tx.new_record(old.kind, old.tier, old.chain)
    record.person = old.person
    # With a reference missing, the next delivery of the row must be looked at again.
    whole = not dropped and len(kept) == len(link_rows)
    record.content_mac = old.content_mac if whole else None
    record.versions, record.model = old.versions, old.model
    position = tx.append_version(EventType.PUBLISH, record, text)
    insert_links(
        tx,
        [
            replace(
                link_row, source=record.id, dropped=link_row.dropped or link_row.number in dropped
            )
            for link_row in link_rows
        ],
    )
    for key in tx.keys_of(old):
        tx.map_key(key.mac, record.id, key.coverage)
    tx.resemblances.forget(record.chain)
    for relation in sorted(assessment.undecided):
        queue_decision(tx, record, position, relation)
    _refresh_incoming(tx, record)
    return record


def _refresh_incoming(tx: Transaction, record: RecordRow) -> None:
    """Clear the content MAC of records that dropped a link to this key.

    Their next delivery then differs and restores the link.
    """
    for source, link_rows in incoming_links(
        tx, [key.mac for key in tx.keys_of(record)], dropped=True
    ).items():
        if any(link_row.dropped and target_of(tx, link_row) is record for link_row in link_rows):
            dependent = tx.record(source)
            dependent.content_mac = None
            tx.mark_changed(dependent)


def append_note(context: LedgerContext, name: str, body: Mapping[str, Any]) -> int:
    """Append an event that changes no record; return its position.

    Raises:
        UsageError: the name is none of `events.NOTE_EVENTS`.

    """
    if name not in set(NOTE_EVENTS):
        raise UsageError(
            f"{name!r} is not an event that only says something.",
            f"Give one of {', '.join(sorted(NOTE_EVENTS))}.",
        )
    with transaction(context) as tx:
        position = tx.append_event(EventType(name), body)
        if name == EventType.EPOCH:
            tx.epoch += 1
            tx.epoch_from = position
        return position
