"""npm ldes-client over a long chain of index nodes, with pages that two streams share.

The feed is written by the surface's own writer from made-up changes in the ledger's own groups
and pages, with three pages a node instead of a hundred: the depth is that of a large city.
"""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, field
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest

from exchange.domain.disclosure_levels import Tier
from exchange.domain.identifiers import new_id
from exchange.domain.record import Activity, Change
from exchange.ledger.feed_pagination import NewMember, OpenPage, SequenceEnd, number_members
from publisher.surfaces.feed import FeedConfig, FeedSurface
from publisher.surfaces.files.tree_surface import current_tree
from publisher.web.endpoints.feed import FeedService
from publisher.web.pages.renderer import Pages

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

KINDS = ("penalty", "licence")
FAN = 3
TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <urn:t:record>"


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@dataclass
class Traffic:
    """Changes as a ledger hands them out; text of what left since is in none of them."""

    base: str
    chance: random.Random = field(default_factory=lambda: random.Random(3))
    stream: SequenceEnd = field(default_factory=SequenceEnd)
    pages: dict[str, OpenPage] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    live: dict[str, str] = field(default_factory=dict)

    def fill(self, counts: dict[str, int]) -> None:
        """Append so many changes of each kind, in batches that alternate."""
        left = dict(counts)
        while any(left.values()):
            kind = self.chance.choice([name for name, count in left.items() if count])
            size = min(left[kind], self.chance.choice([1, 20, 100, 300]))
            left[kind] -= size
            self._append([self._step(kind) for _ in range(size)])

    def withdraw(self, records: list[str]) -> None:
        self._append([(self.live[iri], iri, Activity.DELETE) for iri in records])

    def _step(self, kind: str) -> tuple[str, str, Activity]:
        old = [iri for iri, of in self.live.items() if of == kind]
        kinds = [Activity.CREATE] * 16 + ([Activity.UPDATE, Activity.DELETE] if old else [])
        activity = self.chance.choice(kinds)
        iri = f"{self.base}/record/{new_id()}"
        if activity is not Activity.CREATE:
            iri = self.chance.choice(old)
        if activity is Activity.DELETE:
            del self.live[iri]
        else:
            self.live[iri] = kind
        return kind, iri, activity

    def _append(self, steps: list[tuple[str, str, Activity]]) -> None:
        numbers = {iri: number for number, iri in enumerate(dict.fromkeys(s[1] for s in steps))}
        names = {number: iri for iri, number in numbers.items()}
        shown = [
            NewMember(
                Tier.PUBLIC, kind, numbers[iri], 0, 0, activity, mark=False, retracts_text=False
            )
            for kind, iri, activity in steps
        ]
        for placed in number_members(shown, 1_790_000_000_000, self.stream, self.pages):
            iri, activity = names[placed.member.record], placed.member.activity
            if activity is Activity.DELETE:
                self.live.pop(iri, None)
            gone = activity is Activity.DELETE
            view = None if gone else f'<{iri}> {TYPE} .\n<{iri}> <urn:t:seq> "{placed.seq}" .\n'
            self.changes.append(
                Change(
                    placed.seq,
                    activity,
                    iri,
                    f"{self.base}/event/{new_id()}",
                    placed.member.kind,
                    placed.published,
                    placed.page,
                    objection=False,
                    view=None if view is None else view.encode(),
                    retracts_text=gone,
                )
            )

    def pages_of(self, iris: Any) -> set[tuple[str, int]]:
        wanted = set(iris)
        return {(c.kind, c.page) for c in self.changes if c.iri in wanted}

    def visible(self, kinds: tuple[str, ...]) -> set[str]:
        """Events that the feed shows: tombstones, and versions before no tombstone."""
        last = {c.iri: c.seq for c in self.changes if c.activity is Activity.DELETE}
        return {
            c.event
            for c in self.changes
            if c.kind in kinds and (c.activity is Activity.DELETE or c.seq > last.get(c.iri, 0))
        }

    def live_of(self, kinds: tuple[str, ...]) -> set[str]:
        return {iri for iri, kind in self.live.items() if kind in kinds}


@dataclass
class Site:
    base: str
    traffic: Traffic
    feed: FeedSurface

    def publish(self) -> None:
        changes = [c for c in self.traffic.changes if c.seq > self.feed.position()]
        self.feed.apply(changes)
        self.feed.publish(at_head=True)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    service = FeedService(
        current_tree(tmp_path), Pages("测试", "http://localhost"), 300, lambda: 1_790_000_000_000
    )
    with make_server("127.0.0.1", 0, service, Server, Quiet) as server:
        base = f"http://127.0.0.1:{server.server_port}"
        traffic = Traffic(base)
        number_members = FeedConfig(tmp_path, Tier.PUBLIC, base, {}, traffic.pages_of, fan=FAN)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Site(base, traffic, FeedSurface(number_members))
        server.shutdown()


FEEDS = {"penalty": ("penalty",), "all": KINDS}


def test_a_long_chain_loses_nothing_new_or_old(site: Site, client: Any, tmp_path: Path) -> None:
    traffic = site.traffic
    traffic.fill({"penalty": 3_000, "licence": 2_000})
    site.publish()
    assert (tmp_path / "current/feed/all/i/5.nq.gz").exists(), "the chain is long"
    for feed, kinds in FEEDS.items():
        for ordered in ("none", "ascending"):
            replica = client(f"{site.base}/feed/{feed}", ordered=ordered)
            assert replica.failures == []
            assert sorted(replica.ids) == sorted(traffic.visible(kinds))
            assert replica.live() == traffic.live_of(kinds)

    url, state = f"{site.base}/feed/all", str(tmp_path / "state")
    runs = [client(url, ordered="ascending", state=state)]
    before = traffic.visible(KINDS)
    traffic.fill({"penalty": 700, "licence": 300})
    gone = sorted(traffic.live)[::40]
    traffic.withdraw(gone)
    site.publish()
    runs.append(client(url, ordered="ascending", state=state))
    assert sorted(runs[1].ids) == sorted(traffic.visible(KINDS) - before)
    assert runs[1].live(runs[0]) == traffic.live_of(KINDS)
    assert client(url, ordered="ascending", state=state).ids == []
