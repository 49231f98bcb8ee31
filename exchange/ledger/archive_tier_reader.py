"""Reads the archive tier, for the ledger's own operators: it is never published."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from exchange.domain.disclosure_levels import Tier
from exchange.domain.lifecycle import State
from exchange.domain.record_body import view
from exchange.ledger import schema
from exchange.ledger.tier_reader import LIVE_CHUNK, sealed_columns, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exchange.ledger.context import LedgerContext


def archive_views(context: LedgerContext, kind: str) -> Iterator[tuple[str, bytes]]:
    """Yield (IRI, archive view) of every live record of a kind, in the order of creation."""
    record, event, after = schema.record, schema.event, 0
    while True:
        with context.database.reading() as connection:
            rows = connection.execute(
                select(record.c.id, record.c.public_id, *sealed_columns())
                .join_from(record, event, event.c.position == record.c.version)
                .where(record.c.id > after, record.c.kind == kind, record.c.state == State.LIVE)
                .order_by(record.c.id)
                .limit(LIVE_CHUNK)
            ).all()
        if not rows:
            return
        seals = context.seals.get([row.seal for row in rows])
        for row in rows:
            seal = seals.get(row.seal)
            if seal is not None:  # erased meanwhile
                iri = context.iri(kind, row.public_id)
                yield iri, view(text_of(row, seal), iri, Tier.ARCHIVE)
        after = rows[-1].id
