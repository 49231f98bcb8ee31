"""Computes the HMACs of key variants and maps them to the record that a row was applied to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exchange.domain.lifecycle import TERMINAL_STATES
from exchange.ledger.key_resolution import KeyMacs
from exchange.ledger.rows import KeyCoverage

if TYPE_CHECKING:
    from exchange.domain.record import Link, Submission
    from exchange.ledger.ledger_secret import Secret
    from exchange.ledger.rows import RecordRow
    from exchange.ledger.transaction import Transaction


class KeyHasher:
    """Computes the HMACs of clear keys under the ledger secret, each once."""

    def __init__(self, secret: Secret) -> None:
        self._secret = secret
        self._macs: dict[str, bytes] = {}

    def mac(self, key: str) -> bytes:
        """Return the HMAC of a clear key."""
        mac = self._macs.get(key)
        if mac is None:
            mac = self._macs[key] = self._secret.key(key)
        return mac

    def macs_of(self, keyed: Submission | Link) -> KeyMacs:
        """Return the HMACs of all variants of the key of a row or a link."""
        macs = tuple([self.mac(key) for key in (keyed.key, *keyed.aliases)])
        if keyed.is_partial:
            return KeyMacs((), macs)
        return KeyMacs(macs, tuple([self.mac(key) for key in keyed.partial]))


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
