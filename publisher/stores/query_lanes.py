"""Which query gets a worker, when, and for how long: three lanes over one staff.

Purpose: let no reader starve. Strangers' queries first run in the short lane; one that uses up
its slice goes on in the slow lane, with its worker if one more slow worker may be had, else anew.
Queries of a shape that did so go to the slow lane at once, those that already wait included. One
worker is kept for the service's own look-ups, which are served first, and for queries of a shape
known to be cheap: they wait for no query that is not. Within a lane clients are served
fairly (`fair_queue`), and one client never has all slow workers where there are two.
Units: seconds. Errors: Overloaded, StoreUnavailable.
Source: docs/design/queries.md "Queries", docs/decisions/0034-query-lanes.md.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from exchange.domain.errors import CredenceError, Overloaded, QueryTimeout
from publisher.stores import pool_metrics, query_refusals
from publisher.stores.fair_queue import FairQueue, Waiting
from publisher.stores.pool_metrics import Counts, LaneMetrics, QueryMetrics
from publisher.stores.query_costs import ShapeCosts
from publisher.stores.worker_process import Slice
from publisher.stores.worker_processes import Lane, WorkerProcesses

if TYPE_CHECKING:
    from publisher.stores.query_guard import GuardedQuery
    from publisher.stores.worker_process import WorkerProcess

# What a query may use in the short lane: of the processor, and at most so much of the time.
SLICE_SECONDS: Final = 1.0
SLICE_WALL_SECONDS: Final = 5.0
# A shape is cheap whose last query used no more; such a query has a quarter of the slice.
CHEAP_SECONDS: Final = 0.1
_CHEAP_SHARE: Final = 0.25
# Below this share of its time a query that is late was starved, rather than long.
_STARVED_SHARE: Final = 0.5


@dataclass(eq=False, slots=True)
class Job:
    """One query on its way through the lanes; `seconds` bounds its wait and, anew, its run.

    `process` is lent to it and `error` refuses it, both set while others hold the lock; `turn`
    is told of both.
    """

    parsed: GuardedQuery
    media: str
    seconds: float
    client: str
    lane: Lane
    turn: threading.Condition | None = None
    process: WorkerProcess | None = None
    error: CredenceError | None = None
    holds_slow: bool = False
    cheap: bool = False

    def tell(self) -> None:
        """Wake whoever waits for its turn; the lock is held."""
        if self.turn is not None:
            self.turn.notify()


class Lanes:
    """The queues of a pool and the rules between them; safe to use from many threads."""

    def __init__(
        self, staff: WorkerProcesses, lock: threading.RLock, size: int, queue_limit: int
    ) -> None:
        half = max(1, queue_limit // 2)
        self._staff = staff
        self._lock = lock
        self._costs = ShapeCosts(SLICE_SECONDS)
        self._counts = Counts()
        self._queues: dict[Lane, FairQueue[Job]] = {
            Lane.OWN: FairQueue(half),
            Lane.SHORT: FairQueue(queue_limit),
            Lane.SLOW: FairQueue(half),
        }
        self._slow_share = max(1, size - 1)
        self._slow_by_client: Counter[str] = Counter()
        staff.on_change = self._serve_waiting

    def job(self, parsed: GuardedQuery, media: str, seconds: float, client: str | None) -> Job:
        """Return a query of a client, or without one of the service itself, in its first lane."""
        if client is None:
            return Job(parsed, media, seconds, "", Lane.OWN)
        with self._lock:
            now = time.monotonic()
            slow = self._costs.is_slow(parsed.shape, now)
            self._counts.recognised += slow
            cheap = self._costs.expected(parsed.shape, now) <= CHEAP_SECONDS
        lane = Lane.SLOW if slow else Lane.SHORT
        return Job(parsed, media, seconds, client, lane, cheap=cheap)

    def acquire(self, job: Job) -> WorkerProcess:
        """Return a worker for the job once it is its turn. Raises Overloaded, StoreUnavailable."""
        self._staff.aim()
        until = time.monotonic() + job.seconds
        with self._lock:
            self._staff.require_usable()
            if len(self._queues[job.lane]) or not self._lend(job):
                self._await_turn(job, until)
            if job.process is None:
                raise job.error or query_refusals.unavailable(None)
            return job.process

    def _await_turn(self, job: Job, until: float) -> None:
        job.turn = threading.Condition(self._lock)
        waiting = Waiting(job.client, 0.0, time.monotonic(), job)
        self._enqueue(waiting)
        self._serve_waiting()
        while job.process is None and job.error is None:
            if (left := until - time.monotonic()) <= 0:
                job.error = self._refusal(job, pool_metrics.WAITED)
            else:
                job.turn.wait(left)
        for queue in self._queues.values():  # it may have been moved to another one
            queue.drop(waiting)

    def _enqueue(self, waiting: Waiting[Job]) -> None:
        """Put a job into its lane's queue; when the queue is full, refuse one."""
        job = waiting.job
        waiting.cost = self._costs.expected(job.parsed.shape, time.monotonic())
        refused = self._queues[job.lane].add(waiting)
        if refused is not None:
            refused.job.error = self._refusal(refused.job, pool_metrics.QUEUE_FULL)
            refused.job.tell()

    def _lend(self, job: Job) -> bool:
        """Give a job an idle worker, if its lane and its client may have one more."""
        if self._may_run(job):
            job.process = self._staff.take(job.lane, kept=_has_kept(job))
        if job.process is not None and job.lane is Lane.SLOW:
            self._hold_slow(job)
        return job.process is not None

    def _may_run(self, job: Job) -> bool:
        if job.lane is Lane.SLOW:
            return self._slow_by_client[job.client] < self._slow_share
        return self._staff.has_fast(kept=_has_kept(job))

    def _hold_slow(self, job: Job) -> None:
        job.holds_slow = True
        self._slow_by_client[job.client] += 1

    def _serve_waiting(self) -> None:
        """Lend workers to those whose turn it is; the lock is held."""
        if not any(map(len, self._queues.values())):
            return
        try:
            self._staff.require_usable()
        except CredenceError as error:
            self._refuse_all(error)
            return
        for lane in Lane:
            while (waiting := self._next(lane)) is not None and self._lend(waiting.job):
                self._queues[lane].drop(waiting)
                waiting.job.tell()

    def _next(self, lane: Lane) -> Waiting[Job] | None:
        return self._queues[lane].next(time.monotonic(), self._may_run)

    def _refuse_all(self, error: CredenceError) -> None:
        for queue in self._queues.values():
            for waiting in queue.take_out(lambda _: True):
                waiting.job.error = error
                waiting.job.tell()

    def slice_of(self, job: Job) -> Slice | None:
        """Return what the job may use before it is moved; None where it is not."""
        if job.lane is not Lane.SHORT:
            return None
        share = _CHEAP_SHARE if job.cheap else 1.0
        return Slice(share * SLICE_SECONDS, share * SLICE_WALL_SECONDS, lambda: self._move(job))

    def _move(self, job: Job) -> bool:
        """Move a job whose slice is over to the slow lane; False when it must begin anew."""
        with self._lock:
            self._note_cost(job)
            job.lane = Lane.SLOW
            self._move_alike(job.parsed.shape)
            assert job.process is not None  # noqa: S101 - it runs
            goes_on = self._may_run(job) and self._staff.move_to_slow(job.process)
            if goes_on:
                self._hold_slow(job)
            self._counts.continued += goes_on
            self._counts.restarted += not goes_on
            self._serve_waiting()
            return goes_on

    def _move_alike(self, shape: str) -> None:
        """Let queries of a shape that is slow wait for the slow lane, if they wait."""
        if not self._costs.is_slow(shape, time.monotonic()):
            return
        for waiting in self._queues[Lane.SHORT].take_out(lambda job: job.parsed.shape == shape):
            waiting.job.lane = Lane.SLOW
            self._counts.recognised += 1
            self._enqueue(waiting)

    def _note_cost(self, job: Job) -> None:
        """Record the job's cost, and charge it to its client."""
        assert job.process is not None  # noqa: S101 - it ran
        spent = job.process.spent()
        self._costs.record(job.parsed.shape, spent, time.monotonic())
        self._queues[job.lane].charge(job.client, spent)

    def answered(self, job: Job) -> None:
        """Count a reply of the worker, also one that says what is wrong with the query."""
        with self._lock:
            self._note_cost(job)
            self._counts.answered[job.lane] += 1

    def cut(self, job: Job) -> QueryTimeout | Overloaded:
        """Return the error for a job past its deadline: too long, or starved by others."""
        with self._lock:
            self._note_cost(job)
            self._counts.cut[job.lane] += 1
            assert job.process is not None  # noqa: S101 - it ran
            if job.process.spent() < job.seconds * _STARVED_SHARE:
                self._counts.refused[pool_metrics.STARVED] += 1
                return query_refusals.starved(job.process.spent(), job.seconds)
        return query_refusals.late(job.seconds)

    def died(self, job: Job) -> None:
        """Count a worker that ended under a query; such queries go to the slow lane at once."""
        with self._lock:
            self._counts.died += 1
            self._costs.record(job.parsed.shape, SLICE_SECONDS, time.monotonic())
            self._queues[job.lane].charge(job.client, SLICE_SECONDS)

    def release(self, job: Job, *, keep: bool) -> None:
        """Give the job's worker back; one that is not kept is ended."""
        with self._lock:
            assert job.process is not None  # noqa: S101 - it was lent
            process, job.process = job.process, None
            if job.holds_slow:
                job.holds_slow = False
                self._slow_by_client -= Counter([job.client])
            self._staff.give_back(process, keep=keep)

    def _refusal(self, job: Job, reason: str) -> Overloaded:
        self._counts.refused[reason] += 1
        if reason == pool_metrics.QUEUE_FULL:
            return query_refusals.queue_full(job.seconds)
        return query_refusals.not_served(job.seconds, slow=job.lane is Lane.SLOW)

    def metrics(self) -> QueryMetrics:
        """Return a snapshot of the lanes' counters and gauges."""
        with self._lock:
            counts = self._counts
            return QueryMetrics(
                {lane.value: self._lane_metrics(lane) for lane in Lane},
                counts.continued,
                counts.restarted,
                counts.recognised,
                dict(counts.refused),
                counts.died,
            )

    def _lane_metrics(self, lane: Lane) -> LaneMetrics:
        counts = self._counts
        return LaneMetrics(
            self._staff.running(lane),
            len(self._queues[lane]),
            counts.answered[lane],
            counts.cut[lane],
        )


def _has_kept(job: Job) -> bool:
    """Whether the worker that is kept may serve the job."""
    return job.cheap or job.lane is Lane.OWN
