"""The first schema (docs/decisions/0005)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def _number() -> Any:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "delivery",
        sa.Column("id", _number(), autoincrement=False, nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("form", sa.Text(), nullable=True),
        sa.Column("opened", _number(), nullable=False),
        sa.Column("closed", _number(), nullable=True),
        sa.Column("counts", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "genesis",
        sa.Column("one", _number(), autoincrement=False, nullable=False),
        sa.Column("base_url", sa.Text(), nullable=False),
        sa.Column("government_url", sa.Text(), nullable=False),
        sa.Column("did", sa.Text(), nullable=False),
        sa.Column("log_origin", sa.Text(), nullable=False),
        sa.Column("format", sa.Integer(), nullable=False),
        sa.Column("secret_mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("one"),
    )
    op.create_table(
        "head",
        sa.Column("one", _number(), autoincrement=False, nullable=False),
        sa.Column("position", _number(), nullable=False),
        sa.Column("record", _number(), nullable=False),
        sa.Column("delivery", _number(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("epoch_from", _number(), nullable=False),
        sa.PrimaryKeyConstraint("one"),
    )
    op.create_table(
        "key_state",
        sa.Column("mac", sa.LargeBinary(length=32), nullable=False),
        sa.Column("record", _number(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.PrimaryKeyConstraint("mac"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "page",
        sa.Column("tier", sa.String(length=10), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("page", _number(), nullable=False),
        sa.Column("members", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tier", "kind"),
    )
    op.create_table(
        "passage",
        sa.Column("position", _number(), autoincrement=False, nullable=False),
        sa.Column("record", sa.String(length=26), nullable=False),
        sa.Column("op", sa.String(length=4), nullable=False),
        sa.PrimaryKeyConstraint("position"),
    )
    op.create_table(
        "person",
        sa.Column("mac", sa.LargeBinary(length=32), nullable=False),
        sa.Column("public_id", sa.String(length=26), nullable=False),
        sa.PrimaryKeyConstraint("mac"),
        sa.UniqueConstraint("public_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "record",
        sa.Column("id", _number(), autoincrement=False, nullable=False),
        sa.Column("public_id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("tier", sa.String(length=10), nullable=False),
        sa.Column("widest", sa.String(length=10), nullable=False),
        sa.Column("key_mac", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("mark", sa.SmallInteger(), nullable=False),
        sa.Column("content_mac", sa.LargeBinary(), nullable=True),
        sa.Column("version", _number(), nullable=False),
        sa.Column("person", sa.String(length=26), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
    )
    op.create_index("record_key", "record", ["key_mac"], unique=False)
    op.create_table(
        "stream",
        sa.Column("tier", sa.String(length=10), nullable=False),
        sa.Column("seq", _number(), nullable=False),
        sa.Column("published", _number(), nullable=False),
        sa.PrimaryKeyConstraint("tier"),
    )
    op.create_table(
        "tree_head",
        sa.Column("size", _number(), autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("frontier", sa.LargeBinary(), nullable=False),
        sa.Column("at", _number(), nullable=False),
        sa.PrimaryKeyConstraint("size"),
    )
    op.create_table(
        "tree_node",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", _number(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "number"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "decision_pending",
        sa.Column("record", _number(), autoincrement=False, nullable=False),
        sa.Column("cause", _number(), autoincrement=False, nullable=False),
        sa.Column("relation", sa.String(length=64), nullable=False),
        sa.Column("resolved", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["record"], ["record.id"]),
        sa.PrimaryKeyConstraint("record", "cause", "relation"),
    )
    op.create_table(
        "erasure",
        sa.Column("position", _number(), autoincrement=False, nullable=False),
        sa.Column("record", _number(), nullable=False),
        sa.Column("destroyed", sa.Boolean(), nullable=False),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["record"], ["record.id"]),
        sa.PrimaryKeyConstraint("position"),
    )
    op.create_table(
        "event",
        sa.Column("position", _number(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("format", sa.SmallInteger(), nullable=False),
        sa.Column("at", _number(), nullable=False),
        sa.Column("delivery", _number(), nullable=True),
        sa.Column("record", _number(), nullable=True),
        sa.Column("tier", sa.String(length=10), nullable=True),
        sa.Column("seal", _number(), nullable=False),
        sa.Column("c_public", sa.LargeBinary(), nullable=False),
        sa.Column("c_government", sa.LargeBinary(), nullable=False),
        sa.Column("c_archive", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["record"], ["record.id"]),
        sa.PrimaryKeyConstraint("position"),
    )
    op.create_index("event_record", "event", ["record"], unique=False)
    op.create_table(
        "link",
        sa.Column("source", _number(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("relation", sa.String(length=64), nullable=False),
        sa.Column("target_mac", sa.LargeBinary(length=32), nullable=False),
        sa.Column("dropped", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["source"], ["record.id"]),
        sa.PrimaryKeyConstraint("source", "number"),
        sqlite_with_rowid=False,
    )
    op.create_index("link_target", "link", ["target_mac"], unique=False)
    op.create_table(
        "veil",
        sa.Column("tier", sa.String(length=10), nullable=False),
        sa.Column("seq", _number(), autoincrement=False, nullable=False),
        sa.Column("record", _number(), nullable=False),
        sa.ForeignKeyConstraint(["record"], ["record.id"]),
        sa.PrimaryKeyConstraint("tier", "seq"),
        sqlite_with_rowid=False,
    )
    op.create_index("veil_record", "veil", ["record", "tier", "seq"], unique=False)
    op.create_table(
        "member",
        sa.Column("tier", sa.String(length=10), nullable=False),
        sa.Column("seq", _number(), autoincrement=False, nullable=False),
        sa.Column("position", _number(), nullable=False),
        sa.Column("record", _number(), nullable=False),
        sa.Column("version", _number(), nullable=False),
        sa.Column("activity", sa.String(length=6), nullable=False),
        sa.Column("event", sa.String(length=26), nullable=False),
        sa.Column("published", _number(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("page", _number(), nullable=False),
        sa.Column("mark", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["position"], ["event.position"]),
        sa.ForeignKeyConstraint(["record"], ["record.id"]),
        sa.PrimaryKeyConstraint("tier", "seq"),
        sqlite_with_rowid=False,
    )
    op.create_index("member_record", "member", ["record", "tier"], unique=False)
