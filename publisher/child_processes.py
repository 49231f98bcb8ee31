"""No process outlives the one that started it, and each ends in order when it is told to."""

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
    """Call `end` once this process's parent is no longer `parent`; then insist.

    Asking twice a second works on every system and, unlike a death signal, does not depend on
    which thread of the parent lives.
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
    """Let SIGINT and SIGTERM set the event."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())


def start_helper(root: Path, lock: int, line: int) -> subprocess.Popen[bytes]:
    """Start the process for feeds and dumps; it inherits the projector's lock and the pipe."""
    program = [sys.executable, "-m", "publisher.cli", "-C", str(root)]
    command = [*program, "assist", "--line", str(line)]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, pass_fds=(lock, line))


def failing_at(failpoint: tuple[Failpoint, int] | None, falling: Sequence[int]) -> FailpointHook:
    """Return the hook that ends processes, as kill -9 does, at its named point's n-th pass."""
    passed: Counter[Failpoint] = Counter()

    def at(point: Failpoint) -> None:
        passed[point] += 1
        if failpoint == (point, passed[point]):
            for process in falling:
                os.kill(process, signal.SIGKILL)

    return at if failpoint else no_failpoint
