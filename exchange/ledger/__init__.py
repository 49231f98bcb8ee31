"""The ledger: append-only events, and what they add up to (docs/design/ledger.md "Events")."""

from exchange.ledger.clock_guard import ClockGuard, Heartbeat, Unguarded
from exchange.ledger.context import Genesis, Places
from exchange.ledger.empty_ledger import blank_ledger
from exchange.ledger.erasure import Traces
from exchange.ledger.ledger import Ledger
from exchange.ledger.model_versions import ModelVersion
from exchange.ledger.received_versions import COMPARED_VERSIONS
from exchange.ledger.review_decisions import Decision, Origin

__all__ = [
    "COMPARED_VERSIONS",
    "ClockGuard",
    "Decision",
    "Genesis",
    "Heartbeat",
    "Ledger",
    "ModelVersion",
    "Origin",
    "Places",
    "Traces",
    "Unguarded",
    "blank_ledger",
]
