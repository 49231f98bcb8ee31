"""A key has aliases: several MACs lead to one record and share its state (docs/decisions/0008)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def _number() -> Any:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Take the chain of each record from its key, and the state of a key from its record."""
    op.add_column("record", sa.Column("chain", _number(), nullable=False, server_default="0"))
    op.execute(
        "UPDATE record SET chain = (SELECT MIN(first.id) FROM record AS first"
        " WHERE first.key_mac = record.key_mac)"
    )
    op.drop_index("record_key", table_name="record")
    op.drop_column("record", "key_mac")
    op.create_index("record_chain", "record", ["chain"], unique=False)
    op.add_column(
        "key_state", sa.Column("told", sa.SmallInteger(), nullable=False, server_default="0")
    )
    op.drop_column("key_state", "state")
    op.create_index("key_record", "key_state", ["record"], unique=False)
    op.create_table(
        "quoted",
        sa.Column("source", _number(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("place", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("mac", sa.LargeBinary(length=32), nullable=False),
        sa.Column("bare", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["source"], ["record.id"]),
        sa.PrimaryKeyConstraint("source", "number", "place"),
        sqlite_with_rowid=False,
    )
    op.create_index("quoted_mac", "quoted", ["mac"], unique=False)
    op.execute(
        "INSERT INTO quoted (source, number, place, mac, bare)"
        " SELECT source, number, 0, target_mac, FALSE FROM link"
    )
    op.drop_index("link_target", table_name="link")
    op.drop_column("link", "target_mac")
