"""A dry run of the ledger: the code of a load over a read snapshot, with nothing kept.

No lock of a writer is taken and no file is written: gate, journal, heartbeat and failpoints are
left out, new seals stay in memory, and the tables are those of an overlay. What it takes is bounded
by `dry_run_overlay.MEMORY`.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import insert

from exchange.domain.disclosure_levels import PUBLISHED_TIERS
from exchange.domain.failpoints import no_failpoint
from exchange.ledger import schema
from exchange.ledger.context import WriterPriority
from exchange.ledger.database_engine import memory_database
from exchange.ledger.dry_run_overlay import open_overlay
from exchange.ledger.ledger_secret import SIZE, Secret
from exchange.ledger.view_cache import ViewCache
from exchange.ledger.withdrawal_journal import Journal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from exchange.domain.clock_trust import ClockDoubt
    from exchange.ledger.bootstrap import ContextBuilder
    from exchange.ledger.clock_heartbeat import ClockGuard
    from exchange.ledger.context import Genesis, LedgerContext
    from exchange.ledger.seal_store import Seals
    from exchange.ledger.withdrawal_journal import JournalLine


@contextmanager
def dry_run_context(context: LedgerContext) -> Iterator[LedgerContext]:
    """Open a context that reads a snapshot of the ledger and writes in memory only."""
    if isinstance(context.seals, MemorySeals):
        yield context  # it is one already
        return
    with open_overlay(context.database) as overlay:
        yield replace(_unwritten(context), database=overlay, seals=MemorySeals(context.seals))


def empty_context(genesis: Genesis, build: ContextBuilder) -> LedgerContext:
    """Return the context of an empty ledger in memory, for a dry run without a ledger."""
    database = memory_database()
    with database.writing() as connection:
        schema.metadata.create_all(connection)
        head = {"one": 1, "position": 0, "record": 0, "delivery": 0, "epoch": 1, "epoch_from": 0}
        connection.execute(insert(schema.head).values(**head))
        streams = [{"tier": tier, "seq": 0, "published": 0} for tier in PUBLISHED_TIERS]
        connection.execute(insert(schema.stream), streams)
    return _unwritten(build(database, MemorySeals(), Secret(os.urandom(SIZE)), genesis))


def _unwritten(context: LedgerContext) -> LedgerContext:
    """Return a context that writes no journal, lock or heartbeat file."""
    return replace(
        context,
        journal=NoJournal(),
        writer_priority=NoPriority(),
        clock_guard=UnwrittenHeartbeat(context.clock_guard),
        failpoint=no_failpoint,
        view_cache=ViewCache(),
    )


@dataclass
class MemorySeals:
    """Seals under negative numbers in memory, in addition to those of the ledger."""

    kept: Seals | None = None
    new: dict[int, bytes] = field(default_factory=dict)

    def put(self, seals: Sequence[bytes]) -> list[int]:
        """Store the seals; return their numbers."""
        first = len(self.new) + 1
        numbers = [-(first + at) for at in range(len(seals))]
        self.new.update(zip(numbers, seals, strict=True))
        return numbers

    def get(self, ids: Sequence[int]) -> Mapping[int, bytes]:
        """Return the seals that exist, by number."""
        new = {number: self.new[number] for number in ids if number in self.new}
        others = [number for number in ids if number > 0]
        return {**new, **self.kept.get(others)} if self.kept and others else new

    def destroy(self, ids: Sequence[int]) -> None:
        """Delete seals of the dry run; those of the ledger stay."""
        for number in ids:
            self.new.pop(number, None)

    def ids(self, after: int = 0) -> Iterator[int]:
        """Yield the numbers of the ledger's own seals."""
        if self.kept is not None:
            yield from self.kept.ids(after)

    def close(self) -> None:
        """Delete the seals of the dry run."""
        self.new.clear()


class NoPriority(WriterPriority):
    """Blocks no writer: a dry run takes no lock."""

    def __init__(self) -> None:
        super().__init__(Path(os.devnull))

    @contextmanager
    def urgent(self) -> Iterator[None]:
        """Block no writer."""
        yield

    def wait_for_urgent(self) -> None:
        """Return at once."""


class NoJournal(Journal):
    """Writes no line: a dry run withdraws nothing."""

    def __init__(self) -> None:
        super().__init__(Path(os.devnull))

    def catch_up(self, missing: Callable[[JournalLine | None], Sequence[JournalLine]]) -> int:  # noqa: ARG002 (a dry run has no line to ask for)
        """Append nothing."""
        return 0


@dataclass(frozen=True, slots=True)
class UnwrittenHeartbeat:
    """Doubts the clock as the ledger's own guard does, and stores no reading."""

    guard: ClockGuard

    def doubt(self) -> ClockDoubt | None:
        """Return why the clock is not trusted now."""
        return self.guard.doubt()

    def beat(self) -> None:
        """Store nothing."""

    def trusted_time(self) -> int | None:
        """Return the last trusted time."""
        return self.guard.trusted_time()
