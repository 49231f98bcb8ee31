from __future__ import annotations

from datetime import date, timedelta

from publisher.web.charts.timeline import MOST, WIDTH, timeline
from publisher.web.pages.record_summaries import RecordSummary

TODAY = date(2026, 9, 21)


def line(day: str, kind: str = "行政处罚", until: str = "") -> RecordSummary:
    return RecordSummary("/record/x", kind, "示例", "1号", day, slug="penalty", until=until)


def test_nothing_with_a_day_is_no_drawing() -> None:
    assert timeline([], TODAY) is None
    assert timeline([line("")], TODAY) is None


def test_every_record_has_one_bar_in_the_lane_of_its_kind_and_none_hides_another() -> None:
    lines = [line("2025-03-01"), line("2026-01-01", "名单条目"), line("2024-02-29")]
    drawn = timeline(lines, TODAY)
    assert drawn is not None
    assert sorted(bar.line.date for bar in drawn.bars) == sorted(one.date for one in lines)
    assert [lane.label for lane in drawn.lanes] == ["名单条目", "行政处罚"]
    assert len({bar.y for bar in drawn.bars}) == 3
    assert max(bar.y for bar in drawn.bars) < drawn.height
    assert not drawn.cut


def test_a_bar_ends_with_the_records_last_day_or_goes_on_to_today() -> None:
    drawn = timeline([line("2025-01-01", until="2025-12-31"), line("2025-01-01")], TODAY)
    assert drawn is not None
    ended, going = drawn.bars
    assert ended.x + ended.width < drawn.today
    assert going.x + going.width == drawn.today


def test_all_stays_inside_the_drawing_whatever_the_days_are() -> None:
    odd = [
        line("1900-01-01"),
        line("2026-09-21"),
        line("2027-05-01"),
        line("2020-01-01", until="9999-09-09"),
    ]
    drawn = timeline(odd, TODAY)
    assert drawn is not None
    assert all(bar.x >= 0 and bar.x + bar.width <= WIDTH for bar in drawn.bars)
    assert all(bar.width > 0 for bar in drawn.bars)
    assert all(0 <= x <= WIDTH for x, _ in drawn.years)
    assert len(drawn.years) <= 9


def test_of_very_many_records_the_newest_are_drawn() -> None:
    days = [date(2020, 1, 1) + timedelta(days=number) for number in range(MOST + 40)]
    drawn = timeline([line(day.isoformat()) for day in days], TODAY)
    assert drawn is not None
    assert drawn.cut
    assert len(drawn.bars) == MOST
    assert min(bar.line.date for bar in drawn.bars) == days[40].isoformat()
