"""One record as the readers of a tier may see it: its text, its links, how it came to be shown.

A record's page, its JSON and its RDF are made of this alone, so that none of them waits for a
surface, and text, links and history are of one snapshot.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from exchange.domain.disclosure import Tier
from exchange.domain.errors import EnvironmentFault, Gone, NotFound
from exchange.domain.identity import id_of
from exchange.domain.lifecycle import State
from exchange.domain.record import Visibility
from exchange.domain.record_body import page_only_view, view
from exchange.ledger import schema
from exchange.ledger.record_history import steps_of
from exchange.ledger.record_links import links_of
from exchange.ledger.tier_reader import sealed_columns, served, text_of, visibility_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from exchange.domain.link_rules import Links
    from exchange.domain.record import HistoryEntry
    from exchange.ledger.context import Parts

_STEPS: Final = 50


@dataclass(frozen=True, slots=True)
class Held:
    """The newest version of a record, as one tier may read it."""

    iri: str
    kind: str
    version: str | None  # IRI of the tier's event that published it; None in the archive
    position: int
    at: int  # milliseconds since 1970-01-01 UTC
    objection: bool
    state: State
    view: bytes
    page: bytes  # what the public sees on the record's own page only, as N-Quads


@dataclass(frozen=True, slots=True)
class RecordPage:
    """What a record's own page shows: all of one snapshot of the ledger."""

    record: Held
    links: Links
    history: Sequence[HistoryEntry]


def read(parts: Parts, tier: Tier, ref: str) -> Held:
    """Return the newest version of a record; the archive tier reads withdrawn ones, too.

    Raises:
        NotFound: no such record for this tier.
        Gone: it left this tier, or (archive) it is erased.

    """
    public_id = id_of(ref)
    with parts.database.reading() as connection:
        row = _row(connection, tier, public_id)
        return _held(parts, connection, tier, row)


def links(parts: Parts, tier: Tier, ref: str, *, after: str, limit: int) -> Links:
    """Return the links of a record that the tier's readers see (`exchange.ledger.record_links`).

    Raises:
        NotFound: no such record for this tier.
        Gone: it left this tier.
        UsageError: the cursor names no record; the archive, which is never projected.

    """
    with parts.database.reading() as connection:
        row = _row(connection, served(tier), id_of(ref))
        return links_of(parts, connection, tier, row, after=after, limit=limit)


def record_page(parts: Parts, tier: Tier, ref: str, *, after: str, limit: int) -> RecordPage:
    """Return a record with a page of its links and its newest steps, all of one snapshot.

    Raises:
        NotFound: no such record for this tier.
        Gone: it left this tier.
        UsageError: the cursor names no record; the archive, which is never projected.

    """
    with parts.database.reading() as connection:
        row = _row(connection, served(tier), id_of(ref))
        return RecordPage(
            _held(parts, connection, tier, row),
            links_of(parts, connection, tier, row, after=after, limit=limit),
            steps_of(parts, connection, tier, row.id, _STEPS),
        )


def _row(connection: Connection, tier: Tier, public_id: str) -> Any:
    """Return the row of a record that the tier may read. Raises NotFound and Gone."""
    statement = select(schema.record).where(schema.record.c.public_id == public_id)
    row = connection.execute(statement).first()
    seen = Visibility.LIVE if tier is Tier.ARCHIVE else visibility_of(row, tier)
    if row is None or seen is Visibility.ABSENT:
        raise NotFound("There is no such record.", "Check the address.")
    if seen is not Visibility.LIVE:
        raise Gone("The record is no longer shown.", "Remove your copy of it.")
    return row


def _held(parts: Parts, connection: Connection, tier: Tier, row: Any) -> Held:
    event = schema.event
    statement = select(*sealed_columns()).where(event.c.position == row.version)
    version = connection.execute(statement).one()
    seal = parts.seals.get([version.seal]).get(version.seal)
    if seal is None:
        raise _missing(row)
    iri, text = parts.iri(row.kind, row.public_id), text_of(version, seal)
    return Held(
        iri,
        row.kind,
        _version(parts, connection, tier, row),
        version.position,
        version.at,
        bool(row.mark),
        State(row.state),
        view(text, iri, tier),
        page_only_view(text, iri),
    )


def _missing(row: Any) -> Gone | EnvironmentFault:
    if row.state == State.ERASED:
        return Gone("The record was erased.", "Nothing of it is left.")
    return EnvironmentFault(
        f"The seal of the event at position {row.version} is missing.",
        "Restore the seals from the backup that belongs to the ledger.",
    )


def _version(parts: Parts, connection: Connection, tier: Tier, row: Any) -> str | None:
    """Return the IRI of the tier's newest event that shows the version."""
    member = schema.member
    found = connection.execute(
        select(member.c.event)
        .where(member.c.tier == tier, member.c.record == row.id)
        .where(member.c.version == row.version)
        .order_by(member.c.seq.desc())
        .limit(1)
    ).scalar()
    return None if found is None else parts.event_iri(tier, found)
