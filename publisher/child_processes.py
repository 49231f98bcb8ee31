"""Processes end with the process that started them, and in order on a signal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from typing import TYPE_CHECKING, Final

from exchange.domain.failpoints import no_failpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from exchange.domain.failpoints import Failpoint, FailpointHook

_WATCH_SECONDS: Final = 0.5
_END_SECONDS: Final = 10.0


def follow_parent(parent: int, end: Callable[[], None]) -> None:
    """Call `end` when the parent of this process is no longer `parent`; exit 10 s later.

    The parent is asked for twice a second: that works on every system and, unlike a death
    signal, does not depend on one thread of the parent.
    """

    def watch() -> None:
        waiting = threading.Event()
        while os.getppid() == parent:
            waiting.wait(_WATCH_SECONDS)
        end()
        waiting.wait(_END_SECONDS)
        os._exit(3)  # whatever still runs has no owner any more

    threading.Thread(target=watch, name="follow-parent", daemon=True).start()


def stop_on_signals(stop: threading.Event) -> None:
    """Set the event on SIGINT and SIGTERM."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())


def start_helper(root: Path, lock: int, pipe: int) -> subprocess.Popen[bytes]:
    """Start the helper process for feeds and dumps; it inherits the lock and the pipe."""
    program = [sys.executable, "-m", "publisher.cli", "-C", str(root)]
    command = [*program, "project-helper", "--pipe", str(pipe)]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, pass_fds=(lock, pipe))


def killing_hook(
    failpoint: tuple[Failpoint, int] | None, processes: Sequence[int]
) -> FailpointHook:
    """Return a hook that kills the processes when a failpoint is passed for the n-th time."""
    passed: Counter[Failpoint] = Counter()

    def at(point: Failpoint) -> None:
        passed[point] += 1
        if failpoint == (point, passed[point]):
            for process in processes:
                os.kill(process, signal.SIGKILL)

    return at if failpoint else no_failpoint
