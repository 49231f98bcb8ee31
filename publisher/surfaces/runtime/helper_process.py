"""The helper process of the projector, for surfaces that need much processor time.

Purpose: one interpreter uses one processor; while a backlog is applied, a second process writes
feeds and dumps. The projector alone reads the ledger, decides and raises alarms: calls of a
surface are forwarded over a pipe and answered synchronously.
The process ends with its last surface, or with the pipe when the projector dies. It inherits the
projector's lock, so that no other process projects before both have ended.
Errors: EnvironmentFault with the message of `alarms.describe` for an error raised there.
Source: docs/decisions/0015.
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

    from exchange.domain.disclosure_levels import Tier
    from exchange.domain.record import Change
    from publisher.surfaces.port import ExpectedDigest, Surface

_OPEN: Final = "open"
_CLOSE: Final = "close"
_LIST: Final = "iris"  # the one that gives an iterator
_END_SECONDS: Final = 10.0
# For one call: as long as whoever waits for the projector is patient (publisher/projector.py).
_LONGEST_SECONDS: Final = 900.0


class HelperProcess:
    """The projector's end of the helper process.

    `start` starts the process, which inherits the file descriptor of one end of a pipe.
    """

    def __init__(self, start: Callable[[int], subprocess.Popen[bytes]]) -> None:
        self._start = start
        self._lock = threading.Lock()
        self._pipe: Connection | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._open: set[str] = set()

    def open(self, name: str) -> None:
        """Open a surface in the process, which is started if it does not run."""
        self.call(name, _OPEN)
        self._open.add(name)

    def close(self, name: str) -> None:
        """Close a surface; closing the last one ends the process."""
        if name not in self._open:
            return
        try:
            self.call(name, _CLOSE)
        finally:
            self._open.discard(name)
            if not self._open:
                self._end_process()

    def call(self, name: str, action: str, *given: Any, **named: Any) -> Any:
        """Call a method of a surface in the process and return its result.

        Raises EnvironmentFault when the method raised, or the process does not answer.
        """
        with self._lock:
            if action != _OPEN and name not in self._open:
                raise _ended()  # with the process that had it open
            try:
                pipe = self._pipe or self._start_process()
                pipe.send((name, action, given, named))
                if not pipe.poll(_LONGEST_SECONDS):
                    raise TimeoutError
                succeeded, result = pipe.recv()
            except (EOFError, OSError) as problem:  # TimeoutError is an OSError
                self._end_process()
                raise _ended() from problem
        if not succeeded:
            raise EnvironmentFault(str(result))
        return result

    def _start_process(self) -> Connection:
        ours, theirs = Pipe()
        with theirs:
            self._process = self._start(theirs.fileno())
        self._pipe = ours
        return ours

    def _end_process(self) -> None:
        """Close the pipe, which ends the process; kill it if it does not end in time."""
        pipe, process = self._pipe, self._process
        self._pipe = self._process = None
        self._open.clear()
        if pipe is not None:
            pipe.close()
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


class SurfaceProxy:
    """A surface that works in the helper process; construction opens it there."""

    lane = "beside"

    def __init__(self, helper: HelperProcess, name: str, tier: Tier) -> None:
        self.name = name
        self.tier = tier
        self._helper = helper
        self._label = f"{tier.value}/{name}"
        helper.open(self._label)

    def position(self) -> int:
        """Last change applied."""
        return int(self._call("position"))

    def iris(self) -> Iterator[str]:
        """Every record it shows."""
        yield from self._call(_LIST)

    def digest(self) -> str:
        """One value over everything it shows."""
        return str(self._call("digest"))

    def expected_digest(self) -> ExpectedDigest:
        """Return what `digest` must be, once it has every view."""
        expected: ExpectedDigest = self._call("expected_digest")
        return expected

    def contains(self, iri: str) -> bool:
        """Whether anything of the record is shown."""
        return bool(self._call("contains", iri))

    def choose_lane(self, backlog: int) -> None:
        """Do nothing: the surface works in the helper already."""

    def apply(self, changes: Sequence[Change]) -> None:
        """Take the next changes."""
        self._call("apply", changes)

    def redact(self, iris: Collection[str]) -> None:
        """Take the records away now."""
        self._call("redact", list(iris))

    def publish(self, *, at_head: bool) -> None:
        """Publish what was applied."""
        self._call("publish", at_head=at_head)

    def reset(self) -> None:
        """Begin anew."""
        self._call("reset")

    def close(self) -> None:
        """Close it in the helper."""
        self._helper.close(self._label)

    def _call(self, action: str, *given: Any, **named: Any) -> Any:
        return self._helper.call(self._label, action, *given, **named)


def serve_surfaces(pipe: Connection, factories: Mapping[str, Callable[[], Surface]]) -> None:
    """Answer surface calls from the pipe until the projector closes its end.

    `factories` open a surface by its label.
    """
    dispatcher = _Dispatcher(factories)
    while True:
        try:
            pipe.send(dispatcher.call(*pipe.recv()))
        except (EOFError, BrokenPipeError, ConnectionResetError):
            return


class _Dispatcher:
    """Calls the surfaces that are open in this process."""

    def __init__(self, factories: Mapping[str, Callable[[], Surface]]) -> None:
        self._factories = factories
        self._open: dict[str, Surface] = {}

    def call(
        self, name: str, action: str, given: tuple[Any, ...], named: dict[str, Any]
    ) -> tuple[bool, Any]:
        """Call one method; return (True, its result) or (False, the error's message)."""
        try:
            if action == _OPEN:
                self._open[name] = self._factories[name]()
                return True, None
            surface = self._open.pop(name) if action == _CLOSE else self._open[name]
            result = getattr(surface, action)(*given, **named)
            return True, list(result) if action == _LIST else result
        except Exception as problem:  # noqa: BLE001 - told to the projector, which raises it as
            # a fault of the surface; this process stays for the others.
            return False, describe(problem)
