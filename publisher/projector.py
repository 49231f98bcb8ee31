"""The projector: whoever holds its lock brings the surfaces to the ledger's head.

Purpose: one place where "wait for the projector or become it" is decided, for `publish`, for
takedowns by hand and for the process that `serve` keeps running.
Errors: EnvironmentFault when surfaces do not follow in time.
Source: docs/design/surfaces.md "Processes".
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from exchange.domain.errors import EnvironmentFault, UsageError
from exchange.domain.identity import id_of
from publisher.stores.atomic_files import owner_only
from publisher.surfaces.port import label
from publisher.surfaces.runtime.alarms import standing_alarms
from publisher.surfaces.runtime.checkpoints import Checkpoints
from publisher.surfaces.runtime.maintenance import Request
from publisher.surfaces.runtime.projector_lock import ProjectorLock

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Collection, Iterator, Sequence
    from pathlib import Path

    from exchange.ledger import Ledger
    from publisher.surfaces.port import Readable, Surface
    from publisher.surfaces.runtime.runner import Runner

_POLL_SECONDS: Final = 0.1
# Seconds without any progress after which a running projector is given up: at once when a
# surface has an alarm; otherwise it may be rebuilding a large store, which shows no steps.
_ALARMED_SECONDS: Final = 30.0
_SILENT_SECONDS: Final = 900.0
TAKEDOWN_SECONDS: Final = 300.0


@dataclass(frozen=True, slots=True)
class Opened:
    """The writing parts, made only by the holder of the lock."""

    runner: Runner
    surfaces: Sequence[Surface]
    upkeep: Callable[[Runner], None]

    def close(self) -> None:
        """Let go of the stores."""
        for surface in self.surfaces:
            surface.close()


def _nobody(_: str) -> None:
    """Tell nobody."""


class Projector:
    """Becomes the projector or waits for the one that runs.

    `make` opens the surfaces for writing and is called under the lock only, with its file, for
    a helper to inherit; `readers` see what readers see; `root` is the surfaces' directory.
    """

    def __init__(
        self,
        lock: Path,
        root: Path,
        ledger: Ledger,
        make: Callable[[int], Opened],
        readers: Sequence[Readable],
    ) -> None:
        self._lock = lock
        self._root = root
        self._ledger = ledger
        self._make = make
        self._readers = readers
        self._checkpoints = Checkpoints(root, ledger)

    def publish(self) -> dict[str, int]:
        """Bring every surface to the head of this moment; return their positions.

        Raises EnvironmentFault when a surface fails.
        """
        self._do(_publishing, self._at_head)
        return self.positions()

    def rebuild(self, names: Collection[str]) -> dict[str, int]:
        """Build surfaces anew from the ledger, or have the running projector do it.

        Raises UsageError for a name that no surface has, EnvironmentFault when one fails.
        """
        self._require_known(names)
        request = Request(self._root)
        # Written first: if this process is killed, the next projector does it.
        request.ask(names)

        def work(runner: Runner) -> bool:
            done = runner.rebuild(names)
            request.done()
            return done

        self._do(work, lambda: not request.stands())
        return self.positions()

    def take_down(
        self, ref: str, told: Callable[[str], None] = _nobody, bound: float = TAKEDOWN_SECONDS
    ) -> None:
        """Return once no surface shows the record and no erasure waits.

        `told` hears the label of each surface, once, when it is seen without the record; `bound`
        is for how many seconds another process is waited for.
        Raises EnvironmentFault when that takes another process longer than the bound.
        """
        gone: set[str] = set()

        def work(runner: Runner) -> bool:
            # One step redacts everywhere before it applies anything; what was built from another
            # ledger goes as a whole.
            runner.step()
            while runner.rebuilding and runner.catch_up():
                pass
            return runner.finish_erasures() and self._gone(ref, gone, told)

        try:
            self._do(work, lambda: self._gone(ref, gone, told), bound)
        except EnvironmentFault as fault:
            raise self._still_shown(ref, gone, fault) from fault

    def run(
        self, stop: threading.Event, beside: Callable[[threading.Event], None] | None = None
    ) -> None:
        """Hold the lock and project until told to stop; wait for the lock as long as it takes.

        `beside` runs in a thread under the same lock; what it raises ends the projector, too.
        """
        lock = ProjectorLock(self._lock)
        while not lock.try_acquire():
            if stop.wait(_POLL_SECONDS):
                return
        try:
            with (
                owner_only(),
                closing(self._make(lock.fileno())) as opened,
                _beside(beside, stop),
            ):
                opened.runner.run(stop, opened.upkeep)
        finally:
            lock.release()

    def positions(self) -> dict[str, int]:
        """Return the position that readers have of each surface; -1 where nothing is published."""
        return {label(reader): _position(reader) for reader in self._readers}

    def differences(self) -> dict[str, str]:
        """Return why surfaces are not of this ledger, by label; those that are, are left out."""
        found = {label(reader): self._difference(reader) for reader in self._readers}
        return {name: reason for name, reason in found.items() if reason}

    def _do(
        self,
        work: Callable[[Runner], bool],
        reached: Callable[[], bool],
        bound: float = float("inf"),
    ) -> None:
        """Do the work as projector, or wait `bound` seconds until the running one has done it."""
        lock = ProjectorLock(self._lock)
        if not self._acquire(lock, reached, bound):
            return
        try:
            with owner_only(), closing(self._make(lock.fileno())) as opened:
                done = work(opened.runner)
        finally:
            lock.release()
        if not done:
            raise self._fault()

    def _acquire(self, lock: ProjectorLock, reached: Callable[[], bool], bound: float) -> bool:
        """Take the lock; False when the running projector has done the work instead."""
        seen, since = self.positions(), time.monotonic()
        end = since + bound
        while not lock.try_acquire():
            if reached():
                return False
            if (positions := self.positions()) != seen:
                seen, since = positions, time.monotonic()
            patience = _ALARMED_SECONDS if standing_alarms(self._root) else _SILENT_SECONDS
            if time.monotonic() - since > patience or time.monotonic() > end:
                raise self._fault()
            time.sleep(_POLL_SECONDS)
        return True

    def _require_known(self, names: Collection[str]) -> None:
        known = {name for one in self._readers for name in (one.name, label(one))}
        if unknown := sorted(set(names) - known):
            raise UsageError(
                f"There is no surface {', '.join(unknown)}.",
                f"The surfaces are {', '.join(map(label, self._readers))}.",
                zh=f"没有名为 {'、'.join(unknown)} 的公开位置。",
                zh_hint=f"可选：{'、'.join(map(label, self._readers))}。",
            )

    def _at_head(self) -> bool:
        if self._ledger.unfinished_erasures():
            return False
        level = (_position(one) == self._ledger.head(one.tier) for one in self._readers)
        return all(level) and not self.differences()

    def _difference(self, reader: Readable) -> str | None:
        try:
            return self._checkpoints.difference(reader)
        except _UNREADABLE:
            return None  # it has no position that could be compared

    def _gone(self, ref: str, gone: set[str], told: Callable[[str], None]) -> bool:
        """Say whether every surface is without the record; those already seen so are not asked."""
        for reader in self._readers:
            if label(reader) not in gone and not _holds(reader, id_of(ref)):
                gone.add(label(reader))
                told(label(reader))
        return len(gone) == len(self._readers) and not self._ledger.unfinished_erasures()

    def _fault(self) -> EnvironmentFault:
        alarms = standing_alarms(self._root)
        reason = f" {alarms[0].surface}: {alarms[0].message}" if alarms else ""
        return EnvironmentFault(
            f"Not every surface could be brought to the ledger's head.{reason}",
            "Mend the cause and run `credence publish` again; nothing is lost meanwhile.",
        )

    def _still_shown(self, ref: str, gone: set[str], fault: EnvironmentFault) -> EnvironmentFault:
        """Return what a takedown that was not seen everywhere has to say."""
        left = [label(reader) for reader in self._readers if label(reader) not in gone]
        names = ", ".join(left) or "none"
        return EnvironmentFault(
            f"{ref} has left the ledger and its own page, but these were not seen without it: "
            f"{names}. {fault.message}",
            "Look at `credence status`, mend the cause, and run `credence publish`; the takedown "
            "itself need not be ordered again.",
            zh=f"{ref} 已从账本撤下，其网页已停止公示，但以下位置尚未确认撤下：{names}。",
            zh_hint="请查看 credence status，排除故障后运行 credence publish；无须再次撤下。",
        )


def _publishing(runner: Runner) -> bool:
    """Bring every surface to the head; one without a checkpoint is compared with the ledger."""
    done = runner.catch_up() and runner.finish_erasures()
    while done and runner.verify_next():
        done = runner.catch_up()
    return done


@contextmanager
def _beside(
    work: Callable[[threading.Event], None] | None, stop: threading.Event
) -> Iterator[None]:
    """Run `work` in a thread until `stop`; its failure sets `stop` and is raised at the end."""
    if work is None:
        yield
        return
    with ThreadPoolExecutor(1, "beside") as pool:
        running = pool.submit(work, stop)
        running.add_done_callback(lambda _: stop.set())
        try:
            yield
        finally:
            stop.set()
    running.result()


# What a reader raises while a surface is damaged, or changed under its eyes: a file that was
# there a moment ago has just been swept.
_UNREADABLE: Final = (EnvironmentFault, OSError)


def _position(reader: Readable) -> int:
    try:
        return reader.position()
    except _UNREADABLE:
        return -1


def _holds(reader: Readable, identifier: str) -> bool:
    """Whether it shows the record, for all we know: it may come back as it was."""
    try:
        return reader.holds(identifier)
    except _UNREADABLE:
        return True
