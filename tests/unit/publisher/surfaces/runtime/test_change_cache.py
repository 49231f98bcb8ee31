"""Changes read once for the surfaces of a tier, and never from before a departure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from exchange.domain.disclosure_levels import Tier
from publisher.surfaces.runtime.change_cache import ChangeCache

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exchange.domain.record import Change

PUBLIC = Tier.PUBLIC


class Counted:
    """The ledger, with what it was asked to read."""

    def __init__(self, ledger: Any) -> None:
        self.ledger = ledger
        self.reads: list[tuple[int, int]] = []

    def changes(self, tier: Tier, after: int, limit: int) -> Sequence[Change]:
        self.reads.append((after, limit))
        found: Sequence[Change] = self.ledger.changes(tier, after, limit)
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ledger, name)


@pytest.fixture
def counted(city: Any) -> Counted:
    return Counted(city.ledger)


def test_surfaces_at_the_same_place_share_one_read(city: Any, counted: Counted) -> None:
    city.publish(150)
    windows = ChangeCache(counted)
    first = windows.changes(PUBLIC, 0, 500)
    assert windows.changes(PUBLIC, 0, 500) == first
    assert [change.seq for change in first] == list(range(1, 151))
    assert counted.reads == [(0, 500)]


@pytest.mark.parametrize("after", [0, 100, 200, 300])
@pytest.mark.parametrize("limit", [100, 120, 250])
def test_a_part_is_what_the_ledger_gives(
    city: Any, counted: Counted, after: int, limit: int
) -> None:
    city.publish(450)
    windows = ChangeCache(counted)
    windows.changes(PUBLIC, 0, 500)
    assert list(windows.changes(PUBLIC, after, limit)) == city.ledger.changes(PUBLIC, after, limit)


def test_no_group_is_cut(city: Any, counted: Counted) -> None:
    city.publish(450)
    windows = ChangeCache(counted)
    windows.changes(PUBLIC, 0, 500)
    part = windows.changes(PUBLIC, 0, 250)
    following = windows.changes(PUBLIC, part[-1].seq, 250)
    assert part[-1].published < following[0].published


def test_text_read_before_its_record_left_is_read_again(city: Any, counted: Counted) -> None:
    iris = city.publish(3)
    windows = ChangeCache(counted)
    windows.changes(PUBLIC, 0, 500)
    city.ledger.withdraw(iris[1], "repair")
    seen = [change.view is not None for change in windows.changes(PUBLIC, 0, 500)]
    assert seen == [True, False, True, False]
    assert len(counted.reads) == 2


def test_a_remainder_is_read_anew_with_what_follows(city: Any, counted: Counted) -> None:
    city.publish(150)
    windows = ChangeCache(counted)
    windows.changes(PUBLIC, 0, 500)
    city.publish(100)
    assert [change.seq for change in windows.changes(PUBLIC, 100, 500)] == list(range(101, 251))


def test_no_more_than_two_reads_of_a_tier_are_held(city: Any, counted: Counted) -> None:
    city.publish(450)
    windows = ChangeCache(counted)
    for after in (0, 100, 200, 0):
        windows.changes(PUBLIC, after, 100)
    assert counted.reads == [(0, 100), (100, 100), (200, 100), (0, 100)]


def test_cleared_it_reads_again(city: Any, counted: Counted) -> None:
    city.publish(3)
    windows = ChangeCache(counted)
    for _ in range(2):
        windows.changes(PUBLIC, 0, 500)
        windows.clear()
    assert len(counted.reads) == 2
