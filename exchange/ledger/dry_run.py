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

from exchange.domain.disclosure import PUBLISHED_TIERS
from exchange.domain.failpoints import no_failpoint
from exchange.ledger import schema
from exchange.ledger.context import Gate
from exchange.ledger.database_engine import memory_database
from exchange.ledger.dry_run_overlay import overlaid
from exchange.ledger.journal import Journal
from exchange.ledger.ledger_secret import SIZE, Secret
from exchange.ledger.view_cache import Opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from exchange.domain.clock_trust import ClockDoubt
    from exchange.ledger.bootstrap import Build
    from exchange.ledger.clock_guard import ClockGuard
    from exchange.ledger.context import Genesis, Parts
    from exchange.ledger.journal import Line
    from exchange.ledger.seal_store import Seals


@contextmanager
def rehearsed(parts: Parts) -> Iterator[Parts]:
    """Give the parts of a ledger that is written in memory only, over what stands there now."""
    if isinstance(parts.seals, MemorySeals):
        yield parts  # it is one already
        return
    with overlaid(parts.database) as overlay:
        yield replace(_unwritten(parts), database=overlay, seals=MemorySeals(parts.seals))


def blank(genesis: Genesis, build: Build) -> Parts:
    """Return the parts of an empty ledger in memory, for a dry run where there is none yet."""
    database = memory_database()
    with database.writing() as connection:
        schema.metadata.create_all(connection)
        head = {"one": 1, "position": 0, "record": 0, "delivery": 0, "epoch": 1, "epoch_from": 0}
        connection.execute(insert(schema.head).values(**head))
        streams = [{"tier": tier, "seq": 0, "published": 0} for tier in PUBLISHED_TIERS]
        connection.execute(insert(schema.stream), streams)
    return _unwritten(build(database, MemorySeals(), Secret(os.urandom(SIZE)), genesis))


def _unwritten(parts: Parts) -> Parts:
    """Return parts that leave the files beside the tables alone."""
    return replace(
        parts,
        journal=NoJournal(),
        gate=NoGate(),
        clock_guard=NoHeartbeat(parts.clock_guard),
        failpoint=no_failpoint,
        opened=Opened(),
    )


@dataclass
class MemorySeals:
    """Seals by negative numbers in memory, over those of the ledger that is tried."""

    kept: Seals | None = None
    new: dict[int, bytes] = field(default_factory=dict)

    def put(self, seals: Sequence[bytes]) -> list[int]:
        """Hold the seals; return their numbers."""
        first = len(self.new) + 1
        numbers = [-(first + at) for at in range(len(seals))]
        self.new.update(zip(numbers, seals, strict=True))
        return numbers

    def get(self, ids: Sequence[int]) -> Mapping[int, bytes]:
        """Return the seals that are there."""
        found = {number: self.new[number] for number in ids if number in self.new}
        others = [number for number in ids if number > 0]
        return {**found, **self.kept.get(others)} if self.kept and others else found

    def destroy(self, ids: Sequence[int]) -> None:
        """Drop seals of the dry run; those of the ledger stay."""
        for number in ids:
            self.new.pop(number, None)

    def ids(self, after: int = 0) -> Iterator[int]:
        """Yield the numbers of the ledger's own seals."""
        if self.kept is not None:
            yield from self.kept.ids(after)

    def close(self) -> None:
        """Forget what was held."""
        self.new.clear()


class NoGate(Gate):
    """Lets everybody pass: a dry run keeps nobody waiting."""

    def __init__(self) -> None:
        super().__init__(Path(os.devnull))

    @contextmanager
    def urgent(self) -> Iterator[None]:
        """Hold nobody back."""
        yield

    def bulk(self) -> None:
        """Wait for nobody."""


class NoJournal(Journal):
    """Writes no line: a dry run withdraws nothing."""

    def __init__(self) -> None:
        super().__init__(Path(os.devnull))

    def catch_up(self, missing: Callable[[Line | None], Sequence[Line]]) -> int:  # noqa: ARG002
        """Append nothing."""
        return 0


@dataclass(frozen=True, slots=True)
class NoHeartbeat:
    """Doubts a clock as the ledger's own guard does, and keeps no reading."""

    guard: ClockGuard

    def doubt(self) -> ClockDoubt | None:
        """Return why the clock is not trusted now."""
        return self.guard.doubt()

    def beat(self) -> None:
        """Keep nothing."""

    def trusted_time(self) -> int | None:
        """Return the last trusted time."""
        return self.guard.trusted_time()
