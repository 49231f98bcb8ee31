"""The cascade: the effect of a removal on the dependents, the records that link to the removed one.

Rules are data (shapes/links.ttl). A dependent is withdrawn, republished without the link, or
queued for a decision. An expired record withdraws no dependent (its publicity ended, not the
fact that it states): the link is dropped. After an erasure no text may name the record, so
undecided links are dropped, too.

| rule | withdrawn | expired | erased |
|---|---|---|---|
| withdraw-when-last, the last basis | withdraw the dependent | drop | withdraw the dependent |
| withdraw-when-last, another basis is left | drop | drop | drop |
| drop-reference | drop | drop | drop |
| decide | queue a decision | queue a decision | queue a decision and drop |

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
from exchange.ledger.stored_links import incoming_links, target_of

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    from exchange.ledger.key_resolution import KeyMacs
    from exchange.ledger.rows import RecordRow
    from exchange.ledger.stored_links import LinkRow
    from exchange.ledger.transaction import Transaction

_REMOVAL_EVENT: Final = {
    State.WITHDRAWN: EventType.WITHDRAW,
    State.EXPIRED: EventType.EXPIRE,
    State.ERASED: EventType.ERASE,
}


def remove_with_dependents(
    tx: Transaction,
    record: RecordRow,
    name: EventType,
    body: Mapping[str, Any],
    delivery: int | None = None,
) -> int:
    """Append a terminal event and apply the cascade; return the position of the event.

    Args:
        tx: the writing transaction.
        record: the record to remove.
        name: withdraw, expire or erase.
        body: the JSON body of the event.
        delivery: the delivery that causes it, if one does.

    Raises:
        Conflict: its state does not allow it.

    """
    first = tx.transition(name, record, body, delivery)
    close_decisions(tx, record)
    tx.flush()
    _withdraw_dependents(tx, _apply_rules(tx, record, name, first, _links_to(tx, record)), first)
    return first


def unresolved_links(
    tx: Transaction, macs: Sequence[bytes], record: RecordRow
) -> set[tuple[int, int]]:
    """Return the links (source, number) to one of these keys that do not resolve to the record."""
    tx.flush()
    return {
        (link_row.source, link_row.number)
        for link_rows in incoming_links(tx, macs).values()
        for link_row in link_rows
        if target_of(tx, link_row) is not record
    }


def cascade_to_late_links(
    tx: Transaction, removed: RecordRow, unresolved: set[tuple[int, int]]
) -> None:
    """Run the cascade for links that have just been found to refer to a removed record.

    `unresolved`: the links (source, number) that did not resolve to it before.
    """
    late = {
        source: link_rows
        for source, link_rows in _links_to(tx, removed).items()
        if any(
            (link_row.source, link_row.number) in unresolved and target_of(tx, link_row) is removed
            for link_row in link_rows
        )
    }
    if late:
        cause = _removal_position(tx, removed)
        leaving = _apply_rules(
            tx, removed, _REMOVAL_EVENT[removed.state], cause, late, only=unresolved
        )
        _withdraw_dependents(tx, leaving, cause)


def _removal_position(tx: Transaction, removed: RecordRow) -> int:
    """Return the position of the event that removed a record, written or pending."""
    names = set(_REMOVAL_EVENT.values())
    for item in reversed(tx.unsealed_events):
        if item.meta.record == removed.id and item.meta.name in names:
            return item.meta.position
    event = schema.event
    statement = select(func.max(event.c.position)).where(
        event.c.record == removed.id, event.c.name.in_(names)
    )
    return int(tx.connection.execute(statement).scalar_one())


def _withdraw_dependents(tx: Transaction, leaving: list[RecordRow], cause: int) -> None:
    """Withdraw the dependents and theirs; each turn removes an active record, so the loop ends."""
    queue = deque((dependent, cause) for dependent in leaving)
    while queue:
        dependent, because = queue.popleft()
        position = tx.transition(
            EventType.WITHDRAW,
            dependent,
            {"because": "cascade", "cause": because, "decision": None},
        )
        close_decisions(tx, dependent)
        links = _links_to(tx, dependent)
        further = _apply_rules(tx, dependent, EventType.WITHDRAW, position, links)
        queue.extend((item, position) for item in further)


def close_decisions(tx: Transaction, record: RecordRow) -> None:
    """Close the pending decisions about a record."""
    pending = schema.decision_pending
    tx.flush()
    tx.connection.execute(
        update(pending)
        .where(pending.c.record == record.id, pending.c.resolved.is_(False))
        .values(resolved=True)
    )


def queue_decision(tx: Transaction, record: RecordRow, cause: int, relation: str) -> None:
    """Queue a decision about a link of a record; `cause` is the position of the removal."""
    tx.pending_rows.decisions.append(
        {"record": record.id, "cause": cause, "relation": relation, "resolved": False}
    )


@dataclass(slots=True)
class DependentFate:
    """The effect of a removal on one dependent: link numbers to drop, relations to decide."""

    withdrawn: bool = False
    dropped: set[int] = field(default_factory=set)
    undecided: set[str] = field(default_factory=set)


def _apply_rules(  # noqa: PLR0913 (the last by keyword, for late discoveries)
    tx: Transaction,
    removed: RecordRow,
    how: EventType,
    cause: int,
    links: Mapping[int, list[LinkRow]],
    *,
    only: Container[tuple[int, int]] | None = None,
) -> list[RecordRow]:
    """Republish dependents or queue decisions; return the dependents to withdraw.

    `only`: restricts the cascade to these links (source, number).
    """
    leaving = []
    for source, link_rows in links.items():
        dependent = tx.record(source)
        if dependent.state not in ACTIVE_STATES:
            continue
        fate = _fate_of(tx, removed, how, link_rows, only)
        if fate.undecided:
            for relation in sorted(fate.undecided - _pending(tx, dependent, cause)):
                queue_decision(tx, dependent, cause, relation)
        if fate.withdrawn:
            leaving.append(dependent)
        elif fate.dropped:
            republish_without_links(tx, dependent, fate.dropped)
    return leaving


def _pending(tx: Transaction, record: RecordRow, cause: int) -> set[str]:
    """Return the relations for which that event has already queued a decision."""
    pending = schema.decision_pending
    tx.flush()
    statement = select(pending.c.relation).where(
        pending.c.record == record.id, pending.c.cause == cause
    )
    return set(tx.connection.execute(statement).scalars())


def _links_to(tx: Transaction, removed: RecordRow) -> dict[int, list[LinkRow]]:
    """Return all links of the records that link to a record by any key variant, by source."""
    return incoming_links(tx, [key.mac for key in tx.keys_of(removed)])


def _fate_of(
    tx: Transaction,
    removed: RecordRow,
    how: EventType,
    link_rows: Sequence[LinkRow],
    only: Container[tuple[int, int]] | None,
) -> DependentFate:
    fate = DependentFate()
    for link_row in link_rows:
        meant = only is None or (link_row.source, link_row.number) in only
        if link_row.dropped or not meant or target_of(tx, link_row) is not removed:
            continue
        rule = cascade_rule(tx, link_row.relation)
        if rule is Cascade.DECIDE:
            fate.undecided.add(link_row.relation)
            if how is not EventType.ERASE:
                continue
        last = rule is Cascade.WITHDRAW_WHEN_LAST and how is not EventType.EXPIRE
        if last and not any(
            _is_other_basis(tx, other, link_row.relation, removed) for other in link_rows
        ):
            fate.withdrawn = True
        else:
            fate.dropped.add(link_row.number)
    return fate


def _is_other_basis(tx: Transaction, other: LinkRow, relation: str, removed: RecordRow) -> bool:
    """Return whether a link is another basis: of the same relation, its target not removed."""
    if other.relation != relation or other.dropped:
        return False
    record = target_of(tx, other)
    return record is None or (record is not removed and record.state in ACTIVE_STATES)


def republish_without_links(tx: Transaction, record: RecordRow, dropped: set[int]) -> None:
    """Publish a version without those links; earlier text with them has to be removed."""
    text = without_links(tx.text(record), dropped)
    link = schema.link
    tx.connection.execute(
        update(link)
        .where(link.c.source == record.id, link.c.number.in_(sorted(dropped)))
        .values(dropped=True)
    )
    tx.append_version(EventType.REVISE, record, text, retracts_text=True)


def cascade_rule(tx: Transaction, relation: str) -> Cascade:
    """Return the cascade rule of a relation.

    Raises:
        UsageError: the model has no rule for it.

    """
    rule = tx.context.rules.get(relation)
    if rule is None:
        raise UsageError(
            f"No rule says what a withdrawal does to the relation {relation!r}.",
            "Declare it in shapes/links.ttl.",
        )
    return rule.cascade


@dataclass(frozen=True, slots=True)
class LinkAssessment:
    """The effect of earlier removals on the links of a new row: numbers to drop, to decide."""

    dropped: frozenset[int]
    undecided: frozenset[str]
    baseless: bool  # every basis of some relation is withdrawn or erased


def assess_links(tx: Transaction, links: Sequence[tuple[str, KeyMacs]]) -> LinkAssessment:
    """Decide for each link (relation, key) of a new row: keep, drop or queue a decision.

    The state of its target decides; an unknown target keeps the link.
    """
    dropped, undecided = set(), set()
    bases: dict[str, list[bool]] = {}
    for number, (relation, macs) in enumerate(links):
        rule = cascade_rule(tx, relation)
        target = tx.resolve(macs).target
        state = State.NONE if target is None else tx.record(target).state
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
    return LinkAssessment(frozenset(dropped), frozenset(undecided), baseless)
