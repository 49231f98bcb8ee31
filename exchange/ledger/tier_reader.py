"""Reads for surfaces and web: a tier's feed sequence, its live records, a record's visibility.

Text of a record that a tier lost is never returned again: a member before the record's last
retraction in that tier (table `veil`) has no view, today as in a rebuild years later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, func, select, true

from exchange.domain.disclosure_levels import PUBLISHED_TIERS, Tier
from exchange.domain.errors import UsageError
from exchange.domain.events import EventType
from exchange.domain.identifiers import id_of
from exchange.domain.lifecycle import State
from exchange.domain.record import Activity, Change, Visibility, VisibleRecord
from exchange.domain.record_body import view
from exchange.ledger import schema
from exchange.ledger.feed_pagination import GROUP
from exchange.ledger.sealed_bodies import unseal
from exchange.ledger.sealed_bodies import views as views_of
from exchange.ledger.transaction import meta_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection, Select

    from exchange.ledger.context import LedgerContext
    from exchange.ledger.view_cache import Views

LIVE_CHUNK: Final = 500


def require_published(tier: Tier) -> Tier:
    """Return the tier if it has a feed sequence.

    Raises:
        UsageError: the archive, which is never projected.

    """
    if tier not in PUBLISHED_TIERS:
        raise UsageError("The archive is not projected.", "Ask for public or government.")
    return tier


def last_number(context: LedgerContext, tier: Tier) -> int:
    """Return the number of the last member of a tier's sequence, 0 if there is none."""
    stream = schema.stream
    with context.database.reading() as connection:
        statement = select(stream.c.seq).where(stream.c.tier == require_published(tier))
        return int(connection.execute(statement).scalar_one())


def position(context: LedgerContext) -> int:
    """Return the position of the last event."""
    with context.database.reading() as connection:
        return int(connection.execute(select(schema.head.c.position)).scalar_one())


def changes(context: LedgerContext, tier: Tier, after: int, limit: int) -> list[Change]:
    """Return about `limit` members after a number, in complete groups."""
    with context.database.reading() as connection:
        rows = connection.execute(_members(require_published(tier), after, limit + GROUP)).all()
        rows = _whole_groups(rows, limit)
        iris = [context.iri(row.kind, row.public_id) for row in rows]
        members = zip(rows, iris, strict=True)
        views = _views(context, connection, {row.version: iri for row, iri in members if row.shows})
    rank, result = tier.rank, list[Change]()
    for row, iri in zip(rows, iris, strict=True):
        cut = views.get(row.version) if row.shows else None
        result.append(_change(context, tier, row, iri, None if cut is None else cut[rank]))
    return result


def _members(tier: Tier, after: int, limit: int) -> Select[Any]:
    """Return the query of a tier's members; `shows`: whether their text may be returned."""
    member, record = schema.member, schema.record
    own, veil = schema.veil.alias("own"), schema.veil.alias("later")
    veiled = (
        select(veil.c.seq)
        .where(veil.c.record == member.c.record, veil.c.tier == member.c.tier)
        .where(veil.c.seq > member.c.seq)
        .exists()
    )
    return (
        select(
            member.c.seq,
            member.c.activity,
            member.c.event,
            member.c.kind,
            member.c.published,
            member.c.page,
            member.c.mark,
            member.c.version,
            own.c.seq.label("retracts_text"),
            and_(member.c.activity != Activity.DELETE, ~veiled).label("shows"),
            record.c.public_id,
        )
        .join_from(member, record, member.c.record == record.c.id)
        .outerjoin(own, and_(own.c.tier == member.c.tier, own.c.seq == member.c.seq))
        .where(member.c.tier == tier, member.c.seq > after)
        .order_by(member.c.seq)
        .limit(limit)
    )


def _whole_groups(rows: Sequence[Any], limit: int) -> Sequence[Any]:
    """Return about `limit` rows in complete groups; at least one group."""
    if len(rows) <= limit:
        return rows
    cut = rows[limit].published
    whole = [row for row in rows if row.published < cut]
    return whole or [row for row in rows if row.published == cut]


