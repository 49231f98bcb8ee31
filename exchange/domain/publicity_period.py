"""The declared end of a record's publicity, and days in China.

Other periods are policy and join with it (docs/design/policy.md "Policy"). Days are days in China:
the last day of publicity is shown to its end.
Source: docs/design/ledger.md "Rows that arrive in a state".
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from typing import Final

# China has had one time zone without summer time since 1991 (Asia/Shanghai).
CHINA: Final = timezone(timedelta(hours=8), "Asia/Shanghai")


def china_date(milliseconds: int) -> date:
    """Return the date in China of a moment in milliseconds since 1970-01-01 UTC."""
    return datetime.fromtimestamp(milliseconds / 1000, CHINA).date()


def china_time(milliseconds: int) -> str:
    """Return a moment as China's clocks show it, with its offset: 2026-11-28T23:59:59+08:00."""
    return datetime.fromtimestamp(milliseconds // 1000, CHINA).isoformat()


def start_of_china_day(day: date) -> int:
    """Return the first moment of a day in China, in milliseconds since 1970-01-01 UTC."""
    return int(datetime.combine(day, time(), CHINA).timestamp()) * 1000


def seconds_of_day_left(milliseconds: int) -> int:
    """Return the whole seconds from a moment to the end of its day in China.

    Publicity ends with a day, so this bounds how long a copy may be kept
    (docs/design/surfaces.md "Expiry").
    """
    moment = datetime.fromtimestamp(milliseconds / 1000, CHINA)
    midnight = datetime.combine(moment.date() + timedelta(days=1), time(), CHINA)
    return int((midnight - moment).total_seconds())


def declared_end(view: bytes, predicate: str) -> date | None:
    """Return the day that a view (canonical N-Quads) states by `predicate`, None without one."""
    mark = f' <{predicate}> "'.encode()
    at = view.find(mark)
    if at < 0:
        return None
    start = at + len(mark)
    return date.fromisoformat(view[start : view.index(b'"', start)].decode("ascii"))
