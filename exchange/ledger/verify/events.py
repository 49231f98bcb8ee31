"""First walk of `verify`: positions, seals, bodies, commitments and the tree."""

from __future__ import annotations

import hmac
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from exchange.domain.disclosure_levels import Tier
from exchange.domain.events import VERSION_EVENTS, EventType
from exchange.ledger import schema
from exchange.ledger.merkle import Frontier, entry, leaf_hash
from exchange.ledger.sealed_bodies import FORMAT, TIERS, commit, unseal, views
from exchange.ledger.transaction import meta_of
from exchange.ledger.transaction_writer import TILE
from exchange.ledger.verify.require import fault, require

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from exchange.ledger.context import LedgerContext

_CHUNK = 500
_NAMES = frozenset(EventType)


@dataclass(slots=True)
class EventWalk:
    """The state of the walk over the events: last position and seal, tree, counts."""

    position: int = 0
    last_seal: int = 0
    erased: int = 0
    edge: Frontier = field(default_factory=Frontier)
    nodes: int = 0

    @property
    def root(self) -> bytes:
        """Return the root of the tree over the events so far."""
        return self.edge.root()


def check_events(context: LedgerContext, connection: Connection, head: int) -> EventWalk:
    """Check every event up to the head."""
    walk = EventWalk()
    while walk.position < head:
        rows = _rows(connection, walk.position, head)
        require(bool(rows), f"The ledger ends at {walk.position}, not {head}.", head)
        seals = context.seals.get([row.seal for row in rows])
        heads = _heads(connection, rows[0].position, rows[-1].position)
        for row in rows:
            _check_columns(walk, row)
            _check_body(context, walk, row, seals.get(row.seal))
            _check_tree(connection, walk, row, heads)
    _check_ends(connection, walk)
    return walk


def _rows(connection: Connection, after: int, head: int) -> Any:
    event, record, erasure = schema.event, schema.record, schema.erasure
    return connection.execute(
        select(
            *event.c,
            record.c.kind,
            record.c.public_id,
            erasure.c.position.label("erased_at"),
        )
        .outerjoin_from(event, record, record.c.id == event.c.record)
        .outerjoin(erasure, erasure.c.record == event.c.record)
        .where(event.c.position > after, event.c.position <= head)
        .order_by(event.c.position)
        .limit(_CHUNK)
    ).all()


def _heads(connection: Connection, first: int, last: int) -> dict[int, Any]:
    head = schema.tree_head
    rows = connection.execute(select(head).where(head.c.size >= first, head.c.size <= last))
    return {row.size: row for row in rows}


def _check_columns(walk: EventWalk, row: Any) -> None:
    at = row.position
    require(at == walk.position + 1, f"Position {walk.position + 1} is missing.", at)
    require(row.name in _NAMES, f"The event at {at} has the unknown name {row.name!r}.", at)
    require(row.format == FORMAT, f"The event at {at} has the unknown format {row.format}.", at)
    require((row.name == EventType.GENESIS) is (at == 1), "Genesis is not the first event.", at)
    require(row.seal > walk.last_seal, f"The seal of the event at {at} is out of order.", at)
    versioned = row.tier is not None
    require((row.name in VERSION_EVENTS) is versioned, f"The event at {at} has a wrong tier.", at)
    walk.position, walk.last_seal = at, row.seal


def _check_body(context: LedgerContext, walk: EventWalk, row: Any, seal: bytes | None) -> None:
    at = row.position
    if row.erased_at is not None and at < row.erased_at:
        _check_destroyed(context, row, seal)
        walk.erased += seal is None
        return
    if seal is None:
        # Erased by a neighbour since the snapshot was taken.
        require(_erased_since(context, row), f"The seal of the event at {at} is missing.", at)
        walk.erased += 1
        return
    try:
        text = unseal(seal, meta_of(row), row.body)
    except (zlib.error, ValueError) as error:
        raise fault(f"The body of the event at {at} cannot be read.", at) from error
    stored = (row.c_public, row.c_government, row.c_archive)
    held: tuple[bytes | None, ...] = (None, None, text)
    if row.tier is not None:
        held = views(text, context.iri(row.kind, row.public_id), Tier(row.tier))
    for tier, view, commitment in zip(TIERS, held, stored, strict=True):
        good = view is None or hmac.compare_digest(commit(seal, tier, view), commitment)
        require(good, f"The {tier} commitment of the event at {at} is not that of its view.", at)


def _check_destroyed(context: LedgerContext, row: Any, seal: bytes | None) -> None:
    if seal is None:
        return
    erasure = schema.erasure
    with context.database.reading() as connection:
        done = connection.execute(
            select(erasure.c.destroyed).where(erasure.c.position == row.erased_at)
        ).scalar_one()
    require(
        not done, f"The seal of the erased event at {row.position} is still there.", row.position
    )


def _erased_since(context: LedgerContext, row: Any) -> bool:
    erasure = schema.erasure
    with context.database.reading() as connection:
        erasures = connection.execute(
            select(func.count()).select_from(erasure).where(erasure.c.record == row.record)
        )
        return row.record is not None and bool(erasures.scalar_one())


def _check_tree(connection: Connection, walk: EventWalk, row: Any, heads: dict[int, Any]) -> None:
    at = row.position
    leaf = leaf_hash(entry(row.c_public, row.c_government, row.c_archive))
    for level, number, value in walk.edge.append(leaf):
        if level % TILE == 0:
            _check_node(connection, level, number, value, at)
            walk.nodes += 1
    head = heads.get(at)
    if head is not None:
        require(head.root == walk.root, f"The root of the tree of {at} entries differs.", at)
        packed = walk.edge.packed()
        require(head.frontier == packed, f"The frontier of the tree of {at} differs.", at)


def _check_node(
    connection: Connection, level: int, number: int, value: bytes, position: int
) -> None:
    node = schema.tree_node
    stored = connection.execute(
        select(node.c.hash).where(node.c.level == level, node.c.number == number)
    ).scalar()
    require(stored == value, f"The subtree {number} of level {level} differs.", position)


def _check_ends(connection: Connection, walk: EventWalk) -> None:
    event, head, node = schema.event, schema.tree_head, schema.tree_node

    def one(statement: Any) -> int:
        return int(connection.execute(statement).scalar_one())

    last = one(select(func.max(event.c.position)))
    require(last == walk.position, f"There are events beyond {walk.position}.", last)
    size = one(select(func.max(head.c.size)))
    require(size == last, f"The newest tree has {size} entries, the ledger {last}.", last)
    nodes = one(select(func.count()).select_from(node))
    require(nodes == walk.nodes, f"{nodes} subtrees are kept, not {walk.nodes}.")