def _views(
    context: LedgerContext, connection: Connection, iris: Mapping[int, str]
) -> dict[int, Views]:
    """Return the views of versions, by the position of their event; `iris`: of their records.

    A version without a seal has none: it has just been erased.
    """
    held = ((position, context.view_cache.get(position)) for position in iris)
    cached = {position: views for position, views in held if views is not None}
    missing = [position for position in iris if position not in cached]
    for start in range(0, len(missing), LIVE_CHUNK):
        wanted = schema.event.c.position.in_(missing[start : start + LIVE_CHUNK])
        rows = connection.execute(select(*sealed_columns()).where(wanted)).all()
        seals = context.seals.get([row.seal for row in rows])
        for row in rows:
            if seal := seals.get(row.seal):
                text = unseal(seal, meta_of(row), row.body)
                views = views_of(text, iris[row.position], PUBLISHED_TIERS[0], PUBLISHED_TIERS[-1])
                context.view_cache.put(row.position, views)
                cached[row.position] = views
    return cached


def _change(context: LedgerContext, tier: Tier, row: Any, iri: str, view: bytes | None) -> Change:
    return Change(
        row.seq,
        Activity(row.activity),
        iri,
        context.event_iri(tier, row.event),
        row.kind,
        row.published,
        row.page,
        row.mark,
        view,
        row.retracts_text is not None,
    )


def pages_of(context: LedgerContext, tier: Tier, refs: Collection[str]) -> set[tuple[str, int]]:
    """Return (kind, page) of every feed member about one of the records.

    Raises:
        UsageError: a reference is neither an IRI nor its last part.

    """
    member, record = schema.member, schema.record
    named, kind_pages = [id_of(ref) for ref in refs], set[tuple[str, int]]()
    with context.database.reading() as connection:
        for start in range(0, len(named), LIVE_CHUNK):
            rows = connection.execute(
                select(member.c.kind, member.c.page)
                .distinct()
                .join_from(record, member, member.c.record == record.c.id)
                .where(record.c.public_id.in_(named[start : start + LIVE_CHUNK]))
                .where(member.c.tier == require_published(tier))
            )
            kind_pages.update((row.kind, row.page) for row in rows)
    return kind_pages


def created_pages(context: LedgerContext, tier: Tier, refs: Collection[str]) -> dict[str, int]:
    """Return the page of each record's last Create in a tier, by its IRI.

    Records that the tier never saw are left out.

    Raises:
        UsageError: a reference is neither an IRI nor its last part.

    """
    member, record = schema.member, schema.record
    named, page_of = [id_of(ref) for ref in refs], dict[str, int]()
    with context.database.reading() as connection:
        for start in range(0, len(named), LIVE_CHUNK):
            rows = connection.execute(
                select(record.c.kind, record.c.public_id, func.max(member.c.page).label("page"))
                .join_from(record, member, member.c.record == record.c.id)
                .where(record.c.public_id.in_(named[start : start + LIVE_CHUNK]))
                .where(
                    member.c.tier == require_published(tier), member.c.activity == Activity.CREATE
                )
                .group_by(record.c.kind, record.c.public_id)
            )
            page_of |= {context.iri(row.kind, row.public_id): row.page for row in rows}
    return page_of


def removals(context: LedgerContext, tier: Tier, after: int, limit: int) -> list[tuple[int, str]]:
    """Return (number, IRI) of the members after a number that retract text of a record.

    These are Deletes, and Updates without a dropped link (the new text follows at its number).
    """
    veil, record = schema.veil, schema.record
    with context.database.reading() as connection:
        rows = connection.execute(
            select(veil.c.seq, record.c.kind, record.c.public_id)
            .join_from(veil, record, veil.c.record == record.c.id)
            .where(veil.c.tier == require_published(tier), veil.c.seq > after)
            .order_by(veil.c.seq)
            .limit(limit)
        ).all()
    return [(row.seq, context.iri(row.kind, row.public_id)) for row in rows]


def live(
    context: LedgerContext, tier: Tier, published_before: int | None = None
) -> Iterator[tuple[str, str, bytes]]:
    """Yield (IRI, kind, view) of every record the tier sees, in the order of creation.

    `published_before` (milliseconds) leaves out records from later deliveries: a row whose
    publicity has ended is never published, so none of those can be due.
    """
    after = 0
    while True:
        rows = _live_rows(context, tier, after, published_before)
        if not rows:
            return
        seals = context.seals.get([row.seal for row in rows])
        for row in rows:
            seal = seals.get(row.seal)
            if seal is not None:
                iri = context.iri(row.kind, row.public_id)
                yield iri, row.kind, view(text_of(row, seal), iri, tier)
        after = rows[-1].id


