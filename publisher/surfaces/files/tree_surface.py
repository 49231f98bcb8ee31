"""Surfaces that are a directory of files: which tree is served, which one is being built.

Directory of one tier: `trees/<n>` are whole trees, `current` links to the one that is served; a
second one stands there while a rebuild is under way and takes the first one's place in one
rename. What a tree holds is its writer's business.
"""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Generic, Protocol, TypeVar

from exchange.domain.failpoints import Failpoint, no_failpoint
from publisher.stores.atomic_files import sync_directory
from publisher.surfaces.port import INLINE

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from pathlib import Path

    from exchange.domain.failpoints import FailpointHook
    from exchange.domain.record import Change

CURRENT: Final = "current"


def current_tree(directory: Path) -> Path:
    """Return the link that leads to the tree that is served."""
    return directory / CURRENT


class TreeWriter(Protocol):
    """Writes one tree; one that has raised is of no use any more."""

    @property
    def position(self) -> int:
        """Last change taken."""

    def apply(self, changes: Sequence[Change]) -> None:
        """Take the changes; those it has are passed over."""

    def redact(self, iris: Collection[str]) -> None:
        """Take away all text of the records."""

    def flush(self) -> None:
        """Write what is still in memory beside what readers have."""

    def commit(self) -> None:
        """Let readers of the tree see what was written; cheap when nothing was."""


W = TypeVar("W", bound=TreeWriter)


class Swapped(Generic[W]):
    """The part of a surface's port that is the same whatever its files hold.

    The projector's lock is held by whoever has one. Opening publishes what a new tree begins
    with. After an error it goes on from what its readers have. `failpoint` is called at those
    of the swap. Raises OSError.
    """

    lane = INLINE

    def __init__(
        self, directory: Path, make: Callable[[Path], W], failpoint: FailpointHook = no_failpoint
    ) -> None:
        self._directory = directory
        self._failpoint = failpoint
        self._make = make
        self._trees = directory / "trees"
        self._current = current_tree(directory)
        self._live: W | None = None
        self._next: W | None = None
        self._rebuilding: Path | None = None
        self._trees.mkdir(parents=True, exist_ok=True)
        if not (self._current.is_symlink() and self._current.exists()):
            self._begin()
        self.publish(at_head=False)

    def position(self) -> int:
        """Last change applied; of the new tree while a rebuild is under way."""
        return self.target().position

    def expect(self, behind: int) -> None:
        """Nothing to prepare, however many."""

    def apply(self, changes: Sequence[Change]) -> None:
        """Take the changes; readers see all of them after `publish`."""
        with self.whole():
            self.target().apply(changes)

    def redact(self, iris: Collection[str]) -> None:
        """Take all text of the records from the tree, and from the one being built."""
        with self.whole():
            for writer in {self.served(), self.target()}:
                writer.redact(iris)

    def publish(self, *, at_head: bool) -> None:
        """Put what was written in its place; at the head also a finished rebuild."""
        with self.whole():
            self.served().commit()
            if self._rebuilding is not None:
                self.target().commit()
                if at_head:
                    self._serve(self._rebuilding)
                    self._rebuilding, self._live, self._next = None, self._next, None
            if self._rebuilding is None:
                self._drop_others()

    def reset(self) -> None:
        """Begin a new tree aside; the old one goes as a whole when it is swapped."""
        self._next = self._rebuilding = None
        self._drop_others()
        number = int(self._current.readlink().name) + 1
        self._rebuilding = self._trees / str(number)

    def close(self) -> None:
        """Let go; what was not published is written again after the next start."""
        self._live = self._next = self._rebuilding = None

    def flushed(self) -> W:
        """Return the writer that changes go to, with nothing left in its memory alone."""
        self.target().flush()
        return self.target()

    def served(self) -> W:
        """Return the writer of the tree that readers have."""
        if self._live is None:
            self._live = self._make(self._current.resolve())
        return self._live

    def target(self) -> W:
        """Return the writer that changes go to."""
        if self._rebuilding is None:
            return self.served()
        if self._next is None:
            self._next = self._make(self._rebuilding)
        return self._next

    def _begin(self) -> None:
        """Serve an empty tree; a copy that did not keep the link is worth no more than none."""
        for leftover in (self._current, *self._trees.iterdir()):
            if leftover.is_dir() and not leftover.is_symlink():
                shutil.rmtree(leftover)
        self._serve(self._trees / "1")

    @contextmanager
    def whole(self) -> Iterator[None]:
        """Forget what a failure left half done in memory; the disk has only whole states."""
        try:
            yield
        except BaseException:
            self._live = self._next = None
            raise

    def _serve(self, tree: Path) -> None:
        """Let readers have this tree from now on: one rename."""
        tree.mkdir(exist_ok=True)
        aside = self._current.with_suffix(".tmp")
        aside.unlink(missing_ok=True)
        aside.symlink_to(tree.relative_to(self._directory))
        self._failpoint(Failpoint.TREE_LINKED)
        aside.replace(self._current)
        self._failpoint(Failpoint.TREE_SERVED)
        sync_directory(self._directory)

    def _drop_others(self) -> None:
        """Remove every tree but the one that is served."""
        served = self._current.readlink().name
        for tree in self._trees.iterdir():
            if tree.name != served:
                shutil.rmtree(tree)
