"""Figures of the ledger for `status` and for monitors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from exchange.ledger import schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exchange.ledger.context import LedgerContext


@dataclass(frozen=True, slots=True)
class Counts:
    """Numbers of events, records and open tasks, for `status`."""

    position: int
    records: Mapping[tuple[str, str], int]  # (kind, state) -> records
    open_deliveries: int
    pending_decisions: int
    unfinished_erasures: int


def counts(context: LedgerContext) -> Counts:
    """Count events, records by kind and state, and open tasks."""
    record, pending = schema.record, schema.decision_pending
    delivery, erasure = schema.delivery, schema.erasure

    def number(table: Any, condition: Any) -> Any:
        return select(func.count()).select_from(table).where(condition)

    with context.database.reading() as connection:
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
    """Figures for a monitor, cheap to read: the newest event and the open tasks.

    `written_at` is milliseconds since 1970-01-01 UTC.
    """

    position: int
    written_at: int
    open_deliveries: int
    pending_decisions: int
    unfinished_erasures: int


def backlog(context: LedgerContext) -> Backlog:
    """Return the newest event and the open tasks; the table of records is not read."""
    pending, delivery, erasure = schema.decision_pending, schema.delivery, schema.erasure
    event = schema.event
    unfinished = (
        (delivery, delivery.c.closed.is_(None)),
        (pending, pending.c.resolved.is_(False)),
        (erasure, erasure.c.done.is_(False)),
    )
    with context.database.reading() as connection:
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
    """A record with a link to a removed one, about which a person has to decide."""

    iri: str
    kind: str
    relation: str
    cause: int  # position of the event that removed the target of the link


def pending_decisions(context: LedgerContext, limit: int = 1000) -> list[PendingDecision]:
    """Return the pending decisions, oldest first."""
    pending, record = schema.decision_pending, schema.record
    with context.database.reading() as connection:
        rows = connection.execute(
            select(pending.c.relation, pending.c.cause, record.c.kind, record.c.public_id)
            .join_from(pending, record, pending.c.record == record.c.id)
            .where(pending.c.resolved.is_(False))
            .order_by(pending.c.cause, record.c.id)
            .limit(limit)
        ).all()
    return [
        PendingDecision(context.iri(row.kind, row.public_id), row.kind, row.relation, row.cause)
        for row in rows
    ]
