"""The ledger: append-only events, and what they add up to (DESIGN §4)."""

from exchange.ledger.blank import blank_ledger
from exchange.ledger.erasing import Traces
from exchange.ledger.heartbeat import ClockGuard, Heartbeat, Unguarded
from exchange.ledger.ledger import Ledger
from exchange.ledger.models import ModelVersion
from exchange.ledger.parts import Genesis, Places
from exchange.ledger.reviewing import Decision, Origin
from exchange.ledger.versions import COMPARED_VERSIONS

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
