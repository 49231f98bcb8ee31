"""What Alembic runs: our connection, our transaction, our tables."""

from __future__ import annotations

from alembic import context

from exchange.ledger.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
)
context.run_migrations()
