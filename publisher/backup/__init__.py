"""Copies of a ledger, and how one is put back (docs/decisions/0044)."""
