"""When a record leaves for good: what becomes of those that quote it.

Rules are data (shapes/links.ttl). A dependent is withdrawn, re-issued without the reference,
or put up for decision. An expired record takes no dependent with it (its own publicity ended,
not the fact it states): the reference is dropped. After an erasure no text may quote the
record, so undecided references are dropped, too.
Source: docs/design/ledger.md "Cascade".
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, select, update

from exchange.domain.errors import UsageError
from exchange.domain.events import EventType
from exchange.domain.lifecycle import ACTIVE_STATES, TERMINAL_STATES, State
from exchange.domain.link_rules import Cascade
from exchange.domain.record_body import without_links
from exchange.ledger import schema
from exchange.ledger.stored_links import quoting, target

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    from exchange.ledger.key_resolution import Macs
    from exchange.ledger.stored_links import Tie
    from exchange.ledger.transaction import Batch, Rec

_LEFT: Final = {
    State.WITHDRAWN: EventType.WITHDRAW,
    State.EXPIRED: EventType.EXPIRE,
    State.ERASED: EventType.ERASE,
}


def leave(
    work: Batch, record: Rec, name: EventType, body: Mapping[str, Any], delivery: int | None = None
) -> int:
    """Log that a record leaves for good, and follow every quotation of it; return the position.

    Raises:
        Conflict: its state does not allow it.

    """
    first = work.move(name, record, body, delivery)
    resolve(work, record)
    work.settle()
    _spread(work, _cascade(work, record, name, first, _quotations(work, record)), first)
    return first


def unmet(work: Batch, macs: Sequence[bytes], record: Rec) -> set[tuple[int, int]]:
    """Return the links (source, number) that tell one of the MACs and do not mean the record."""
    work.settle()
    return {
        (tie.source, tie.number)
        for ties in quoting(work, macs).values()
        for tie in ties
        if target(work, tie) is not record
    }


def follow(work: Batch, gone: Rec, waiting: set[tuple[int, int]]) -> None:
    """Treat the links that turn out to mean a record that is gone as its leaving would have."""
    found = {
        source: ties
        for source, ties in _quotations(work, gone).items()
        if any((tie.source, tie.number) in waiting and target(work, tie) is gone for tie in ties)
    }
    if found:
        cause = _left_at(work, gone)
        leaving = _cascade(work, gone, _LEFT[gone.state], cause, found, only=waiting)
        _spread(work, leaving, cause)


def _left_at(work: Batch, gone: Rec) -> int:
    """Return the position of the event that took a record away, written or waiting."""
    names = set(_LEFT.values())
    for item in reversed(work.pending):
        if item.meta.record == gone.id and item.meta.name in names:
            return item.meta.position
    event = schema.event
    statement = select(func.max(event.c.position)).where(
        event.c.record == gone.id, event.c.name.in_(names)
    )
    return int(work.connection.execute(statement).scalar_one())


def _spread(work: Batch, leaving: list[Rec], cause: int) -> None:
    """Withdraw the dependents, and theirs. Each turn takes a held record away, so it ends."""
    queue = deque((dependent, cause) for dependent in leaving)
    while queue:
        dependent, because = queue.popleft()
        position = work.move(
            EventType.WITHDRAW,
            dependent,
            {"because": "cascade", "cause": because, "decision": None},
        )
        resolve(work, dependent)
        found = _quotations(work, dependent)
        queue.extend(
            (item, position)
            for item in _cascade(work, dependent, EventType.WITHDRAW, position, found)
        )


def resolve(work: Batch, record: Rec) -> None:
    """Take off the list what was to be decided about the record."""
    pending = schema.decision_pending
    work.settle()
    work.connection.execute(
        update(pending)
        .where(pending.c.record == record.id, pending.c.resolved.is_(False))
        .values(resolved=True)
    )


def pend(work: Batch, record: Rec, cause: int, relation: str) -> None:
    """Put a record up for decision."""
    work.waiting.decisions.append(
        {"record": record.id, "cause": cause, "relation": relation, "resolved": False}
    )


@dataclass(slots=True)
class Fate:
    """What becomes of one dependent."""

    withdrawn: bool = False
    dropped: set[int] = field(default_factory=set)
    undecided: set[str] = field(default_factory=set)


def _cascade(  # noqa: PLR0913 (the last by keyword, for late discoveries)
    work: Batch,
    gone: Rec,
    how: EventType,
    cause: int,
    quotations: Mapping[int, list[Tie]],
    *,
    only: Container[tuple[int, int]] | None = None,
) -> list[Rec]:
    """Re-issue or list the dependents of a record; return those to be withdrawn.

    `only`: of their links, those (source, number).
    """
    leaving = []
    for source, ties in quotations.items():
        dependent = work.record(source)
        if dependent.state not in ACTIVE_STATES:
            continue
        fate = _fate(work, gone, how, ties, only)
        if fate.undecided:
            for relation in sorted(fate.undecided - _pending(work, dependent, cause)):
                pend(work, dependent, cause, relation)
        if fate.withdrawn:
            leaving.append(dependent)
        elif fate.dropped:
            reissue(work, dependent, fate.dropped)
    return leaving


def _pending(work: Batch, record: Rec, cause: int) -> set[str]:
    """Return the relations that were put up for decision already because of that event."""
    pending = schema.decision_pending
    work.settle()
    statement = select(pending.c.relation).where(
        pending.c.record == record.id, pending.c.cause == cause
    )
    return set(work.connection.execute(statement).scalars())


def _quotations(work: Batch, gone: Rec) -> dict[int, list[Tie]]:
    """Return all links of the records that quote a record in any way, by source."""
    return quoting(work, [key.mac for key in work.keys_of(gone)])


def _fate(
    work: Batch,
    gone: Rec,
    how: EventType,
    ties: Sequence[Tie],
    only: Container[tuple[int, int]] | None,
) -> Fate:
    fate = Fate()
    for tie in ties:
        meant = only is None or (tie.source, tie.number) in only
        if tie.dropped or not meant or target(work, tie) is not gone:
            continue
        rule = cascade_of(work, tie.relation)
        if rule is Cascade.DECIDE:
            fate.undecided.add(tie.relation)
            if how is not EventType.ERASE:
                continue
        last = rule is Cascade.WITHDRAW_WHEN_LAST and how is not EventType.EXPIRE
        if last and not any(_stands(work, other, tie.relation, gone) for other in ties):
            fate.withdrawn = True
        else:
            fate.dropped.add(tie.number)
    return fate


def _stands(work: Batch, other: Tie, relation: str, gone: Rec) -> bool:
    """Return whether a link is another basis: of the relation, and not known to be gone."""
    if other.relation != relation or other.dropped:
        return False
    record = target(work, other)
    return record is None or (record is not gone and record.state in ACTIVE_STATES)


def reissue(work: Batch, record: Rec, dropped: set[int]) -> None:
    """Publish the record again without those links; older text with them must go."""
    text = without_links(work.text(record), dropped)
    link = schema.link
    work.connection.execute(
        update(link)
        .where(link.c.source == record.id, link.c.number.in_(sorted(dropped)))
        .values(dropped=True)
    )
    work.version(EventType.REVISE, record, text, retracts_text=True)


def cascade_of(work: Batch, relation: str) -> Cascade:
    """Return the rule of a relation.

    Raises:
        UsageError: the model has none.

    """
    rule = work.parts.rules.get(relation)
    if rule is None:
        raise UsageError(
            f"No rule says what a withdrawal does to the relation {relation!r}.",
            "Declare it in shapes/links.ttl.",
        )
    return rule.cascade


@dataclass(frozen=True, slots=True)
class Weighed:
    """What the links of an arriving row are worth today."""

    dropped: frozenset[int]
    undecided: frozenset[str]
    baseless: bool  # every basis of some relation is withdrawn or erased


def weigh(work: Batch, links: Sequence[tuple[str, Macs]]) -> Weighed:
    """Compare the links (relation, target) of a row with what is gone already."""
    dropped, undecided = set(), set()
    bases: dict[str, list[bool]] = {}
    for number, (relation, macs) in enumerate(links):
        rule = cascade_of(work, relation)
        quoted = work.met(macs).target
        state = State.NONE if quoted is None else work.record(quoted).state
        if rule is Cascade.WITHDRAW_WHEN_LAST:
            bases.setdefault(relation, []).append(
                state in TERMINAL_STATES and state is not State.EXPIRED
            )
        if state not in TERMINAL_STATES:
            continue
        if rule is Cascade.DECIDE:
            undecided.add(relation)
        if rule is not Cascade.DECIDE or state is State.ERASED:
            dropped.add(number)
    baseless = any(all(lost) for lost in bases.values())
    return Weighed(frozenset(dropped), frozenset(undecided), baseless)
