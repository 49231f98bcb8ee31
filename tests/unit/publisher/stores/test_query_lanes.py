"""Lanes with real worker processes: nobody waits behind queries that never end."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Self

import pytest

from exchange.domain.errors import CredenceError, Overloaded, QueryTimeout
from publisher.stores import query_lanes
from publisher.stores.query_guard import check
from publisher.stores.worker_process import slow_nice
from tests.unit.publisher.stores.test_query_pool import (
    COUNT,
    JSON,
    eventually,
    make_generation,
    make_pool,
    value,
    worker_pids,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from publisher.stores.query_pool import QueryPool

# Less than a second of processor; the second one runs for minutes.
LONG = (
    "SELECT (COUNT(*) AS ?n) {{ VALUES ?k {{ 0 1 2 3 4 5 6 7 8 9 }} "
    "?a ?b ?c . ?d ?e ?f . FILTER(?c != ?f && ?k < {0}) }}"
)
ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . FILTER(?c != ?i) }"
# Endless queries of shapes of their own.
OTHER = "SELECT (COUNT(*) AS ?n) {{ ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . FILTER(?c != {0}) }}"
DEADLINE = 1.5  # seconds of those that never end
LOOK_UP = "SELECT ?o {{ <urn:s{0}> <urn:p> ?o }} # {0}"


@pytest.fixture(scope="module")
def generation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = make_generation(tmp_path_factory.mktemp("generations"), "g1")
    return folder


@pytest.fixture
def short_slice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query_lanes, "SLICE_SECONDS", 0.2)


@pytest.fixture
def pool(generation: Path, short_slice: None) -> Iterator[QueryPool]:
    with make_pool(lambda: generation, size=2, deadline_seconds=60.0, queue_limit=16) as made:
        assert eventually(lambda: fast_workers(made) == 3)
        yield made


def fast_workers(pool: QueryPool) -> int:
    return len(pool._staff._fast)


def shaped(number: int) -> str:
    """Return an endless query whose shape no other number has."""
    return OTHER.format(" + ".join(["?x"] * (number + 1)))


def outcome(call: Callable[[], object]) -> str:
    try:
        call()
    except CredenceError as error:
        return type(error).__name__
    return "answered"


def nice_levels() -> list[int]:
    found = []
    for pid in worker_pids():
        try:
            found.append(os.getpriority(os.PRIO_PROCESS, pid))
        except ProcessLookupError:
            continue
    return found


class Heavy:
    """Clients that send endless queries one after the other until they are told to stop."""

    def __init__(
        self, pool: QueryPool, count: int, text: Callable[[int], str], client: str
    ) -> None:
        self._pool, self._text, self._client = pool, text, client
        self._stop = threading.Event()
        self.outcomes: list[str] = []
        self._threads = [threading.Thread(target=self._run, args=(n,)) for n in range(count)]

    def _run(self, number: int) -> None:
        while not self._stop.is_set():
            self.outcomes.append(outcome(lambda: self._ask(number)))
            time.sleep(0.1)

    def _ask(self, number: int) -> None:
        client = self._client.format(number)
        self._pool.query(self._text(number), JSON, client=client, deadline=DEADLINE)

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()


@pytest.mark.parametrize("client", ["same", "heavy-{0}"])
@pytest.mark.parametrize("text", [lambda _: ENDLESS, shaped], ids=["one shape", "many shapes"])
def test_look_ups_beside_heavy_clients_are_all_answered_and_soon(
    pool: QueryPool, client: str, text: Callable[[int], str]
) -> None:
    pool.query(LOOK_UP.format(0), JSON, client="same")
    times = []
    with Heavy(pool, 12, text, client) as heavy:
        time.sleep(0.5)
        for number in range(20):
            began = time.monotonic()
            assert value(pool.query(LOOK_UP.format(number), JSON, client="same")) == f"v{number}"
            times.append(time.monotonic() - began)
    assert sorted(times)[18] < 3  # the slowest but one; idle it is a few milliseconds
    assert "answered" not in heavy.outcomes
    assert pool.metrics().lanes["slow"].cut >= 1


def test_a_shape_known_to_be_cheap_waits_for_no_query_that_is_not(
    pool: QueryPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool.query(LOOK_UP.format(0), JSON, client="a")
    monkeypatch.setattr(query_lanes, "SLICE_SECONDS", 60.0)  # so that both short workers are held
    monkeypatch.setattr(query_lanes, "SLICE_WALL_SECONDS", 60.0)
    with Heavy(pool, 6, shaped, "a"):
        assert eventually(lambda: pool.metrics().lanes["short"].waiting >= 4, 3)
        assert value(pool.query(LOOK_UP.format(7), JSON, client="a", deadline=2.5)) == "v7"
        with pytest.raises(Overloaded, match="not begun"):
            pool.query(COUNT, JSON, client="a", deadline=0.2)
    assert pool.metrics().lanes["slow"].answered == 0


def test_a_shape_that_was_cheap_is_moved_sooner(
    pool: QueryPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "SELECT (COUNT(*) AS ?n) {{ ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?c < {0}) }} LIMIT {1}"
    pool.query(text.format('"a"', 0), JSON, client="a")
    monkeypatch.setattr(query_lanes, "SLICE_SECONDS", 2.0)
    with pytest.raises((QueryTimeout, Overloaded)):
        pool.query(text.format('"z"', 1), JSON, client="a", deadline=4)
    counts = pool.metrics()
    assert (counts.continued, counts.recognised) == (1, 0)


def test_the_services_own_look_ups_wait_for_no_stranger(pool: QueryPool) -> None:
    with Heavy(pool, 8, shaped, "heavy-{0}"):
        time.sleep(0.5)
        for number in range(10):
            began = time.monotonic()
            assert value(pool.query(LOOK_UP.format(number), JSON)) == f"v{number}"
            assert time.monotonic() - began < 2
    assert pool.metrics().lanes["own"].answered == 10


def test_a_query_goes_on_in_the_slow_lane_with_its_worker_and_is_answered(pool: QueryPool) -> None:
    before = worker_pids()
    answer = pool.query(LONG.format(99), JSON, client="a")
    assert int(value(answer)) > 0
    counts = pool.metrics()
    assert (counts.continued, counts.restarted, counts.lanes["slow"].answered) == (1, 0, 1)
    assert before <= worker_pids()  # nobody was ended for it
    assert eventually(lambda: fast_workers(pool) == 3)
    assert sorted(nice_levels()).count(slow_nice()) == 1


def test_the_next_query_of_a_shape_that_ran_over_goes_to_the_slow_lane_at_once(
    pool: QueryPool,
) -> None:
    for number in (98, 99):
        pool.query(LONG.format(number), JSON, client="a")
    counts = pool.metrics()
    assert (counts.continued, counts.recognised) == (1, 1)
    assert counts.lanes["slow"].answered == 2
    assert counts.lanes["short"].answered == 0
    assert check(LONG.format(98)).shape == check(LONG.format(99)).shape


def test_queries_that_wait_move_with_the_first_of_their_shape(pool: QueryPool) -> None:
    with ThreadPoolExecutor(6) as threads:
        running = [
            threads.submit(
                outcome, lambda n=n: pool.query(ENDLESS, JSON, client=f"c{n}", deadline=DEADLINE)
            )
            for n in range(6)
        ]
        assert eventually(lambda: pool.metrics().lanes["slow"].waiting >= 3, 3)
        counts = pool.metrics()
        assert (counts.lanes["short"].waiting, counts.recognised) == (0, 4)
        found = [one.result() for one in running]
    assert set(found) <= {"QueryTimeout", "Overloaded"}
    assert eventually(lambda: pool.metrics().lanes["slow"].waiting == 0)
    assert value(pool.query(COUNT, JSON, client="c1")) == "600"


def test_there_are_never_more_workers_than_the_memory_was_meant_for(pool: QueryPool) -> None:
    most = 0
    with Heavy(pool, 8, shaped, "heavy-{0}"):
        until = time.monotonic() + 2.5
        while time.monotonic() < until:
            most = max(most, len(worker_pids()))
            time.sleep(0.05)
    assert 3 < most <= 2 * 2 + 1 + 1  # one may be dying while its place is filled


def test_one_client_leaves_a_slow_worker_to_another(pool: QueryPool) -> None:
    with Heavy(pool, 4, lambda _: ENDLESS, "one"):
        assert eventually(lambda: pool.metrics().lanes["slow"].running == 1, 3)
        held = set()
        for _ in range(20):
            held.add(pool._lanes._slow_by_client["one"])
            time.sleep(0.05)
        assert max(held) == 1
        assert int(value(pool.query(LONG.format(97), JSON, client="two"))) > 0
        assert pool.metrics().continued + pool.metrics().recognised >= 2


def test_a_query_that_never_ends_is_cut_at_its_deadline_and_its_worker_replaced(
    pool: QueryPool,
) -> None:
    began = time.monotonic()
    with pytest.raises((QueryTimeout, Overloaded)):  # the latter where the machine is busy
        pool.query(ENDLESS, JSON, client="a", deadline=DEADLINE)
    assert DEADLINE - 0.1 < time.monotonic() - began < 10
    assert pool.metrics().lanes["slow"].cut == 1
    assert eventually(lambda: slow_nice() not in nice_levels())
    assert eventually(lambda: fast_workers(pool) == 3)
    assert value(pool.query(COUNT, JSON, client="a")) == "600"


def test_a_query_that_breaks_its_worker_is_sent_to_the_slow_lane_the_next_time(
    pool: QueryPool,
) -> None:
    bomb = replace(check("SELECT * { ?s ?p ?o }"), text="SELECT * " + "{" * 20_000 + "}" * 20_000)
    for _ in range(2):
        assert outcome(lambda: pool.query(bomb, JSON, client="a")) == "QueryRefused"
    assert (pool.metrics().died, pool.metrics().recognised) == (2, 1)
    assert value(pool.query(LOOK_UP.format(3), JSON, client="b")) == "v3"


def test_a_query_that_got_little_of_the_processor_is_told_so(
    pool: QueryPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(query_lanes, "_STARVED_SHARE", 1.5)  # as if the machine had been busy
    with pytest.raises(Overloaded, match="of processor") as caught:
        pool.query(ENDLESS, JSON, client="a", deadline=DEADLINE)
    assert caught.value.retry_after >= 1
    assert "处理器" in caught.value.details["zh"]
    assert pool.metrics().refused == {"starved": 1}


def test_a_full_slow_lane_refuses_the_client_with_the_most_waiting(pool: QueryPool) -> None:
    def endless(client: str) -> object:
        return pool.query(ENDLESS, JSON, client=client, deadline=DEADLINE)

    with ThreadPoolExecutor(16) as threads:
        many = [threads.submit(outcome, partial(endless, "many")) for _ in range(14)]
        assert eventually(lambda: pool.metrics().refused.get("queue-full", 0) >= 1, 3)
        one = threads.submit(outcome, partial(endless, "one"))
        assert eventually(lambda: pool.metrics().lanes["slow"].running == 2, 3)
        assert one.result() in {"QueryTimeout", "Overloaded"}
        assert "Overloaded" in {each.result() for each in many}
    assert pool.metrics().lanes["slow"].cut >= 2  # of each client one


def test_a_stopped_pool_ends_those_that_wait(generation: Path, short_slice: None) -> None:
    closing = make_pool(lambda: generation, size=1, deadline_seconds=20.0)
    with ThreadPoolExecutor(4) as threads:
        running = [
            threads.submit(outcome, lambda n=n: closing.query(shaped(n), JSON, client=str(n)))
            for n in range(4)
        ]
        time.sleep(0.5)
        began = time.monotonic()
        closing.close()
        assert {one.result() for one in running} == {"StoreUnavailable"}
        assert time.monotonic() - began < 10
