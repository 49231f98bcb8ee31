"""Removed records are recognised under another key (docs/decisions/0017-resemblance.md)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def _number() -> Any:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table; what was removed before is entered when the ledger is opened."""
    op.create_table(
        "resemblance",
        sa.Column("mac", sa.LargeBinary(length=32), nullable=False),
        sa.Column("record", _number(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["record"], ["record.id"]),
        sa.PrimaryKeyConstraint("mac", "record"),
        sqlite_with_rowid=False,
    )
    op.create_index("resemblance_record", "resemblance", ["record"], unique=False)
    op.add_column(
        "head", sa.Column("resemblances", sa.Boolean(), nullable=False, server_default=sa.false())
    )
