"""Cache-Control of our answers (docs/design/surfaces.md "Feeds")."""

from __future__ import annotations

from typing import Final

from exchange.domain.publicity_period import seconds_of_day_left

# A copy may be kept and must be revalidated each time.
REVALIDATE: Final = "public, max-age=0, must-revalidate"


def until_next_expiry(takedown_bound: float, now: int) -> str:
    """Return Cache-Control for immutable documents: at most the bound, never past midnight.

    `takedown_bound` is seconds, `now` milliseconds since 1970-01-01 UTC. Publicity ends at
    midnight in China, so no copy may be older than the day.
    """
    seconds = min(int(takedown_bound), seconds_of_day_left(now))
    return f"public, max-age={seconds}, immutable"
