"""Alembic's folder; `exchange.ledger.migrations.runner` runs it, no command line is needed."""
