"""Which record a row or a quotation means, by any way in which its key was ever told.

Every MAC of a record leads to it (`key_state`), and so shares its state. Full tellings are worth
the same: any of them meets the record. A bare one lacks a part and may fit several records: it
meets one of which no more was ever told, or the only one that it fits. Two records behind one
row are never merged, that is for people to decide (docs/decisions/0008).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from exchange.domain.lifecycle import TERMINAL_STATES

if TYPE_CHECKING:
    from collections.abc import Callable

    from exchange.ledger.transaction import Batch, Rec


class Told(IntEnum):
    """What a MAC says of its record."""

    FULL = 0  # with every part, by a row or in words worth the same
    BARE = 1  # without a part, and no more is known of the record
    IMPLIED = 2  # without a part that is known of this record, and it fits no other
    SHARED = 3  # without a part by which several records differ


@dataclass(frozen=True, slots=True)
class Macs:
    """The HMACs of one telling, the fullest first; `full` is empty where it lacks a part."""

    full: tuple[bytes, ...]
    bare: tuple[bytes, ...] = ()

    @property
    def all(self) -> tuple[bytes, ...]:
        """Every one of them."""
        return (*self.full, *self.bare)


@dataclass(slots=True)
class Key:
    """A row of `key_state`: which record a MAC leads to now."""

    mac: bytes
    record: int
    told: Told


@dataclass(frozen=True, slots=True)
class Met:
    """The records (row numbers) that a telling leads to, by the fullest way first."""

    records: tuple[int, ...]
    shared: bool

    @property
    def torn(self) -> bool:
        """Whether it cannot be said which record is meant."""
        return self.shared or len(self.records) > 1

    @property
    def target(self) -> int | None:
        """The record that a quotation means; none while several fit its bare telling."""
        return self.records[0] if self.records and not self.shared else None


def meet(macs: Macs, key_of: Callable[[bytes], Key | None]) -> Met:
    """Return which records a telling leads to."""
    full = [key_of(mac) for mac in macs.full]
    bare = [key_of(mac) for mac in macs.bare]
    found = [key.record for key in full if key and key.told in (Told.FULL, Told.BARE)]
    if macs.full:
        # The part that it tells may be the one that nobody told of the record before.
        found += [key.record for key in bare if key and key.told is Told.BARE]
        return Met(tuple(dict.fromkeys(found)), shared=False)
    found += [key.record for key in bare if key and key.told is not Told.SHARED]
    shared = any(key and key.told is Told.SHARED for key in bare)
    return Met(tuple(dict.fromkeys(found)), shared)


def join(work: Batch, macs: Macs, record: Rec) -> None:
    """Have every MAC of a telling that means the record lead to it from now on.

    A record that is gone and of which a part was never told keeps its bare MACs: whatever tells
    that part later may be about it, and stays suppressed.
    """
    known = [key.told for mac in macs.all if (key := work.key(mac)) and key.record == record.id]
    barely = Told.BARE in known or not (known or macs.full)
    if barely and macs.full and record.state not in TERMINAL_STATES:
        for key in work.keys_of(record):
            if key.told is Told.BARE:
                work.lead(key.mac, record.id, Told.IMPLIED)
        barely = False
    for mac in () if barely else macs.full:
        _lead(work, mac, record, Told.FULL)
    for mac in macs.bare:
        _lead(work, mac, record, Told.BARE if barely else Told.IMPLIED)


def _lead(work: Batch, mac: bytes, record: Rec, told: Told) -> None:
    key = work.key(mac)
    if key is None or told is Told.FULL:
        work.lead(mac, record.id, told)
    elif key.record != record.id and key.told is not Told.FULL:
        work.lead(mac, key.record, Told.SHARED)
