"""A subject's records over time as the places of bars in a drawing (pure).

Purpose: the template draws what stands here and prints the same marks as a table, so that the two
never differ. Units: those of the drawing; days are ISO dates.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from publisher.web.pages.record_summaries import RecordSummary

WIDTH: Final = 780
_RIGHT: Final = 12  # room behind the last day
_LEAST_LEFT, _MOST_LEFT = 60, 220  # room for the kinds' names
_WIDE, _NARROW = 15, 7.5  # of a Chinese character and of a letter
_CHINESE: Final = 0x2E80  # from here on characters are as wide as they are high
_TOP: Final = 30  # the years stand above
_ROW, _GAP = 18, 16
_LEAST: Final = 5  # a bar of one day is still seen
MOST: Final = 60
_YEARS: Final = 9  # more of them would not fit beside each other


@dataclass(frozen=True, slots=True)
class Bar:
    """The bar of one record, from its first day to its last or to today."""

    line: RecordSummary
    x: float
    y: int
    width: float
    until: str

    @property
    def tone(self) -> str:
        """Which of the drawing's hands it is drawn in: the kind's slug."""
        return self.line.slug


@dataclass(frozen=True, slots=True)
class Lane:
    """The bars of one kind."""

    label: str
    y: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """The whole drawing; `cut` says that older records were left out."""

    height: int
    today: float
    years: Sequence[tuple[float, int]]
    lanes: Sequence[Lane]
    bars: Sequence[Bar]
    cut: bool


def timeline(lines: Iterable[RecordSummary], today: date) -> Timeline | None:
    """Return the drawing of records that have a day; None where none has."""
    dated = sorted(
        (record for record in lines if record.date), key=lambda record: record.date, reverse=True
    )
    shown = dated[:MOST]
    if not shown:
        return None
    scale = _Scale(shown, today)
    lanes: list[Lane] = []
    bars: list[Bar] = []
    y = _TOP
    for kind in dict.fromkeys(record.kind for record in shown):
        lanes.append(Lane(kind, y))
        for line in (record for record in shown if record.kind == kind):
            bars.append(scale.bar(line, y))
            y += _ROW
        y += _GAP
    return Timeline(y, scale.x(today), scale.years(), lanes, bars, len(dated) > len(shown))


class _Scale:
    """From days to places."""

    def __init__(self, lines: Sequence[RecordSummary], today: date) -> None:
        days = [date.fromisoformat(record.date) for record in lines]
        ends = [_end(record, today) for record in lines]
        self._today = today
        self._left = _room({record.kind for record in lines})
        self._first = date(min(*days, today).year, 1, 1)
        self._last = date(max(*ends, today).year, 12, 31)
        self._days = (self._last - self._first).days

    def x(self, day: date) -> float:
        share = (day - self._first).days / self._days
        return round(self._left + share * (WIDTH - self._left - _RIGHT), 1)

    def bar(self, line: RecordSummary, y: int) -> Bar:
        start = self.x(date.fromisoformat(line.date))
        width = max(self.x(_end(line, self._today)) - start, _LEAST)
        return Bar(line, start, y, round(width, 1), line.until)

    def years(self) -> list[tuple[float, int]]:
        every = range(self._first.year, self._last.year + 1)
        step = -(-len(every) // _YEARS)
        return [(self.x(date(year, 1, 1)), year) for year in every[::step]]


def _room(labels: Iterable[str]) -> float:
    """Return how much room the longest label takes, and a little behind it."""
    widths = (
        sum(_WIDE if ord(character) >= _CHINESE else _NARROW for character in label)
        for label in labels
    )
    return min(max(max(widths) + _RIGHT, _LEAST_LEFT), _MOST_LEFT)


def _end(line: RecordSummary, today: date) -> date:
    """Return the last day drawn: the record's own, no further than a far one is meant."""
    day = date.fromisoformat(line.date)
    if line.until:
        until = date.fromisoformat(line.until)
        return min(until, date(today.year + 5, 12, 31))
    return max(day, today)
