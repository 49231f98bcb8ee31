"""Reads every version whose text the public can read, with the archive's view of it.

These are more than the live versions: a feed keeps the earlier ones of a live record. Used to
scan published texts again after the personal-data gate has changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import func, select

from exchange.domain.disclosure_levels import Tier
from exchange.domain.events import EventType
from exchange.domain.record import Activity
from exchange.domain.record_body import view
from exchange.ledger import schema
from exchange.ledger.tier_reader import sealed_columns, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import ColumnElement

    from exchange.ledger.context import LedgerContext

CHUNK: Final = 500


class PublicVersion(NamedTuple):
    """One readable member of the public sequence; `text` is the archive's view.

    `current`: it is the record's newest version. `reviewed`: a person accepted it in review.
    """

    iri: str
    kind: str
    text: bytes
    current: bool
    reviewed: bool


@dataclass(frozen=True, slots=True)
class PublicVersions:
    """Iterates over every version that the public can read, the oldest first."""

    context: LedgerContext

    def count(self) -> int:
        """Return their approximate number."""
        statement = select(func.count()).select_from(schema.member).where(_readable())
        with self.context.database.reading() as connection:
            return int(connection.execute(statement).scalar_one())

    def __iter__(self) -> Iterator[PublicVersion]:
        """Yield each version with the archive's view."""
        return _versions(self.context)


def _versions(context: LedgerContext) -> Iterator[PublicVersion]:
    member, record, event, after = schema.member, schema.record, schema.event, 0
    accepted = select(schema.event.c.delivery).where(
        schema.event.c.name == EventType.REVIEW, schema.event.c.delivery.is_not(None)
    )
    while True:
        with context.database.reading() as connection:
            rows = connection.execute(
                select(
                    member.c.seq,
                    record.c.kind,
                    record.c.public_id,
                    (record.c.version == member.c.version).label("current"),
                    event.c.delivery.in_(accepted).label("reviewed"),
                    *sealed_columns(),
                )
                .join_from(member, record, member.c.record == record.c.id)
                .join(event, event.c.position == member.c.version)
                .where(_readable(), member.c.seq > after)
                .order_by(member.c.seq)
                .limit(CHUNK)
            ).all()
        if not rows:
            return
        seals = context.seals.get([row.seal for row in rows])
        for row in rows:
            seal = seals.get(row.seal)
            if seal is not None:  # erased meanwhile
                iri = context.iri(row.kind, row.public_id)
                text = view(text_of(row, seal), iri, Tier.ARCHIVE)
                yield PublicVersion(iri, row.kind, text, row.current, bool(row.reviewed))
        after = rows[-1].seq


def _readable() -> ColumnElement[bool]:
    """Return the condition that no later member retracts a member's text."""
    member, veil = schema.member, schema.veil
    veiled = (
        select(veil.c.seq)
        .where(veil.c.record == member.c.record, veil.c.tier == member.c.tier)
        .where(veil.c.seq > member.c.seq)
        .exists()
    )
    return (member.c.tier == Tier.PUBLIC) & (member.c.activity != Activity.DELETE) & ~veiled
