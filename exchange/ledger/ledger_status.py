"""What `status` shows: how much there is, and what waits for somebody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from exchange.ledger import schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exchange.ledger.context import Parts


@dataclass(frozen=True, slots=True)
class Counts:
    """How much there is, for `status`."""

    position: int
    records: Mapping[tuple[str, str], int]  # (kind, state) -> records
    open_deliveries: int
    pending_decisions: int
    unfinished_erasures: int


def counts(parts: Parts) -> Counts:
    """Count records by kind and state, and what waits for somebody."""
    record, pending = schema.record, schema.decision_pending
    delivery, erasure = schema.delivery, schema.erasure

    def number(table: Any, condition: Any) -> Any:
        return select(func.count()).select_from(table).where(condition)

    with parts.database.reading() as connection:
        rows = connection.execute(
            select(record.c.kind, record.c.state, func.count())
            .group_by(record.c.kind, record.c.state)
            .order_by(record.c.kind, record.c.state)
        ).all()
        return Counts(
            connection.execute(select(schema.head.c.position)).scalar_one(),
            {(row[0], row[1]): row[2] for row in rows},
            connection.execute(number(delivery, delivery.c.closed.is_(None))).scalar_one(),
            connection.execute(number(pending, pending.c.resolved.is_(False))).scalar_one(),
            connection.execute(number(erasure, erasure.c.done.is_(False))).scalar_one(),
        )


@dataclass(frozen=True, slots=True)
class Backlog:
    """What a monitor watches: the newest event and what is unfinished, at a moment's cost.

    `written_at` is milliseconds since 1970-01-01 UTC.
    """

    position: int
    written_at: int
    open_deliveries: int
    pending_decisions: int
    unfinished_erasures: int


def backlog(parts: Parts) -> Backlog:
    """Return the newest event and what is unfinished; no table of records is read."""
    pending, delivery, erasure = schema.decision_pending, schema.delivery, schema.erasure
    event = schema.event
    unfinished = (
        (delivery, delivery.c.closed.is_(None)),
        (pending, pending.c.resolved.is_(False)),
        (erasure, erasure.c.done.is_(False)),
    )
    with parts.database.reading() as connection:
        newest = connection.execute(
            select(event.c.position, event.c.at).order_by(event.c.position.desc()).limit(1)
        ).one()
        counted = [
            connection.execute(
                select(func.count()).select_from(table).where(condition)
            ).scalar_one()
            for table, condition in unfinished
        ]
    return Backlog(newest.position, newest.at, *counted)


@dataclass(frozen=True, slots=True)
class PendingDecision:
    """A record that quotes one that left, where the rule leaves it to people."""

    iri: str
    kind: str
    relation: str
    cause: int  # position of the event that took the quoted record away


def pending_decisions(parts: Parts, limit: int = 1000) -> list[PendingDecision]:
    """Return what waits for a decision, oldest first."""
    pending, record = schema.decision_pending, schema.record
    with parts.database.reading() as connection:
        rows = connection.execute(
            select(pending.c.relation, pending.c.cause, record.c.kind, record.c.public_id)
            .join_from(pending, record, pending.c.record == record.c.id)
            .where(pending.c.resolved.is_(False))
            .order_by(pending.c.cause, record.c.id)
            .limit(limit)
        ).all()
    return [
        PendingDecision(parts.iri(row.kind, row.public_id), row.kind, row.relation, row.cause)
        for row in rows
    ]
