"""Bounds of one delivery: nothing that is read may grow without end."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a delivered file, in bytes, characters, rows or levels as named."""

    file_bytes: int = 2048 * MIB
    rows: int = 10_000_000
    cell_characters: int = MIB
    line_characters: int = 4 * MIB
    record_characters: int = 4 * MIB  # one JSON record
    columns: int = 1_000
    depth: int = 64  # JSON levels below the record
    digits: int = 40  # of a JSON number
    faults: int = 100  # after so many breaks in its structure a file is read no further
    keys: int = 250_000  # how far back a repeated key is seen


DEFAULT = Limits()
