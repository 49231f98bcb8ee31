"""Finds the event that removed a record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from exchange.domain.events import REMOVAL_EVENTS, EventType
from exchange.domain.identifiers import id_of
from exchange.domain.lifecycle import State
from exchange.ledger import schema

if TYPE_CHECKING:
    from exchange.ledger.context import LedgerContext


@dataclass(frozen=True, slots=True)
class Removal:
    """The event that removed a record; `at` is milliseconds since 1970-01-01 UTC."""

    state: State
    event: EventType
    position: int
    at: int


def removal(context: LedgerContext, ref: str) -> Removal | None:
    """Return the last removal of a record; None for a live or unknown record.

    Raises:
        UsageError: `ref` is neither an IRI nor its last part.

    """
    record, event = schema.record, schema.event
    with context.database.reading() as connection:
        row = connection.execute(
            select(record.c.state, event.c.name, event.c.position, event.c.at)
            .join_from(record, event, event.c.record == record.c.id)
            .where(record.c.public_id == id_of(ref), record.c.state != State.LIVE)
            .where(event.c.name.in_(REMOVAL_EVENTS))
            .order_by(event.c.position.desc())
            .limit(1)
        ).first()
    return row and Removal(State(row.state), EventType(row.name), row.position, row.at)
