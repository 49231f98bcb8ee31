"""The feed behind the port: which tree is served, which one is being built."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from publisher.stores.files import sync_directory
from publisher.surfaces.feed.reader import (
    current_tree,
    digest_on,
    expected_digest,
    holds_on,
    iris_on,
)
from publisher.surfaces.feed.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    from exchange.domain.access import Tier
    from exchange.domain.record import Change
    from publisher.surfaces.feed.files import Tree
    from publisher.surfaces.feed.terms import Place


class FeedSurface:
    """The writer of one tier's feed; the projector's lock is held by whoever has one.

    Opening publishes the roots of a feed without members. After an error it goes on from what
    its readers have. Raises OSError.
    """

    name = "feed"

    def __init__(self, place: Place) -> None:
        self.tier: Tier = place.tier
        self._place = place
        self._trees = place.directory / "trees"
        self._current = current_tree(place.directory)
        self._live: Writer | None = None
        self._next: Writer | None = None
        self._rebuilding: Path | None = None
        self._trees.mkdir(parents=True, exist_ok=True)
        if not (self._current.is_symlink() and self._current.exists()):
            self._begin()
        self.publish(at_head=False)

    # Reading: the writer's own state, ahead of readers by what is not yet published.

    def position(self) -> int:
        """Last change applied; of the new feed while a rebuild is under way."""
        return self._target().position

    def iris(self) -> Iterator[str]:
        """Every record with text in any form of any page."""
        return iris_on(self._flushed(), self._place)

    def digest(self) -> str:
        """LineSum over the newest version of each record."""
        return digest_on(self._flushed(), self._place)

    def digest_of(self, views: Iterable[bytes]) -> str:
        """Say what `digest` must be for these views."""
        return expected_digest(views)

    def holds(self, iri: str) -> bool:
        """Whether a page where the record ever was has text of it (IRI or its last part)."""
        return holds_on(self._flushed(), self._place, iri)

    # Writing.

    def apply(self, changes: Sequence[Change]) -> None:
        """Take the changes; closed pages are written aside, readers see all after `publish`."""
        with self._whole():
            self._target().apply(changes)

    def redact(self, iris: Collection[str]) -> None:
        """Take all text of the records from the feed, and from the one being built."""
        with self._whole():
            for writer in {self._served(), self._target()}:
                writer.redact(iris)

    def publish(self, *, at_head: bool) -> None:
        """Put what was written in its place; at the head also a finished rebuild."""
        with self._whole():
            self._served().commit()
            if self._rebuilding is not None:
                self._target().commit()
                if at_head:
                    self._serve(self._rebuilding)
                    self._rebuilding, self._live, self._next = None, self._next, None
            if self._rebuilding is None:
                self._drop_others()

    def reset(self) -> None:
        """Begin a new feed aside; the old one goes as a whole when it is swapped."""
        self._next = self._rebuilding = None
        self._drop_others()
        number = int(self._current.readlink().name) + 1
        self._rebuilding = self._trees / str(number)

    def close(self) -> None:
        """Let go; what was not published is written again after the next start."""
        self._live = self._next = self._rebuilding = None

    def _begin(self) -> None:
        """Serve an empty feed; a copy that did not keep the link is worth no more than none."""
        for leftover in (self._current, *self._trees.iterdir()):
            if leftover.is_dir() and not leftover.is_symlink():
                shutil.rmtree(leftover)
        self._serve(self._trees / "1")

    def _served(self) -> Writer:
        if self._live is None:
            self._live = Writer(self._place, self._current.resolve())
        return self._live

    def _target(self) -> Writer:
        """Return the feed that changes go to."""
        if self._rebuilding is None:
            return self._served()
        if self._next is None:
            self._next = Writer(self._place, self._rebuilding)
        return self._next

    def _flushed(self) -> Tree:
        self._target().flush()
        return self._target().tree

    @contextmanager
    def _whole(self) -> Iterator[None]:
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
        aside.symlink_to(tree.relative_to(self._place.directory))
        aside.replace(self._current)
        sync_directory(self._place.directory)

    def _drop_others(self) -> None:
        """Remove every tree but the one that is served."""
        served = self._current.readlink().name
        for tree in self._trees.iterdir():
            if tree.name != served:
                shutil.rmtree(tree)
