"""Alembic's environment: runs the revisions on the ledger's own connection and transaction."""

from __future__ import annotations

from alembic import context

from exchange.ledger.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
)
context.run_migrations()
