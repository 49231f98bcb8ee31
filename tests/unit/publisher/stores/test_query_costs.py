from __future__ import annotations

from publisher.stores.query_costs import MOST_SHAPES, REMEMBERED_SECONDS, ShapeCosts


def test_a_shape_is_slow_once_it_used_all_that_a_short_query_may_use() -> None:
    costs = ShapeCosts(1.0)
    assert not costs.is_slow("unknown", 0.0)
    assert costs.expected("unknown", 0.0) == 1.0
    costs.record("join", 1.0, 0.0)
    assert costs.is_slow("join", 1.0)
    costs.record("look-up", 0.002, 0.0)
    assert not costs.is_slow("look-up", 1.0)
    assert costs.expected("look-up", 1.0) == 0.002


def test_a_shape_that_was_quick_in_the_slow_lane_is_short_again() -> None:
    costs = ShapeCosts(1.0)
    costs.record("join", 4.0, 0.0)
    costs.record("join", 0.2, 5.0)
    assert not costs.is_slow("join", 6.0)


def test_a_cost_is_forgotten_after_its_time() -> None:
    costs = ShapeCosts(1.0)
    costs.record("join", 4.0, 0.0)
    assert costs.is_slow("join", REMEMBERED_SECONDS)
    assert not costs.is_slow("join", REMEMBERED_SECONDS + 1)
    assert costs.expected("join", REMEMBERED_SECONDS + 2) == 1.0


def test_no_more_shapes_are_kept_than_may_be_and_the_longest_unused_goes() -> None:
    costs = ShapeCosts(1.0)
    for number in range(MOST_SHAPES + 1):
        costs.record(str(number), 2.0, 0.0)
    assert not costs.is_slow("0", 0.0)
    assert costs.is_slow("1", 0.0)
    assert len(costs._known) == MOST_SHAPES


def test_a_query_without_a_shape_teaches_nothing() -> None:
    costs = ShapeCosts(1.0)
    costs.record("", 9.0, 0.0)
    assert not costs.is_slow("", 0.0)
