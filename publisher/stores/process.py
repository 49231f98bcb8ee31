"""One worker process as its pool sees it: start, ask with a deadline, stop.

Purpose: keep pipes, deadlines and exit codes in one place. One thread at a time may use a
process; only `kill` may be called from another.
Errors: WorkerLate past a deadline, WorkerDied when the process is gone (with its exit code).
Source: publisher/stores/worker.py for the protocol.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from publisher.stores import worker

if TYPE_CHECKING:
    from publisher.stores.guard import ParsedForm

_READ_BYTES: Final = 1 << 16


class WorkerLate(Exception):
    """The worker did not answer before its deadline."""


class WorkerDied(Exception):
    """The worker ended while an answer was awaited.

    `code` as subprocess gives it; `begun` says whether the query may have run.
    """

    def __init__(self, code: int, *, begun: bool) -> None:
        super().__init__(f"worker ended with {code}")
        self.code = code
        self.begun = begun


class WorkerProcess:
    """A started worker on one generation; call `await_ready` before the first `ask`."""

    def __init__(self, generation: Path, memory_bytes: int) -> None:
        self.generation = generation
        root = str(Path(__file__).resolve().parents[2])
        module = ["-P", "-B", "-m", "publisher.stores.worker"]
        self._process = subprocess.Popen(
            [sys.executable, *module, str(generation), str(memory_bytes)],
            # Nothing of the server's environment: it may hold secrets. Two heaps at most, since
            # every further one reserves 64 MB of the capped address space.
            env={
                "PYTHONPATH": os.pathsep.join([root, *filter(None, sys.path)]),
                "MALLOC_ARENA_MAX": "2",
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )
        assert self._process.stdin is not None  # noqa: S101 - PIPE was asked for
        assert self._process.stdout is not None  # noqa: S101
        self._begun = False
        self._input = self._process.stdin.fileno()
        self._output = self._process.stdout.fileno()
        os.set_blocking(self._input, False)
        os.set_blocking(self._output, False)

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
        self, parsed: ParsedForm, media: str, max_bytes: int, seconds: float
    ) -> tuple[dict[str, Any], bytes]:
        """Send one query and return header and body. Errors: WorkerLate, WorkerDied."""
        until = time.monotonic() + seconds
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
        self._begun = False
        self._write(struct.pack("!I", len(request)) + request, until)
        self._read(len(worker.ACK), until)
        self._begun = True
        return self._reply(until)

    def kill(self) -> None:
        """End the process at once; whoever waits for its answer sees WorkerDied."""
        self._process.kill()

    def stop(self) -> None:
        """End the process, reap it, close its pipes."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def _write(self, data: bytes, until: float) -> None:
        view = memoryview(data)
        while view:
            self._await(self._input, select.POLLOUT, until)
            try:
                view = view[os.write(self._input, view) :]
            except BlockingIOError:
                continue
            except BrokenPipeError:
                raise self._died() from None

    def _reply(self, until: float) -> tuple[dict[str, Any], bytes]:
        head_length, body_length = struct.unpack("!II", self._read(8, until))
        header = json.loads(self._read(head_length, until))
        return header, self._read(body_length, until)

    def _read(self, count: int, until: float) -> bytes:
        content = bytearray()
        while len(content) < count:
            self._await(self._output, select.POLLIN, until)
            try:
                block = os.read(self._output, min(_READ_BYTES, count - len(content)))
            except BlockingIOError:
                continue
            if not block:
                raise self._died()
            content += block
        return bytes(content)

    def _await(self, descriptor: int, event: int, until: float) -> None:
        poll = select.poll()
        poll.register(descriptor, event)
        left = until - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            raise WorkerLate

    def _died(self) -> WorkerDied:
        """Reap a worker whose pipe closed; if it still lives, it is of no use."""
        try:
            code = self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        return WorkerDied(code, begun=self._begun)


def is_ready(header: dict[str, Any]) -> bool:
    """Whether the first reply says that the generation is open."""
    return bool(header["status"] == worker.READY)
