"""The ledger: append-only events, and what they add up to (docs/design/ledger.md "Events")."""

from exchange.ledger.clock_heartbeat import AlwaysTrustedClock, ClockGuard, Heartbeat
from exchange.ledger.context import Genesis, LedgerLocations
from exchange.ledger.empty_ledger import ledger_in_memory
from exchange.ledger.erasure import Traces
from exchange.ledger.ledger import Ledger
from exchange.ledger.model_versions import ModelVersion
from exchange.ledger.received_versions import COMPARED_VERSIONS
from exchange.ledger.review_decisions import Decision, Origin

__all__ = [
    "COMPARED_VERSIONS",
    "AlwaysTrustedClock",
    "ClockGuard",
    "Decision",
    "Genesis",
    "Heartbeat",
    "Ledger",
    "LedgerLocations",
    "ModelVersion",
    "Origin",
    "Traces",
    "ledger_in_memory",
]
