"""Finds live records with keys similar to an unknown one, for suppliers; never for the public."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from exchange.domain.disclosure_levels import PUBLISHED_TIERS, Tier
from exchange.domain.key_suggestions import variants
from exchange.domain.lifecycle import State
from exchange.domain.record_body import view
from exchange.ledger import schema
from exchange.ledger.tier_reader import sealed_columns, text_of
from exchange.ledger.transaction_writer import chunks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import ColumnElement

    from exchange.ledger.context import LedgerContext

RECENT: Final = 2_000  # records that are opened to be compared


@dataclass(frozen=True, slots=True)
class SimilarRecords:
    """Finds live records; removed ones are never returned."""

    context: LedgerContext

    def by_number(self, keys: Sequence[str], limit: int) -> list[tuple[str, bytes]]:
        """Return (IRI, government view) of live records with a key one typing error from `keys`."""
        return _by_number(self.context, keys, limit)

    def recent(self, kind: str) -> Iterator[tuple[str, bytes]]:
        """Yield (IRI, government view) of the newest live records of a kind, at most `RECENT`."""
        return _views(self.context, schema.record.c.kind == kind, RECENT)


def _by_number(context: LedgerContext, keys: Sequence[str], limit: int) -> list[tuple[str, bytes]]:
    macs = dict.fromkeys(context.secret.key(each) for key in keys for each in variants(key))
    numbers: list[int] = []
    key = schema.key_state
    with context.database.reading() as connection:
        for part in chunks(list(macs)):
            records = select(key.c.record).where(key.c.mac.in_(part))
            numbers += connection.execute(records).scalars().all()
    return list(_views(context, schema.record.c.id.in_(numbers[:limit]), limit))


def _views(
    context: LedgerContext, condition: ColumnElement[bool], limit: int
) -> Iterator[tuple[str, bytes]]:
    record, event = schema.record, schema.event
    with context.database.reading() as connection:
        rows = connection.execute(
            select(record.c.kind, record.c.public_id, *sealed_columns())
            .join_from(record, event, event.c.position == record.c.version)
            .where(condition, record.c.state == State.LIVE, record.c.tier.in_(PUBLISHED_TIERS))
            .order_by(record.c.id.desc())
            .limit(limit)
        ).all()
    seals = context.seals.get([row.seal for row in rows])
    for row in rows:
        seal = seals.get(row.seal)
        if seal is not None:  # erased meanwhile
            iri = context.iri(row.kind, row.public_id)
            yield iri, view(text_of(row, seal), iri, Tier.GOVERNMENT)
