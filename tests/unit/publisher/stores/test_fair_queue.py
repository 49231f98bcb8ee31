"""The order of a queue, with clocks and clients made up."""

from __future__ import annotations

from publisher.stores.fair_queue import MOST_ACCOUNTS, FairQueue, Waiting


def waiting(client: str, cost: float = 1.0, since: float = 0.0) -> Waiting[str]:
    return Waiting(client, cost, since, client)


def served(queue: FairQueue[str], now: float = 0.0) -> Waiting[str]:
    """Serve the next one; it uses what was expected."""
    chosen = queue.next(now)
    assert chosen is not None
    queue.drop(chosen)
    queue.charge(chosen.client, chosen.cost)
    return chosen


def order(queue: FairQueue[str]) -> str:
    return "".join(served(queue).client for _ in range(len(queue)))


def test_clients_are_served_in_turn_however_many_queries_each_has_waiting() -> None:
    queue: FairQueue[str] = FairQueue(20)
    for client in "aaaaaabbc":
        assert queue.add(waiting(client)) is None
    assert sorted(order(queue)[:3]) == ["a", "b", "c"]


def test_queries_that_cost_little_go_before_those_that_cost_much_of_one_client() -> None:
    queue: FairQueue[str] = FairQueue(20)
    for _ in range(8):
        queue.add(waiting("a"))
    little = waiting("a", cost=0.01)
    queue.add(little)
    assert served(queue) is little


def test_a_client_that_asks_for_little_all_the_time_does_not_starve_another() -> None:
    queue: FairQueue[str] = FairQueue(200)
    for _ in range(150):
        queue.add(waiting("busy", cost=0.02))
    queue.add(waiting("other"))
    # Fifty times two hundredths are as much as one.
    assert "other" in [served(queue).client for _ in range(60)]


def test_a_client_gets_no_credit_for_the_time_it_asked_nothing() -> None:
    queue: FairQueue[str] = FairQueue(20)
    for _ in range(5):
        queue.add(waiting("early"))
        served(queue)
    for _ in range(3):
        queue.add(waiting("early"))
        queue.add(waiting("late"))
    assert sorted([served(queue).client, served(queue).client]) == ["early", "late"]


def test_whoever_waited_long_is_served_before_a_cheap_newcomer() -> None:
    queue: FairQueue[str] = FairQueue(20)
    old = waiting("a", cost=1.0, since=0.0)
    queue.add(old)
    queue.add(waiting("a", cost=0.01, since=12.0))
    assert queue.next(12.0) is old


def test_a_full_queue_refuses_the_client_with_the_most_waiting() -> None:
    queue: FairQueue[str] = FairQueue(4)
    many = [waiting("many", since=float(number)) for number in range(4)]
    for each in many:
        assert queue.add(each) is None
    one = waiting("one", cost=2.0, since=9.0)
    assert queue.add(one) is many[-1]
    assert len(queue) == 4
    late = waiting("many", since=9.0)
    assert queue.add(late) is late


def test_a_full_queue_refuses_the_costliest_of_that_client_first() -> None:
    queue: FairQueue[str] = FairQueue(2)
    heavy, other = waiting("a", cost=1.0), waiting("a", cost=0.5)
    queue.add(heavy)
    queue.add(other)
    assert queue.add(waiting("a", cost=0.01, since=1.0)) is heavy


def test_queries_that_may_not_be_served_are_passed_over() -> None:
    queue: FairQueue[str] = FairQueue(4)
    queue.add(waiting("a", cost=0.1))
    second = waiting("b")
    queue.add(second)
    assert queue.next(0.0, lambda job: job != "a") is second
    assert queue.next(0.0, lambda _: False) is None


def test_what_is_taken_out_does_not_wait_any_more() -> None:
    queue: FairQueue[str] = FairQueue(9)
    for client in "abab":
        queue.add(waiting(client))
    assert [one.client for one in queue.take_out(lambda job: job == "a")] == ["a", "a"]
    assert order(queue) == "bb"
    queue.drop(waiting("a"))


def test_the_accounts_of_any_number_of_clients_are_bounded() -> None:
    queue: FairQueue[str] = FairQueue(4)
    queue.add(waiting("here"))
    for number in range(3 * MOST_ACCOUNTS):
        queue.charge(str(number), 1.0)
    assert len(queue._accounts) <= MOST_ACCOUNTS


def test_a_second_of_waiting_counts_as_a_tenth_of_a_second_of_cost() -> None:
    queue: FairQueue[str] = FairQueue(20)
    old, fresh = waiting("a", cost=1.0, since=0.0), waiting("b", cost=0.5, since=10.0)
    queue.add(fresh)
    queue.add(old)
    assert queue.next(10.0) is old, "waited ten seconds: one second less"
    fresh.since = 4.0
    assert queue.next(10.0) is fresh, "waited six seconds less: six tenths"
    fresh.cost, fresh.since = 0.39, 6.0
    assert queue.next(10.0) is fresh, "0.39 less 0.4 is less than 1 less 1"
    fresh.cost = 0.42
    assert queue.next(10.0) is old


def test_what_nobody_waited_for_puts_no_client_behind_one_that_comes_later() -> None:
    queue: FairQueue[str] = FairQueue(20)
    queue.charge("early", 5.0)
    early, late = waiting("early", cost=1.0), waiting("late", cost=1.1)
    queue.add(late)
    queue.add(early)
    assert queue.next(0.0) is early, "both begin where the early client ended"
    queue.charge("early", 2.0)
    assert queue.next(0.0) is late, "now somebody waited"
    queue.charge("late", 3.0)
    assert queue.next(0.0) is early


def test_a_queue_holds_its_limit_and_forgets_what_was_dropped() -> None:
    queue: FairQueue[str] = FairQueue(2)
    first, second, third = waiting("a"), waiting("b"), waiting("c", cost=0.5)
    assert queue.add(first) is None
    assert queue.add(second) is None
    assert queue.add(third) in (first, second)
    assert len(queue) == 2
    for each in (first, second, third, third):
        queue.drop(each)
    assert len(queue) == 0
    assert queue.next(0.0) is None
