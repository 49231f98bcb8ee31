"""Reads one record for the readers of a tier: its text, its links and its history.

A record's page, its JSON and its RDF need nothing else, so that none of them waits for a
surface, and text, links and history are of one snapshot.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from exchange.domain.disclosure_levels import Tier
from exchange.domain.errors import EnvironmentFault, Gone, NotFound
from exchange.domain.identifiers import id_of
from exchange.domain.lifecycle import State
from exchange.domain.record import Visibility
from exchange.domain.record_body import page_only_view, view
from exchange.ledger import schema
from exchange.ledger.record_history import history_of
from exchange.ledger.record_links import links_of
from exchange.ledger.tier_reader import require_published, sealed_columns, text_of, visibility_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from exchange.domain.link_rules import Links
    from exchange.domain.record import HistoryEntry
    from exchange.ledger.context import LedgerContext

_ENTRIES: Final = 50


@dataclass(frozen=True, slots=True)
class RecordView:
    """The newest version of a record for the readers of one tier."""

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
    """The content of a record's own page, from one snapshot of the ledger."""

    record: RecordView
    links: Links
    history: Sequence[HistoryEntry]


def read(context: LedgerContext, tier: Tier, ref: str) -> RecordView:
    """Return the newest version of a record; the archive tier reads removed records, too.

    Raises:
        NotFound: no such record for this tier.
        Gone: it left this tier, or (archive) it is erased.

    """
    public_id = id_of(ref)
    with context.database.reading() as connection:
        row = _row(connection, tier, public_id)
        return _view_of(context, connection, tier, row)


def links(context: LedgerContext, tier: Tier, ref: str, *, after: str, limit: int) -> Links:
    """Return the links of a record that the tier's readers see (`exchange.ledger.record_links`).

    Raises:
        NotFound: no such record for this tier.
        Gone: it left this tier.
        UsageError: the cursor names no record; the archive, which is never projected.

    """
    with context.database.reading() as connection:
        row = _row(connection, require_published(tier), id_of(ref))
        return links_of(context, connection, tier, row, after=after, limit=limit)


def record_page(
    context: LedgerContext, tier: Tier, ref: str, *, after: str, limit: int
) -> RecordPage:
    """Return a record with a page of its links and its newest history, from one snapshot.

    Raises:
        NotFound: no such record for this tier.
        Gone: it left this tier.
        UsageError: the cursor names no record; the archive, which is never projected.

    """
    with context.database.reading() as connection:
        row = _row(connection, require_published(tier), id_of(ref))
        return RecordPage(
            _view_of(context, connection, tier, row),
            links_of(context, connection, tier, row, after=after, limit=limit),
            history_of(context, connection, tier, row.id, _ENTRIES),
        )


def _row(connection: Connection, tier: Tier, public_id: str) -> Any:
    """Return the row of a record that the tier may read. Raises NotFound and Gone."""
    statement = select(schema.record).where(schema.record.c.public_id == public_id)
    row = connection.execute(statement).first()
    visibility = Visibility.LIVE if tier is Tier.ARCHIVE else visibility_of(row, tier)
    if row is None or visibility is Visibility.ABSENT:
        raise NotFound("There is no such record.", "Check the address.")
    if visibility is not Visibility.LIVE:
        raise Gone("The record is no longer shown.", "Remove your copy of it.")
    return row


def _view_of(context: LedgerContext, connection: Connection, tier: Tier, row: Any) -> RecordView:
    event = schema.event
    statement = select(*sealed_columns()).where(event.c.position == row.version)
    version = connection.execute(statement).one()
    seal = context.seals.get([version.seal]).get(version.seal)
    if seal is None:
        raise _missing(row)
    iri, text = context.iri(row.kind, row.public_id), text_of(version, seal)
    return RecordView(
        iri,
        row.kind,
        _version(context, connection, tier, row),
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


def _version(context: LedgerContext, connection: Connection, tier: Tier, row: Any) -> str | None:
    """Return the IRI of the tier's newest feed member with the version."""
    member = schema.member
    event = connection.execute(
        select(member.c.event)
        .where(member.c.tier == tier, member.c.record == row.id)
        .where(member.c.version == row.version)
        .order_by(member.c.seq.desc())
        .limit(1)
    ).scalar()
    return None if event is None else context.event_iri(tier, event)
