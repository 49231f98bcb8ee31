"""When a record leaves for good: what becomes of those that quote it (DESIGN §4 "Cascade").

Rules are data (shapes/links.ttl). A dependent is withdrawn, re-issued without the reference,
or put up for decision. An expired record takes no dependent with it (its own publicity ended,
not the fact it states): the reference is dropped. After an erasure no text may quote the
record, so undecided references are dropped, too.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update

from exchange.domain.body import without_links
from exchange.domain.errors import UsageError
from exchange.domain.events import Name
from exchange.domain.lifecycle import GONE, HELD, State
from exchange.domain.links import Cascade
from exchange.ledger import schema
from exchange.ledger.writing import chunks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from exchange.domain.record import Link
    from exchange.ledger.batch import Batch, Rec


def leave(
    work: Batch, record: Rec, name: Name, body: Mapping[str, Any], delivery: int | None = None
) -> int:
    """Log that a record leaves for good, and follow every quotation of it; return the position.

    Raises:
        Conflict: its state does not allow it.

    """
    first = work.move(name, record, body, delivery)
    resolve(work, record)
    # Each turn takes a held record away, so the queue runs dry.
    queue = deque([(record, name, first)])
    while queue:
        gone, how, cause = queue.popleft()
        for dependent in _cascade(work, gone, how, cause):
            position = work.move(
                Name.WITHDRAW, dependent, {"because": "cascade", "cause": cause, "decision": None}
            )
            resolve(work, dependent)
            queue.append((dependent, Name.WITHDRAW, position))
    return first


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


def _cascade(work: Batch, gone: Rec, how: Name, cause: int) -> list[Rec]:
    """Re-issue or list the dependents of a record; return those to be withdrawn."""
    work.settle()
    leaving = []
    for source, links in _quotations(work, gone).items():
        dependent = work.record(source)
        if dependent.state not in HELD:
            continue
        fate = _fate(work, gone.key_mac, how, links)
        for relation in sorted(fate.undecided):
            pend(work, dependent, cause, relation)
        if fate.withdrawn:
            leaving.append(dependent)
        elif fate.dropped:
            reissue(work, dependent, fate.dropped)
    return leaving


def _quotations(work: Batch, gone: Rec) -> dict[int, list[Any]]:
    """Return all links of the records that quote a record, by source."""
    link = schema.link
    sources = (
        work.connection.execute(
            select(link.c.source)
            .where(link.c.target_mac == gone.key_mac, link.c.dropped.is_(False))
            .distinct()
            .order_by(link.c.source)
        )
        .scalars()
        .all()
    )
    found: dict[int, list[Any]] = {}
    for part in chunks(sources):
        rows = work.connection.execute(
            select(link).where(link.c.source.in_(part)).order_by(link.c.source, link.c.number)
        ).all()
        for row in rows:
            found.setdefault(row.source, []).append(row)
    work.fetch_records(found)
    work.fetch_keys(row.target_mac for links in found.values() for row in links)
    return found


def _fate(work: Batch, mac: bytes, how: Name, links: Sequence[Any]) -> Fate:
    fate = Fate()
    for row in links:
        if row.target_mac != mac or row.dropped:
            continue
        rule = cascade_of(work, row.relation)
        if rule is Cascade.DECIDE:
            fate.undecided.add(row.relation)
            if how is not Name.ERASE:
                continue
        last = rule is Cascade.WITHDRAW_WHEN_LAST and how is not Name.EXPIRE
        if last and not any(_stands(work, other, row.relation, mac) for other in links):
            fate.withdrawn = True
        else:
            fate.dropped.add(row.number)
    return fate


def _stands(work: Batch, other: Any, relation: str, mac: bytes) -> bool:
    """Return whether a link is another basis: of the relation, and not known to be gone."""
    if other.relation != relation or other.dropped or other.target_mac == mac:
        return False
    key = work.key(other.target_mac)
    return key is None or key.state in HELD


def reissue(work: Batch, record: Rec, dropped: set[int]) -> None:
    """Publish the record again without those links; older text with them must go."""
    text = without_links(work.text(record), dropped)
    link = schema.link
    work.connection.execute(
        update(link)
        .where(link.c.source == record.id, link.c.number.in_(sorted(dropped)))
        .values(dropped=True)
    )
    work.version(Name.REVISE, record, text, veils=True)


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


def weigh(work: Batch, links: Sequence[Link], macs: Sequence[bytes]) -> Weighed:
    """Compare the links of a row with what is gone already."""
    dropped, undecided = set(), set()
    bases: dict[str, list[bool]] = {}
    for number, (link, mac) in enumerate(zip(links, macs, strict=True)):
        rule = cascade_of(work, link.relation)
        key = work.key(mac)
        gone = key is not None and key.state in GONE
        expired = key is not None and key.state is State.EXPIRED
        if rule is Cascade.WITHDRAW_WHEN_LAST:
            bases.setdefault(link.relation, []).append(gone and not expired)
        if not gone:
            continue
        if rule is Cascade.DECIDE:
            undecided.add(link.relation)
        if rule is not Cascade.DECIDE or (key and key.state is State.ERASED):
            dropped.add(number)
    baseless = any(all(lost) for lost in bases.values())
    return Weighed(frozenset(dropped), frozenset(undecided), baseless)
