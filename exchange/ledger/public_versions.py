"""Every version of a record whose text the public can read, with all that the ledger knows of it.

That is more than the live versions: a feed keeps the earlier ones of a record that stands. Used
to look again at what is public already, when the gate before publication has learnt something.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import func, select

from exchange.domain.disclosure import Tier
from exchange.domain.events import EventType
from exchange.domain.record import Activity
from exchange.domain.record_body import view
from exchange.ledger import schema
from exchange.ledger.tier_reader import sealed_columns, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import ColumnElement

    from exchange.ledger.context import Parts

CHUNK: Final = 500


class PublicVersion(NamedTuple):
    """One member of the public sequence whose text may be read; `text` is the archive's view.

    `current`: it is the record's newest version. `reviewed`: a person let it through in review.
    """

    iri: str
    kind: str
    text: bytes
    current: bool
    reviewed: bool


@dataclass(frozen=True, slots=True)
class PublicVersions:
    """Every version that the public can read, the oldest first; read in parts."""

    parts: Parts

    def count(self) -> int:
        """Return how many there are about now."""
        statement = select(func.count()).select_from(schema.member).where(_readable())
        with self.parts.database.reading() as connection:
            return int(connection.execute(statement).scalar_one())

    def __iter__(self) -> Iterator[PublicVersion]:
        """Yield each with the archive's view."""
        return _versions(self.parts)


def _versions(parts: Parts) -> Iterator[PublicVersion]:
    member, record, event, after = schema.member, schema.record, schema.event, 0
    accepted = select(schema.event.c.delivery).where(
        schema.event.c.name == EventType.REVIEW, schema.event.c.delivery.is_not(None)
    )
    while True:
        with parts.database.reading() as connection:
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
        seals = parts.seals.get([row.seal for row in rows])
        for row in rows:
            seal = seals.get(row.seal)
            if seal is not None:  # erased meanwhile
                iri = parts.iri(row.kind, row.public_id)
                text = view(text_of(row, seal), iri, Tier.ARCHIVE)
                yield PublicVersion(iri, row.kind, text, row.current, bool(row.reviewed))
        after = rows[-1].seq


def _readable() -> ColumnElement[bool]:
    """Return the condition that no later step has taken a member's text away."""
    member, veil = schema.member, schema.veil
    veiled = (
        select(veil.c.seq)
        .where(veil.c.record == member.c.record, veil.c.tier == member.c.tier)
        .where(veil.c.seq > member.c.seq)
        .exists()
    )
    return (member.c.tier == Tier.PUBLIC) & (member.c.activity != Activity.DELETE) & ~veiled
