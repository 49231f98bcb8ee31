"""The links of one record for the readers of a tier, in both directions.

Links are resolved as the cascade resolves them: by every alias of a key (docs/decisions/0008),
without those that were dropped. A link is shown only where both of its ends are: both live in the
tier, and neither about a natural person, whose ID number is a part of the key that joins them and
stands in no served view. Everything is read from the caller's snapshot.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select, true

from exchange.domain.disclosure_levels import Tier
from exchange.domain.errors import UsageError
from exchange.domain.link_rules import LinkedRecord, Links
from exchange.ledger import schema
from exchange.ledger.key_resolution import resolve
from exchange.ledger.rows import KeyCoverage, KeyRow
from exchange.ledger.stored_links import outgoing_links
from exchange.ledger.tier_reader import visible_condition, visible_records_on
from exchange.ledger.transaction_writer import chunks

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Connection

    from exchange.ledger.context import LedgerContext
    from exchange.ledger.stored_links import LinkRow

PAGE: Final = 25
# Batches of candidates looked at for one page: a candidate may turn out to mean another record.
_ROUNDS: Final = 20
_NO_PERSON: Final = schema.record.c.person.is_(None)


def links_of(  # noqa: PLR0913 (two of them by keyword)
    context: LedgerContext, connection: Connection, tier: Tier, row: Any, *, after: str, limit: int
) -> Links:
    """Return the links of a live record.

    Args:
        context: the open ledger.
        connection: the snapshot that everything is read from.
        tier: whose readers ask.
        row: the record, with the columns `id` and `person`.
        after: the cursor of a page of incoming links; empty for the first page.
        limit: the most links in each direction.

    Raises:
        UsageError: the cursor names no record that the tier ever saw.

    """
    before = _number_of(connection, tier, after) if after else None
    if row.person is not None:
        return Links()
    outgoing = {} if after else _outgoing(connection, row.id, limit)
    incoming, last = _incoming(connection, tier, row.id, before, limit)
    return Links(
        _with_records(context, connection, tier, outgoing),
        _with_records(context, connection, tier, incoming),
        "" if last is None else _public_id(connection, last),
    )


def _outgoing(connection: Connection, record: int, limit: int) -> dict[int, str]:
    """Return the relations of a record's links, by the number of the target."""
    link_rows = _kept_links(connection, [record]).get(record, [])[:limit]
    known = _keys_of(connection, link_rows)
    relations: dict[int, str] = {}
    for link_row in link_rows:
        target = resolve(link_row.macs, known.get).target
        if target is not None:
            relations.setdefault(target, link_row.relation)
    return relations


def _incoming(
    connection: Connection, tier: Tier, record: int, before: int | None, limit: int
) -> tuple[dict[int, str], int | None]:
    """Return the relations of the links to a record, by the number of the source, newest first.

    Second: the number after which the next page begins, None when there is none.
    """
    key = schema.key_state
    macs = connection.execute(select(key.c.mac).where(key.c.record == record)).scalars().all()
    page: dict[int, str] = {}
    for _ in range(_ROUNDS):
        sources = _sources(connection, tier, macs, before, limit + 1)
        relations = _relations_to(connection, record, sources)
        for source in sources:
            if len(page) == limit:
                return page, before
            before = source
            if source in relations:
                page[source] = relations[source]
        if len(sources) <= limit:
            return page, None
    return page, before


def _relations_to(connection: Connection, record: int, sources: Sequence[int]) -> dict[int, str]:
    """Return the relation of each source's first link that resolves to the record."""
    by_source = _kept_links(connection, sources)
    known = _keys_of(
        connection, [link_row for link_rows in by_source.values() for link_row in link_rows]
    )
    relations: dict[int, str] = {}
    for source, link_rows in by_source.items():
        for link_row in link_rows:
            if resolve(link_row.macs, known.get).target == record:
                relations.setdefault(source, link_row.relation)
    return relations


def _kept_links(connection: Connection, sources: Sequence[int]) -> dict[int, list[LinkRow]]:
    """Return the links of records without dropped ones, by source."""
    return {
        source: [link_row for link_row in link_rows if not link_row.dropped]
        for source, link_rows in outgoing_links(connection, sources).items()
    }


def _keys_of(connection: Connection, link_rows: Sequence[LinkRow]) -> dict[bytes, KeyRow]:
    """Return the mappings of the key variants of links."""
    macs = sorted({mac for link_row in link_rows for mac in link_row.macs.all})
    table, known = schema.key_state, dict[bytes, KeyRow]()
    for part in chunks(macs):
        for row in connection.execute(select(table).where(table.c.mac.in_(part))):
            known[row.mac] = KeyRow(row.mac, row.record, KeyCoverage(row.told))
    return known


def _sources(
    connection: Connection, tier: Tier, macs: Iterable[bytes], before: int | None, most: int
) -> list[int]:
    """Return visible records that may link to one of the keys, the newest first."""
    quoted, record = schema.quoted, schema.record
    sources: set[int] = set()
    for mac in macs:
        # One MAC at a time: the index gives the newest without looking at the others.
        statement = (
            select(quoted.c.source)
            .distinct()
            .join(record, record.c.id == quoted.c.source)
            .where(quoted.c.mac == mac, visible_condition(tier), _NO_PERSON)
            .where(true() if before is None else quoted.c.source < before)
            .order_by(quoted.c.source.desc())
            .limit(most)
        )
        sources.update(connection.execute(statement).scalars())
    return sorted(sources, reverse=True)[:most]


def _with_records(
    context: LedgerContext, connection: Connection, tier: Tier, relations: Mapping[int, str]
) -> list[LinkedRecord]:
    """Return the links with their records, without records that the tier cannot see."""
    visible = visible_records_on(
        context, connection, tier, schema.record.c.id.in_(relations), _NO_PERSON
    )
    return [
        LinkedRecord(relation, visible[number])
        for number, relation in relations.items()
        if number in visible
    ]


def _number_of(connection: Connection, tier: Tier, cursor: str) -> int:
    """Return the number of the record that a cursor names."""
    record = schema.record
    row = connection.execute(
        select(record.c.id, record.c.widest).where(record.c.public_id == cursor)
    ).first()
    # A record that the tier never saw is answered like one that does not exist.
    if row is None or Tier(row.widest).rank > tier.rank:
        raise UsageError(
            "That is no place among these links.",
            "Take the address of the next page from the page before it.",
            zh="翻页位置无效。",
            zh_hint="请从上一页的链接进入下一页。",
        )
    return int(row.id)


def _public_id(connection: Connection, number: int) -> str:
    record = schema.record
    statement = select(record.c.public_id).where(record.c.id == number)
    return str(connection.execute(statement).scalar_one())
