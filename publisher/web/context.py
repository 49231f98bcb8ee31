"""The context of the web service: everything that its handlers use; `wiring` creates it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    from exchange.domain.clock_trust import ClockDoubt
    from exchange.domain.disclosure_levels import Tier
    from exchange.domain.record import Visibility, VisibleRecord
    from exchange.ledger.ledger_status import Backlog
    from exchange.ledger.record_view import RecordPage, RecordView
    from exchange.model import Model
    from publisher.stores.query_pool import QueryPool
    from publisher.surfaces.dumps import DumpReader
    from publisher.surfaces.index import (
        Entry,
        ListPage,
        MonthlyCount,
        SearchPage,
        Subject,
        SubjectRecords,
    )
    from publisher.surfaces.port import SurfaceReader
    from publisher.surfaces.runtime.checkpoints import Checkpoints
    from publisher.surfaces.runtime.freshness_guard import SurfaceGuard


class LedgerReads(Protocol):
    """The ledger's reads for the web side: visibility, record pages, backlog."""

    def visibility(self, tier: Tier, public_id: str, /) -> Visibility:
        """Return the record's visibility in the tier."""

    def live_among(self, tier: Tier, public_ids: Collection[str], /) -> set[str]:
        """Return those of the records that the tier's readers may see."""

    def epoch(self) -> int:
        """Return the number of the ledger's epoch."""

    def head(self, tier: Tier, /) -> int:
        """Last `seq` of the tier."""

    def read(self, tier: Tier, public_id: str, /) -> RecordView:
        """Return the newest version of a record. Raises NotFound and Gone."""

    def visible(self, tier: Tier, public_ids: Sequence[str], /) -> Sequence[VisibleRecord]:
        """Return those of at most 500 records that the tier's readers see."""

    def record_page(self, tier: Tier, public_id: str, after: str = "") -> RecordPage:
        """Return a record, a page of its links and its history, from one snapshot.

        Raises NotFound and Gone; UsageError for a bad cursor.
        """

    def backlog(self) -> Backlog:
        """Return the newest event and the unfinished work."""

    def last_published(self, tier: Tier, /) -> int | None:
        """When the tier's sequence last grew, in milliseconds."""


class IndexReads(Protocol):
    """The index's reads for pages (`publisher.surfaces.index.IndexReader`).

    Every answer is bounded. All raise StoreUnavailable and QueryTimeout.
    """

    def search(self, text: str, kinds: Collection[str] = (), page: int = 1) -> SearchPage:
        """Return a page of records with every word. Raises UsageError for too long a text."""

    def subject(self, code: str) -> Subject | None:
        """Return everything about a code in canonical form; None without records."""

    def listed(self, name: str, cursor: str = "", size: int = 20) -> ListPage:
        """Return a page of a list by its notation. Raises UsageError for a bad cursor."""

    def of_kind(self, kind: str, cursor: str = "", size: int = 20) -> ListPage:
        """Return a page of a kind's records. Raises UsageError for a bad cursor."""

    def about(self, code: str, after: str = "", size: int = 500) -> SubjectRecords:
        """Return the records about a code, in the order of their IRIs."""

    def measures_of(self, name: str) -> Sequence[Entry]:
        """Return the measures that follow from a list (its notation)."""

    def latest(self, kind: str, count: int) -> Sequence[Entry]:
        """Return the newest records of a kind."""

    def counts(self) -> Mapping[str, int]:
        """Return the number of visible records of each kind."""

    def lists(self) -> Mapping[str, int]:
        """Return the number of entries of each list that has any."""

    def tallies(self, kind: str) -> Sequence[MonthlyCount]:
        """Return the records of a kind by authority and month."""


@dataclass(frozen=True, slots=True)
class SiteContext:
    """Everything that one tier's web service needs; `publisher.wiring` creates it.

    `generation` names what the pool reads now (StoreUnavailable before the first), `guard` says
    which surfaces may be answered from, `alarms` is the directory of the surfaces, `feed` that of
    the feed that is served, `clock` milliseconds, `takedown_bound` seconds, `clock_doubt` says why
    the machine's clock is not trusted, `ledger_in_place` whether the ledger's files are those that
    were opened. For `/metrics`: `watched` are the surfaces of every tier,
    `held` counts rows that wait for review, `metrics_token` is the file of its token.
    """

    name: str
    base_url: str
    tier: Tier
    model: Model
    ledger: LedgerReads
    queries: QueryPool
    index: IndexReads
    generation: Callable[[], str]
    readers: Sequence[SurfaceReader]
    checkpoints: Checkpoints
    guard: SurfaceGuard
    alarms: Path
    feed: Path
    dumps: DumpReader
    clock: Callable[[], int]
    query_timeout: float
    takedown_bound: float
    trusted_proxies: tuple[str, ...] = ()
    clock_doubt: Callable[[], ClockDoubt | None] = lambda: None
    ledger_in_place: Callable[[], bool] = lambda: True
    watched: Sequence[SurfaceReader] = ()
    held: Callable[[], int] = lambda: 0
    metrics_token: Path | None = None
