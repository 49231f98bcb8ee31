"""kill -9 at random moments: the store goes on from its position and ends like the ledger."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from exchange.domain.disclosure_levels import PUBLISHED_TIERS, Tier
from publisher.surfaces.audit.run import audit
from publisher.verify import Folder, Limits, roots_in, verify_feed

if TYPE_CHECKING:
    from pathlib import Path

    from publisher.surfaces.triples.surface import TriplesSurface
    from publisher.verify import Finding

KILLS = 5
LIMITS = Limits()

# Follows the ledger and rebuilds in turn for ever, as the projector does, until it is killed.
CHILD = """
import sys, time
from pathlib import Path
from exchange.domain.disclosure_levels import Tier
from exchange.domain.link_rules import Cascade, LinkRule
from exchange.ledger import Ledger, LedgerLocations
from publisher.surfaces import dumps
from publisher.surfaces.runtime.alarms import Alarms
from publisher.surfaces.feed import FeedConfig, FeedSurface
from publisher.surfaces.index import IndexConfig, IndexMapping, IndexSurface
from publisher.surfaces.runtime.runner import Pace, Runner
from publisher.surfaces.triples.config import TriplesConfig
from publisher.surfaces.triples.surface import TriplesSurface

folder, base = Path(sys.argv[1]), sys.argv[2]
clock = lambda: time.time_ns() // 1_000_000
locations = LedgerLocations(f"sqlite:///{folder / 'ledger.sqlite'}",
                f"sqlite:///{folder / 'seals.sqlite'}",
                folder / "journal" / "withdrawals.jsonl", folder / "ledger.key")
ledger = Ledger.open(locations, {}, clock)
def place(tier):
    home = "https://credit.example.cn" if tier == "public" else "https://gov.credit.example.cn"
    pages = lambda iris: ledger.pages(Tier(tier), iris)
    return FeedConfig(folder / "surfaces" / tier / "feed", Tier(tier), home, {}, pages, fan=2)
surfaces = [
    TriplesSurface(TriplesConfig(folder / "surfaces" / tier / "triples", Tier(tier), (base,)),
                   b"", clock, 0)
    for tier in ("public", "government")
] + [FeedSurface(place(tier)) for tier in ("public", "government")] + [
    IndexSurface(IndexConfig(folder / "surfaces" / tier / "index", Tier(tier), (base,),
                             IndexMapping(())))
    for tier in ("public", "government")
]
def shelf(tier):
    pages = lambda iris: ledger.pages(Tier(tier), iris)
    created = lambda iris: ledger.created(Tier(tier), iris)
    at = folder / "surfaces" / tier / "dumps"
    return dumps.DumpConfig(at, Tier(tier), place(tier).base, {}, pages, created)
surfaces += [dumps.DumpSurface(shelf(tier)) for tier in ("public", "government")]
runner = Runner(ledger, surfaces, Alarms(folder / "surfaces", print), clock,
                Pace(chunk=100, publish_every=0))
print("ready", flush=True)
while True:
    runner.catch_up()
    runner.rebuild()
"""


def run_and_kill(city: Any, seconds: float) -> None:
    command = [sys.executable, "-c", CHILD, str(city.folder), "https://credit.example.cn/record/"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        try:
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGKILL)
    assert child.returncode == -signal.SIGKILL


def torn(city: Any, surface: TriplesSurface) -> list[str]:
    """Records that the store holds in part, or lacks although its position is past them."""
    whole = {iri: view.count(b"\n") for iri, _, view in city.ledger.live(surface.tier)}
    changes = city.ledger.changes(surface.tier, 0, 100_000)
    last = {change.iri: change.seq for change in changes}
    store = surface._writer()._store
    query = "SELECT ?s (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?s"
    held = {row["s"].value: int(row["n"].value) for row in store.query(query)}
    wrong = [iri for iri in held if iri in whole and held[iri] != whole[iri]]
    past = [iri for iri in whole if last[iri] <= surface.position()]
    return wrong + [iri for iri in past if iri not in held]


def faults(feed: Path) -> list[Finding]:
    """What a reader of the feed's files would stumble over, in every form."""
    found, current = [], feed / "current"
    for path, form in roots_in(current):
        base = Folder.base_of(current, path, form, LIMITS)
        found += verify_feed(Folder(current, base, form, LIMITS), base + path, LIMITS).findings
    return found


@pytest.mark.slow
def test_kills_at_random_moments_leave_nothing_torn_and_nothing_behind(
    tmp_path: Path, new_city: Any
) -> None:
    city = new_city(tmp_path, feeds=True)
    chance = random.Random(20_240_229)
    iris: list[str] = []
    for number in range(KILLS):
        iris += city.publish(250)
        for iri in chance.sample(iris, 5):
            city.ledger.withdraw(iri, "repair")
            iris.remove(iri)
        run_and_kill(city, chance.uniform(0.02, 0.7))
        city.open_surfaces()
        positions = [surface.position() for surface in city.surfaces]
        head = city.ledger.head(Tier.PUBLIC)
        print(f"kill {number + 1}: positions {positions}, head {head}")
        assert [torn(city, surface) for surface in city.surfaces[:2]] == [[], []]
        assert [faults(city.root / tier / "feed") for tier in PUBLISHED_TIERS] == [[], []]
        city.close_surfaces()
    assert city.runner().catch_up()
    report = audit(city.ledger, city.readers())
    assert report.ok, report.to_json()
    assert report.records == len(iris)
    heads = [city.ledger.head(surface.tier) for surface in city.surfaces]
    assert [surface.position() for surface in city.surfaces] == heads
    city.close()
