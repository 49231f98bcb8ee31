"""A surface that is opened when it is needed, and anew after it has raised.

Purpose: what cannot be opened is a fault of that surface alone: the runner gives it an alarm and
tries again, and the others go on. A store whose disk was full, or whose files are damaged, is of
no use once it has raised, however much space there is later; so it is closed, and what its files
say is where it goes on. A rebuild that was under way begins again.
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

    from exchange.domain.disclosure import Tier
    from exchange.domain.record import Change
    from publisher.surfaces.port import Expected, Surface

# Below this much free space (bytes) a failed opening says nothing about the files.
_ROOM: Final = 16 * 1024 * 1024
# A backlog that is worth another process: it takes some seconds, starting one half a second.
MANY: Final = 5_000
_CALM: Final = 300  # a minute of the projector's steps at rest


class OnDemand:
    """The port over a surface that `make` opens; `directory` is all that it has on the disk.

    `elsewhere` opens it in another process, where it works while many changes wait. Every method
    opens it first and raises what that raises.
    """

    def __init__(
        self,
        name: str,
        tier: Tier,
        directory: Path,
        make: Callable[[], Surface],
        elsewhere: Callable[[], Surface] | None = None,
    ) -> None:
        self.name = name
        self.tier = tier
        self._directory = directory
        self._make = make
        self._elsewhere = elsewhere
        self._away = False
        self._calm = 0  # times in a row that nothing was waiting
        self._surface: Surface | None = None
        self._resetting = False

    @property
    def lane(self) -> str:
        """Where it works; while it is not open, nowhere else than here."""
        return self._surface.lane if self._surface else INLINE

    def expect(self, behind: int) -> None:
        """Move to where many changes are worked off, and back when none came for long.

        What was not published is applied again.
        """
        self._calm = 0 if behind else self._calm + 1
        away = behind > MANY or (self._away and self._calm < _CALM)
        if self._elsewhere is not None and away != self._away:
            self.close()
            self._away = away

    def position(self) -> int:
        """Last change applied."""
        with self._opened() as surface:
            return surface.position()

    def iris(self) -> Iterator[str]:
        """Every record it shows."""
        with self._opened() as surface:
            yield from surface.iris()

    def digest(self) -> str:
        """One value over everything it shows."""
        with self._opened() as surface:
            return surface.digest()

    def expecting(self) -> Expected:
        """Return what `digest` must be, once it has every view."""
        with self._opened() as surface:
            return surface.expecting()

    def holds(self, iri: str) -> bool:
        """Whether anything of the record is shown."""
        with self._opened() as surface:
            return surface.holds(iri)

    def apply(self, changes: Sequence[Change]) -> None:
        """Take the next changes."""
        with self._opened() as surface:
            surface.apply(changes)

    def redact(self, iris: Collection[str]) -> None:
        """Take the records away now."""
        with self._opened() as surface:
            surface.redact(iris)

    def publish(self, *, at_head: bool) -> None:
        """Show readers what was applied; at the head this ends a rebuild."""
        with self._opened() as surface:
            surface.publish(at_head=at_head)
            self._resetting = self._resetting and not at_head

    def reset(self) -> None:
        """Begin anew, also where what stands on the disk cannot be opened."""
        self._resetting = True
        if self._surface is None:
            self._open_or_clear()
        else:
            with self._opened() as surface:
                surface.reset()

    def close(self) -> None:
        """Let go of files."""
        surface, self._surface = self._surface, None
        if surface is not None:
            surface.close()

    @contextmanager
    def _opened(self) -> Iterator[Surface]:
        if self._surface is None:
            self._surface = self._open()
        try:
            yield self._surface
        except Exception:
            self.close()
            raise

    def _open(self) -> Surface:
        surface = self._elsewhere() if self._away and self._elsewhere else self._make()
        if self._resetting:
            surface.reset()
        return surface

    def _open_or_clear(self) -> None:
        """Open; what does not open although there is room on the disk is damaged and goes."""
        try:
            self._surface = self._open()
        except Exception:
            if not self._directory.is_dir() or shutil.disk_usage(self._directory).free < _ROOM:
                raise
        # Not while the error lives: it may hold what was half opened.
        if self._surface is None:
            shutil.rmtree(self._directory)
            self._surface = self._open()
