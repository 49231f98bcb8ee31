"""Times as every surface writes them."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache


@lru_cache(maxsize=64)  # all that one step of the ledger has published has one time
def xsd_timestamp(milliseconds: int) -> str:
    """Return an xsd:dateTime in UTC with exactly three decimals: text order is time order."""
    seconds, rest = divmod(milliseconds, 1000)
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{rest:03d}Z"
