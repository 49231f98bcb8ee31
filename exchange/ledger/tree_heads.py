"""Which ledger a copy was built from: a point of the log's tree for a place in a tier's sequence.

A copy that keeps the size and root of the tree can later be compared with the ledger: a log only
grows, so the ledger that it was built from has the same root at that size for ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from exchange.ledger import schema
from exchange.ledger.tier_reader import served

if TYPE_CHECKING:
    from exchange.domain.disclosure import Tier
    from exchange.ledger.context import Parts


@dataclass(frozen=True, slots=True)
class TreePoint:
    """The tree after a transaction: its size, its root, and the ledger's epoch."""

    size: int
    root: bytes
    epoch: int


def tree_point(parts: Parts, tier: Tier, seq: int) -> TreePoint | None:
    """Return the tree after the transaction that wrote a member of a tier's sequence.

    Number 0 stands for the first transaction. None where the ledger has no such member.
    """
    member, head, tree = schema.member, schema.head, schema.tree_head
    with parts.database.reading() as connection:
        position = connection.execute(
            select(member.c.position).where(member.c.tier == served(tier), member.c.seq == seq)
        ).scalar()
        if position is None and seq > 0:
            return None
        row = connection.execute(
            select(tree.c.size, tree.c.root)
            .where(tree.c.size >= (position or 0))
            .order_by(tree.c.size)
            .limit(1)
        ).one()
        return TreePoint(row.size, row.root, connection.execute(select(head.c.epoch)).scalar_one())


def root_at(parts: Parts, size: int) -> bytes | None:
    """Return the root of the tree of that size; None where no transaction ended there."""
    tree = schema.tree_head
    with parts.database.reading() as connection:
        return connection.execute(select(tree.c.root).where(tree.c.size == size)).scalar()


def epoch(parts: Parts) -> int:
    """Return the number of the epoch that the ledger is in; the first is 1."""
    with parts.database.reading() as connection:
        return int(connection.execute(select(schema.head.c.epoch)).scalar_one())


def removal_since(parts: Parts, tier: Tier, after: int, before: int) -> bool:
    """Return whether text had to leave a tier after a number, before a time (milliseconds)."""
    veil, member = schema.veil, schema.member
    with parts.database.reading() as connection:
        row = connection.execute(
            select(member.c.published)
            .join_from(veil, member, (member.c.tier == veil.c.tier) & (member.c.seq == veil.c.seq))
            .where(veil.c.tier == served(tier), veil.c.seq > after)
            .order_by(veil.c.seq)
            .limit(1)
        ).first()
    return row is not None and row.published < before
