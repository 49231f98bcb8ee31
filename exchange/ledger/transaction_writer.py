"""Writes a transaction: seals first (own database), then encrypted events, Merkle nodes, tree head.

After these the feed members of each tier, the journal lines and the head row follow.
"""

from __future__ import annotations

from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from sqlalchemy import bindparam, insert, select, update

from exchange.domain.disclosure_levels import PUBLISHED_TIERS, Tier
from exchange.domain.failpoints import Failpoint
from exchange.domain.identifiers import new_id
from exchange.ledger import schema
from exchange.ledger.feed_pagination import OpenPage, SequenceEnd, number_members
from exchange.ledger.merkle import Frontier, entry, leaf_hash
from exchange.ledger.sealed_bodies import EventMeta, commitments, new_seals, seal_body, views

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import TypeVar

    from sqlalchemy import Connection, Dialect, Table

    from exchange.ledger.context import LedgerContext
    from exchange.ledger.feed_pagination import NewMember, NumberedMember
    from exchange.ledger.rows import PendingRows

    Item = TypeVar("Item")

CHUNK = 500
TILE = 8  # every eighth level of the tree is kept


class UnsealedEvent(NamedTuple):
    """An event that is not sealed yet; `iri`: the record of which it carries a version."""

    meta: EventMeta
    body: bytes
    iri: str | None


class PendingTransaction(Protocol):
    """What the writer needs of a transaction (`exchange.ledger.transaction`)."""

    connection: Connection
    context: LedgerContext
    now: int  # milliseconds since 1970-01-01 UTC
    first_position: int  # of the last event before the transaction
    position: int
    epoch: int
    epoch_from: int
    delivery: int
    record_number: int
    unsealed_events: list[UnsealedEvent]
    new_members: list[NewMember]
    journal_entries: list[dict[str, Any]]
    erasures: list[dict[str, Any]]


