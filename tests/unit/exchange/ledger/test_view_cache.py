"""Views of the versions cache last."""

from __future__ import annotations

from exchange.ledger.view_cache import ViewCache


def test_the_oldest_is_evicted_when_the_bytes_are_too_many() -> None:
    cache = ViewCache(capacity=25)
    for position in range(3):
        cache.put(position, (b"0123456789", None))
    assert [cache.get(position) for position in range(3)] == [
        None,
        (b"0123456789", None),
        (b"0123456789", None),
    ]


def test_a_view_that_both_tiers_share_counts_once() -> None:
    cache, view = ViewCache(capacity=25), b"0123456789"
    for position in range(2):
        cache.put(position, (view, view))
    assert cache.get(0) == cache.get(1) == (view, view)


def test_a_view_larger_than_all_is_not_held() -> None:
    cache = ViewCache(capacity=5)
    cache.put(1, (b"0123456789", None))
    assert cache.get(1) is None


def test_cleared_it_holds_nothing_and_goes_on() -> None:
    cache = ViewCache(capacity=25)
    cache.put(1, (b"0123456789", None))
    cache.clear()
    assert cache.get(1) is None
    cache.put(1, (b"0123456789", b"0123456789ab"))
    assert cache.get(1) == (b"0123456789", b"0123456789ab")
