"""The projector: the process that holds its lock brings the surfaces to the ledger's head.

Purpose: decides whether this process projects or waits for the one that does, for `publish`,
for takedowns by hand, and for the process that `serve` keeps running.
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
from exchange.domain.identifiers import id_of
from publisher.stores.atomic_files import owner_only
from publisher.surfaces.port import label
from publisher.surfaces.runtime.alarms import standing_alarms
from publisher.surfaces.runtime.checkpoints import Checkpoints
from publisher.surfaces.runtime.maintenance import RebuildRequest
from publisher.surfaces.runtime.projector_lock import ProjectorLock

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Collection, Iterator, Sequence
    from pathlib import Path

    from exchange.ledger import Ledger
    from publisher.surfaces.port import Surface, SurfaceReader
    from publisher.surfaces.runtime.runner import Runner

_POLL_SECONDS: Final = 0.1
# Seconds without any progress after which a running projector is given up: at once when a
# surface has an alarm; otherwise it may be rebuilding a large store, which shows no steps.
_ALARMED_SECONDS: Final = 30.0
_SILENT_SECONDS: Final = 900.0
TAKEDOWN_SECONDS: Final = 300.0


@dataclass(frozen=True, slots=True)
class OpenSurfaces:
    """The surfaces opened for writing, and their runner; only the holder of the lock has them."""

    runner: Runner
    surfaces: Sequence[Surface]
    maintenance: Callable[[Runner], None]

    def close(self) -> None:
        """Close every surface."""
        for surface in self.surfaces:
            surface.close()


def _ignore(_: str) -> None:
    """Do nothing with the label of a cleared surface."""


class Projector:
    """Projects the ledger, or waits for another process that does.

    `lock` is the lock's file and `root` the directory of the surfaces. `open_surfaces` opens the
    surfaces for writing; it is called only under the lock, with the lock's file descriptor,
    which a helper process inherits. `readers` read the surfaces as they are published.
    """

    def __init__(
        self,
        lock: Path,
        root: Path,
        ledger: Ledger,
        open_surfaces: Callable[[int], OpenSurfaces],
        readers: Sequence[SurfaceReader],
    ) -> None:
        self._lock = lock
        self._root = root
        self._ledger = ledger
        self._open = open_surfaces
        self._readers = readers
        self._checkpoints = Checkpoints(root, ledger)

    def publish(self) -> dict[str, int]:
        """Bring every surface to the ledger's present head; return their positions by label.

        Raises EnvironmentFault when a surface fails.
        """
        self._do(_publishing, self._at_head)
        return self.positions()

    def rebuild(self, names: Collection[str]) -> dict[str, int]:
        """Rebuild surfaces from the ledger, here or in the running projector; return positions.

        Raises UsageError for an unknown name, EnvironmentFault when a surface fails.
        """
        self._require_known(names)
        request = RebuildRequest(self._root)
        # Written first: if this process is killed, the next projector does it.
        request.write(names)

        def rebuild(runner: Runner) -> bool:
            done = runner.rebuild(names)
            request.remove()
            return done

        self._do(rebuild, lambda: not request.is_pending())
        return self.positions()

    def take_down(
        self,
        ref: str,
        on_cleared: Callable[[str], None] = _ignore,
        bound: float = TAKEDOWN_SECONDS,
    ) -> None:
        """Return when no surface shows the record and no erasure is unfinished.

        `on_cleared` is called once with the label of each surface, when it no longer shows the
        record. `bound` is the time in seconds that another process may take.
        Raises EnvironmentFault when another process takes longer.
        """
        cleared: set[str] = set()

        def take_down(runner: Runner) -> bool:
            # One step redacts everywhere before it applies anything; what was built from another
            # ledger goes as a whole.
            runner.step()
            while runner.rebuilding and runner.catch_up():
                pass
            return runner.finish_erasures() and self._is_cleared(ref, cleared, on_cleared)

        try:
            self._do(take_down, lambda: self._is_cleared(ref, cleared, on_cleared), bound)
        except EnvironmentFault as fault:
            raise self._still_shown(ref, cleared, fault) from fault

    def run(
        self, stop: threading.Event, beside: Callable[[threading.Event], None] | None = None
    ) -> None:
        """Wait for the lock, then project until `stop` is set.

        `beside` runs in a thread under the same lock; an error it raises ends the projector, too.
        """
        lock = ProjectorLock(self._lock)
        while not lock.try_acquire():
            if stop.wait(_POLL_SECONDS):
                return
        try:
            with (
                owner_only(),
                closing(self._open(lock.fileno())) as surfaces,
                _beside(beside, stop),
            ):
                surfaces.runner.run(stop, surfaces.maintenance)
        finally:
            lock.release()

    def positions(self) -> dict[str, int]:
        """Return the published position of each surface by label; -1 where nothing is published."""
        return {label(reader): _position(reader) for reader in self._readers}

    def differences(self) -> dict[str, str]:
        """Return why surfaces are not of this ledger, by label; sound ones are left out."""
        reasons = {label(reader): self._difference(reader) for reader in self._readers}
        return {name: reason for name, reason in reasons.items() if reason}

    def _do(
        self,
        action: Callable[[Runner], bool],
        reached: Callable[[], bool],
        bound: float = float("inf"),
    ) -> None:
        """Run `action` as projector, or wait `bound` seconds until another has done it."""
        lock = ProjectorLock(self._lock)
        if not self._acquire(lock, reached, bound):
            return
        try:
            with owner_only(), closing(self._open(lock.fileno())) as surfaces:
                done = action(surfaces.runner)
        finally:
            lock.release()
        if not done:
            raise self._fault()

    def _acquire(self, lock: ProjectorLock, reached: Callable[[], bool], bound: float) -> bool:
        """Take the lock; False when the running projector did the work meanwhile."""
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
        known = {name for reader in self._readers for name in (reader.name, label(reader))}
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
        at_head = (_position(reader) == self._ledger.head(reader.tier) for reader in self._readers)
        return all(at_head) and not self.differences()

    def _difference(self, reader: SurfaceReader) -> str | None:
        try:
            return self._checkpoints.difference(reader)
        except _UNREADABLE:
            return None  # it has no position that could be compared

    def _is_cleared(self, ref: str, cleared: set[str], on_cleared: Callable[[str], None]) -> bool:
        """Return whether no surface shows the record; `cleared` collects those that do not."""
        for reader in self._readers:
            if label(reader) not in cleared and not _contains(reader, id_of(ref)):
                cleared.add(label(reader))
                on_cleared(label(reader))
        return len(cleared) == len(self._readers) and not self._ledger.unfinished_erasures()

    def _fault(self) -> EnvironmentFault:
        alarms = standing_alarms(self._root)
        reason = f" {alarms[0].surface}: {alarms[0].message}" if alarms else ""
        return EnvironmentFault(
            f"Not every surface could be brought to the ledger's head.{reason}",
            "Mend the cause and run `credence publish` again; nothing is lost meanwhile.",
        )

    def _still_shown(
        self, ref: str, cleared: set[str], fault: EnvironmentFault
    ) -> EnvironmentFault:
        """Return the error of a takedown that some surfaces have not followed."""
        left = [label(reader) for reader in self._readers if label(reader) not in cleared]
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
    """Bring every surface to the head; compare one without a checkpoint with the ledger."""
    done = runner.catch_up() and runner.finish_erasures()
    while done and runner.verify_next():
        done = runner.catch_up()
    return done


@contextmanager
def _beside(
    work: Callable[[threading.Event], None] | None, stop: threading.Event
) -> Iterator[None]:
    """Run `work` in a thread until `stop`; its error sets `stop` and is raised at the end."""
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


# A reader raises these while a surface is damaged, or when a file is removed while it reads.
_UNREADABLE: Final = (EnvironmentFault, OSError)


def _position(reader: SurfaceReader) -> int:
    try:
        return reader.position()
    except _UNREADABLE:
        return -1


def _contains(reader: SurfaceReader, identifier: str) -> bool:
    """Whether the surface shows the record; True for one that cannot be read now."""
    try:
        return reader.contains(identifier)
    except _UNREADABLE:
        return True
