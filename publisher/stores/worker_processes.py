"""The query workers of a pool as processes: start, lend, replace, follow the generation.

Purpose: `size` fast workers for queries and one more, which is kept for the service's own
look-ups and for queries known to end at once; at most `size` slow ones. A fast worker whose
query runs long becomes a slow one and goes on with it, and a new fast one is started: nothing is
computed twice. A slow worker has a lower priority, which cannot be taken back, and so stays slow;
it ends when it was idle for a minute. So there are at most 2 * `size` + 1 workers.
Errors: StoreUnavailable.
Source: docs/decisions/0002-bulk-load-in-chunks.md (generations), 0004-socket-filter.md (isolation).
"""

from __future__ import annotations

import contextlib
import threading
import time
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from exchange.domain.errors import StoreUnavailable
from publisher.stores import query_refusals
from publisher.stores.worker_process import WorkerDied, WorkerLate, WorkerProcess, is_ready

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_START_SECONDS: Final = 60.0
_WATCH_SECONDS: Final = 1.0
_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 5.0
_IDLE_SECONDS: Final = 60.0


class Lane(StrEnum):
    """Which queries share workers: the service's own, those that end soon, those that do not."""

    OWN = "own"
    SHORT = "short"
    SLOW = "slow"


class WorkerProcesses:
    """The workers of one pool; all methods but `aim`, `await_ready`, `close` need the lock.

    `on_change` is called with the lock held whenever a worker may have become free or the state
    of `require_usable` may have changed.
    """

    def __init__(
        self, generation: Callable[[], Path], size: int, memory_bytes: int, lock: threading.RLock
    ) -> None:
        self._current = generation
        self._size = size
        self._memory = memory_bytes
        self._lock = lock
        # Two sorts of waiting: else every answer would wake the starter.
        self._changed = threading.Condition(lock)
        self._short = threading.Condition(lock)
        self.on_change: Callable[[], None] = lambda: None
        self._fast: list[WorkerProcess] = []
        self._slow: list[WorkerProcess] = []
        self._busy: dict[WorkerProcess, Lane] = {}
        self._target: Path | None = None
        self._complete = False
        self._failed_starts = 0
        self._failure: tuple[str, str] | None = None
        self._closed = False
        self.isolation: dict[str, bool] = {}
        # One thread for all starts: a worker dies with the thread that started it.
        self._starter = threading.Thread(target=self._keep_staffed, name="query-pool", daemon=True)

    def start(self) -> None:
        """Begin to start workers; once."""
        self._starter.start()

    def running(self, lane: Lane) -> int:
        """Return how many workers a lane holds, those that are being ended included."""
        return [*self._busy.values()].count(lane)

    def lane_of(self, process: WorkerProcess) -> Lane:
        """Return the lane that a busy worker belongs to by now."""
        return self._busy[process]

    def require_usable(self) -> None:
        """Raise StoreUnavailable when the pool is closed or cannot start any worker."""
        if self._closed or (self._failure and not self._busy and not self._fast):
            raise query_refusals.unavailable(self._failure)

    def take(self, lane: Lane, *, kept: bool = False) -> WorkerProcess | None:
        """Lend an idle worker to a lane, of the current generation as soon as it has one.

        With `kept` it may be the one kept for queries that are known to end at once.
        """
        process = self._slow_one() if lane is Lane.SLOW else self._fast_one(kept=kept)
        if process is not None:
            self._busy[process] = lane
        return process

    def has_fast(self, *, kept: bool) -> bool:
        """Whether a fast worker is idle and may be lent, with `kept` also the last."""
        if kept:
            return bool(self._fast)
        return self._has_spare() and self.running(Lane.SHORT) < self._size

    def _fast_one(self, *, kept: bool) -> WorkerProcess | None:
        # Whether it lives shows when it is asked; a look at each query would be a system call.
        return self._fast.pop() if self.has_fast(kept=kept) else None

    def _has_spare(self) -> bool:
        """Whether there is an idle fast worker beside the one that is kept.

        Before the first of a generation are all started, any query may have that one, too.
        """
        return len(self._fast) > (1 if self._complete else 0)

    def _slow_one(self) -> WorkerProcess | None:
        if self._slow:
            return self._slow.pop()
        if self._slow_count() >= self._size or not self._has_spare():
            return None
        process = self._fast.pop()
        process.slow_down()
        self._short.notify_all()
        return process

    def _slow_count(self) -> int:
        return len(self._slow) + self.running(Lane.SLOW)

    def move_to_slow(self, process: WorkerProcess) -> bool:
        """Make a busy worker a slow one, in place of an idle one; False when all are at work."""
        if self._slow_count() >= self._size:
            if not self._slow:
                return False
            self._dismiss(self._slow.pop(), Lane.SLOW)
        process.slow_down()
        self._busy[process] = Lane.SLOW
        self._short.notify_all()
        return True

    def give_back(self, process: WorkerProcess, *, keep: bool) -> None:
        """Return a worker to the idle ones, or end it before it stops counting as busy."""
        if not keep or self._closed or self._is_outdated(process):
            self._dismiss(process, self._busy[process])
            return
        del self._busy[process]
        process.idle_since = time.monotonic()
        (self._slow if process.slowed else self._fast).append(process)
        self._wake()

    def _dismiss(self, process: WorkerProcess, lane: Lane) -> None:
        self._busy[process] = lane
        process.kill()
        # Whoever waits for the answer need not wait for the end of the process as well.
        threading.Thread(target=self._bury, args=(process,), name="query-burial").start()

    def _bury(self, process: WorkerProcess) -> None:
        process.stop()
        with self._lock:
            self._busy.pop(process, None)
            self._wake()
            self._short.notify_all()

    def _wake(self) -> None:
        self.on_change()
        self._changed.notify_all()

    def await_ready(self, seconds: float) -> bool:
        """Wait until a worker of the current generation is idle; False when none came."""
        self.aim()
        with self._lock:
            return self._changed.wait_for(
                lambda: any(one.generation == self._target for one in self._fast), seconds
            )

    def aim(self) -> None:
        """Ask which generation is current and let the starter follow."""
        try:
            wanted = self._current()
        except OSError as problem:
            raise query_refusals.no_generation() from problem
        with self._lock:
            if wanted != self._target:
                self._target, self._failure, self._failed_starts = wanted, None, 0
                self._complete = False
                self._short.notify_all()

    def was_replaced(self, process: WorkerProcess) -> bool:
        """Whether readers are sent to another generation by now: a rebuild drops the old ones."""
        self.aim()
        with self._lock:
            return process.generation != self._target

    def close(self) -> None:
        """End all workers; queries under way fail with StoreUnavailable. Idempotent."""
        with self._lock:
            self._closed = True
            for process in self._busy:
                process.kill()
            idle = [*self._fast, *self._slow]
            self._fast, self._slow = [], []
            self._wake()
            self._short.notify_all()
        for process in idle:
            process.stop()
        self._starter.join()
        with self._lock:
            self._changed.wait_for(lambda: not self._busy, _LONGEST_PAUSE)

    def _is_outdated(self, process: WorkerProcess) -> bool:
        """Let an old generation serve only until one worker of the new one stands by."""
        return process.generation != self._target and any(
            one.generation == self._target for one in (*self._fast, *self._busy)
        )

    def _keep_staffed(self) -> None:
        """Start what is missing, one after the other; runs in the starter thread."""
        pause = _FIRST_PAUSE
        while True:
            with self._lock:
                self._short.wait_for(lambda: self._closed or self._missing(), _WATCH_SECONDS)
                if self._closed:
                    return
            # Also while nobody asks: the next answer must not come from before a takedown.
            with contextlib.suppress(StoreUnavailable):
                self.aim()
            with self._lock:
                self._drop_unused()
                target = self._target
                if target is None or not self._missing():
                    continue
            if self._start_one(target):
                pause = _FIRST_PAUSE
                continue
            with self._lock:
                self._short.wait_for(lambda: self._closed, pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _missing(self) -> bool:
        fast = (*self._fast, *(one for one in self._busy if not one.slowed))
        return self._target is not None and (
            sum(one.generation == self._target for one in fast) <= self._size
        )

    def _drop_unused(self) -> None:
        """Reap idle workers that somebody else ended, and end slow ones long idle."""
        since = time.monotonic() - _IDLE_SECONDS
        unused = [one for one in (*self._fast, *self._slow) if not one.alive()]
        unused += [one for one in self._slow if one.idle_since < since]
        self._end_idle(unused)

    def _end_idle(self, processes: list[WorkerProcess]) -> None:
        self._fast = [one for one in self._fast if one not in processes]
        self._slow = [one for one in self._slow if one not in processes]
        for process in processes:
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
        with self._lock:
            # One failure may be a worker killed while it started; two in a row are a state.
            self._failed_starts += 1
            self._failure = reason if self._failed_starts > 1 else None
            self._wake()
        return False

    def _welcome(self, process: WorkerProcess, header: dict[str, Any]) -> None:
        with self._lock:
            self.isolation = header["isolation"]
            self._failed_starts, self._failure = 0, None
            if self._closed:
                process.stop()
                return
            self._fast.append(process)
            self._end_idle([one for one in (*self._fast, *self._slow) if self._is_outdated(one)])
            self._complete = self._complete or not self._missing()
            self._wake()
