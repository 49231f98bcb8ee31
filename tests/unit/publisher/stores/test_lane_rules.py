"""The rules between the lanes, without processes: the real lanes over a staff that is made up."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from exchange.domain.errors import Overloaded, QueryTimeout, StoreUnavailable
from publisher.stores.query_guard import check
from publisher.stores.query_lanes import CHEAP_SECONDS, Job, Lanes
from publisher.stores.worker_processes import Lane

JSON = "application/sparql-results+json"


class Process:
    """Stands for a worker that used so many seconds of processor."""

    def __init__(self, used: float = 0.0) -> None:
        self.used = used

    def spent(self) -> float:
        return self.used


class Staff:
    """Stands for the workers: as many as are idle, and whether they may be asked at all."""

    def __init__(self, idle: int) -> None:
        self.idle = [Process() for _ in range(idle)]
        self.given_back: list[tuple[Process, bool]] = []
        self.broken: Exception | None = None
        self.movable = True
        self.on_change: Any = None

    def aim(self) -> None:
        pass

    def require_usable(self) -> None:
        if self.broken:
            raise self.broken

    def take(self, _: Lane, *, kept: bool) -> Process | None:
        return self.idle.pop() if self.has_fast(kept=kept) else None

    def has_fast(self, *, kept: bool) -> bool:
        return len(self.idle) > (0 if kept else 1)

    def move_to_slow(self, _: Process) -> bool:
        return self.movable

    def give_back(self, process: Process, *, keep: bool) -> None:
        self.given_back.append((process, keep))
        self.idle.append(process)
        self.on_change()

    def running(self, _: Lane) -> int:
        return 0


def lanes(idle: int = 3, size: int = 2, queue_limit: int = 8) -> tuple[Lanes, Staff]:
    staff = Staff(idle)
    made: Any = Lanes(staff, threading.RLock(), size, queue_limit)  # type: ignore[arg-type]
    return made, staff


def query(number: int = 0) -> Any:
    return check("SELECT * { " + "?s ?p ?o . " * (number + 1) + "}")


def asked(made: Lanes, client: str | None = "a", seconds: float = 5.0, number: int = 0) -> Job:
    return made.job(query(number), JSON, seconds, client)


@pytest.mark.parametrize(("limit", "half"), [(1, 1), (2, 1), (3, 1), (8, 4), (9, 4)])
def test_the_short_lane_holds_the_limit_and_the_others_half_of_it(limit: int, half: int) -> None:
    made, _ = lanes(queue_limit=limit)
    assert {lane.value: queue._limit for lane, queue in made._queues.items()} == {
        "own": half,
        "short": limit,
        "slow": half,
    }


@pytest.mark.parametrize(("size", "share"), [(1, 1), (2, 1), (3, 2), (8, 7)])
def test_one_client_has_all_slow_workers_but_one(size: int, share: int) -> None:
    made, _ = lanes(size=size)
    assert made._slow_share == share
    job = asked(made)
    job.lane = Lane.SLOW
    for _ in range(share):
        assert made._may_run(job)
        made._hold_slow(job)
    assert not made._may_run(job)
    other = asked(made, "b")
    other.lane = Lane.SLOW
    assert made._may_run(other)


def test_a_query_begins_in_the_lane_that_its_shape_is_known_for() -> None:
    made, _ = lanes()
    own = asked(made, None)
    assert (own.lane, own.client, own.cheap, own.holds_slow) == (Lane.OWN, "", False, False)
    fresh = asked(made)
    assert (fresh.lane, fresh.cheap, fresh.holds_slow) == (Lane.SHORT, False, False)
    assert (fresh.process, fresh.error, fresh.turn) == (None, None, None)
    for used, lane, cheap in (
        (CHEAP_SECONDS, Lane.SHORT, True),
        (CHEAP_SECONDS + 0.01, Lane.SHORT, False),
        (0.99, Lane.SHORT, False),
        (1.0, Lane.SLOW, False),
    ):
        job = asked(made)
        job.process = Process(used)  # type: ignore[assignment]
        made.answered(job)
        again = asked(made)
        assert (again.lane, again.cheap) == (lane, cheap), used
    assert made.metrics().recognised == 1


def test_the_slice_is_a_quarter_for_what_is_cheap_and_none_outside_the_short_lane() -> None:
    made, _ = lanes()
    job = asked(made)
    whole = made.slice_of(job)
    assert whole is not None
    job.cheap = True
    quarter = made.slice_of(job)
    assert quarter is not None
    found = [(given.processor, given.wall) for given in (whole, quarter)]
    assert found == [(1.0, 5.0), (0.25, 1.25)]
    for lane in (Lane.OWN, Lane.SLOW):
        job.lane = lane
        assert made.slice_of(job) is None


def test_a_worker_that_is_kept_serves_the_service_and_what_is_cheap() -> None:
    made, staff = lanes(idle=1)
    job = asked(made, seconds=0.05)
    with pytest.raises(Overloaded):
        made.acquire(job)
    assert made.metrics().refused == {"waited": 1}
    assert len(staff.idle) == 1
    made.acquire(asked(made, None))
    assert staff.idle == []
    staff.give_back(Process(), keep=True)
    job.process, job.error = Process(0.01), None  # type: ignore[assignment]
    made.answered(job)
    made.acquire(asked(made, seconds=0.05))


def test_slow_workers_are_counted_for_whom_they_are_held_and_once() -> None:
    made, staff = lanes()
    job = asked(made)
    made.acquire(job)
    process: Any = job.process
    process.used = 1.5
    slice_ = made.slice_of(job)
    assert slice_ is not None
    assert made._move(job)
    assert (job.lane, job.holds_slow, made._slow_by_client["a"]) == (Lane.SLOW, True, 1)
    made.release(job, keep=False)
    assert (job.process, job.holds_slow, made._slow_by_client["a"]) == (None, False, 0)
    assert staff.given_back == [(process, False)]
    short = asked(made, number=1)
    made.acquire(short)
    made.release(short, keep=True)
    assert made._slow_by_client["a"] == 0
    assert staff.given_back[-1][1] is True
    counted = made.metrics()
    assert (counted.continued, counted.restarted) == (1, 0)


def test_a_query_that_finds_no_slow_worker_begins_anew() -> None:
    made, staff = lanes()
    staff.movable = False
    job = asked(made)
    made.acquire(job)
    assert not made._move(job)
    assert (job.lane, job.holds_slow) == (Lane.SLOW, False)
    counted = made.metrics()
    assert (counted.continued, counted.restarted) == (0, 1)


@pytest.mark.parametrize(("used", "error"), [(2.4, Overloaded), (2.5, QueryTimeout)])
def test_below_half_of_its_time_a_late_query_was_starved(used: float, error: type) -> None:
    made, _ = lanes()
    job = asked(made)
    job.process = Process(used)  # type: ignore[assignment]
    assert type(made.cut(job)) is error
    counted = made.metrics()
    assert counted.lanes["short"].cut == 1
    assert counted.refused == ({"starved": 1} if error is Overloaded else {})


def test_what_waits_is_refused_when_no_worker_can_be_had_any_more() -> None:
    made, staff = lanes(idle=0)
    jobs = [asked(made, seconds=30.0, number=number) for number in range(2)]
    raised: list[Exception] = []

    def wait(job: Job) -> None:
        try:
            made.acquire(job)
        except (StoreUnavailable, Overloaded) as error:
            raised.append(error)

    threads = [threading.Thread(target=wait, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    while made.metrics().lanes["short"].waiting < 2:
        pass
    with made._lock:
        staff.broken = StoreUnavailable("No worker starts.", "Look.")
        staff.on_change()
    for thread in threads:
        thread.join(20)
    assert raised == [staff.broken] * 2
    assert made.metrics().lanes["short"].waiting == 0
    with pytest.raises(StoreUnavailable):
        made.acquire(asked(made))


def test_every_answer_and_death_is_counted_once() -> None:
    made, _ = lanes()
    for _ in range(3):
        job = asked(made)
        job.process = Process(0.01)  # type: ignore[assignment]
        made.answered(job)
    made.died(job)
    counted = made.metrics()
    assert (counted.lanes["short"].answered, counted.died) == (3, 1)
    assert asked(made).lane is Lane.SLOW, "the shape that broke its worker"
