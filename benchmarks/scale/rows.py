"""Invented penalties in any number: sampled up to a limit, beyond it repeated.

A repeated row has another document number, so that it is a decision of its own; its subject has
that many more of them.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

SAMPLED = 200_000
_COLUMN = "行政处罚决定书文号"
_NUMBER = re.compile(r"(\d+)号")


def repeated(source: Path, target: Path, rows: int) -> None:
    """Write `rows` rows of penalties, those of `source` first, then copies with new numbers."""
    with (
        source.open(encoding="utf-8-sig", newline="") as read,
        target.open("w", encoding="utf-8", newline="") as write,
    ):
        given = list(csv.reader(read))
        at = given[0].index(_COLUMN)
        writer = csv.writer(write)
        writer.writerow(given[0])
        for number in range(rows):
            copy, index = divmod(number, len(given) - 1)
            row = given[1 + index]
            if copy:
                row = [*row]
                row[at] = _NUMBER.sub(lambda found, copy=copy: _other(found, copy), row[at])
            writer.writerow(row)


def _other(found: re.Match[str], copy: int) -> str:
    return f"{copy}{int(found[1]):07d}号"
