from __future__ import annotations

from publisher.surfaces.index import MonthlyCount
from publisher.web.charts.decision_chart import AUTHORITIES, HEIGHT, MONTHS, WIDTH, figures


def test_nothing_counted_is_no_drawing() -> None:
    assert figures([]) is None
    assert figures([MonthlyCount("penalty", "示例局", "", 3)]) is None


def test_the_last_months_stand_in_order_without_a_gap() -> None:
    drawn = figures(
        [
            MonthlyCount("penalty", "甲局", "2026-01", 4),
            MonthlyCount("penalty", "乙局", "2026-01", 2),
            MonthlyCount("penalty", "甲局", "2025-11", 3),
            MonthlyCount("penalty", "甲局", "1999-01", 9),
        ]
    )
    assert drawn is not None
    months = [one.month for one in drawn.columns]
    assert len(months) == MONTHS
    assert months == sorted(months)
    assert months[-3:] == ["2025-11", "2025-12", "2026-01"]
    assert [one.count for one in drawn.columns[-3:]] == [3, 0, 6]
    assert drawn.authorities == [("甲局", 16), ("乙局", 2)]


def test_the_largest_month_fills_the_height_and_nothing_leaves_the_drawing() -> None:
    drawn = figures(
        [MonthlyCount("penalty", f"{number}局", "2026-06", number) for number in range(1, 40)]
    )
    assert drawn is not None
    last = drawn.columns[-1]
    assert (last.y, last.height) == (0, HEIGHT)
    assert all(one.x >= 0 and one.x + one.width <= WIDTH for one in drawn.columns)
    assert len(drawn.authorities) == AUTHORITIES
