"""Stores links between records: each with all variants of its target's key.

A link is resolved when it is read: its target may be delivered later, or at first under a key
variant that the link does not have.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select

from exchange.ledger import schema
from exchange.ledger.key_resolution import KeyMacs
from exchange.ledger.transaction_writer import chunks

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from sqlalchemy import Connection

    from exchange.ledger.rows import RecordRow
    from exchange.ledger.transaction import Transaction


@dataclass(frozen=True, slots=True)
class LinkRow:
    """One link of a record: a row of `link` with the key variants of its target."""

    source: int
    number: int
    relation: str
    dropped: bool
    macs: KeyMacs


def insert_links(tx: Transaction, link_rows: Iterable[LinkRow]) -> None:
    """Insert links at the next flush."""
    for link_row in link_rows:
        key = {"source": link_row.source, "number": link_row.number}
        tx.pending_rows.links.append(
            {**key, "relation": link_row.relation, "dropped": link_row.dropped}
        )
        for at, mac in enumerate(link_row.macs.all):
            bare = at >= len(link_row.macs.full)
            tx.pending_rows.quoted.append({**key, "place": at, "mac": mac, "bare": bare})


def delete_links(tx: Transaction, record: RecordRow) -> None:
    """Delete every link of a record."""
    for table in (schema.quoted, schema.link):
        tx.connection.execute(delete(table).where(table.c.source == record.id))


def outgoing_links(connection: Connection, sources: Sequence[int]) -> dict[int, list[LinkRow]]:
    """Return all links of the records, by source, in the order of their numbers."""
    links: dict[int, list[LinkRow]] = {}
    for part in chunks(sources):
        for link_row in _link_rows(connection, part):
            links.setdefault(link_row.source, []).append(link_row)
    return links


def _link_rows(connection: Connection, sources: Sequence[int]) -> Iterable[LinkRow]:
    link, quoted = schema.link, schema.quoted
    rows = connection.execute(
        select(link, quoted.c.mac, quoted.c.bare)
        .join(quoted, (quoted.c.source == link.c.source) & (quoted.c.number == link.c.number))
        .where(link.c.source.in_(sources))
        .order_by(link.c.source, link.c.number, quoted.c.place)
    ).all()
    for _, group in groupby(rows, key=attrgetter("source", "number")):
        yield _link_row(list(group))


def _link_row(rows: list[Any]) -> LinkRow:
    first = rows[0]
    macs = KeyMacs(
        tuple(row.mac for row in rows if not row.bare), tuple(row.mac for row in rows if row.bare)
    )
    return LinkRow(first.source, first.number, first.relation, first.dropped, macs)


def incoming_links(
    tx: Transaction, macs: Collection[bytes], *, dropped: bool = False
) -> dict[int, list[LinkRow]]:
    """Return all links of the records that link to one of these keys, by source.

    `dropped`: whether the link to the key is a dropped one. Records and keys of the links are
    read into the transaction.
    """
    link, quoted = schema.link, schema.quoted
    sources: set[int] = set()
    for part in chunks(sorted(macs)):
        sources.update(
            tx.connection.execute(
                select(quoted.c.source)
                .join(link, (quoted.c.source == link.c.source) & (quoted.c.number == link.c.number))
                .where(quoted.c.mac.in_(part), link.c.dropped.is_(dropped))
            ).scalars()
        )
    links = outgoing_links(tx.connection, sorted(sources))
    tx.fetch_records(links)
    tx.fetch_keys(
        mac for link_rows in links.values() for link_row in link_rows for mac in link_row.macs.all
    )
    return links


def target_of(tx: Transaction, link_row: LinkRow) -> RecordRow | None:
    """Return the record to which a link refers now; None where it is unknown or ambiguous."""
    number = tx.resolve(link_row.macs).target
    return None if number is None else tx.record(number)
