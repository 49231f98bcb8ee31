"""One `credence` command in a process of its own that can be killed at a moment or a failpoint."""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from publisher.cli import main
from publisher.cli.main import VERBS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from multiprocessing.process import BaseProcess

# A server that has imported everything but opened nothing: a start costs no second import.
_SERVER = multiprocessing.get_context("forkserver")
_VERBS = [f"publisher.cli.{name}" for name in VERBS]
_SERVER.set_forkserver_preload([*_VERBS, "exchange.ledger.migrations.steps", "pytest"])
KILLED = -9
_LOOK = 0.002  # seconds


@dataclass(frozen=True)
class Run:
    """A started command; what it said stands in `output`."""

    process: BaseProcess
    output: Path

    def kill_after(self, began: Callable[[], bool], seconds: float) -> bool:
        """Kill -9 so many seconds after `began` first holds; False when it ended before."""
        start = self._begun(began)
        while self.process.is_alive() and time.monotonic() - start < seconds:
            time.sleep(_LOOK)
        self.process.kill()
        self.process.join()
        return self._was_killed()

    def ended(self, began: Callable[[], bool]) -> float:
        """Wait for its end; return the seconds since `began` first held."""
        start = self._begun(began)
        self.process.join()
        assert not self._was_killed(), self.said()
        return time.monotonic() - start

    def was_killed(self) -> bool:
        """Wait for its end; whether a failpoint killed it."""
        self.process.join()
        return self._was_killed()

    def _begun(self, began: Callable[[], bool]) -> float:
        while self.process.is_alive() and not began():
            time.sleep(_LOOK)
        return time.monotonic()

    def _was_killed(self) -> bool:
        assert self.process.exitcode in {0, 1, KILLED}, self.said()
        return self.process.exitcode == KILLED

    def said(self) -> str:
        """Return what it printed so far."""
        return self.output.read_text(encoding="utf-8") if self.output.exists() else ""


def start(
    directory: Path, arguments: Sequence[str | Path], output: Path, failpoint: str | None = None
) -> Run:
    """Start a verb over a data directory, to be killed at `failpoint` (name[:n]) if given."""
    command = ["-C", str(directory), "--json", "--lang", "en", *map(str, arguments)]
    output.unlink(missing_ok=True)
    process = _SERVER.Process(target=_run, args=(command, str(output), failpoint))
    process.start()
    return Run(process, output)


def _run(command: list[str], output: str, failpoint: str | None) -> None:
    for name in [name for name in os.environ if name.startswith("CREDENCE_")]:
        del os.environ[name]
    if failpoint:
        os.environ["CREDENCE_TEST_FAILPOINT"] = failpoint
    handle = os.open(output, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    code = main(command)
    with suppress(OSError):
        sys.stdout.flush()
    os._exit(code)


def changed(path: Path) -> Callable[[], bool]:
    """Return what says whether a file has come or changed since now."""

    def state() -> tuple[int, int] | None:
        with suppress(FileNotFoundError):
            found = path.stat()
            return (found.st_mtime_ns, found.st_size) if found.st_size else None
        return None

    before = state()
    return lambda: state() not in {before, None}
