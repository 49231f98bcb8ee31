"""A dry run at the intake: rows are held in memory only, so that a load's answer is told."""

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
    """What the files of one dry run share.

    `position` is that of the ledger's last event when it began, `held` what would be held.
    """

    ledger: Ledger
    position: int
    held: HeldRows


@contextmanager
def open_dry_run(ledger: Ledger, held: Path, clock: Callable[[], int]) -> Iterator[DryRun]:
    """Give a ledger and held rows that begin as they are now and keep nothing."""
    position = ledger.position()
    with ledger.dry_run() as tried:
        rows = DryRunHeldRows(held, tried.derived_key(HELD_KEY_PURPOSE), clock)
        with closing(rows):
            yield DryRun(tried, position, rows)


class DryRunHeldRows(HeldRows):
    """A copy in memory of what is held; its bounds are those of the held rows themselves."""

    def _open_database(self) -> Database:
        return memory_database(self.path)
