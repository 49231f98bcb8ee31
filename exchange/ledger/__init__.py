"""The ledger: append-only events, and what they add up to (DESIGN §4)."""

from exchange.ledger.heartbeat import ClockGuard, Heartbeat, Unguarded
from exchange.ledger.ledger import Ledger
from exchange.ledger.parts import Genesis, Places

__all__ = ["ClockGuard", "Genesis", "Heartbeat", "Ledger", "Places", "Unguarded"]
