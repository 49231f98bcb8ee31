"""Moments as pages show them: the day and time in China (one time zone, no summer time)."""

from __future__ import annotations

from datetime import datetime

from exchange.domain.publicity import CHINA


def moment(milliseconds: int) -> str:
    """Return milliseconds since 1970-01-01 UTC as `2026-11-24 09:30`."""
    return datetime.fromtimestamp(milliseconds / 1000, CHINA).strftime("%Y-%m-%d %H:%M")
