"""One worker process as its pool sees it: start, ask with a deadline, stop.

Purpose: keep pipes, deadlines and exit codes in one place. One thread at a time may use a
process; only `kill` may be called from another.
Errors: WorkerLate past a deadline, WorkerStopped when a slice is used up, WorkerDied when the
process is gone (with its exit code).
Source: publisher/stores/worker_main.py for the protocol.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import select
import struct
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from publisher.stores import worker_main

if TYPE_CHECKING:
    from collections.abc import Callable

    from publisher.stores.query_guard import GuardedQuery

_READ_BYTES: Final = 1 << 16
# So much nicer than the fast ones: a third of what they get (weight 335 to 1024, sched(7)).
SLOWER_BY: Final = 5
_MOST_NICE: Final = 19
# The clock of another process's processor time, by its id (clock_getcpuclockid(3)).
_PROCESS_CLOCK: Final = 2
# How often a query is looked at that gets less processor than it could use.
_LEAST_LOOK_SECONDS: Final = 0.05


class WorkerLate(Exception):
    """The worker did not answer before its deadline."""


class WorkerStopped(Exception):
    """The query used up its slice and may not go on in this worker, which still runs it."""


@dataclass(slots=True)
class Slice:
    """What a query may use before `over` is asked whether it may go on.

    Units: seconds of processor and of wall, whichever is used up first.
    """

    processor: float
    wall: float
    over: Callable[[], bool]


class WorkerDied(Exception):
    """The worker ended while an answer was awaited.

    `code` as subprocess gives it; `begun` says whether the query may have run.
    """

    def __init__(self, code: int, *, begun: bool) -> None:
        super().__init__(f"worker ended with {code}")
        self.code = code
        self.begun = begun


class WorkerProcess:
    """A started worker on one generation; call `await_ready` before the first `ask`.

    `slowed` says that it works for the slow lane: it has a lower priority and keeps it.
    `idle_since` is set by its staff, seconds of the steady clock.
    """

    def __init__(self, generation: Path, memory_bytes: int) -> None:
        self.generation = generation
        # A byte both see: the worker sets it once it has read a request. Told through the pipe, it
        # would wake us once more for each query.
        shared = os.memfd_create("begun")
        try:
            os.ftruncate(shared, 1)
            self._begun = mmap.mmap(shared, 1)
            self._process = _started(generation, memory_bytes, shared)
        finally:
            os.close(shared)
        assert self._process.stdin is not None  # noqa: S101 - PIPE was asked for
        assert self._process.stdout is not None  # noqa: S101
        self.slowed = False
        self.idle_since = 0.0
        self._clock = (~self._process.pid << 3) | _PROCESS_CLOCK
        self._used_before = 0.0
        self._input = self._process.stdin.fileno()
        self._output = self._process.stdout.fileno()
        os.set_blocking(self._input, False)
        os.set_blocking(self._output, False)
        self._writable = _poll(self._input, select.POLLOUT)
        self._readable = _poll(self._output, select.POLLIN)

    @property
    def pid(self) -> int:
        """The process id, for operators and tests."""
        return self._process.pid

    def alive(self) -> bool:
        """Whether the process still runs; reaps it when not."""
        return self._process.poll() is None

    def await_ready(self, seconds: float) -> dict[str, Any]:
        """Wait for the first reply. Errors: WorkerLate, WorkerDied."""
        return self._reply(time.monotonic() + seconds)[0]

    def ask(
        self,
        parsed: GuardedQuery,
        media: str,
        max_bytes: int,
        seconds: float,
        part: Slice | None = None,
    ) -> tuple[dict[str, Any], bytes]:
        """Send one query and return header and body.

        Errors: WorkerLate past `seconds`, WorkerStopped when its slice is over, WorkerDied.
        """
        began = time.monotonic()
        until = began + seconds
        self._used_before = self._used()
        self._begun[0] = 0
        self._write(_request(parsed, media, max_bytes, seconds), until)
        if part and not self._answers_within(part, min(began + part.wall, until)):
            if time.monotonic() >= until:
                raise WorkerLate
            if not part.over():
                raise WorkerStopped
        return self._reply(until)

    def spent(self) -> float:
        """Return the processor seconds of the last query so far."""
        return max(0.0, self._used() - self._used_before)

    def slow_down(self) -> None:
        """Give way to others from now on; nobody without privilege can undo it. Idempotent."""
        if not self.slowed:
            self.slowed = True
            nice = slow_nice()
            with contextlib.suppress(OSError):  # it ended just now
                os.setpriority(os.PRIO_PROCESS, self._process.pid, nice)
            self._share(nice)

    def _answers_within(self, part: Slice, until: float) -> bool:
        """Wait for the answer to begin; False when the slice is over before."""
        left = part.processor
        while left > 0 and (wall := until - time.monotonic()) > 0:
            if self._readable.poll(min(max(left, _LEAST_LOOK_SECONDS), wall) * 1000):
                return True
            left = part.processor - self.spent()
        return bool(self._readable.poll(0))

    def _used(self) -> float:
        try:
            return time.clock_gettime(self._clock)
        except OSError:  # it is gone
            return self._used_before

    def _share(self, nice: int) -> None:
        """Set what the worker's session gets where sessions share the processor as groups.

        There a priority counts only inside the group (sched(7), "The autogroup feature").
        """
        with contextlib.suppress(OSError):
            path = Path(f"/proc/{self._process.pid}/autogroup")
            path.write_text(str(nice), encoding="ascii")

    def kill(self) -> None:
        """End the process at once; whoever waits for its answer sees WorkerDied."""
        if self.slowed:
            self._share(0)  # it takes processor time to die
        self._process.kill()

    def stop(self) -> None:
        """End the process, reap it, close its pipes."""
        self.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        self._begun.close()

    def _write(self, data: bytes, until: float) -> None:
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self._input, view) :]
            except BlockingIOError:
                self._await(self._writable, until)
            except BrokenPipeError:
                raise self._died() from None

    def _reply(self, until: float) -> tuple[dict[str, Any], bytes]:
        """Read one reply; as a rule it comes in one piece, and nothing ever follows it."""
        content = self._more(bytearray(), worker_main.PREFIX.size, until)
        head_length, body_length = worker_main.PREFIX.unpack_from(content)
        begin = worker_main.PREFIX.size + head_length
        content = self._more(content, begin + body_length, until)
        header = json.loads(content[worker_main.PREFIX.size : begin])
        return header, bytes(memoryview(content)[begin:])

    def _more(self, content: bytearray, count: int, until: float) -> bytearray:
        """Read on until there are at least `count` bytes."""
        while len(content) < count:
            try:
                block = os.read(self._output, _READ_BYTES)
            except BlockingIOError:
                self._await(self._readable, until)
                continue
            if not block:
                raise self._died()
            content += block
        return content

    def _await(self, ready: select.poll, until: float) -> None:
        left = until - time.monotonic()
        if left <= 0 or not ready.poll(left * 1000):
            raise WorkerLate

    def _died(self) -> WorkerDied:
        """Reap a worker whose pipe closed; if it still lives, it is of no use."""
        try:
            code = self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        return WorkerDied(code, begun=bool(self._begun[0]))


def slow_nice() -> int:
    """Return the nice level of workers of the slow lane: less than this process's own."""
    return min(_MOST_NICE, os.getpriority(os.PRIO_PROCESS, 0) + SLOWER_BY)


