"""Views of the versions opened last."""

from __future__ import annotations

from exchange.ledger.view_cache import Opened


def test_the_oldest_is_given_up_when_the_bytes_are_too_many() -> None:
    opened = Opened(most=25)
    for position in range(3):
        opened.keep(position, (b"0123456789", None))
    assert [opened.get(position) for position in range(3)] == [
        None,
        (b"0123456789", None),
        (b"0123456789", None),
    ]


def test_a_view_that_both_tiers_share_counts_once() -> None:
    opened, view = Opened(most=25), b"0123456789"
    for position in range(2):
        opened.keep(position, (view, view))
    assert opened.get(0) == opened.get(1) == (view, view)


def test_a_view_larger_than_all_is_not_held() -> None:
    opened = Opened(most=5)
    opened.keep(1, (b"0123456789", None))
    assert opened.get(1) is None


def test_cleared_it_holds_nothing_and_goes_on() -> None:
    opened = Opened(most=25)
    opened.keep(1, (b"0123456789", None))
    opened.clear()
    assert opened.get(1) is None
    opened.keep(1, (b"0123456789", b"0123456789ab"))
    assert opened.get(1) == (b"0123456789", b"0123456789ab")
