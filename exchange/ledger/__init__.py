"""The ledger: append-only events, and what they add up to (DESIGN §4)."""

from exchange.ledger.ledger import Ledger
from exchange.ledger.parts import Genesis, Places

__all__ = ["Genesis", "Ledger", "Places"]
