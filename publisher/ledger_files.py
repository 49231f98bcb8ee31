"""Notices that a ledger's files were moved away or replaced while they are open.

A process that holds a SQLite file open goes on reading it after it was renamed or removed, so
nothing fails; only the path tells. One `stat` a file and question.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from exchange.ledger.database_engine import file_of

if TYPE_CHECKING:
    from pathlib import Path

    from exchange.ledger import LedgerLocations


class LedgerFiles:
    """The SQLite files of ledger and seals as they were when it was opened; a server has none."""

    def __init__(self, places: LedgerLocations) -> None:
        files = (file_of(places.url), file_of(places.seals_url))
        self._opened = {path: _identity(path) for path in files if path is not None}

    def in_place(self) -> bool:
        """Return whether each path still names the file that was opened."""
        return all(known and _identity(path) == known for path, known in self._opened.items())


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
