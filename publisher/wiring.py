"""The composition root: the only module that makes parts.

Purpose: settings in, ready parts out. A `Station` is one data directory with its settings; what
it opens, its caller closes (`opened` does both).
Errors: those of settings and ledger; UsageError when the settings contradict the frozen genesis.
Source: docs/design/overview.md "Layers", docs/design/model.md "Identity" (genesis freezes the
addresses).
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from exchange.commands import Exchange, Workspace
from exchange.domain.disclosure import PUBLISHED_TIERS, Tier
from exchange.domain.errors import UsageError
from exchange.domain.publicity_period import china_date
from exchange.intake import PURPOSE, HeldRows
from exchange.ledger import Genesis, Heartbeat, Ledger, Places, Unguarded
from exchange.model import load_model
from publisher import settings
from publisher.child_processes import failing_at, start_helper
from publisher.expiry import Midnight
from publisher.layout import Layout
from publisher.ledger_files import LedgerFiles
from publisher.ledger_opener import LedgerAccess
from publisher.machine_clock import now, read_clocks
from publisher.projector import Opened, Projector
from publisher.stores.atomic_files import close_to_others, owner_only
from publisher.stores.generations import Pointer
from publisher.stores.query_pool import QueryPool
from publisher.surfaces import dumps as dumping
from publisher.surfaces.feed import FeedReader, FeedSurface, Place
from publisher.surfaces.files.tree_surface import current_tree
from publisher.surfaces.index import IndexReader, IndexSurface, Plan
from publisher.surfaces.index import Site as IndexSite
from publisher.surfaces.runtime.alarms import Alarms
from publisher.surfaces.runtime.checkpoints import Checkpoints
from publisher.surfaces.runtime.freshness_guard import SurfaceGuard
from publisher.surfaces.runtime.helper_process import Elsewhere, Lane, work
from publisher.surfaces.runtime.ledger_comparison import Histories
from publisher.surfaces.runtime.maintenance import Upkeep
from publisher.surfaces.runtime.managed_surface import OnDemand
from publisher.surfaces.runtime.removal_recovery import Recovery
from publisher.surfaces.runtime.runner import Runner
from publisher.surfaces.text.serialisation_cache import Texts
from publisher.surfaces.triples.surface import Site, TriplesReader, TriplesSurface
from publisher.web.context import Parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from multiprocessing.connection import Connection

    from exchange.ledger import ClockGuard
    from exchange.model import Kind, Model
    from publisher.surfaces.port import Audited, Surface
    from publisher.surfaces.runtime.alarms import Alarm

_ANSWER_BYTES: Final = 8 * 1024 * 1024
# Beyond those at work; more are told to come back (503) rather than hold a thread each.
WAITING_QUERIES: Final = 32


class Station:
    """One data directory: its settings, model and the ways to open its parts.

    `narrowed` hears how many files of the government tier were closed to other accounts.
    """

    def __init__(
        self,
        root: Path,
        environ: Mapping[str, str] | None = None,
        clock: Callable[[], int] = now,
        narrowed: Callable[[int], None] = lambda _: None,
    ) -> None:
        self.layout = Layout(root)
        self.settings = settings.load(root, environ)
        self.clock = clock
        self.narrowed = narrowed
        self._falling = [os.getpid()]
        self.failpoint = failing_at(settings.failpoint(), self._falling)
        if self.settings.store != "embedded":
            raise UsageError(
                "Only the embedded triple store is built so far.",
                f'Set store = "embedded" in {settings.FILE}, or leave it out.',
                zh="目前只支持内置三元组库。",
                zh_hint=f'请在 {settings.FILE} 中设 store = "embedded"，或删去该项。',
            )

    @cached_property
    def model(self) -> Model:
        """The model; read once."""
        return load_model()

    @cached_property
    def plan(self) -> Plan:
        """What the index keeps of the model's kinds."""
        return Plan(self.model.kinds.values())

    @cached_property
    def places(self) -> Places:
        """Where the ledger keeps what."""
        return Places(
            self.settings.ledger,
            self.settings.seals,
            Path(self.settings.withdrawal_journal),
            self.layout.secret,
        )

    @cached_property
    def heartbeat(self) -> Heartbeat:
        """The last trusted reading of this machine's clock."""
        return Heartbeat(self.layout.heartbeat, read_clocks)

    @property
    def clock_guard(self) -> ClockGuard:
        """Says whether the clock is trusted; one that the caller brought always is."""
        return self.heartbeat if self.clock is now else Unguarded()

    def today(self) -> str:
        """Return the day in China as an ISO date."""
        return china_date(self.clock()).isoformat()

    def falls_with(self, process: int) -> None:
        """Let a failpoint end that process, too: this one helps it."""
        self._falling.insert(0, process)

    def has_ledger(self) -> bool:
        """Return whether the genesis is written."""
        return Ledger.exists(self.places, read_only=not self.places.writable())

    @contextmanager
    def opened(
        self,
        begin: Callable[[Genesis], None] | None = None,
        *,
        reading: bool = False,
        restoring: bool = False,
    ) -> Iterator[Bench]:
        """Open the ledger and close it at the end.

        With `begin`, a missing ledger is made of the settings, and `begin` told its genesis.
        `reading`: a copy that cannot be written will do; `restoring`: it may be older than its
        journal. Raises NotFound (none, and no `begin`), UsageError (settings and genesis differ).
        """
        read_only = reading and not self.places.writable() and self.has_ledger()
        ledger = self.access().open(begin, read_only=read_only, restoring=restoring)
        try:
            yield Bench(self, ledger)
        finally:
            ledger.close()

    def access(self) -> LedgerAccess:
        """Return what opens the ledger."""
        return LedgerAccess(
            self.layout,
            self.settings,
            self.places,
            self.model,
            self.clock,
            self.clock_guard,
            self.failpoint,
        )

    def query_pool(self, tier: Tier) -> QueryPool:
        """Start the query workers of a tier; the caller closes them."""
        chosen = self.settings
        current = Pointer(self.layout.triples(tier))
        return QueryPool(
            lambda: current().path,
            size=chosen.query_workers,
            deadline_seconds=chosen.query_timeout,
            memory_bytes=chosen.query_memory * 1024 * 1024,
            max_bytes=_ANSWER_BYTES,
            queue_limit=WAITING_QUERIES,
        )


