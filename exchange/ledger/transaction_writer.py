"""How a batch reaches the database: multi-row statements, one seals transaction, one tree."""

from __future__ import annotations

from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import bindparam, insert, select, update

from exchange.domain.disclosure import PUBLISHED_TIERS, Tier
from exchange.domain.failpoints import Failpoint
from exchange.domain.identity import new_id
from exchange.ledger import schema
from exchange.ledger.feed_sequence import Page, Stream, place
from exchange.ledger.merkle import Frontier, entry, leaf_hash
from exchange.ledger.sealed_bodies import Meta, close, commitments, new_seals, views

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import TypeVar

    from sqlalchemy import Connection, Dialect, Table

    from exchange.ledger.feed_sequence import Placed, Shown
    from exchange.ledger.pending_rows import Tables
    from exchange.ledger.transaction import Batch

    Item = TypeVar("Item")

CHUNK = 500
TILE = 8  # every eighth level of the tree is kept


class Pending(NamedTuple):
    """An event that is not sealed yet; `iri` where it carries a version of that record."""

    meta: Meta
    body: bytes
    iri: str | None


def chunks(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """Yield the items in parts that fit one statement's parameters."""
    for at in range(0, len(items), CHUNK):
        yield items[at : at + CHUNK]


def settle(connection: Connection, waiting: Tables) -> None:
    """Write records, keys, persons, links and decisions."""
    _insert(connection, schema.record, [row.values() for row in waiting.records.values()])
    _update(connection, schema.record, "id", [row.values() for row in waiting.changed.values()])
    keys = [_key(key) for key in waiting.keys.values()]
    _insert(connection, schema.key_state, keys)
    changed = [_key(key) for key in waiting.changed_keys.values()]
    _update(connection, schema.key_state, "mac", changed)
    _insert(connection, schema.person, waiting.persons)
    _insert(connection, schema.link, waiting.links)
    _insert(connection, schema.quoted, waiting.quoted)
    _insert(connection, schema.decision_pending, waiting.decisions)


def write(work: Batch) -> None:
    """Seal and write the batch's events and members, and move the head on."""
    if not work.pending:
        return
    pending = work.pending
    seals = new_seals(len(pending))
    numbers = work.parts.seals.put(seals)
    work.parts.failpoint(Failpoint.SEALS_WRITTEN)
    tree = _frontier(work.connection, work.first)
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
    _insert(work.connection, schema.event, events)
    _insert(work.connection, schema.tree_node, nodes)
    _insert(
        work.connection,
        schema.tree_head,
        [{"size": tree.size, "root": tree.root(), "frontier": tree.packed(), "at": work.now}],
    )
    _members(work)
    _insert(work.connection, schema.passage, work.passages)
    _insert(work.connection, schema.erasure, work.erasures)
    work.connection.execute(
        update(schema.head).values(
            position=work.position,
            record=work.record_number,
            delivery=work.delivery,
            epoch=work.epoch,
            epoch_from=work.epoch_from,
        )
    )


def _sealed(item: Pending, seal: bytes, number: int) -> dict[str, Any]:
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
        "body": close(seal, meta, item.body),
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


def _members(work: Batch) -> None:
    """Give the shown members their places and write them, tier by tier."""
    for tier in PUBLISHED_TIERS:
        shown = [item for item in work.shown if item.tier is tier]
        if shown:
            _tier_members(work, tier, shown)


def _tier_members(work: Batch, tier: Tier, shown: list[Shown]) -> None:
    connection = work.connection
    stream_row = connection.execute(select(schema.stream).where(schema.stream.c.tier == tier)).one()
    stream = Stream(stream_row.seq, stream_row.published)
    page = schema.page
    found = connection.execute(
        select(page).where(
            page.c.tier == tier, page.c.kind.in_(sorted({item.kind for item in shown}))
        )
    ).all()
    pages = {row.kind: Page(row.page, row.members) for row in found}
    known = set(pages)
    placed = list(place(shown, work.now, stream, pages, work.epoch))
    _insert(connection, schema.member, [_member(item) for item in placed])
    retractions = [item for item in placed if item.shown.retracts_text]
    _insert(
        connection,
        schema.veil,
        [
            {"tier": tier.value, "seq": item.seq, "record": item.shown.record}
            for item in retractions
        ],
    )
    connection.execute(
        update(schema.stream)
        .where(schema.stream.c.tier == tier)
        .values(seq=stream.seq, published=stream.published)
    )
    for kind, state in pages.items():
        values = {"page": state.page, "members": state.members}
        if kind in known:
            connection.execute(
                update(page).where(page.c.tier == tier, page.c.kind == kind).values(**values)
            )
        else:
            connection.execute(insert(page).values(tier=tier, kind=kind, **values))


def _member(item: Placed) -> dict[str, Any]:
    shown = item.shown
    return {
        "tier": shown.tier.value,
        "seq": item.seq,
        "position": shown.position,
        "record": shown.record,
        "version": shown.version,
        "activity": shown.activity.value,
        "event": new_id(),
        "published": item.published,
        "kind": shown.kind,
        "page": item.page,
        "mark": shown.mark,
    }


def _key(key: Any) -> dict[str, Any]:
    return {"mac": key.mac, "record": key.record, "told": key.told.value}


def _insert(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Insert whole rows. Handing the driver its own form saves a third of a load's time."""
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
