"""The lifecycle by hand: withdraw, suspend, resume, expire, object, reinstate, note."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, select

from exchange.domain.errors import ClockDoubtful, Conflict, NotFound, UsageError
from exchange.domain.events import NOTE_EVENTS, EventType
from exchange.domain.identity import id_of
from exchange.domain.lifecycle import TERMINAL_STATES
from exchange.domain.record_body import without_links
from exchange.ledger import schema
from exchange.ledger.cascade import leave, pend, weigh
from exchange.ledger.objection_mark import HAND, set_mark
from exchange.ledger.stored_links import keep, quoting, target, ties_of
from exchange.ledger.transaction import batch

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from exchange.ledger.context import Parts
    from exchange.ledger.transaction import Batch, Rec

CAUSES: Final = ("repair", "correction", "revocation")
EXPIRING: Final = 100  # records whose publicity ends in one transaction


def named(work: Batch, ref: str) -> Rec:
    """Return the record that an IRI or its last part names.

    Raises:
        UsageError: `ref` has not the form of either.
        NotFound: there is no such record.

    """
    record = work.find(id_of(ref))
    if record is None:
        raise NotFound(
            "There is no record of that name in this ledger.",
            "Copy the IRI from the record's page or from a receipt.",
        )
    return record


def withdraw(parts: Parts, ref: str, because: str, decision: str | None) -> int:
    """Take a record off every surface for good; return the event's position."""
    if because not in CAUSES:
        raise UsageError(f"{because!r} is no cause.", f"Give one of {', '.join(CAUSES)}.")
    body = {"because": because, "cause": None, "decision": decision}
    with batch(parts) as work:
        return leave(work, named(work, ref), EventType.WITHDRAW, body)


def expire(parts: Parts, ref: str) -> int:
    """End a record's publicity; return the event's position.

    Raises:
        ClockDoubtful: the clock is not trusted.

    """
    require_trusted_clock(parts)
    with batch(parts) as work:
        return leave(work, named(work, ref), EventType.EXPIRE, {"cause": "clock"})


def expire_all(parts: Parts, refs: Iterable[str]) -> int:
    """End the publicity of records, those that are gone already left out; count them.

    In transactions of EXPIRING, so that a withdrawal never waits long for a midnight.

    Raises:
        ClockDoubtful: the clock is not trusted; what had ended before stays ended.

    """
    waiting, ended = iter(refs), 0
    while group := list(islice(waiting, EXPIRING)):
        require_trusted_clock(parts)
        with batch(parts) as work:
            for record in (named(work, ref) for ref in group):
                # One of the group may have left as another's dependent.
                if record.state not in TERMINAL_STATES:
                    leave(work, record, EventType.EXPIRE, {"cause": "clock"})
                    ended += 1
    return ended


def require_trusted_clock(parts: Parts) -> None:
    """Refuse to end publicity by a clock that is not trusted. Raises ClockDoubtful."""
    if (doubt := parts.clock_guard.doubt()) is not None:
        raise ClockDoubtful(doubt)


def suspend(parts: Parts, ref: str, decision: str | None) -> int:
    """Shield a record for a time; return the event's position."""
    with batch(parts) as work:
        return work.move(EventType.SUSPEND, named(work, ref), {"decision": decision})


def resume(parts: Parts, ref: str, decision: str | None) -> int:
    """End the shielding; the newest version is shown again under the same IRI."""
    with batch(parts) as work:
        return work.move(EventType.RESUME, named(work, ref), {"decision": decision})


def object_(parts: Parts, ref: str, *, opened: bool) -> int:
    """Set or take off the mark of an open objection; return the event's position."""
    with batch(parts) as work:
        record = named(work, ref)
        if bool(record.mark) is opened:
            raise Conflict(
                f"The objection is {'open' if opened else 'closed'} already.",
                "Nothing needs to be done.",
            )
        set_mark(work, record, HAND if opened else 0)
        return work.position