def chunks(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """Yield the items in parts whose number a statement's parameters allow."""
    for at in range(0, len(items), CHUNK):
        yield items[at : at + CHUNK]


def flush_rows(connection: Connection, pending: PendingRows) -> None:
    """Insert and update pending records, keys, persons, links and decisions."""
    _insert(connection, schema.record, [row.values() for row in pending.records.values()])
    _update(connection, schema.record, "id", [row.values() for row in pending.changed.values()])
    keys = [_key(key) for key in pending.keys.values()]
    _insert(connection, schema.key_state, keys)
    changed = [_key(key) for key in pending.changed_keys.values()]
    _update(connection, schema.key_state, "mac", changed)
    _insert(connection, schema.person, pending.persons)
    _insert(connection, schema.link, pending.links)
    _insert(connection, schema.quoted, pending.quoted)
    _insert(connection, schema.decision_pending, pending.decisions)


def write_events(tx: PendingTransaction) -> None:
    """Seal and insert the events of a transaction, insert its feed members, update the head."""
    if not tx.unsealed_events:
        return
    pending = tx.unsealed_events
    seals = new_seals(len(pending))
    numbers = tx.context.seals.put(seals)
    tx.context.failpoint(Failpoint.SEALS_WRITTEN)
    tree = _frontier(tx.connection, tx.first_position)
    events, nodes = [], []
    for item, seal, number in zip(pending, seals, numbers, strict=True):
        row = _sealed(item, seal, number)
        leaf = leaf_hash(entry(row["c_public"], row["c_government"], row["c_archive"]))
        nodes += [
            {"level": level, "number": at, "hash": value}
            for level, at, value in tree.append(leaf)
            if level % TILE == 0
        ]
        events.append(row)
    _insert(tx.connection, schema.event, events)
    _insert(tx.connection, schema.tree_node, nodes)
    _insert(
        tx.connection,
        schema.tree_head,
        [{"size": tree.size, "root": tree.root(), "frontier": tree.packed(), "at": tx.now}],
    )
    _members(tx)
    _insert(tx.connection, schema.passage, tx.journal_entries)
    _insert(tx.connection, schema.erasure, tx.erasures)
    tx.connection.execute(
        update(schema.head).values(
            position=tx.position,
            record=tx.record_number,
            delivery=tx.delivery,
            epoch=tx.epoch,
            epoch_from=tx.epoch_from,
        )
    )


def _sealed(item: UnsealedEvent, seal: bytes, number: int) -> dict[str, Any]:
    meta = item.meta
    held = (
        (None, None, item.body)
        if item.iri is None
        else views(item.body, item.iri, Tier(meta.tier or Tier.ARCHIVE))
    )
    public, government, archive = commitments(seal, held)
    return {
        "position": meta.position,
        "name": meta.name,
        "format": meta.format,
        "at": meta.at,
        "delivery": meta.delivery,
        "record": meta.record,
        "tier": meta.tier,
        "seal": number,
        "body": seal_body(seal, meta, item.body),
        "c_public": public,
        "c_government": government,
        "c_archive": archive,
    }


def _frontier(connection: Connection, size: int) -> Frontier:
    if size == 0:
        return Frontier()
    head = schema.tree_head
    row = connection.execute(select(head.c.frontier).where(head.c.size == size)).one()
    return Frontier.load(size, row.frontier)


def _members(tx: PendingTransaction) -> None:
    """Insert the feed members of every tier under their numbers."""
    for tier in PUBLISHED_TIERS:
        members = [member for member in tx.new_members if member.tier is tier]
        if members:
            _tier_members(tx, tier, members)


def _tier_members(tx: PendingTransaction, tier: Tier, members: list[NewMember]) -> None:
    connection = tx.connection
    stored = connection.execute(select(schema.stream).where(schema.stream.c.tier == tier)).one()
    end = SequenceEnd(stored.seq, stored.published)
    page = schema.page
    kinds = sorted({member.kind for member in members})
    open_pages = select(page).where(page.c.tier == tier, page.c.kind.in_(kinds))
    rows = connection.execute(open_pages).all()
    pages = {row.kind: OpenPage(row.page, row.members) for row in rows}
    known = set(pages)
    numbered = list(number_members(members, tx.now, end, pages, tx.epoch))
    _insert(connection, schema.member, [_member(item) for item in numbered])
    retractions = [item for item in numbered if item.member.retracts_text]
    _insert(
        connection,
        schema.veil,
        [
            {"tier": tier.value, "seq": item.seq, "record": item.member.record}
            for item in retractions
        ],
    )
    connection.execute(
        update(schema.stream)
        .where(schema.stream.c.tier == tier)
        .values(seq=end.seq, published=end.published)
    )
    for kind, state in pages.items():
        values = {"page": state.page, "members": state.members}
        if kind in known:
            connection.execute(
                update(page).where(page.c.tier == tier, page.c.kind == kind).values(**values)
            )
        else:
            connection.execute(insert(page).values(tier=tier, kind=kind, **values))


def _member(item: NumberedMember) -> dict[str, Any]:
    member = item.member
    return {
        "tier": member.tier.value,
        "seq": item.seq,
        "position": member.position,
        "record": member.record,
        "version": member.version,
        "activity": member.activity.value,
        "event": new_id(),
        "published": item.published,
        "kind": member.kind,
        "page": item.page,
        "mark": member.mark,
    }


def _key(key: Any) -> dict[str, Any]:
    return {"mac": key.mac, "record": key.record, "told": key.coverage.value}


def _insert(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Insert whole rows; the driver's own statement saves a third of a load's time."""
    if not rows:
        return
    statement, names = _insertion(connection.dialect, table)
    values: Any = rows if names is None else list(map(itemgetter(*names), rows))
    connection.exec_driver_sql(statement, values)


@lru_cache(maxsize=64)
def _insertion(dialect: Dialect, table: Table) -> tuple[str, tuple[str, ...] | None]:
    """Return the driver's INSERT for all columns, and their order if it counts parameters."""
    columns = [column.name for column in table.columns]
    compiled: Any = insert(table).compile(dialect=dialect, column_keys=columns)
    return str(compiled), tuple(compiled.positiontup) if compiled.positional else None


def _update(connection: Connection, table: Table, key: str, rows: list[dict[str, Any]]) -> None:
    """Update whole rows by their key, in one statement each shape."""
    if not rows:
        return
    columns = [name for name in rows[0] if name != key]
    statement = (
        update(table)
        .where(table.c[key] == bindparam("the_key"))
        .values({name: bindparam(f"new_{name}") for name in columns})
    )
    connection.execute(
        statement,
        [{"the_key": row[key], **{f"new_{name}": row[name] for name in columns}} for row in rows],
    )
