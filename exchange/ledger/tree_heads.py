"""Reads tree heads, to decide whether a copy was built from this ledger.

A copy stores the size and root of the Merkle tree at its last member. The log only grows, so the
ledger from which the copy was built has the same root at that size for ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from exchange.ledger import schema
from exchange.ledger.tier_reader import require_published

if TYPE_CHECKING:
    from exchange.domain.disclosure_levels import Tier
    from exchange.ledger.context import LedgerContext


@dataclass(frozen=True, slots=True)
class EpochTreeHead:
    """Size and root of the Merkle tree after a transaction, and the ledger's epoch."""

    size: int
    root: bytes
    epoch: int


def tree_point(context: LedgerContext, tier: Tier, seq: int) -> EpochTreeHead | None:
    """Return the tree head after the transaction of a member of a tier's sequence.

    Number 0: the first transaction. None where the ledger has no such member.
    """
    member, head, tree = schema.member, schema.head, schema.tree_head
    with context.database.reading() as connection:
        position = connection.execute(
            select(member.c.position).where(
                member.c.tier == require_published(tier), member.c.seq == seq
            )
        ).scalar()
        if position is None and seq > 0:
            return None
        row = connection.execute(
            select(tree.c.size, tree.c.root)
            .where(tree.c.size >= (position or 0))
            .order_by(tree.c.size)
            .limit(1)
        ).one()
        return EpochTreeHead(
            row.size, row.root, connection.execute(select(head.c.epoch)).scalar_one()
        )


def root_at(context: LedgerContext, size: int) -> bytes | None:
    """Return the root of the tree of that size; None where no transaction ended there."""
    tree = schema.tree_head
    with context.database.reading() as connection:
        return connection.execute(select(tree.c.root).where(tree.c.size == size)).scalar()


def epoch(context: LedgerContext) -> int:
    """Return the number of the current epoch; the first is 1."""
    with context.database.reading() as connection:
        return int(connection.execute(select(schema.head.c.epoch)).scalar_one())


def removal_since(context: LedgerContext, tier: Tier, after: int, before: int) -> bool:
    """Return whether a tier removed text after a number, before a time (milliseconds)."""
    veil, member = schema.veil, schema.member
    with context.database.reading() as connection:
        row = connection.execute(
            select(member.c.published)
            .join_from(veil, member, (member.c.tier == veil.c.tier) & (member.c.seq == veil.c.seq))
            .where(veil.c.tier == require_published(tier), veil.c.seq > after)
            .order_by(veil.c.seq)
            .limit(1)
        ).first()
    return row is not None and row.published < before
