"""Maps the variants of a delivered key to the record that the row was applied to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exchange.domain.lifecycle import TERMINAL_STATES
from exchange.ledger.rows import KeyCoverage

if TYPE_CHECKING:
    from exchange.ledger.key_resolution import KeyMacs
    from exchange.ledger.rows import RecordRow
    from exchange.ledger.transaction import Transaction


def attach_keys(tx: Transaction, macs: KeyMacs, record: RecordRow) -> None:
    """Map all variants of a key to the record.

    A removed record that was only ever identified by a partial key keeps it, so that later
    complete keys stay suppressed.
    """
    coverages = [
        key.coverage for mac in macs.all if (key := tx.key(mac)) and key.record == record.id
    ]
    is_partial = KeyCoverage.PARTIAL in coverages or not (coverages or macs.full)
    if is_partial and macs.full and record.state not in TERMINAL_STATES:
        for key in tx.keys_of(record):
            if key.coverage is KeyCoverage.PARTIAL:
                tx.map_key(key.mac, record.id, KeyCoverage.PARTIAL_KNOWN)
        is_partial = False
    for mac in () if is_partial else macs.full:
        _map(tx, mac, record, KeyCoverage.FULL)
    for mac in macs.partial:
        coverage = KeyCoverage.PARTIAL if is_partial else KeyCoverage.PARTIAL_KNOWN
        _map(tx, mac, record, coverage)


def _map(tx: Transaction, mac: bytes, record: RecordRow, coverage: KeyCoverage) -> None:
    """Map one variant; a partial one of another record becomes ambiguous."""
    key = tx.key(mac)
    if key is None or coverage is KeyCoverage.FULL:
        tx.map_key(mac, record.id, coverage)
    elif key.record != record.id and key.coverage is not KeyCoverage.FULL:
        tx.map_key(mac, key.record, KeyCoverage.AMBIGUOUS)
