"""What a tier's readers may know of how a record came to be shown: dates and names, no text.

Purpose: the provenance of a record's page. Positions and other tiers are never told.
Units: milliseconds since 1970-01-01 UTC.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from exchange.domain.record import Activity, Step
from exchange.ledger import schema
from exchange.ledger.reading import served

if TYPE_CHECKING:
    from exchange.domain.access import Tier
    from exchange.ledger.parts import Parts


def history(parts: Parts, tier: Tier, public_id: str, limit: int) -> list[Step]:
    """Return the newest `limit` steps of a record in the tier, the oldest first.

    Raises:
        UsageError: the archive, which is never projected.

    """
    member, record = schema.member, schema.record
    event, delivery = schema.event, schema.delivery
    with parts.database.reading() as connection:
        rows = connection.execute(
            select(member.c.activity, member.c.event, member.c.published, delivery.c.opened)
            .join_from(record, member, member.c.record == record.c.id)
            .join(event, event.c.position == member.c.position)
            .outerjoin(delivery, delivery.c.id == event.c.delivery)
            .where(record.c.public_id == public_id, member.c.tier == served(tier))
            .order_by(member.c.seq.desc())
            .limit(limit)
        ).all()
    return [
        Step(Activity(row.activity), parts.event_iri(tier, row.event), row.published, row.opened)
        for row in reversed(rows)
    ]


def last_published(parts: Parts, tier: Tier) -> int | None:
    """Return when the tier's sequence last grew, None before its first member."""
    stream = schema.stream
    with parts.database.reading() as connection:
        row = connection.execute(
            select(stream.c.seq, stream.c.published).where(stream.c.tier == served(tier))
        ).one()
    return int(row.published) if row.seq else None
