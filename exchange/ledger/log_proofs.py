"""Proofs from the log: tree heads, receipts, consistency (docs/design/ledger.md "Commitments")."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from exchange.domain.disclosure_levels import Tier
from exchange.domain.errors import Gone, NotFound
from exchange.ledger import schema
from exchange.ledger.merkle import (
    consistency_proof,
    entry,
    inclusion_proof,
    leaf_hash,
    root,
)
from exchange.ledger.sealed_bodies import salt
from exchange.ledger.transaction_writer import TILE

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from exchange.ledger.context import LedgerContext
    from exchange.ledger.merkle import Node


@dataclass(frozen=True, slots=True)
class TreeHead:
    """Size and root of the Merkle tree after a transaction; `at`: milliseconds since 1970 UTC."""

    size: int
    root: bytes
    at: int


@dataclass(frozen=True, slots=True)
class InclusionReceipt:
    """Proof that one view is in the log: its salt, all three commitments and the Merkle path.

    `index` counts from 0; `commitments` are public, government, archive.
    """

    index: int
    tier: Tier
    salt: bytes
    commitments: tuple[bytes, bytes, bytes]
    head: TreeHead
    path: tuple[bytes, ...]


def tree(context: LedgerContext, size: int | None) -> TreeHead:
    """Return the tree head of that size, the newest if None.

    Raises:
        NotFound: no transaction ended at that size.

    """
    with context.database.reading() as connection:
        return _head(connection, size)


def _head(connection: Connection, size: int | None) -> TreeHead:
    head = schema.tree_head
    statement = select(head).order_by(head.c.size.desc()).limit(1)
    if size is not None:
        statement = statement.where(head.c.size == size)
    row = connection.execute(statement).first()
    if row is None:
        raise NotFound(f"No transaction ended at {size} entries.", "Ask for a published size.")
    return TreeHead(row.size, row.root, row.at)


def receipt(context: LedgerContext, position: int, tier: Tier) -> InclusionReceipt:
    """Return the proof that the event's view for the tier is in the newest tree.

    Raises:
        NotFound: no such event, or the tier has no view of it.
        Gone: its salts were destroyed.

    """
    event = schema.event
    with context.database.reading() as connection:
        row = connection.execute(select(event).where(event.c.position == position)).first()
        if row is None or Tier(row.tier or Tier.ARCHIVE).rank > tier.rank:
            raise NotFound("There is no such event for this tier.", "Check the position.")
        head = _head(connection, None)
        path = inclusion_proof(_node(connection), position - 1, head.size)
    seal = context.seals.get([row.seal]).get(row.seal)
    if seal is None:
        raise Gone("The record was erased.", "Nothing of it is left.")
    held = (row.c_public, row.c_government, row.c_archive)
    return InclusionReceipt(position - 1, tier, salt(seal, tier), held, head, tuple(path))


def consistency(context: LedgerContext, old: int, size: int) -> list[bytes]:
    """Return the proof that the log of `size` entries extends that of `old`."""
    with context.database.reading() as connection:
        return consistency_proof(_node(connection), old, size)


def _node(connection: Connection) -> Node:
    """Return a reader of complete subtrees: stored ones by key, others from their leaves."""
    kept = schema.tree_node

    @cache
    def node(level: int, number: int) -> bytes:
        if level and level % TILE == 0:
            stored = select(kept.c.hash).where(kept.c.level == level, kept.c.number == number)
            return bytes(connection.execute(stored).scalar_one())
        below = level - level % TILE
        width = 1 << (level - below)
        first = number * width
        if below:
            rows = connection.execute(
                select(kept.c.hash)
                .where(kept.c.level == below)
                .where(kept.c.number >= first, kept.c.number < first + width)
                .order_by(kept.c.number)
            ).scalars()
            return root(rows)
        return root(_leaves(connection, first, width))

    return node


def _leaves(connection: Connection, first: int, count: int) -> list[bytes]:
    """Return the hashes of leaves, counted from 0."""
    event = schema.event
    rows: Any = connection.execute(
        select(event.c.c_public, event.c.c_government, event.c.c_archive)
        .where(event.c.position > first, event.c.position <= first + count)
        .order_by(event.c.position)
    )
    return [leaf_hash(entry(*row)) for row in rows]
