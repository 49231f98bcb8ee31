"""How long copies of what we hand out may be kept (docs/design/surfaces.md "Feeds")."""

from __future__ import annotations

from typing import Final

from exchange.domain.publicity_period import seconds_of_day_left

# A copy may be kept and must be asked for each time.
REVALIDATE: Final = "public, max-age=0, must-revalidate"


def until_next_expiry(takedown_bound: float, now: int) -> str:
    """Return the value of Cache-Control for what changes by a takedown alone.

    `takedown_bound` is seconds, `now` milliseconds. Publicity ends with a day, so no copy may
    outlive the day it was made on.
    """
    seconds = min(int(takedown_bound), seconds_of_day_left(now))
    return f"public, max-age={seconds}, immutable"
