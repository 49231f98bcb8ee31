"""A directory of documents that changes from one whole state to the next (DESIGN §6).

What is new is written under `stage`, synced once, marked complete, then moved into place: pages
first, then index nodes, roots, and last the state with the position. A crash before the mark
leaves the old state, after it the new one: opening finishes the moves. Documents are kept
compressed; a server hands them out as they are, or unpacked.
"""

from __future__ import annotations

import gzip
import json
import shutil
from typing import TYPE_CHECKING, Any, Final

from publisher.stores.files import replace_file, sync_directory, sync_filesystem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STATE: Final = "state.json"
_STAGE: Final = "stage"
_COMPLETE: Final = "complete"
# The fastest; pages compress to a tenth with it and to a twelfth with the default (decision 7).
_LEVEL: Final = 1


def packed(text: bytes) -> bytes:
    """Return the bytes compressed, the same ones for the same text."""
    return gzip.compress(text, _LEVEL, mtime=0)


class Shelf:
    """The documents of one feed below `root`, as its readers have them."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def state(self) -> dict[str, Any] | None:
        """Return what the last commit was given; None when there was none."""
        try:
            found: dict[str, Any] = json.loads((self.root / STATE).read_bytes())
        except FileNotFoundError:
            return None
        return found

    def read(self, name: str) -> bytes | None:
        """Return a document by its path with its suffix; None when there is none."""
        for folder in self._folders():
            try:
                return gzip.decompress((folder / f"{name}.gz").read_bytes())
            except FileNotFoundError:
                continue
        return None

    def pages(self) -> Iterator[tuple[str, int]]:
        """Yield kind and number of every page, kind by kind and in their order."""
        found = {
            (path.parts[-3], int(path.name.split(".")[0]))
            for folder in self._folders()
            for path in folder.glob("feed/*/p/*.gz")
        }
        yield from sorted(found)

    def _folders(self) -> tuple[Path, ...]:
        return (self.root,)


class Tree(Shelf):
    """A shelf to write on; one writer at a time. Raises OSError."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self._stage = root / _STAGE
        self.dirty = False  # whether something was written that readers do not have yet
        root.mkdir(parents=True, exist_ok=True)
        self._settle()

    def _folders(self) -> tuple[Path, ...]:
        return (self._stage, self.root)

    def write(self, name: str, text: bytes) -> None:
        """Write a document for the next commit."""
        path = self._stage / f"{name}.gz"
        if not path.parent.is_dir():
            path.parent.mkdir(parents=True)
        path.write_bytes(packed(text))
        self.dirty = True

    def commit(self, state: dict[str, Any]) -> None:
        """Put everything written in its place."""
        self._stage.mkdir(exist_ok=True)
        text = json.dumps(state, ensure_ascii=False, separators=(",", ":")).encode()
        (self._stage / STATE).write_bytes(text)
        sync_filesystem(self.root)
        replace_file(self._stage / _COMPLETE, b"")
        self._move()
        self.dirty = False

    def _settle(self) -> None:
        """End what a crash left half done."""
        if (self._stage / _COMPLETE).exists():
            self._move()
        elif self._stage.exists():
            shutil.rmtree(self._stage)

    def _move(self) -> None:
        staged = [path for path in self._stage.rglob("*") if path.is_file()]
        names = [path.relative_to(self._stage).as_posix() for path in staged]
        for name in sorted((name for name in names if name != _COMPLETE), key=_order):
            target = self.root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            (self._stage / name).replace(target)
        sync_filesystem(self.root)
        # Only now: without the mark, what is left in the stage counts as never written.
        (self._stage / _COMPLETE).unlink()
        sync_directory(self._stage)
        shutil.rmtree(self._stage)


def _order(name: str) -> tuple[bool, bool, bool, str]:
    """Return when a file is moved: what is linked always stands before what links it."""
    return (name == STATE, "/p/" not in name, "/i/" not in name, name)
