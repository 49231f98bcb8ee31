"""What every surface must do, whatever it is made of; an adapter is one line in ADAPTERS.

The changes come from a real ledger and are asked for again where a kill would ask again.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, cast

import pytest

from exchange.domain.disclosure_levels import Tier
from exchange.ledger import Ledger
from publisher.surfaces import dumps as dumping
from publisher.surfaces.feed import FeedConfig, FeedSurface
from publisher.surfaces.index import IndexConfig, IndexMapping, IndexSurface
from publisher.surfaces.port import digest_of
from publisher.surfaces.runtime.helper_process import HelperProcess, SurfaceProxy, serve_surfaces
from publisher.surfaces.triples.config import TriplesConfig
from publisher.surfaces.triples.surface import TriplesSurface
from tests.factories import (
    Clock,
    append_all,
    genesis,
    ledger_locations,
    open_delivery,
    submission,
    typed_statements,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path
    from subprocess import Popen

    from exchange.domain.record import Submission
    from publisher.surfaces.port import Surface

BASE = "https://credit.example.cn"


def triples(folder: Path, _: Ledger) -> Surface:
    return TriplesSurface(
        TriplesConfig(folder / "triples", Tier.PUBLIC, (f"{BASE}/record/",)), b"", Clock(), grace=0
    )


def feed(folder: Path, ledger: Ledger) -> Surface:
    def pages(iris: Collection[str]) -> set[tuple[str, int]]:
        return ledger.pages(Tier.PUBLIC, iris)

    return FeedSurface(FeedConfig(folder / "feed", Tier.PUBLIC, BASE, {}, pages, fan=2))


def index(folder: Path, _: Ledger) -> Surface:
    bases = (f"{BASE}/record/",)
    return IndexSurface(IndexConfig(folder / "index", Tier.PUBLIC, bases, IndexMapping(())))


def dumps(folder: Path, ledger: Ledger) -> Surface:
    def pages(iris: Collection[str]) -> set[tuple[str, int]]:
        return ledger.pages(Tier.PUBLIC, iris)

    def created(iris: Collection[str]) -> dict[str, int]:
        return ledger.created(Tier.PUBLIC, iris)

    place = dumping.DumpConfig(folder / "dumps", Tier.PUBLIC, BASE, {}, pages, created)
    return dumping.DumpSurface(place)


class Hand:
    """In place of a helper process, of which tests/unit has the real one: a thread."""

    def __init__(self, descriptor: int, make: Callable[[], Surface]) -> None:
        end = Connection(os.dup(descriptor))
        self._thread = threading.Thread(target=serve_surfaces, args=(end, {"public/dumps": make}))
        self._thread.start()

    def wait(self, seconds: float | None = None) -> None:
        self._thread.join(seconds)


def elsewhere(folder: Path, ledger: Ledger) -> Surface:
    lane = HelperProcess(
        lambda descriptor: cast("Popen[bytes]", Hand(descriptor, lambda: dumps(folder, ledger)))
    )
    return SurfaceProxy(lane, "dumps", Tier.PUBLIC)


ADAPTERS = [
    pytest.param(triples, id="triples"),
    pytest.param(feed, id="feed"),
    pytest.param(index, id="index"),
    pytest.param(dumps, id="dumps"),
    pytest.param(elsewhere, id="elsewhere", marks=pytest.mark.slow),
]


@dataclass
class Bench:
    """One ledger and one surface that follows it."""

    folder: Path
    make: Callable[[Path, Ledger], Surface]
    ledger: Ledger
    surface: Surface
    written: int = 0
    delivered: int = 0

    def record(self, count: int = 1, text: str = "文书") -> list[str]:
        rows = [self._row(number, text) for number in range(self.written, self.written + count)]
        self.written += count
        return self.append(rows)

    def append(self, rows: list[Submission]) -> list[str]:
        self.delivered += 1  # a file of its own each time: the same one brings nothing new
        delivery = open_delivery(self.ledger, self.delivered)
        return [result.iri or "" for result in append_all(self.ledger, delivery, rows)]

    def revise(self, number: int, text: str) -> None:
        self.append([self._row(number, text)])

    def follow(self, limit: int = 5_000) -> None:
        """Apply everything, chunk by chunk, and show it."""
        while changes := self.ledger.changes(Tier.PUBLIC, self.surface.position(), limit):
            self.surface.apply(changes)
        self.surface.publish(at_head=True)

    def restart(self) -> None:
        self.surface.close()
        self.surface = self.make(self.folder, self.ledger)

    def agrees(self) -> bool:
        rows = list(self.ledger.live(Tier.PUBLIC))
        same = self.surface.digest() == digest_of(self.surface, [view for _, _, view in rows])
        return same and sorted(self.surface.iris()) == sorted(iri for iri, _, _ in rows)

    @staticmethod
    def _row(number: int, text: str) -> Submission:
        return submission("penalty", number, typed_statements("penalty", number, f"{text}{number}"))


@pytest.fixture(params=ADAPTERS)
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    ledger = Ledger.create(ledger_locations(tmp_path), genesis(BASE), {}, Clock())
    bench = Bench(tmp_path, request.param, ledger, request.param(tmp_path, ledger))
    yield bench
    bench.surface.close()
    ledger.close()


def test_a_new_surface_stands_at_zero_and_shows_nothing(bench: Bench) -> None:
    assert bench.surface.position() == 0
    assert bench.agrees()


def test_it_has_a_name_and_a_tier(bench: Bench) -> None:
    assert bench.surface.name
    assert bench.surface.tier is Tier.PUBLIC


def test_it_shows_what_the_ledger_says_and_saves_the_last_number(bench: Bench) -> None:
    iris = bench.record(7)
    bench.follow()
    assert bench.agrees()
    assert bench.surface.position() == 7
    assert all(bench.surface.contains(iri) for iri in iris)


def test_position_and_result_survive_a_restart(bench: Bench) -> None:
    bench.record(7)
    bench.follow()
    bench.restart()
    assert bench.surface.position() == 7
    assert bench.agrees()


def test_applying_the_same_changes_again_is_harmless(bench: Bench) -> None:
    [first, *_] = bench.record(120)
    bench.revise(2, "改")
    bench.ledger.withdraw(first, "repair")
    changes = bench.ledger.changes(Tier.PUBLIC, 0, 1_000)
    for start in (0, 60, 0):
        bench.surface.apply(changes[start:])
    assert bench.agrees()


def test_chunks_of_any_size_give_the_same_result(bench: Bench) -> None:
    [first, *_] = bench.record(250)
    bench.revise(3, "改")
    bench.ledger.withdraw(first, "repair")
    bench.follow(limit=100)
    assert bench.agrees()


def test_a_revised_record_shows_its_new_text_only(bench: Bench) -> None:
    bench.record(2)
    bench.follow()
    bench.revise(1, "改")
    assert not bench.agrees()
    bench.follow()
    assert bench.agrees()


def test_a_withdrawn_record_is_held_no_longer(bench: Bench) -> None:
    [kept, gone] = bench.record(2)
    bench.follow()
    bench.ledger.withdraw(gone, "repair")
    bench.follow()
    assert [bench.surface.contains(iri) for iri in (kept, gone)] == [True, False]
    assert bench.agrees()


def test_a_redaction_comes_ahead_of_the_backlog_and_keeps_the_position(bench: Bench) -> None:
    [kept, gone] = bench.record(2)
    bench.follow()
    bench.record(5)
    bench.ledger.withdraw(gone, "repair")
    for _ in range(2):
        bench.surface.redact([gone])
    bench.surface.publish(at_head=False)
    assert bench.surface.position() == 2
    assert [bench.surface.contains(iri) for iri in (kept, gone)] == [True, False]
    bench.restart()
    assert not bench.surface.contains(gone)
    bench.follow()
    assert bench.agrees()


def test_a_redaction_of_what_it_never_had_is_harmless(bench: Bench) -> None:
    [gone] = bench.record()
    bench.surface.redact([gone])
    bench.ledger.withdraw(gone, "repair")
    bench.follow()
    assert bench.agrees()


def test_a_shielded_record_comes_back_under_its_iri(bench: Bench) -> None:
    [iri] = bench.record()
    bench.ledger.suspend(iri)
    bench.follow()
    assert not bench.surface.contains(iri)
    bench.ledger.resume(iri)
    bench.surface.redact([iri])
    bench.follow()
    assert bench.surface.contains(iri)
    assert bench.agrees()


def test_a_mark_changes_neither_records_nor_digest(bench: Bench) -> None:
    [iri] = bench.record()
    bench.follow()
    digest = bench.surface.digest()
    bench.ledger.set_objection(iri, True)
    bench.follow()
    assert bench.surface.digest() == digest
    assert bench.surface.position() == 2
    assert bench.agrees()


def test_a_reset_begins_at_zero_and_ends_like_the_ledger(bench: Bench) -> None:
    [gone, *_] = bench.record(5)
    bench.follow()
    bench.surface.reset()
    assert bench.surface.position() == 0
    bench.ledger.withdraw(gone, "repair")
    bench.surface.redact([gone])
    bench.surface.publish(at_head=False)
    bench.follow()
    assert bench.agrees()
    bench.restart()
    assert bench.agrees()


def test_publishing_twice_is_harmless(bench: Bench) -> None:
    bench.record(2)
    bench.follow()
    bench.surface.publish(at_head=True)
    bench.surface.publish(at_head=False)
    assert bench.agrees()