def _live_rows(context: LedgerContext, tier: Tier, after: int, published_before: int | None) -> Any:
    record, event = schema.record, schema.event
    tiers = [each for each in Tier if each.rank <= require_published(tier).rank]
    delivered = and_(event.c.name == EventType.PUBLISH, event.c.delivery.is_not(None))
    old = true() if published_before is None else ~and_(delivered, event.c.at >= published_before)
    with context.database.reading() as connection:
        return connection.execute(
            select(record.c.id, record.c.kind, record.c.public_id, *sealed_columns())
            .join_from(record, event, event.c.position == record.c.version)
            .where(record.c.id > after, record.c.state == State.LIVE, record.c.tier.in_(tiers))
            .where(old)
            .order_by(record.c.id)
            .limit(LIVE_CHUNK)
        ).all()


def visibility(context: LedgerContext, tier: Tier, public_id: str) -> Visibility:
    """Return the visibility of a record for the readers of a tier; one indexed query."""
    record = schema.record
    with context.database.reading() as connection:
        row = connection.execute(
            select(record.c.state, record.c.tier, record.c.widest).where(
                record.c.public_id == public_id
            )
        ).first()
    return visibility_of(row, require_published(tier))


def visibility_of(row: Any, tier: Tier) -> Visibility:
    """Return the visibility of a row of `record` (None: no record) for a tier's readers."""
    if row is None or Tier(row.widest).rank > tier.rank:
        return Visibility.ABSENT
    if Tier(row.tier).rank > tier.rank:
        return Visibility.GONE
    if row.state == State.LIVE:
        return Visibility.LIVE
    return Visibility.SUSPENDED if row.state == State.SUSPENDED else Visibility.GONE


def visible_condition(tier: Tier) -> ColumnElement[bool]:
    """Return the SQL condition that a tier's readers see a row of `record`."""
    record = schema.record
    tiers = [each for each in Tier if each.rank <= require_published(tier).rank]
    return and_(record.c.state == State.LIVE, record.c.tier.in_(tiers))


def live_among(context: LedgerContext, tier: Tier, public_ids: Collection[str]) -> set[str]:
    """Return those of the records that a tier's readers see; one query for 500."""
    record, named, visible_ids = schema.record, list(public_ids), set[str]()
    with context.database.reading() as connection:
        for start in range(0, len(named), LIVE_CHUNK):
            visible_ids.update(
                connection.execute(
                    select(record.c.public_id)
                    .where(record.c.public_id.in_(named[start : start + LIVE_CHUNK]))
                    .where(visible_condition(tier))
                ).scalars()
            )
    return visible_ids


def visible_records(
    context: LedgerContext, tier: Tier, public_ids: Sequence[str]
) -> list[VisibleRecord]:
    """Return those of at most 500 records that a tier's readers see, in the given order."""
    with context.database.reading() as connection:
        wanted = schema.record.c.public_id.in_(public_ids[:LIVE_CHUNK])
        seen = visible_records_on(context, connection, tier, wanted)
    by_id = {id_of(record.iri): record for record in seen.values()}
    return [by_id[each] for each in public_ids if each in by_id]


def visible_records_on(
    context: LedgerContext, connection: Connection, tier: Tier, *conditions: ColumnElement[bool]
) -> dict[int, VisibleRecord]:
    """Return the records that meet the conditions and that a tier's readers see, by number."""
    record, event, by_number = schema.record, schema.event, dict[int, VisibleRecord]()
    rows = connection.execute(
        select(record.c.id, record.c.kind, record.c.public_id, record.c.mark, *sealed_columns())
        .join_from(record, event, event.c.position == record.c.version)
        .where(visible_condition(tier), *conditions)
    ).all()
    seals = context.seals.get([row.seal for row in rows])
    for row in rows:
        # One whose seal is missing was erased a moment ago.
        if seal := seals.get(row.seal):
            iri = context.iri(row.kind, row.public_id)
            text = view(text_of(row, seal), iri, tier)
            by_number[row.id] = VisibleRecord(iri, row.kind, bool(row.mark), text)
    return by_number


def sealed_columns() -> tuple[Any, ...]:
    """Return the columns of `event` that decrypting a body needs."""
    event = schema.event
    return (
        event.c.position,
        event.c.name,
        event.c.format,
        event.c.at,
        event.c.delivery,
        event.c.record,
        event.c.tier,
        event.c.seal,
        event.c.body,
    )


def text_of(row: Any, seal: bytes) -> str:
    """Return the decrypted body of a row of `sealed_columns`."""
    return unseal(seal, meta_of(row), row.body).decode()
