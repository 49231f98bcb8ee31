"""Moments as pages show them: the day and time in China (one time zone, no summer time)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from exchange.domain.publicity_period import CHINA


def moment(milliseconds: int) -> str:
    """Return milliseconds since 1970-01-01 UTC as `2026-11-24 09:30`."""
    return datetime.fromtimestamp(milliseconds / 1000, CHINA).strftime("%Y-%m-%d %H:%M")


_NEVER: Final = ("9999", "2099")
_WEEKDAYS: Final = "一二三四五六日"
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_NAMES: Final = (
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"
)  # fmt: skip


def last_day(day: str) -> str:
    """Return an ISO date, nothing for the far ones that deliveries write where there is no end."""
    return "" if day.startswith(_NEVER) else day


def long_day(day: date, lang: str) -> str:
    """Return a day as a masthead bears it: 2026年11月24日 星期二."""
    if lang == "zh":
        return f"{day.year}年{day.month}月{day.day}日 星期{_WEEKDAYS[day.weekday()]}"
    return f"{_NAMES[day.weekday()]}, {day.day} {_MONTHS[day.month - 1]} {day.year}"
