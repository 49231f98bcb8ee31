"""What tells older data from news: counted versions, models, and how far a file was taken."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

from exchange.ledger.migrations.first_model import DIGEST, KINDS

revision = "0003"
down_revision = "0002"
_FIRST = 1  # every row was read with the model of the release before


def _number() -> Any:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _small(name: str, default: int = 0) -> sa.Column[int]:
    return sa.Column(name, sa.SmallInteger(), nullable=False, server_default=str(default))


def upgrade() -> None:
    """Count the versions that deliveries brought; name the model of all that is there."""
    model = op.create_table(
        "model",
        sa.Column("id", _number(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("kinds", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest"),
    )
    op.bulk_insert(model, [{"id": _FIRST, "digest": DIGEST, "kinds": json.dumps(KINDS)}])
    op.add_column("delivery", _small("part"))
    op.add_column("delivery", sa.Column("through", _number(), nullable=True))
    op.add_column("delivery", _small("model"))
    op.create_index("delivery_digest", "delivery", ["digest"], unique=False)
    op.add_column("record", sa.Column("versions", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("record", _small("model"))
    op.execute(sa.text("UPDATE delivery SET model = :first").bindparams(first=_FIRST))
    op.execute(
        sa.text(
            "UPDATE record SET model = :first, versions = (SELECT COUNT(*) FROM event"
            " JOIN record AS other ON other.id = event.record"
            " WHERE other.chain = record.chain AND other.id <= record.id"
            " AND event.delivery IS NOT NULL"
            " AND event.name IN ('publish', 'revise', 'correct'))"
        ).bindparams(first=_FIRST)
    )
