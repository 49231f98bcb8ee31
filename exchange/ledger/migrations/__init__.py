"""Alembic's folder; `exchange.ledger.migrating` runs it, no command line is needed."""
