"""An empty ledger in memory: for a dry run where there is none yet."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from exchange.domain.failpoints import no_failpoint
from exchange.ledger.bootstrap import context_builder
from exchange.ledger.dry_run_context import empty_context
from exchange.ledger.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from exchange.domain.link_rules import LinkRule
    from exchange.ledger.clock_heartbeat import ClockGuard
    from exchange.ledger.context import Genesis, LedgerLocations
    from exchange.ledger.model_versions import ModelVersion


def ledger_in_memory(  # noqa: PLR0913 (what `Ledger.create` takes; wiring calls it once)
    locations: LedgerLocations,
    genesis: Genesis,
    rules: Mapping[str, LinkRule],
    clock: Callable[[], int],
    *,
    government_kinds: frozenset[str],
    clock_guard: ClockGuard,
    model: ModelVersion,
) -> Ledger:
    """Return a ledger of that genesis in memory; nothing at `locations` is created or read."""
    watch = clock, monotonic
    build = context_builder(
        locations, rules, government_kinds, *watch, no_failpoint, clock_guard, model
    )
    return Ledger(empty_context(genesis, build))
