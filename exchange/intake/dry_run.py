"""Dry runs: a load in memory, which returns the receipt a real load would and keeps nothing."""

from __future__ import annotations

from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from exchange.intake.held_store import HELD_KEY_PURPOSE, HeldRows
from exchange.ledger.database_engine import memory_database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from exchange.ledger import Ledger
    from exchange.ledger.database_engine import Database


@dataclass(frozen=True, slots=True)
class DryRun:
    """The ledger and the held rows in memory that all files of one dry run share.

    `position` is the position of the real ledger when the dry run began.
    """

    ledger: Ledger
    position: int
    held: HeldRows


@contextmanager
def open_dry_run(ledger: Ledger, held: Path, clock: Callable[[], int]) -> Iterator[DryRun]:
    """Open a copy in memory of the ledger and of the held rows in the folder `held`.

    `clock` gives milliseconds since 1970-01-01 UTC.
    """
    position = ledger.position()
    with ledger.dry_run() as tried:
        rows = DryRunHeldRows(held, tried.derived_key(HELD_KEY_PURPOSE), clock)
        with closing(rows):
            yield DryRun(tried, position, rows)


class DryRunHeldRows(HeldRows):
    """A copy in memory of the held rows, with the same limits."""

    def _open_database(self) -> Database:
        return memory_database(self.path)
