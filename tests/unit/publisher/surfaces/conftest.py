"""A real ledger with invented records, for the parts that follow one."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

import pytest

from exchange.domain.disclosure_levels import PUBLISHED_TIERS, DisclosureLevel, Tier
from exchange.domain.link_rules import Cascade
from exchange.domain.record import Link, Outcome, Submission
from exchange.domain.record_body import statement_line
from exchange.ledger import Ledger
from publisher.surfaces import dumps
from publisher.surfaces.dumps import DumpReader, DumpSurface
from publisher.surfaces.feed import FeedConfig, FeedReader, FeedSurface
from publisher.surfaces.index import IndexConfig, IndexMapping, IndexReader, IndexSurface
from publisher.surfaces.runtime.alarms import Alarm, Alarms
from publisher.surfaces.runtime.runner import Runner
from publisher.surfaces.runtime.runner_state import Pace
from publisher.surfaces.triples.config import TriplesConfig
from publisher.surfaces.triples.surface import TriplesReader, TriplesSurface
from tests.factories import (
    Clock,
    append_all,
    genesis,
    ledger_locations,
    link_rule,
    open_delivery,
    standing_ticks,
    submission,
    typed_statements,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from pathlib import Path

    from exchange.model.kinds import Kind
    from publisher.surfaces.port import AuditedReader, Surface

PUBLIC_URL, GOVERNMENT_URL = "https://credit.example.cn", "https://gov.credit.example.cn"
RULES = {"basis": link_rule("basis", "list-entry", "penalty", Cascade.WITHDRAW_WHEN_LAST)}
BASES = {
    Tier.PUBLIC: (f"{PUBLIC_URL}/record/",),
    Tier.GOVERNMENT: (f"{PUBLIC_URL}/record/", f"{GOVERNMENT_URL}/record/"),
}


@dataclass
class City:
    """A ledger, the surfaces of both tiers and a runner, over one data directory."""

    folder: Path
    clock: Clock
    ledger: Ledger
    alarms: list[Alarm] = field(default_factory=list)
    surfaces: list[Surface] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    feeds: bool = False  # whether the other surfaces follow, too

    @property
    def root(self) -> Path:
        return self.folder / "surfaces"

    def triples_config(self, tier: Tier) -> TriplesConfig:
        return TriplesConfig(self.root / tier.value / "triples", tier, BASES[tier])

    def feed_config(self, tier: Tier) -> FeedConfig:
        def pages(iris: Collection[str]) -> set[tuple[str, int]]:
            return self.ledger.pages(tier, iris)

        base = PUBLIC_URL if tier is Tier.PUBLIC else GOVERNMENT_URL
        return FeedConfig(self.root / tier.value / "feed", tier, base, {}, pages, fan=2)

    def dump_config(
        self, tier: Tier, kinds: Mapping[str, Kind] = MappingProxyType({})
    ) -> dumps.DumpConfig:
        base = PUBLIC_URL if tier is Tier.PUBLIC else GOVERNMENT_URL
        pages, created = partial(self.ledger.pages, tier), partial(self.ledger.created, tier)
        directory = self.root / tier.value / "dumps"
        return dumps.DumpConfig(directory, tier, base, kinds, pages, created)

    def index_config(self, tier: Tier) -> IndexConfig:
        return IndexConfig(self.root / tier.value / "index", tier, BASES[tier], IndexMapping(()))

    def open_surfaces(self) -> list[Surface]:
        self.surfaces = [
            TriplesSurface(self.triples_config(tier), b"", self.clock, grace=1_000)
            for tier in PUBLISHED_TIERS
        ]
        if self.feeds:
            self.surfaces += [FeedSurface(self.feed_config(tier)) for tier in PUBLISHED_TIERS]
            self.surfaces += [DumpSurface(self.dump_config(tier)) for tier in PUBLISHED_TIERS]
            self.surfaces += [IndexSurface(self.index_config(tier)) for tier in PUBLISHED_TIERS]
        return self.surfaces

    def close_surfaces(self) -> None:
        while self.surfaces:
            self.surfaces.pop().close()

    def close(self) -> None:
        self.close_surfaces()
        self.ledger.close()

    def readers(self) -> list[AuditedReader]:
        readers: list[AuditedReader] = [
            TriplesReader(self.triples_config(tier)) for tier in PUBLISHED_TIERS
        ]
        if self.feeds:
            readers += [FeedReader(self.feed_config(tier)) for tier in PUBLISHED_TIERS]
            readers += [DumpReader(self.dump_config(tier)) for tier in PUBLISHED_TIERS]
            readers += [
                IndexReader(self.index_config(tier), lambda: "2023-11-15")
                for tier in PUBLISHED_TIERS
            ]
        return readers

    def runner(self, chunk: int = 5_000) -> Runner:
        pace = Pace(chunk=chunk, pause=self.clock.pause)
        alarms = Alarms(self.root, self.alarms.append)
        return Runner(self.ledger, self.surfaces or self.open_surfaces(), alarms, self.clock, pace)

    def submission(
        self, text: str, *, kind: str = "penalty", tier: Tier = Tier.PUBLIC, basis: str = ""
    ) -> Submission:
        number = next(self.numbers)
        lines = [
            *typed_statements(kind, number, text),
            statement_line(DisclosureLevel.GOV_UNCONDITIONAL, f'<urn:t:inner> "内部{number}"'),
        ]
        links: tuple[Link, ...] = ()
        if basis:
            links = (Link("basis", "penalty", f"penalty\x1f{basis}"),)
        return submission(kind, text, lines, tier=tier, links=links)

    def append(self, rows: list[Submission]) -> list[str]:
        # A file of its own each time: the same one again would bring nothing new.
        delivery = open_delivery(self.ledger, next(self.numbers), kind=rows[0].kind)
        results = append_all(self.ledger, delivery, rows)
        assert {result.outcome for result in results} <= {Outcome.ACCEPTED, Outcome.REVISED}
        iris = [result.iri or "" for result in results]
        self.ledger.close_delivery(delivery, {"rows": len(iris)})
        return iris

    def publish(self, count: int = 1, *, tier: Tier = Tier.PUBLIC) -> list[str]:
        return self.append([self.submission(f"文书{n}", tier=tier) for n in self._some(count)])

    def _some(self, count: int) -> list[int]:
        return [next(self.numbers) for _ in range(count)]


def make_city(folder: Path, *, feeds: bool = False) -> City:
    """A new ledger in the folder; close it when done."""
    clock = Clock()
    ledger = Ledger.create(
        ledger_locations(folder),
        genesis(PUBLIC_URL, GOVERNMENT_URL),
        RULES,
        clock,
        ticks=standing_ticks,
    )
    return City(folder, clock, ledger, feeds=feeds)


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    city = make_city(tmp_path)
    yield city
    city.close()


@pytest.fixture(scope="session")
def new_city() -> Callable[[Path], City]:
    return make_city
