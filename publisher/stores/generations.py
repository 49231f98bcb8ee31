"""Generations: read-only copies of a tier's store that readers open.

`generations/<n>` are hard-link backups; the file `current` names the one to read. A reader
opens a generation and re-opens when `current` moved; a superseded one stays for a grace.
Source: docs/design/surfaces.md "Triple stores".
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from exchange.domain.errors import StoreUnavailable
from exchange.domain.failpoints import Failpoint, no_failpoint
from publisher.stores.atomic_files import replace_file, sync_directory
from publisher.stores.generation_checksums import sums_path, write_sums

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from exchange.domain.failpoints import FailpointHook
    from publisher.stores.embedded_store import EmbeddedStore

# Milliseconds a superseded generation stays: longer than any query's deadline.
GRACE = 60_000


@dataclass(frozen=True, slots=True)
class Generation:
    """One published copy: its number, the position of its tier's sequence, its directory."""

    number: int
    position: int
    path: Path


def current_generation(directory: Path) -> Generation:
    """Return the generation to read below `directory` (surfaces/<tier>/triples).

    Cheap enough for every query: one small file. Raises StoreUnavailable when none has been
    published.
    """
    found = _read(directory)
    if found is None:
        raise StoreUnavailable(
            "No generation of the triple store has been published yet.",
            "Run `credence publish`, or wait until the projector has started.",
            zh="三元组库尚未发布过。",
            zh_hint="请运行 credence publish，或等发布进程启动。",
        )
    return found


class Pointer:
    """The current generation of a directory, read again only when its file was replaced.

    For readers that ask at every query: a look at the file's identity instead of its content.
    Errors: as `current_generation`.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._file = str(directory / "current")
        # One value, so that threads see both halves of one moment.
        self._read: tuple[tuple[int, int, int], Generation] | None = None

    def __call__(self) -> Generation:
        """Return the current generation."""
        identity = self._identity()
        if self._read is not None and self._read[0] == identity:
            return self._read[1]
        found = current_generation(self._directory)
        # A replacement between the two looks is seen at the next call.
        if identity is not None:
            self._read = (identity, found)
        return found

    def _identity(self) -> tuple[int, int, int] | None:
        try:
            stated = os.stat(self._file)  # noqa: PTH116 - a third of the time of Path.stat
        except OSError:
            return None
        return stated.st_ino, stated.st_mtime_ns, stated.st_ctime_ns


class Generations:
    """The writer's side: publish, prune. One process at a time (the projector's lock)."""

    def __init__(
        self,
        directory: Path,
        clock: Callable[[], int],
        grace: int = GRACE,
        failpoint: FailpointHook = no_failpoint,
    ) -> None:
        self._directory = directory
        self._clock = clock
        self._failpoint = failpoint
        self._grace = grace
        self._folder = directory / "generations"
        self._folder.mkdir(parents=True, exist_ok=True)
        now = clock()
        newest = self.current()
        ours = newest.number if newest else 0
        for number in self._numbers():
            if number > ours:  # a crash came between the copy and its announcement
                self._drop(number)
        self._ended = {number: now for number in self._numbers() if number != ours}

    def current(self) -> Generation | None:
        """Return the published generation, None before the first."""
        return _read(self._directory)

    def publish(self, store: EmbeddedStore) -> Generation:
        """Copy the store and point `current` at the copy. Raises OSError."""
        previous = self.current()
        number = max([*self._numbers(), previous.number if previous else 0]) + 1
        position = store.position()
        store.backup(self._path(number))
        write_sums(self._path(number), previous.path if previous else None)
        sync_directory(self._folder)
        self._failpoint(Failpoint.GENERATION_COPIED)
        text = json.dumps({"generation": number, "position": position})
        replace_file(self._directory / "current", text.encode(), self._failpoint)
        self._failpoint(Failpoint.GENERATION_NAMED)
        if previous:
            self._ended[previous.number] = self._clock()
        return Generation(number, position, self._path(number))

    def prune(self) -> None:
        """Remove the generations whose grace is over."""
        limit = self._clock() - self._grace
        self._remove([number for number, ended in self._ended.items() if ended <= limit])

    def drop_old(self) -> None:
        """Remove every generation but the current one at once (erasure, rebuild)."""
        self._remove(list(self._ended))

    def _remove(self, numbers: list[int]) -> None:
        for number in numbers:
            self._drop(number)
            del self._ended[number]
        if numbers:
            sync_directory(self._folder)

    def _drop(self, number: int) -> None:
        shutil.rmtree(self._path(number))
        sums_path(self._path(number)).unlink(missing_ok=True)

    def _numbers(self) -> list[int]:
        return sorted(int(item.name) for item in self._folder.iterdir() if item.name.isdecimal())

    def _path(self, number: int) -> Path:
        return self._folder / str(number)


def _read(directory: Path) -> Generation | None:
    try:
        stated = json.loads((directory / "current").read_bytes())
        number, position = int(stated["generation"]), int(stated["position"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, LookupError, TypeError) as problem:
        raise StoreUnavailable(
            f"The pointer to the current generation cannot be read: {problem}.",
            "Run `credence rebuild`; the ledger has everything it needs.",
            zh="无法读取三元组库当前版本的指针。",
            zh_hint="请运行 credence rebuild；账本中有重建所需的一切。",
        ) from problem
    path = directory / "generations" / str(number)
    return Generation(number, position, path)
