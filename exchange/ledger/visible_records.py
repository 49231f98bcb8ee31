"""Lists the records that a tier sees, without decrypting their text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from exchange.domain.disclosure_levels import Tier
from exchange.domain.lifecycle import State
from exchange.ledger import schema
from exchange.ledger.tier_reader import LIVE_CHUNK, require_published

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exchange.ledger.context import LedgerContext

_CHUNK = 20 * LIVE_CHUNK


def live_iris(context: LedgerContext, tier: Tier) -> Iterator[str]:
    """Yield the IRI of every record that the tier sees, in the order of creation."""
    record = schema.record
    tiers = [each for each in Tier if each.rank <= require_published(tier).rank]
    after = 0
    while True:
        with context.database.reading() as connection:
            rows = connection.execute(
                select(record.c.id, record.c.kind, record.c.public_id)
                .where(record.c.id > after, record.c.state == State.LIVE, record.c.tier.in_(tiers))
                .order_by(record.c.id)
                .limit(_CHUNK)
            ).all()
        if not rows:
            return
        yield from (context.iri(row.kind, row.public_id) for row in rows)
        after = rows[-1].id
