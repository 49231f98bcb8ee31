"""A process beside the projector's for surfaces that keep a processor busy (decision 0015).

Purpose: one interpreter uses one processor; while a backlog is worked off, feeds and downloads
are written by a second one. The projector stays the only one that reads the ledger for them,
decides and gives alarms: what is done elsewhere is a call like any other.
The process ends with its last surface, or with the pipe when the projector dies. It was handed
the projector's lock, so that nobody else projects before both are gone.
Errors: EnvironmentFault, with the words of `alarms.describe` for what a surface raised there.
"""

from __future__ import annotations

import subprocess
import threading
from multiprocessing.connection import Connection, Pipe
from typing import TYPE_CHECKING, Any, Final

from exchange.domain.errors import EnvironmentFault
from publisher.surfaces.runtime.alarms import describe

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from exchange.domain.disclosure import Tier
    from exchange.domain.record import Change
    from publisher.surfaces.port import Expected, Surface

_OPEN: Final = "open"
_CLOSE: Final = "close"
_LIST: Final = "iris"  # the one that gives an iterator
_END_SECONDS: Final = 10.0
# For one call: as long as whoever waits for the projector is patient (publisher/projector.py).
_LONGEST_SECONDS: Final = 900.0


class Lane:
    """The other process as the projector sees it; `start` is given the end of a pipe to inherit."""

    def __init__(self, start: Callable[[int], subprocess.Popen[bytes]]) -> None:
        self._start = start
        self._lock = threading.Lock()
        self._line: Connection | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._open: set[str] = set()

    def open(self, name: str) -> None:
        """Have a surface opened there; starts the process where none runs."""
        self.ask(name, _OPEN)
        self._open.add(name)

    def close(self, name: str) -> None:
        """Let go of a surface; the last one ends the process."""
        if name not in self._open:
            return
        try:
            self.ask(name, _CLOSE)
        finally:
            self._open.discard(name)
            if not self._open:
                self._end()

    def ask(self, name: str, action: str, *given: Any, **named: Any) -> Any:
        """Have one thing done and return what it gives. Raises EnvironmentFault."""
        with self._lock:
            if action != _OPEN and name not in self._open:
                raise _ended()  # with the process that had it open
            try:
                line = self._line or self._begin()
                line.send((name, action, given, named))
                if not line.poll(_LONGEST_SECONDS):
                    raise TimeoutError
                done, said = line.recv()
            except (EOFError, OSError) as problem:  # TimeoutError is an OSError
                self._end()
                raise _ended() from problem
        if not done:
            raise EnvironmentFault(str(said))
        return said

    def _begin(self) -> Connection:
        ours, theirs = Pipe()
        with theirs:
            self._process = self._start(theirs.fileno())
        self._line = ours
        return ours

    def _end(self) -> None:
        """Close the pipe, which ends the process; insist where it does not."""
        line, process = self._line, self._process
        self._line = self._process = None
        self._open.clear()
        if line is not None:
            line.close()
        if process is not None:
            try:
                process.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _ended() -> EnvironmentFault:
    return EnvironmentFault(
        "The process that writes feeds and downloads ended or did not answer.",
        "It is started again; look at the memory and the disk if this comes back.",
    )


class Elsewhere:
    """A surface of the other process behind the port; opening it here opens it there."""

    lane = "beside"

    def __init__(self, lane: Lane, name: str, tier: Tier) -> None:
        self.name = name
        self.tier = tier
        self._lane = lane
        self._label = f"{tier.value}/{name}"
        lane.open(self._label)

    def position(self) -> int:
        """Last change applied."""
        return int(self._ask("position"))

    def iris(self) -> Iterator[str]:
        """Every record it shows."""
        yield from self._ask(_LIST)

    def digest(self) -> str:
        """One value over everything it shows."""
        return str(self._ask("digest"))

    def expecting(self) -> Expected:
        """Return what `digest` must be, once it has every view."""
        expected: Expected = self._ask("expecting")
        return expected

    def holds(self, iri: str) -> bool:
        """Whether anything of the record is shown."""
        return bool(self._ask("holds", iri))

    def expect(self, behind: int) -> None:
        """Nothing to prepare: it is where it works best."""

    def apply(self, changes: Sequence[Change]) -> None:
        """Take the next changes."""
        self._ask("apply", changes)

    def redact(self, iris: Collection[str]) -> None:
        """Take the records away now."""
        self._ask("redact", list(iris))

    def publish(self, *, at_head: bool) -> None:
        """Show readers what was applied."""
        self._ask("publish", at_head=at_head)

    def reset(self) -> None:
        """Begin anew."""
        self._ask("reset")

    def close(self) -> None:
        """Let go of it there."""
        self._lane.close(self._label)

    def _ask(self, action: str, *given: Any, **named: Any) -> Any:
        return self._lane.ask(self._label, action, *given, **named)


def work(line: Connection, makers: Mapping[str, Callable[[], Surface]]) -> None:
    """Do what the projector asks of the surfaces, by label, until its end of the pipe closes."""
    held = _Held(makers)
    while True:
        try:
            line.send(held.told(*line.recv()))
        except (EOFError, BrokenPipeError, ConnectionResetError):
            return


class _Held:
    """The surfaces that are open here."""

    def __init__(self, makers: Mapping[str, Callable[[], Surface]]) -> None:
        self._makers = makers
        self._open: dict[str, Surface] = {}

    def told(
        self, name: str, action: str, given: tuple[Any, ...], named: dict[str, Any]
    ) -> tuple[bool, Any]:
        """Do one thing; return whether it was done, and what it gave or why not."""
        try:
            if action == _OPEN:
                self._open[name] = self._makers[name]()
                return True, None
            surface = self._open.pop(name) if action == _CLOSE else self._open[name]
            said = getattr(surface, action)(*given, **named)
            return True, list(said) if action == _LIST else said
        except Exception as problem:  # noqa: BLE001 - told to the projector, which raises it as
            # a fault of the surface; this process stays for the others.
            return False, describe(problem)
