"""A surface that opens on first use, and again after an error.

Purpose: a surface that cannot be opened is an error of that surface alone: the runner gives it an
alarm and retries, and the others go on. A store that has raised (full disk, damaged files) is
closed; it continues from the position in its files. A rebuild that was under way starts again.
Source: docs/design/surfaces.md "The port".
"""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from publisher.surfaces.port import INLINE

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from pathlib import Path

    from exchange.domain.disclosure_levels import Tier
    from exchange.domain.record import Change
    from publisher.surfaces.port import ExpectedDigest, Surface

# With less free space (bytes) a failed opening does not show that files are damaged.
_ROOM: Final = 16 * 1024 * 1024
# A backlog (changes) that is worth the half second of starting the helper process.
MANY: Final = 5_000
_CALM: Final = 300  # steps without changes; a minute of an idle projector


class ManagedSurface:
    """A surface that `open_here` opens on first use; `directory` has all its files.

    `open_in_helper` opens it in the helper process, where it works during a backlog. Every
    method opens the surface first, and closes it when it raises.
    """

    def __init__(
        self,
        name: str,
        tier: Tier,
        directory: Path,
        open_here: Callable[[], Surface],
        open_in_helper: Callable[[], Surface] | None = None,
    ) -> None:
        self.name = name
        self.tier = tier
        self._directory = directory
        self._open_here = open_here
        self._open_in_helper = open_in_helper
        self._in_helper = False
        self._idle_steps = 0  # in a row
        self._surface: Surface | None = None
        self._resetting = False

    @property
    def lane(self) -> str:
        """The lane it works in; INLINE while it is not open."""
        return self._surface.lane if self._surface else INLINE

    def choose_lane(self, backlog: int) -> None:
        """Use the helper process above MANY waiting changes; return after _CALM idle steps.

        The move closes the surface, so unpublished changes are applied again.
        """
        self._idle_steps = 0 if backlog else self._idle_steps + 1
        in_helper = backlog > MANY or (self._in_helper and self._idle_steps < _CALM)
        if self._open_in_helper is not None and in_helper != self._in_helper:
            self.close()
            self._in_helper = in_helper

    def position(self) -> int:
        """Last change applied."""
        with self._closed_on_error() as surface:
            return surface.position()

    def iris(self) -> Iterator[str]:
        """Every record it shows."""
        with self._closed_on_error() as surface:
            yield from surface.iris()

    def digest(self) -> str:
        """One value over everything it shows."""
        with self._closed_on_error() as surface:
            return surface.digest()

    def expected_digest(self) -> ExpectedDigest:
        """Return what `digest` must be, once it has every view."""
        with self._closed_on_error() as surface:
            return surface.expected_digest()

    def contains(self, iri: str) -> bool:
        """Whether anything of the record is shown."""
        with self._closed_on_error() as surface:
            return surface.contains(iri)

    def apply(self, changes: Sequence[Change]) -> None:
        """Take the next changes."""
        with self._closed_on_error() as surface:
            surface.apply(changes)

    def redact(self, iris: Collection[str]) -> None:
        """Take the records away now."""
        with self._closed_on_error() as surface:
            surface.redact(iris)

    def publish(self, *, at_head: bool) -> None:
        """Publish what was applied; at the head this ends a rebuild."""
        with self._closed_on_error() as surface:
            surface.publish(at_head=at_head)
            self._resetting = self._resetting and not at_head

    def reset(self) -> None:
        """Start anew, also when the files on the disk cannot be opened."""
        self._resetting = True
        if self._surface is None:
            self._open_or_clear()
        else:
            with self._closed_on_error() as surface:
                surface.reset()

    def close(self) -> None:
        """Close the files; the next call opens them again."""
        surface, self._surface = self._surface, None
        if surface is not None:
            surface.close()

    @contextmanager
    def _closed_on_error(self) -> Iterator[Surface]:
        if self._surface is None:
            self._surface = self._open()
        try:
            yield self._surface
        except Exception:
            self.close()
            raise

    def _open(self) -> Surface:
        surface = (
            self._open_in_helper()
            if self._in_helper and self._open_in_helper
            else self._open_here()
        )
        if self._resetting:
            surface.reset()
        return surface

    def _open_or_clear(self) -> None:
        """Open the surface; remove files that do not open although the disk has space."""
        try:
            self._surface = self._open()
        except Exception:
            if not self._directory.is_dir() or shutil.disk_usage(self._directory).free < _ROOM:
                raise
        # Outside the handler: the error may hold files that were half opened.
        if self._surface is None:
            shutil.rmtree(self._directory)
            self._surface = self._open()