def _request(parsed: GuardedQuery, media: str, max_bytes: int, seconds: float) -> bytes:
    dataset = parsed.dataset
    request = json.dumps(
        {
            "query": parsed.text,
            "base": parsed.base,
            "dataset": None if dataset is None else (dataset.default, dataset.named),
            "media": media,
            "max_bytes": max_bytes,
            "seconds": seconds,
        }
    ).encode()
    return struct.pack("!I", len(request)) + request


def _started(generation: Path, memory_bytes: int, shared: int) -> subprocess.Popen[bytes]:
    root = str(Path(__file__).resolve().parents[2])
    module = ["-P", "-B", "-m", "publisher.stores.worker_main"]
    return subprocess.Popen(
        [sys.executable, *module, str(generation), str(memory_bytes), str(shared)],
        # Nothing of the server's environment: it may hold secrets. Two heaps at most, since
        # every further one reserves 64 MB of the capped address space.
        env={
            "PYTHONPATH": os.pathsep.join([root, *filter(None, sys.path)]),
            "MALLOC_ARENA_MAX": "2",
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
        pass_fds=(shared,),
        start_new_session=True,
    )


def _poll(descriptor: int, event: int) -> select.poll:
    made = select.poll()
    made.register(descriptor, event)
    return made


def is_ready(header: dict[str, Any]) -> bool:
    """Whether the first reply says that the generation is open."""
    return bool(header["status"] == worker_main.READY)
