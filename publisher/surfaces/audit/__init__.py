"""The audit: what every surface serves, compared with the ledger."""
