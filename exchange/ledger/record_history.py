"""Reads the history of a record for a tier's readers: activities and times, no text.

Purpose: the provenance of a record's page. Positions and other tiers are never told.
Units: milliseconds since 1970-01-01 UTC.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from exchange.domain.record import Activity, HistoryEntry
from exchange.ledger import schema
from exchange.ledger.tier_reader import require_published

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from exchange.domain.disclosure_levels import Tier
    from exchange.ledger.context import LedgerContext


def history_of(
    context: LedgerContext, connection: Connection, tier: Tier, record: int, limit: int
) -> list[HistoryEntry]:
    """Return the newest `limit` history entries of a record (its row number), oldest first."""
    member, event, delivery = schema.member, schema.event, schema.delivery
    rows = connection.execute(
        select(member.c.activity, member.c.event, member.c.published, delivery.c.opened)
        .join_from(member, event, event.c.position == member.c.position)
        .outerjoin(delivery, delivery.c.id == event.c.delivery)
        .where(member.c.record == record, member.c.tier == tier)
        .order_by(member.c.seq.desc())
        .limit(limit)
    ).all()
    return [
        HistoryEntry(
            Activity(row.activity), context.event_iri(tier, row.event), row.published, row.opened
        )
        for row in reversed(rows)
    ]


def history(context: LedgerContext, tier: Tier, public_id: str, limit: int) -> list[HistoryEntry]:
    """Return the newest `limit` history entries of a record in the tier, oldest first.

    Raises:
        UsageError: the archive, which is never projected.

    """
    record = schema.record
    with context.database.reading() as connection:
        number = connection.execute(
            select(record.c.id).where(record.c.public_id == public_id)
        ).scalar()
        tier = require_published(tier)
        return [] if number is None else history_of(context, connection, tier, number, limit)


def last_published(context: LedgerContext, tier: Tier) -> int | None:
    """Return the time (milliseconds) of the tier's last member; None before the first."""
    stream = schema.stream
    with context.database.reading() as connection:
        row = connection.execute(
            select(stream.c.seq, stream.c.published).where(stream.c.tier == require_published(tier))
        ).one()
    return int(row.published) if row.seq else None
