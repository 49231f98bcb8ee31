"""What the web side is made of; wiring fills it, the blueprints take it apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from exchange.domain.access import Tier
    from exchange.domain.record import Standing, Step
    from exchange.model import Model
    from publisher.stores.workers import QueryPool
    from publisher.surfaces.port import Readable


class Standings(Protocol):
    """The ledger as the web side sees it: never text, only standing and head."""

    def standing(self, tier: Tier, public_id: str, /) -> Standing:
        """How the record stands for the tier's readers."""

    def head(self, tier: Tier, /) -> int:
        """Last `seq` of the tier."""

    def history(self, tier: Tier, public_id: str, /) -> Sequence[Step]:
        """Return how a record came to be shown, the oldest step first."""

    def last_published(self, tier: Tier, /) -> int | None:
        """When the tier's sequence last grew, in milliseconds."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of one tier's web service.

    `generation` names what the pool reads now (StoreUnavailable before the first), `alarms` is
    the directory of the surfaces, `feed` that of the feed that is served, `clock` milliseconds,
    `takedown_bound` seconds.
    """

    name: str
    base_url: str
    tier: Tier
    model: Model
    ledger: Standings
    queries: QueryPool
    generation: Callable[[], str]
    readers: Sequence[Readable]
    alarms: Path
    feed: Path
    clock: Callable[[], int]
    query_timeout: float
    takedown_bound: float
