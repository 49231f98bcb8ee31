from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.domain.publicity_period import china_date, seconds_of_day_left


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


@pytest.mark.parametrize(
    ("moment", "seconds"),
    [
        ("2026-09-21T23:59:59.500+08:00", 0),
        ("2026-09-21T23:58:30+08:00", 90),
        ("2026-09-21T00:00:00+08:00", 86_400),
        ("2026-09-21T15:59:00+00:00", 60),
    ],
)
def test_the_day_of_publicity_ends_at_midnight_in_china(moment: str, seconds: int) -> None:
    assert seconds_of_day_left(at(moment)) == seconds


@given(st.integers(0, 4_000_000_000_000))
def test_within_the_seconds_left_it_is_still_the_same_day(now: int) -> None:
    left = seconds_of_day_left(now)
    assert 0 <= left <= 86_400
    assert china_date(now + left * 1000 - 1) == china_date(now) or left == 0
    assert china_date(now + (left + 1) * 1000) == china_date(now) + timedelta(days=1)


def test_a_day_is_a_day_in_china() -> None:
    assert china_date(at("2026-09-21T16:00:00+00:00")).isoformat() == "2026-09-22"
    assert datetime.fromtimestamp(0, UTC).date() == china_date(0)
