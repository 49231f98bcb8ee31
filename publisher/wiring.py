"""The composition root: constructs ledger, surfaces, projector and the web context.

Purpose: a `Deployment` is one data directory with its settings and model. `open` and
`open_or_create` give an `OpenDeployment`, whose methods return the use cases, the projector, the
readers and the context of the web service. What a caller opens, it closes.
Errors: those of settings and ledger; UsageError when the settings contradict the frozen genesis.
Source: docs/design/overview.md "Layers", docs/design/model.md "Identity" (genesis freezes the
addresses).
"""

from __future__ import annotations

import os
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from exchange.domain.actor import Actor
from exchange.domain.disclosure_levels import PUBLISHED_TIERS, Tier
from exchange.domain.publicity_period import china_date
from exchange.intake import HELD_KEY_PURPOSE, HeldRows
from exchange.ledger import AlwaysTrustedClock, Genesis, Heartbeat, Ledger, LedgerLocations
from exchange.model import load_model
from exchange.use_case_types import Workspace
from exchange.use_cases import Exchange
from publisher import settings
from publisher.child_processes import killing_hook, start_helper
from publisher.expiry import ExpiryScheduler
from publisher.layout import Layout
from publisher.ledger_files import LedgerFiles
from publisher.ledger_opener import LedgerOpener
from publisher.machine_clock import now, read_clocks
from publisher.projector import OpenSurfaces, Projector
from publisher.stores.atomic_files import close_to_others, owner_only
from publisher.stores.generations import Pointer
from publisher.stores.query_pool import QueryPool
from publisher.surface_configs import SurfaceConfigs
from publisher.surfaces import dumps as dumping
from publisher.surfaces.feed import FeedReader, FeedSurface
from publisher.surfaces.files.tree_surface import current_tree
from publisher.surfaces.index import IndexMapping, IndexReader, IndexSurface
from publisher.surfaces.runtime.alarms import Alarms
from publisher.surfaces.runtime.checkpoints import Checkpoints
from publisher.surfaces.runtime.freshness_guard import SurfaceGuard
from publisher.surfaces.runtime.helper_process import HelperProcess, SurfaceProxy, serve_surfaces
from publisher.surfaces.runtime.ledger_comparison import LedgerComparison
from publisher.surfaces.runtime.maintenance import Maintenance
from publisher.surfaces.runtime.managed_surface import ManagedSurface
from publisher.surfaces.runtime.removal_recovery import RemovalRecovery
from publisher.surfaces.runtime.runner import Runner
from publisher.surfaces.text.serialisation_cache import SerialisationCache
from publisher.surfaces.triples.surface import TriplesReader, TriplesSurface
from publisher.web.context import SiteContext

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from multiprocessing.connection import Connection

    from exchange.ledger import ClockGuard
    from exchange.model import Model
    from publisher.surfaces.port import AuditedReader, Surface
    from publisher.surfaces.runtime.alarms import Alarm

_ANSWER_BYTES: Final = 8 * 1024 * 1024
# Beyond those at work; more are told to come back (503) rather than hold a thread each.
WAITING_QUERIES: Final = 32


