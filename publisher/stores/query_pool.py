"""The pool of killable query workers.

Purpose: give every query a deadline, a memory cap and a byte cap that hold even inside the
engine, which has no cancellation; follow the current generation without a pause. Who is served
when is decided in `query_lanes`, processes are kept in `worker_processes`.
Errors: see `QueryPool.query`.
Source: docs/decisions/0002-bulk-load-in-chunks.md (generations), 0004-socket-filter.md (isolation).
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Self

from publisher.stores import query_refusals, worker_main
from publisher.stores.pool_metrics import QueryMetrics
from publisher.stores.query_guard import GuardedQuery, check
from publisher.stores.query_lanes import Job, Lanes
from publisher.stores.worker_process import WorkerDied, WorkerLate, WorkerStopped
from publisher.stores.worker_processes import WorkerProcesses

_RESULTS: Final = (
    "application/sparql-results+json",
    "application/sparql-results+xml",
    "text/csv",
    "text/tab-separated-values",
)
_GRAPHS: Final = (
    "text/turtle",
    "application/n-triples",
    "application/n-quads",
    "application/rdf+xml",
    "application/ld+json",
    "application/trig",
)
MEDIA_TYPES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"SELECT": _RESULTS, "ASK": _RESULTS, "CONSTRUCT": _GRAPHS, "DESCRIBE": _GRAPHS}
)


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole serialised result, and the name of the generation it was read from."""

    media: str
    body: bytes
    generation: str


class QueryPool:
    """At most `size` short and `size` slow queries at a time; safe to use from many threads.

    `generation` returns the directory of the current generation itself, not a link to it; it is
    asked at every query and must be cheap. `queue_limit` bounds the queries that wait for the
    short lane; half as many wait for the slow one, and for the service's own.
    """

    def __init__(  # noqa: PLR0913 - six independent limits, each named at the call
        self,
        generation: Callable[[], Path],
        *,
        size: int,
        deadline_seconds: float,
        memory_bytes: int,
        max_bytes: int,
        queue_limit: int,
    ) -> None:
        self._deadline = deadline_seconds
        self._max_bytes = max_bytes
        self._lock = threading.RLock()
        self._staff = WorkerProcesses(generation, size, memory_bytes, self._lock)
        self._lanes = Lanes(self._staff, self._lock, size, queue_limit)
        self._staff.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def isolation(self) -> dict[str, bool]:
        """The sandbox's limits in the last started worker; empty before the first."""
        with self._lock:
            return dict(self._staff.isolation)

    def metrics(self) -> QueryMetrics:
        """Return a snapshot of the pool's counters and gauges."""
        return self._lanes.metrics()

    def await_ready(self, seconds: float) -> bool:
        """Wait until a worker of the current generation is idle; False when none came."""
        return self._staff.await_ready(seconds)

    def close(self) -> None:
        """End all workers; queries under way fail with StoreUnavailable. Idempotent."""
        self._staff.close()

    def query(
        self,
        text: str | GuardedQuery,
        media: str,
        *,
        deadline: float | None = None,
        client: str | None = None,
    ) -> Answer:
        """Run one query on the current generation.

        `deadline` in seconds bounds the wait for a worker and, anew, the run. `client` names who
        asks; without one it is the service itself. Text passes the guard here; a GuardedQuery has
        passed it already.
        Errors: QueryTooLarge (query or answer), QuerySyntax, QueryRefused (guard, media type, or
        the query broke its worker), QueryTimeout, Overloaded, StoreUnavailable.
        """
        parsed = text if isinstance(text, GuardedQuery) else check(text)
        if media not in MEDIA_TYPES[parsed.form]:
            raise query_refusals.not_offered(media, parsed.form, MEDIA_TYPES[parsed.form])
        seconds = self._deadline if deadline is None else min(deadline, self._deadline)
        header, body, generation = self._ask(self._lanes.job(parsed, media, seconds, client))
        if header["status"] != worker_main.OK:
            raise query_refusals.failed(header, self._max_bytes)
        return Answer(media, body, generation)

    def _ask(self, job: Job) -> tuple[dict[str, Any], bytes, str]:
        """Ask one worker; another one if it was dead before it began or its files are gone.

        A query that is stopped at the end of its slice begins anew in the slow lane.
        """
        while True:
            process = self._lanes.acquire(job)
            keep = False
            try:
                asked = (job.parsed, job.media, self._max_bytes, job.seconds)
                header, body = process.ask(*asked, self._lanes.slice_of(job))
                keep = header["status"] not in {worker_main.MEMORY, worker_main.UNREADABLE}
                self._lanes.answered(job)
            except WorkerStopped:
                continue
            except WorkerLate:
                raise self._lanes.cut(job) from None
            except WorkerDied as death:
                if death.begun:
                    self._lanes.died(job)
                    raise query_refusals.died(death.code) from None
                continue
            finally:
                self._lanes.release(job, keep=keep)
            if header["status"] == worker_main.UNREADABLE and self._staff.was_replaced(process):
                continue
            return header, body, process.generation.name
