"""Limits of one delivery, so that no input can use unbounded memory, disk or time."""

from __future__ import annotations

from dataclasses import dataclass, field

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class WorkbookLimits:
    """Limits of a workbook and of the process that unpacks it, in bytes unless noted."""

    unpacked: int = 512 * MIB
    entries: int = 2_000  # members of the archive
    ratio: int = 200  # unpacked to packed, of an archive that is not small
    columns: int = 1_000
    memory: int = 1536 * MIB
    spool: int = 1024 * MIB  # the rows as text
    seconds: int = 180  # of processor time


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of a delivered file, in bytes, characters, rows or levels as named."""

    file_bytes: int = 2048 * MIB
    rows: int = 10_000_000
    cell_characters: int = MIB
    line_characters: int = 4 * MIB
    record_characters: int = 4 * MIB  # one JSON record
    columns: int = 1_000
    depth: int = 64  # JSON levels below the record
    digits: int = 40  # of a JSON number
    faults: int = 100  # after so many breaks in its structure a file is read no further
    broken_rows: int = 1_000  # so many rows without cells, and most of the file: read no further
    refused_rows: int = 10_000  # so many rows, and every one of them refused: read no further
    keys: int = 250_000  # how far back a repeated key is seen
    sheets: int = 100  # of one workbook
    workbook: WorkbookLimits = field(default_factory=WorkbookLimits)


DEFAULT_LIMITS = Limits()
