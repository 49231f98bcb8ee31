"""Which records a tier sees, without opening their text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from exchange.domain.disclosure import Tier
from exchange.domain.lifecycle import State
from exchange.ledger import schema
from exchange.ledger.tier_reader import LIVE_CHUNK, served

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exchange.ledger.context import Parts

_CHUNK = 20 * LIVE_CHUNK


def live_iris(parts: Parts, tier: Tier) -> Iterator[str]:
    """Yield the IRI of every record that the tier sees, in the order they came."""
    record = schema.record
    tiers = [each for each in Tier if each.rank <= served(tier).rank]
    after = 0
    while True:
        with parts.database.reading() as connection:
            rows = connection.execute(
                select(record.c.id, record.c.kind, record.c.public_id)
                .where(record.c.id > after, record.c.state == State.LIVE, record.c.tier.in_(tiers))
                .order_by(record.c.id)
                .limit(_CHUNK)
            ).all()
        if not rows:
            return
        yield from (parts.iri(row.kind, row.public_id) for row in rows)
        after = rows[-1].id