class Deployment:
    """One data directory: its settings, its model, and the ways to open its ledger.

    `environ` replaces the process environment; `clock` returns milliseconds since 1970-01-01
    UTC; `on_narrowed` is called with the number of files of the government tier whose
    permissions were taken from other accounts.
    Raises UsageError for settings that cannot be read or used.
    """

    def __init__(
        self,
        root: Path,
        environ: Mapping[str, str] | None = None,
        clock: Callable[[], int] = now,
        on_narrowed: Callable[[int], None] = lambda _: None,
    ) -> None:
        self.layout = Layout(root)
        self.settings = settings.load(root, environ)
        self.clock = clock
        self.on_narrowed = on_narrowed
        self._killed_processes = [os.getpid()]
        self.failpoint = killing_hook(settings.failpoint(), self._killed_processes)

    @cached_property
    def model(self) -> Model:
        """The model; read once."""
        return load_model()

    @cached_property
    def index_mapping(self) -> IndexMapping:
        """Which properties of the model's kinds the search index keeps; made once."""
        return IndexMapping(self.model.kinds.values())

    @cached_property
    def places(self) -> LedgerLocations:
        """The databases and files of the ledger."""
        return LedgerLocations(
            self.settings.ledger,
            self.settings.seals,
            Path(self.settings.withdrawal_journal),
            self.layout.secret,
        )

    @cached_property
    def heartbeat(self) -> Heartbeat:
        """The file with the last trusted reading of this machine's clock."""
        return Heartbeat(self.layout.heartbeat, read_clocks)

    @property
    def clock_guard(self) -> ClockGuard:
        """The check of the machine's clock; a clock given by the caller is always trusted."""
        return self.heartbeat if self.clock is now else AlwaysTrustedClock()

    def today(self) -> str:
        """Return the current date in China, as an ISO date."""
        return china_date(self.clock()).isoformat()

    def also_kill(self, process: int) -> None:
        """Crash tests: let a failpoint kill that process together with this one."""
        self._killed_processes.insert(0, process)

    def has_ledger(self) -> bool:
        """Return whether the genesis is written."""
        return Ledger.exists(self.places, read_only=not self.places.writable())

    @contextmanager
    def open(self, *, reading: bool = False, restoring: bool = False) -> Iterator[OpenDeployment]:
        """Open the ledger, and close it at the end.

        `reading`: a copy of the ledger that cannot be written will do. `restoring`: the ledger
        may be older than its journal.
        Raises NotFound (no ledger), UsageError (settings and genesis differ).
        """
        read_only = reading and not self.places.writable() and self.has_ledger()
        ledger = self.ledger_opener().open(read_only=read_only, restoring=restoring)
        with closing(ledger):
            yield OpenDeployment(self, ledger)

    @contextmanager
    def open_or_create(
        self, on_created: Callable[[Genesis], None] = lambda _: None
    ) -> Iterator[OpenDeployment]:
        """Open the ledger, or create one from the settings; close it at the end.

        `on_created` is called with the genesis of a new ledger.
        Raises UsageError (settings and genesis differ).
        """
        with closing(self.ledger_opener().open(on_created)) as ledger:
            yield OpenDeployment(self, ledger)

    def ledger_opener(self) -> LedgerOpener:
        """Return the opener of this data directory's ledger."""
        return LedgerOpener(
            self.layout,
            self.settings,
            self.places,
            self.model,
            self.clock,
            self.clock_guard,
            self.failpoint,
            Actor(settings.actor()),
        )

    def query_pool(self, tier: Tier) -> QueryPool:
        """Start the query workers of a tier; the caller closes the pool."""
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
class OpenDeployment:
    """A deployment whose ledger is open; `Deployment.open` closes it."""

    deployment: Deployment
    ledger: Ledger

    def exchange(self, on_cleared: Callable[[str], None] | None = None) -> Exchange:
        """Return the use cases of the write side, after recovery from a crash.

        Its takedowns wait until no surface shows the record; `on_cleared` is called with the
        label of each surface once that is so.
        """
        layout = self.deployment.layout
        desk = Workspace(
            layout.staging,
            layout.rejects,
            layout.held,
            self.deployment.clock,
            self.deployment.failpoint,
        )
        projector = self.projector(_silent)
        take_down = partial(projector.take_down, bound=self.deployment.settings.takedown_bound)
        take_down = partial(take_down, on_cleared=on_cleared) if on_cleared else take_down
        exchange = Exchange(self.ledger, self.deployment.model, desk, take_down)
        exchange.recover()
        return exchange

    def projector(self, on_alarm: Callable[[Alarm], None]) -> Projector:
        """Return the projector; it opens the surfaces only while it holds the lock."""
        layout = self.deployment.layout
        return Projector(
            layout.projector_lock,
            layout.surfaces,
            self.ledger,
            lambda lock: self._open_surfaces(on_alarm, lock),
            self.readers(),
        )

    def expiry_scheduler(self) -> ExpiryScheduler:
        """Return the scheduler that expires records at midnight in China."""
        exchange = self.exchange()
        return ExpiryScheduler(
            exchange.expired_before,
            exchange.expire_records,
            self.deployment.clock,
            self._clock_trusted,
        )

    def _clock_trusted(self) -> bool:
        """Record a heartbeat if the clock is trusted; return whether it is."""
        guard = self.deployment.clock_guard
        guard.beat()
        return guard.doubt() is None

    def readers(self) -> list[AuditedReader]:
        """Return the readers of every surface of the published tiers."""
        words = self.deployment.model.vocabulary
        triples: list[AuditedReader] = [
            TriplesReader(self._configs().triples(tier), words) for tier in PUBLISHED_TIERS
        ]
        feeds: list[AuditedReader] = [
            FeedReader(self._configs().feed(tier)) for tier in PUBLISHED_TIERS
        ]
        indexes = (self.index(tier) for tier in PUBLISHED_TIERS)
        return [*triples, *feeds, *indexes, *(self.dumps(tier) for tier in PUBLISHED_TIERS)]

    def index(self, tier: Tier, ready: Callable[[], None] | None = None) -> IndexReader:
        """Return the reader of a tier's index; `ready` raises StoreUnavailable if it is unfit."""
        return IndexReader(self._configs().index(tier), self.deployment.today, ready)

    def dumps(self, tier: Tier) -> dumping.DumpReader:
        """Return the reader of a tier's dumps."""
        return dumping.DumpReader(self._configs().dumps(tier))

    def guard(self, tier: Tier) -> SurfaceGuard:
        """Return the guard that refuses surfaces of the tier that are unfit to be read."""
        readers = [reader for reader in self.readers() if reader.tier is tier]
        return SurfaceGuard(self.ledger, self._checkpoints(), readers, self.deployment.clock)

    def web_context(self, queries: QueryPool) -> SiteContext:
        """Return what the public web service needs."""
        deployment, tier = self.deployment, Tier.PUBLIC
        current = Pointer(deployment.layout.triples(tier))
        guard, key = self.guard(tier), self.ledger.derived_key(HELD_KEY_PURPOSE)
        token = deployment.settings.metrics_token_file
        return SiteContext(
            name=deployment.settings.deployment_name,
            base_url=self.ledger.genesis.base_url,
            tier=tier,
            model=deployment.model,
            ledger=self.ledger,
            queries=queries,
            index=self.index(tier, partial(guard.require, "index")),
            generation=lambda: current().path.name,
            readers=[reader for reader in self.readers() if reader.tier is tier],
            checkpoints=self._checkpoints(),
            guard=guard,
            alarms=deployment.layout.surfaces,
            feed=current_tree(deployment.layout.feed(tier)),
            dumps=self.dumps(tier),
            clock=deployment.clock,
            query_timeout=deployment.settings.query_timeout,
            takedown_bound=deployment.settings.takedown_bound,
            trusted_proxies=tuple(filter(None, deployment.settings.trusted_proxies.split(","))),
            clock_doubt=deployment.clock_guard.doubt,
            ledger_in_place=LedgerFiles(deployment.places).in_place,
            watched=self.readers(),
            held=HeldRows(deployment.layout.held, key, deployment.clock).count,
            metrics_token=Path(token) if token else None,
        )

    def run_helper(self, pipe: Connection) -> None:
        """Serve surface calls on this pipe until the projector closes it."""
        with owner_only():
            factories = self._document_surfaces().items()
            serve_surfaces(pipe, {f"{tier}/{name}": make for (tier, name), make in factories})

    def _document_surfaces(self) -> dict[tuple[Tier, str], Callable[[], Surface]]:
        """Return a factory of each feed and dump surface; all share one serialisation cache."""
        serialiser = SerialisationCache(readers=2 * len(PUBLISHED_TIERS))
        failpoint = self.deployment.failpoint
        factories: dict[tuple[Tier, str], Callable[[], Surface]] = {}
        for tier in PUBLISHED_TIERS:
            feed = replace(self._configs().feed(tier), serialiser=serialiser)
            dumps = replace(self._configs().dumps(tier), serialiser=serialiser)
            factories[tier, FeedSurface.name] = partial(FeedSurface, feed, failpoint)
            factories[tier, dumping.DumpSurface.name] = partial(
                dumping.DumpSurface, dumps, failpoint
            )
        return factories

    def _open_surfaces(self, on_alarm: Callable[[Alarm], None], lock: int) -> OpenSurfaces:
        deployment, root = self.deployment, self.deployment.layout.surfaces
        if closed := close_to_others(root / Tier.GOVERNMENT.value):
            deployment.on_narrowed(closed)
        words, configs = deployment.model.vocabulary(), self._configs()
        clock, failpoint = deployment.clock, deployment.failpoint
        stores, indexes = [], []
        for tier in PUBLISHED_TIERS:
            config = configs.triples(tier)
            store = partial(TriplesSurface, config, words, clock, failpoint=failpoint)
            stores.append(self._managed(tier, TriplesSurface.name, store))
            index = partial(IndexSurface, configs.index(tier), failpoint)
            indexes.append(self._managed(tier, IndexSurface.name, index))
        helper = HelperProcess(partial(start_helper, deployment.layout.root, lock))
        documents = [
            self._managed(
                tier, name, make, open_in_helper=partial(SurfaceProxy, helper, name, tier)
            )
            for (tier, name), make in self._document_surfaces().items()
        ]
        surfaces: list[Surface] = [*stores, *indexes, *documents]
        alarms = Alarms(root, on_alarm)
        # Only these keep something of what was taken out in their files.
        keeping = [*stores, *indexes]
        maintenance = Maintenance(
            root, self.ledger, keeping, deployment.clock, deployment.settings.rebuild_hour
        )
        comparison = LedgerComparison(
            self.ledger, deployment.clock, self._checkpoints(), self.recovery()
        )
        runner = Runner(self.ledger, surfaces, alarms, deployment.clock, comparison=comparison)
        return OpenSurfaces(runner, surfaces, maintenance)

    def recovery(self) -> RemovalRecovery:
        """Return the recovery of removals that only a surface of another history knows."""
        feeds = [FeedReader(self._configs().feed(tier)) for tier in PUBLISHED_TIERS]
        triples = [TriplesReader(self._configs().triples(tier)) for tier in PUBLISHED_TIERS]
        others = [
            reader for tier in PUBLISHED_TIERS for reader in (self.index(tier), self.dumps(tier))
        ]
        kinds, kept = self._configs().kinds(Tier.GOVERNMENT), self._checkpoints()
        return RemovalRecovery(self.ledger, kept, feeds, [*triples, *others], kinds)

    def _configs(self) -> SurfaceConfigs:
        deployment = self.deployment
        return SurfaceConfigs(
            deployment.layout, deployment.model, self.ledger, deployment.index_mapping
        )

    def _checkpoints(self) -> Checkpoints:
        return Checkpoints(self.deployment.layout.surfaces, self.ledger)

    def _managed(
        self, tier: Tier, name: str, make: Callable[[], Surface], **where: Any
    ) -> ManagedSurface:
        """Return a surface that opens on first use, so that a damaged one stops no other."""
        directory = self.deployment.layout.surfaces / tier.value / name
        return ManagedSurface(name, tier, directory, make, **where)


def web_context(root: Path) -> SiteContext:
    """Return the context of a data directory's web service, for the life of the process."""
    # Never closed: a worker process ends as a whole, and its query workers with it.
    deployment = Deployment(root)
    opened = OpenDeployment(deployment, deployment.ledger_opener().open())
    return opened.web_context(deployment.query_pool(Tier.PUBLIC))


def _silent(_: Alarm) -> None:
    """Alarms of a takedown by hand are read back from their files by the projector."""
