"""Finds the record to which the key of a row or of a link refers.

Every variant of a key (an HMAC) maps to one record, with a coverage (`rows.KeyCoverage`). Two
records that match one row are never merged: a person has to decide (docs/decisions/0008).

| key of the row | its variants map to | match |
|---|---|---|
| any | no record | none: a new record |
| complete | one record, by a FULL or PARTIAL variant | that record |
| complete | a record by a PARTIAL_KNOWN variant only | none: another record has that part |
| complete | two records | ambiguous |
| partial | one record, by a variant that is not AMBIGUOUS | that record |
| partial | an AMBIGUOUS variant | ambiguous |
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from exchange.ledger.rows import KeyCoverage

if TYPE_CHECKING:
    from collections.abc import Callable

    from exchange.ledger.rows import KeyRow


@dataclass(frozen=True, slots=True)
class KeyMacs:
    """The HMACs of the variants of one key; `full` is empty where the key is partial."""

    full: tuple[bytes, ...]
    partial: tuple[bytes, ...] = ()

    @property
    def all(self) -> tuple[bytes, ...]:
        """The HMACs of all variants, complete ones first."""
        return (*self.full, *self.partial)


@dataclass(frozen=True, slots=True)
class KeyMatch:
    """The records (row numbers) that a key matches, those of complete variants first.

    `is_shared`: the key is partial, and several records share it.
    """

    records: tuple[int, ...]
    is_shared: bool

    @property
    def is_ambiguous(self) -> bool:
        """Whether the key does not identify one record."""
        return self.is_shared or len(self.records) > 1

    @property
    def target(self) -> int | None:
        """The record to which a link with this key refers; None where several share the key."""
        return self.records[0] if self.records and not self.is_shared else None


def resolve(macs: KeyMacs, key_of: Callable[[bytes], KeyRow | None]) -> KeyMatch:
    """Return the records that a key matches; `key_of` looks up one variant."""
    full = [key_of(mac) for mac in macs.full]
    partial = [key_of(mac) for mac in macs.partial]
    complete = (KeyCoverage.FULL, KeyCoverage.PARTIAL)
    records = [key.record for key in full if key and key.coverage in complete]
    if macs.full:
        # The row may be the first to give the part that no delivery of that record gave.
        records += [key.record for key in partial if key and key.coverage is KeyCoverage.PARTIAL]
        return KeyMatch(tuple(dict.fromkeys(records)), is_shared=False)
    unshared = [key for key in partial if key and key.coverage is not KeyCoverage.AMBIGUOUS]
    records += [key.record for key in unshared]
    is_shared = any(key and key.coverage is KeyCoverage.AMBIGUOUS for key in partial)
    return KeyMatch(tuple(dict.fromkeys(records)), is_shared)
