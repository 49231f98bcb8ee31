"""Decisions by month and by authority, as the places of columns in a drawing (pure).

Purpose: the template draws what stands here and prints the same figures as a table. Units: those
of the drawing; months are `2026-09`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from publisher.surfaces.index import MonthlyCount

WIDTH: Final = 780
HEIGHT: Final = 150
MONTHS: Final = 24
AUTHORITIES: Final = 10
_SHARE: Final = 0.72  # of a month's room that its column takes


@dataclass(frozen=True, slots=True)
class Column:
    """One month; `label` is empty where the next would touch it."""

    month: str
    count: int
    x: float
    y: float
    width: float
    height: float
    label: str


@dataclass(frozen=True, slots=True)
class Figures:
    """The last months in order, and the authorities with the most, in all months together."""

    columns: Sequence[Column]
    authorities: Sequence[tuple[str, int]]


def figures(tallies: Iterable[MonthlyCount]) -> Figures | None:
    """Return the figures of a kind; None where nothing is counted."""
    months: Counter[str] = Counter()
    authorities: Counter[str] = Counter()
    for one in tallies:
        months[one.month] += one.count
        authorities[one.authority] += one.count
    del months[""], authorities[""]
    if not months:
        return None
    named = sorted(authorities.items(), key=lambda item: (-item[1], item[0]))
    return Figures(_columns(months), named[:AUTHORITIES])


def _columns(months: Counter[str]) -> list[Column]:
    last = max(months)
    shown = [_before(last, back) for back in reversed(range(MONTHS))]
    most = max(months[month] for month in shown)
    room = WIDTH / MONTHS
    made = []
    for place, month in enumerate(shown):
        height = round(months[month] / most * HEIGHT, 1)
        x = round(place * room + room * (1 - _SHARE) / 2, 1)
        label = month if place in {0, MONTHS - 1} or month.endswith("-01") else ""
        # The first and the last month are named; January only where it touches neither.
        if label and place in {1, 2, MONTHS - 2, MONTHS - 3}:
            label = ""
        width = round(room * _SHARE, 1)
        made.append(Column(month, months[month], x, HEIGHT - height, width, height, label))
    return made


def _before(month: str, back: int) -> str:
    year, number = map(int, month.split("-"))
    whole = year * 12 + number - 1 - back
    return f"{whole // 12:04}-{whole % 12 + 1:02}"
