"""Base of surfaces that are directories of files, with an atomic swap after a rebuild.

Directory of one tier: `trees/<n>` are complete trees, `current` is a link to the one that is
served. During a rebuild a second tree is written; one rename of the link then replaces the first.
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
    """Return the path of the link to the tree that is served."""
    return directory / CURRENT


class TreeWriter(Protocol):
    """Writes one tree; after an error it must be opened again."""

    @property
    def position(self) -> int:
        """Sequence number of the last change applied."""

    def apply(self, changes: Sequence[Change]) -> None:
        """Apply the changes; those up to `position` are skipped."""

    def redact(self, iris: Collection[str]) -> None:
        """Remove all text of the records."""

    def flush(self) -> None:
        """Write pending text to the stage; readers do not see it yet."""

    def commit(self) -> None:
        """Publish what was written to readers of the tree; cheap when nothing was."""


W = TypeVar("W", bound=TreeWriter)


class TreeSurface(Generic[W]):
    """The part of `Surface` that does not depend on what the files contain.

    `make` opens the writer of a tree; the caller holds the projector's lock. Opening publishes
    an empty tree where there is none. After an error the surface continues from the committed
    state on disk. `failpoint` is called at those of the swap. Raises OSError.
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
        """Sequence number of the last change applied; of the new tree during a rebuild."""
        return self.target_writer().position

    def choose_lane(self, backlog: int) -> None:
        """Do nothing: this surface never changes its lane."""

    def apply(self, changes: Sequence[Change]) -> None:
        """Apply the changes; readers see them after `publish`."""
        with self.reset_on_error():
            self.target_writer().apply(changes)

    def redact(self, iris: Collection[str]) -> None:
        """Remove all text of the records from the served tree and from the new one."""
        with self.reset_on_error():
            for writer in {self.served_writer(), self.target_writer()}:
                writer.redact(iris)

    def publish(self, *, at_head: bool) -> None:
        """Publish what was written; at the head also swap in the rebuilt tree."""
        with self.reset_on_error():
            self.served_writer().commit()
            if self._rebuilding is not None:
                self.target_writer().commit()
                if at_head:
                    self._serve(self._rebuilding)
                    self._rebuilding, self._live, self._next = None, self._next, None
            if self._rebuilding is None:
                self._drop_others()

    def reset(self) -> None:
        """Start a new tree; the old one is removed when the new one is swapped in."""
        self._next = self._rebuilding = None
        self._drop_others()
        number = int(self._current.readlink().name) + 1
        self._rebuilding = self._trees / str(number)

    def close(self) -> None:
        """Drop the writers; unpublished changes are applied again after the next start."""
        self._live = self._next = self._rebuilding = None

    def flushed_writer(self) -> W:
        """Return the writer of new changes, after it has flushed its memory to the stage."""
        self.target_writer().flush()
        return self.target_writer()

    def served_writer(self) -> W:
        """Return the writer of the tree that is served."""
        if self._live is None:
            self._live = self._make(self._current.resolve())
        return self._live

    def target_writer(self) -> W:
        """Return the writer of new changes: of the new tree during a rebuild."""
        if self._rebuilding is None:
            return self.served_writer()
        if self._next is None:
            self._next = self._make(self._rebuilding)
        return self._next

    def _begin(self) -> None:
        """Serve an empty tree; trees without a link to the current one are removed."""
        for leftover in (self._current, *self._trees.iterdir()):
            if leftover.is_dir() and not leftover.is_symlink():
                shutil.rmtree(leftover)
        self._serve(self._trees / "1")

    @contextmanager
    def reset_on_error(self) -> Iterator[None]:
        """On an error drop the writers in memory; they reopen from the committed state on disk."""
        try:
            yield
        except BaseException:
            self._live = self._next = None
            raise

    def _serve(self, tree: Path) -> None:
        """Serve this tree from now on, by one rename of the link."""
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
