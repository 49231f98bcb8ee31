"""The pool of killable query workers.

Purpose: give every query a deadline, a memory cap and a byte cap that hold even inside the
engine, which has no cancellation; follow the current generation without a pause.
Errors: see `QueryPool.query`.
Source: docs/decisions/0002-bulk-load-in-chunks.md (generations), 0004-socket-filter.md (isolation).
"""

import contextlib
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Self

from exchange.domain.errors import StoreUnavailable
from publisher.stores import refusals, worker
from publisher.stores.guard import ParsedForm, check
from publisher.stores.process import WorkerDied, WorkerLate, WorkerProcess, is_ready

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

_START_SECONDS: Final = 60.0
_WATCH_SECONDS: Final = 1.0
_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 5.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole serialised result, and the name of the generation it was read from."""

    media: str
    body: bytes
    generation: str


class QueryPool:
    """`size` workers at work at most, one warm spare; safe to use from many threads.

    `generation` returns the directory of the current generation itself, not a link to it; it is
    asked at every query and must be cheap.
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
        self._current = generation
        self._size = size
        self._deadline = deadline_seconds
        self._memory = memory_bytes
        self._max_bytes = max_bytes
        self._queue_limit = queue_limit
        lock = threading.RLock()
        # One lock, three sorts of waiting: else every answer would wake the starter, and more
        # queries than there are workers for.
        self._changed = threading.Condition(lock)
        self._free = threading.Condition(lock)
        self._short = threading.Condition(lock)
        self._idle: list[WorkerProcess] = []
        self._busy: set[WorkerProcess] = set()
        self._waiting = 0
        self._target: Path | None = None
        self._failed_starts = 0
        self._failure: tuple[str, str] | None = None
        self._closed = False
        self._isolation: dict[str, bool] = {}
        # One thread for all starts: a worker dies with the thread that started it.
        self._starter = threading.Thread(target=self._keep_staffed, name="query-pool", daemon=True)
        self._starter.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def isolation(self) -> dict[str, bool]:
        """What the sandbox achieved in the last started worker; empty before the first."""
        with self._changed:
            return dict(self._isolation)

    def query(self, text: str | ParsedForm, media: str, *, deadline: float | None = None) -> Answer:
        """Run one query on the current generation.

        `deadline` in seconds bounds the wait for a worker and, anew, the run. Text passes the
        guard here; a ParsedForm has passed it already.
        Errors: QueryTooLarge (query or answer), QuerySyntax, QueryRefused (guard, media type, or
        the query broke its worker), QueryTimeout, Overloaded, StoreUnavailable.
        """
        parsed = text if isinstance(text, ParsedForm) else check(text)
        if media not in MEDIA_TYPES[parsed.form]:
            raise refusals.not_offered(media, parsed.form, MEDIA_TYPES[parsed.form])
        seconds = self._deadline if deadline is None else min(deadline, self._deadline)
        header, body, generation = self._ask(parsed, media, seconds)
        if header["status"] != worker.OK:
            raise refusals.failed(header, self._max_bytes)
        return Answer(media, body, generation)

    def _ask(
        self, parsed: ParsedForm, media: str, seconds: float
    ) -> tuple[dict[str, Any], bytes, str]:
        """Ask one worker; another one if it was dead before it began or its files are gone."""
        while True:
            process = self._acquire(seconds)
            keep = False
            try:
                header, body = process.ask(parsed, media, self._max_bytes, seconds)
                # One that was slowed down would be slow for the next query too.
                lost = header["status"] in {worker.MEMORY, worker.UNREADABLE}
                keep = not lost and not process.slowed
            except WorkerLate:
                raise refusals.late(seconds) from None
            except WorkerDied as death:
                if death.begun:
                    raise refusals.died(death.code) from None
                continue
            finally:
                self._give_back(process, keep=keep)
            if header["status"] == worker.UNREADABLE and self._was_replaced(process):
                continue
            return header, body, process.generation.name

    def await_ready(self, seconds: float) -> bool:
        """Wait until a worker of the current generation is idle; False when none came."""
        self._aim()
        with self._changed:
            return self._changed.wait_for(
                lambda: any(one.generation == self._target for one in self._idle), seconds
            )

    def close(self) -> None:
        """End all workers; queries under way fail with StoreUnavailable. Idempotent."""
        with self._changed:
            self._closed = True
            for process in self._busy:
                process.kill()
            idle, self._idle = self._idle, []
            self._wake_all()
        for process in idle:
            process.stop()
        self._starter.join()
        with self._changed:
            self._changed.wait_for(lambda: not self._busy, _LONGEST_PAUSE)

    def _aim(self) -> None:
        """Ask which generation is current and let the starter follow."""
        try:
            wanted = self._current()
        except OSError as problem:
            raise refusals.no_generation() from problem
        with self._changed:
            if wanted != self._target:
                self._target, self._failure, self._failed_starts = wanted, None, 0
                self._short.notify_all()

    def _acquire(self, seconds: float) -> WorkerProcess:
        self._aim()
        until = time.monotonic() + seconds
        with self._changed:
            process = self._take()
            if process is None and self._waiting >= self._queue_limit:
                raise refusals.overloaded(seconds)
            self._waiting += 1
            try:
                while process is None:
                    if (left := until - time.monotonic()) <= 0:
                        raise refusals.overloaded(seconds)
                    self._free.wait(left)
                    process = self._take()  # also after the time: the call may have been for us
            finally:
                self._waiting -= 1
            return process

    def _take(self) -> WorkerProcess | None:
        """Take an idle worker, of the current generation as soon as it has one.

        Errors: StoreUnavailable when the pool is closed or cannot start any worker.
        """
        if self._closed or (self._failure and not self._busy and not self._idle):
            raise refusals.unavailable(self._failure)
        if len(self._busy) < self._size and self._idle:
            # Whether it lives shows when it is asked; a look at each query would be a system call.
            process = self._idle.pop()
            self._busy.add(process)
            return process
        return None

    def _give_back(self, process: WorkerProcess, *, keep: bool) -> None:
        """Return a worker to the idle ones, or end it before it stops counting as busy."""
        with self._changed:
            if keep and not self._closed and not self._is_outdated(process):
                self._busy.discard(process)
                self._idle.append(process)
                self._free.notify()
                self._changed.notify_all()
                return
        process.kill()
        # Whoever waits for the answer need not wait for the end of the process as well.
        threading.Thread(target=self._bury, args=(process,), name="query-burial").start()

    def _bury(self, process: WorkerProcess) -> None:
        process.stop()
        with self._changed:
            self._busy.discard(process)
            self._wake_all()

    def _wake_all(self) -> None:
        """Let everybody look anew; the lock is held."""
        for condition in (self._changed, self._free, self._short):
            condition.notify_all()

    def _is_outdated(self, process: WorkerProcess) -> bool:
        """Let an old generation serve only until one worker of the new one stands by."""
        return process.generation != self._target and any(
            one.generation == self._target for one in (*self._idle, *self._busy)
        )

    def _was_replaced(self, process: WorkerProcess) -> bool:
        """Whether readers are sent to another generation by now: a rebuild drops the old ones."""
        self._aim()
        with self._changed:
            return process.generation != self._target

    def _keep_staffed(self) -> None:
        """Start what is missing, one after the other; runs in the starter thread."""
        pause = _FIRST_PAUSE
        while True:
            with self._changed:
                self._short.wait_for(lambda: self._closed or self._missing(), _WATCH_SECONDS)
                if self._closed:
                    return
            # Also while nobody asks: the next answer must not come from before a takedown.
            with contextlib.suppress(StoreUnavailable):
                self._aim()
            with self._changed:
                self._drop_dead()
                target = self._target
                if target is None or not self._missing():
                    continue
            if self._start_one(target):
                pause = _FIRST_PAUSE
                continue
            with self._changed:
                self._short.wait_for(lambda: self._closed, pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _missing(self) -> bool:
        staff = (*self._idle, *self._busy)
        return self._target is not None and (
            sum(one.generation == self._target for one in staff) <= self._size
        )

    def _drop_dead(self) -> None:
        """Reap idle workers that somebody else ended, so that no zombie waits for a query."""
        for process in [one for one in self._idle if not one.alive()]:
            self._idle.remove(process)
            process.stop()

    def _start_one(self, target: Path) -> bool:
        """Start a worker and hand it to the idle ones; False (and the reason kept) if it fails."""
        process: WorkerProcess | None = None
        reason = ("A query worker could not be started.", "查询进程无法启动。")
        try:
            process = WorkerProcess(target, self._memory)
            header = process.await_ready(_START_SECONDS)
            if is_ready(header):
                self._welcome(process, header)
                return True
            reason = (
                f"The generation {target.name} cannot be opened.",
                f"三元组库第 {target.name} 代无法打开。",
            )
        except (OSError, WorkerLate, WorkerDied):
            pass
        if process is not None:
            process.stop()
        with self._changed:
            # One failure may be a worker killed while it started; two in a row are a state.
            self._failed_starts += 1
            self._failure = reason if self._failed_starts > 1 else None
            self._wake_all()
        return False

    def _welcome(self, process: WorkerProcess, header: dict[str, Any]) -> None:
        with self._changed:
            self._isolation = header["isolation"]
            self._failed_starts, self._failure = 0, None
            outdated: list[WorkerProcess] = []
            if self._closed:
                outdated = [process]
            else:
                self._idle.append(process)
                outdated = [one for one in self._idle if self._is_outdated(one)]
                self._idle = [one for one in self._idle if one not in outdated]
            self._wake_all()
        for one in outdated:
            one.stop()
