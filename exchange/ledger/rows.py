"""Rows of the ledger's tables in memory, and those of a transaction that wait to be written."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from exchange.domain.disclosure_levels import Tier
from exchange.domain.lifecycle import State
from exchange.ledger.visibility import visible_tiers


@dataclass(slots=True)
class RecordRow:
    """A row of `record`; only the transaction that read it changes it."""

    id: int
    public_id: str
    kind: str
    tier: Tier
    widest: Tier
    chain: int
    state: State
    mark: int = 0
    content_mac: bytes | None = None
    version: int = 0
    person: str | None = None
    versions: int = 0
    model: int = 0

    def visible_tiers(self) -> frozenset[Tier]:
        """Return the tiers whose readers see the record."""
        return visible_tiers(self.state, self.tier)

    def values(self) -> dict[str, Any]:
        """Return the columns of the row and their values."""
        return {
            "id": self.id,
            "public_id": self.public_id,
            "kind": self.kind,
            "tier": self.tier.value,
            "widest": self.widest.value,
            "chain": self.chain,
            "state": self.state.value,
            "mark": self.mark,
            "content_mac": self.content_mac,
            "version": self.version,
            "person": self.person,
            "versions": self.versions,
            "model": self.model,
        }


def record_row_of(row: Any) -> RecordRow:
    """Return the record of a query row that has all columns of `record`."""
    return RecordRow(
        row.id,
        row.public_id,
        row.kind,
        Tier(row.tier),
        Tier(row.widest),
        row.chain,
        State(row.state),
        row.mark,
        row.content_mac,
        row.version,
        row.person,
        row.versions,
        row.model,
    )


class KeyCoverage(IntEnum):
    """How completely a key variant identifies its record (column `told`).

    Example: a licence has the key authority, number and, optionally, certificate number.

    | coverage | key variant |
    |---|---|
    | FULL | authority, number, certificate number |
    | PARTIAL | authority, number; no delivery gave a certificate number |
    | PARTIAL_KNOWN | authority, number; another delivery gave the certificate number |
    | AMBIGUOUS | authority, number; records with different certificate numbers share it |
    """

    FULL = 0
    PARTIAL = 1
    PARTIAL_KNOWN = 2
    AMBIGUOUS = 3


@dataclass(slots=True)
class KeyRow:
    """A row of `key_state`: the record to which a key variant (an HMAC) is mapped."""

    mac: bytes
    record: int
    coverage: KeyCoverage


@dataclass(slots=True)
class PendingRows:
    """Rows of a transaction that wait to be written, by table and kind of statement."""

    records: dict[int, RecordRow] = field(default_factory=dict)
    changed: dict[int, RecordRow] = field(default_factory=dict)
    keys: dict[bytes, KeyRow] = field(default_factory=dict)
    changed_keys: dict[bytes, KeyRow] = field(default_factory=dict)
    links: list[dict[str, Any]] = field(default_factory=list)
    quoted: list[dict[str, Any]] = field(default_factory=list)
    persons: list[dict[str, Any]] = field(default_factory=list)
    decisions: list[dict[str, Any]] = field(default_factory=list)
