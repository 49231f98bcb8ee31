"""`ledger verify`: every event, record and sequence checked against the others."""