@dataclass(frozen=True, slots=True)
class Bench:
    """A station with its ledger open."""

    station: Station
    ledger: Ledger

    def exchange(self, told: Callable[[str], None] | None = None) -> Exchange:
        """Return the use cases of the write side, healed; a takedown waits for the surfaces.

        `told` hears the label of each surface once the record taken down is gone from it.
        """
        layout = self.station.layout
        desk = Workspace(
            layout.staging, layout.rejects, layout.held, self.station.clock, self.station.failpoint
        )
        projector = self.projector(_silent)
        take_down = partial(projector.take_down, bound=self.station.settings.takedown_bound)
        take_down = partial(take_down, told=told) if told else take_down
        made = Exchange(self.ledger, self.station.model, desk, take_down)
        made.recover()
        return made

    def projector(self, on_alarm: Callable[[Alarm], None]) -> Projector:
        """Return the projector, which opens the stores only when it holds the lock."""
        layout = self.station.layout
        return Projector(
            layout.projector_lock,
            layout.surfaces,
            self.ledger,
            lambda lock: self._open_surfaces(on_alarm, lock),
            self.readers(),
        )

    def midnight(self) -> Midnight:
        """Return the clock that ends publicity day by day."""
        exchange = self.exchange()
        return Midnight(
            exchange.expired_before,
            exchange.expire_records,
            self.station.clock,
            self._clock_trusted,
        )

    def _clock_trusted(self) -> bool:
        """Keep the heartbeat while the clock is trusted; return whether it is."""
        guard = self.station.clock_guard
        guard.beat()
        return guard.doubt() is None

    def readers(self) -> list[Audited]:
        """Return what readers see of every surface."""
        words = self.station.model.vocabulary
        triples: list[Audited] = [
            TriplesReader(self._site(tier), words) for tier in PUBLISHED_TIERS
        ]
        feeds: list[Audited] = [FeedReader(self._feed(tier)) for tier in PUBLISHED_TIERS]
        indexes = (self.index(tier) for tier in PUBLISHED_TIERS)
        return [*triples, *feeds, *indexes, *(self.dumps(tier) for tier in PUBLISHED_TIERS)]

    def index(self, tier: Tier, ready: Callable[[], None] | None = None) -> IndexReader:
        """Return the tier's index as readers see it; `ready` raises when it must not be read."""
        return IndexReader(self._index(tier), self.station.today, ready)

    def dumps(self, tier: Tier) -> dumping.DumpReader:
        """Return what readers see of a tier's dumps."""
        return dumping.DumpReader(self._dumps(tier))

    def guard(self, tier: Tier) -> SurfaceGuard:
        """Return what says whether a surface of the tier may be answered from."""
        readers = [reader for reader in self.readers() if reader.tier is tier]
        return SurfaceGuard(self.ledger, self._checkpoints(), readers, self.station.clock)

    def web_parts(self, queries: QueryPool) -> Parts:
        """Return the parts of the public web service."""
        station, tier = self.station, Tier.PUBLIC
        current = Pointer(station.layout.triples(tier))
        guard, key = self.guard(tier), self.ledger.derived_key(PURPOSE)
        return Parts(
            name=station.settings.deployment_name,
            base_url=self.ledger.genesis.base_url,
            tier=tier,
            model=station.model,
            ledger=self.ledger,
            queries=queries,
            index=self.index(tier, partial(guard.require, "index")),
            generation=lambda: current().path.name,
            readers=[reader for reader in self.readers() if reader.tier is tier],
            checkpoints=self._checkpoints(),
            guard=guard,
            alarms=station.layout.surfaces,
            feed=current_tree(station.layout.feed(tier)),
            dumps=self.dumps(tier),
            clock=station.clock,
            query_timeout=station.settings.query_timeout,
            takedown_bound=station.settings.takedown_bound,
            trusted_proxies=tuple(filter(None, station.settings.trusted_proxies.split(","))),
            clock_doubt=station.clock_guard.doubt,
            ledger_in_place=LedgerFiles(station.places).in_place,
            watched=self.readers(),
            held=HeldRows(station.layout.held, key, station.clock).count,
            metrics_token=Path(token) if (token := station.settings.metrics_token_file) else None,
        )

    def work_beside(self, line: Connection) -> None:
        """Write feeds and dumps as the projector asks by `line`, until it goes."""
        with owner_only():
            work(line, {f"{tier}/{name}": make for (tier, name), make in self._documents().items()})

    def _documents(self) -> dict[tuple[Tier, str], Callable[[], Surface]]:
        """Return what opens feeds and dumps of every tier; they share the texts they write."""
        texts = Texts(readers=2 * len(PUBLISHED_TIERS))
        failpoint = self.station.failpoint
        found: dict[tuple[Tier, str], Callable[[], Surface]] = {}
        for tier in PUBLISHED_TIERS:
            feed = replace(self._feed(tier), texts=texts)
            dumps = replace(self._dumps(tier), texts=texts)
            found[tier, FeedSurface.name] = partial(FeedSurface, feed, failpoint)
            found[tier, dumping.DumpSurface.name] = partial(dumping.DumpSurface, dumps, failpoint)
        return found

    def _open_surfaces(self, on_alarm: Callable[[Alarm], None], lock: int) -> Opened:
        station, root = self.station, self.station.layout.surfaces
        if closed := close_to_others(root / Tier.GOVERNMENT.value):
            station.narrowed(closed)
        words = station.model.vocabulary()
        stores = [
            self._on_demand(
                tier,
                TriplesSurface.name,
                partial(
                    TriplesSurface,
                    self._site(tier),
                    words,
                    station.clock,
                    failpoint=station.failpoint,
                ),
            )
            for tier in PUBLISHED_TIERS
        ]
        indexes = [
            self._on_demand(
                tier, IndexSurface.name, partial(IndexSurface, self._index(tier), station.failpoint)
            )
            for tier in PUBLISHED_TIERS
        ]
        lane = Lane(partial(start_helper, station.layout.root, lock))
        documents = [
            self._on_demand(tier, name, make, elsewhere=partial(Elsewhere, lane, name, tier))
            for (tier, name), make in self._documents().items()
        ]
        surfaces: list[Surface] = [*stores, *indexes, *documents]
        alarms = Alarms(root, on_alarm)
        # Only these keep something of what was taken out in their files.
        keeping = [*stores, *indexes]
        upkeep = Upkeep(root, self.ledger, keeping, station.clock, station.settings.rebuild_hour)
        histories = Histories(self.ledger, station.clock, self._checkpoints(), self.recovery())
        runner = Runner(self.ledger, surfaces, alarms, station.clock, histories=histories)
        return Opened(runner, surfaces, upkeep)

    def recovery(self) -> Recovery:
        """Return what asks surfaces of another history for what the ledger lacks."""
        feeds = [FeedReader(self._feed(tier)) for tier in PUBLISHED_TIERS]
        triples = [TriplesReader(self._site(tier)) for tier in PUBLISHED_TIERS]
        others = [
            reader for tier in PUBLISHED_TIERS for reader in (self.index(tier), self.dumps(tier))
        ]
        kinds, kept = self._kinds(Tier.GOVERNMENT), self._checkpoints()
        return Recovery(self.ledger, kept, feeds, [*triples, *others], kinds)

    def _checkpoints(self) -> Checkpoints:
        return Checkpoints(self.station.layout.surfaces, self.ledger)

    def _on_demand(
        self, tier: Tier, name: str, make: Callable[[], Surface], **where: Any
    ) -> OnDemand:
        """Return a surface that is opened when it is needed: what cannot be stops no other."""
        directory = self.station.layout.surfaces / tier.value / name
        return OnDemand(name, tier, directory, make, **where)

    def _site(self, tier: Tier) -> Site:
        return Site(self.station.layout.triples(tier), tier, self._bases())

    def _index(self, tier: Tier) -> IndexSite:
        return IndexSite(self.station.layout.index(tier), tier, self._bases(), self.station.plan)

    def _bases(self) -> tuple[str, ...]:
        """Return the beginnings of record IRIs."""
        genesis = self.ledger.genesis
        return (f"{genesis.base_url}/record/", f"{genesis.government_url}/record/")

    def _feed(self, tier: Tier) -> Place:
        pages = partial(self.ledger.pages, tier)
        directory = self.station.layout.feed(tier)
        return Place(
            directory, tier, self._base(tier), self._kinds(tier), pages, epoch=self.ledger.epoch
        )

    def _dumps(self, tier: Tier) -> dumping.Place:
        return dumping.Place(
            self.station.layout.dumps(tier),
            tier,
            self._base(tier),
            self._kinds(tier),
            partial(self.ledger.pages, tier),
            partial(self.ledger.created, tier),
            epoch=self.ledger.epoch,
        )

    def _base(self, tier: Tier) -> str:
        genesis = self.ledger.genesis
        return genesis.base_url if tier is Tier.PUBLIC else genesis.government_url

    def _kinds(self, tier: Tier) -> dict[str, Kind]:
        kinds = self.station.model.kinds
        return {slug: kind for slug, kind in kinds.items() if kind.ceiling.rank <= tier.rank}


def web_parts(root: Path) -> Parts:
    """Return the parts of a data directory's web service; they live as long as the process."""
    # Never closed: a worker process ends as a whole, and its query workers with it.
    station = Station(root)
    bench = Bench(station, station.access().open())
    return bench.web_parts(station.query_pool(Tier.PUBLIC))


def _silent(_: Alarm) -> None:
    """Alarms of a takedown by hand are read back from their files by the projector."""
