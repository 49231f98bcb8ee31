"""Rows of a transaction that wait to be written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from exchange.ledger.key_resolution import Key
    from exchange.ledger.transaction import Rec


@dataclass(slots=True)
class Tables:
    """Rows that wait to be written, by table and kind of statement."""

    records: dict[int, Rec] = field(default_factory=dict)
    changed: dict[int, Rec] = field(default_factory=dict)
    keys: dict[bytes, Key] = field(default_factory=dict)
    changed_keys: dict[bytes, Key] = field(default_factory=dict)
    links: list[dict[str, Any]] = field(default_factory=list)
    quoted: list[dict[str, Any]] = field(default_factory=list)
    persons: list[dict[str, Any]] = field(default_factory=list)
    decisions: list[dict[str, Any]] = field(default_factory=list)