def reinstate(parts: Parts, ref: str, decision: str) -> str:
    """Publish a withdrawn or expired record again; return its new IRI.

    One without text, entered after an older ledger was put back, cannot be published; its key is
    free again, so that the next delivery of its row is a new record. The IRI is empty then.

    Raises:
        Conflict: it is held, erased, reinstated already, or all it rested on is gone.

    """
    if not decision.strip():
        raise UsageError("Reinstating needs a decision.", "Name the decision document.")
    with batch(parts) as work:
        old = named(work, ref)
        if old.state in TERMINAL_STATES and _followed(work, old):
            raise Conflict(
                "The record was reinstated already, under a new address.",
                "Work with the record that took its place.",
            )
        work.move(EventType.REINSTATE, old, {"decision": decision})
        if not old.version:
            _free_keys(work, old)
            return ""
        record = _again(work, old)
        return parts.iri(record.kind, record.public_id)


def _free_keys(work: Batch, record: Rec) -> None:
    """Have no MAC lead to a record any more: the last thing that is done in its transaction."""
    work.settle()
    key = schema.key_state
    work.connection.execute(delete(key).where(key.c.record == record.id))


def _followed(work: Batch, record: Rec) -> bool:
    """Return whether another record took the place of this one."""
    table = schema.record
    statement = select(table.c.id).where(table.c.chain == record.chain, table.c.id > record.id)
    return work.connection.execute(statement.limit(1)).first() is not None


def _again(work: Batch, old: Rec) -> Rec:
    """Open a new record for the key of the old one, from its archive body."""
    ties = ties_of(work.connection, [old.id]).get(old.id, [])
    kept = [tie for tie in ties if not tie.dropped]
    work.fetch_keys(mac for tie in kept for mac in tie.macs.all)
    weighed = weigh(work, [(tie.relation, tie.macs) for tie in kept])
    if weighed.baseless:
        raise Conflict(
            "All that the record rests on is withdrawn.",
            "Reinstate what it rests on first.",
        )
    dropped = {kept[at].number for at in weighed.dropped}
    text = without_links(work.text(old), dropped)
    record = work.new_record(old.kind, old.tier, old.chain)
    record.person = old.person
    # With a reference missing, the next delivery of the row must be looked at again.
    whole = not dropped and len(kept) == len(ties)
    record.content_mac = old.content_mac if whole else None
    record.versions, record.model = old.versions, old.model
    position = work.version(EventType.PUBLISH, record, text)
    keep(
        work,
        [
            replace(tie, source=record.id, dropped=tie.dropped or tie.number in dropped)
            for tie in ties
        ],
    )
    for key in work.keys_of(old):
        work.lead(key.mac, record.id, key.told)
    work.resemblances.forget(record.chain)
    for relation in sorted(weighed.undecided):
        pend(work, record, position, relation)
    _quoted_again(work, record)
    return record


def _quoted_again(work: Batch, record: Rec) -> None:
    """Have the next delivery of those that lost their reference to the key state it again."""
    for source, ties in quoting(
        work, [key.mac for key in work.keys_of(record)], dropped=True
    ).items():
        if any(tie.dropped and target(work, tie) is record for tie in ties):
            dependent = work.record(source)
            dependent.content_mac = None
            work.touch(dependent)


def note(parts: Parts, name: str, body: Mapping[str, Any]) -> int:
    """Log an event that changes no record; return its position.

    Raises:
        UsageError: the name is not one of those (`events.NOTE_EVENTS`).

    """
    if name not in set(NOTE_EVENTS):
        raise UsageError(
            f"{name!r} is not an event that only says something.",
            f"Give one of {', '.join(sorted(NOTE_EVENTS))}.",
        )
    with batch(parts) as work:
        position = work.event(EventType(name), body)
        if name == EventType.EPOCH:
            work.epoch += 1
            work.epoch_from = position
        return position
