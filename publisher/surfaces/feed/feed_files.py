"""Reads and writes the documents of a feed.

Pages are moved first, then index nodes, then roots, last the state (`surfaces.files.staged_tree`).
Documents are stored compressed; the server sends them as they are, or decompressed.
"""

from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING, Any, Final

from publisher.surfaces.files.staged_tree import StagedTree, damaged_file, read_state

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# The fastest; pages compress to a tenth with it and to a twelfth with the default.
_LEVEL: Final = 1


def compressed(text: bytes) -> bytes:
    """Return the text as gzip, deterministically."""
    return gzip.compress(text, _LEVEL, mtime=0)


def decompressed(path: Path) -> bytes:
    """Return the text of a compressed document.

    Raises:
        FileNotFoundError: there is none.
        StoreUnavailable: its bytes were altered.

    """
    try:
        return gzip.decompress(path.read_bytes())
    except (gzip.BadGzipFile, zlib.error, EOFError) as problem:
        raise damaged_file(path) from problem


class FeedFiles:
    """Reads the documents of the feed below `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def state(self) -> dict[str, Any] | None:
        """Return the state of the last commit; None when there was none."""
        return read_state(self.root)

    def read(self, name: str) -> bytes | None:
        """Return a document by its path and suffix; None when there is none."""
        for folder in self._folders():
            try:
                return decompressed(folder / f"{name}.gz")
            except FileNotFoundError:
                continue
        return None

    def pages(self) -> Iterator[tuple[str, int]]:
        """Yield kind and number of every page, in order."""
        pages = {
            (path.parts[-3], int(path.name.split(".")[0]))
            for folder in self._folders()
            for path in folder.glob("feed/*/p/*.gz")
        }
        yield from sorted(pages)

    def require_whole(self) -> None:
        """Check all documents but the pages. Raises StoreUnavailable for a damaged one."""
        for path in self.root.glob("feed/**/*.gz"):
            if path.parent.name != "p":
                decompressed(path)

    def _folders(self) -> tuple[Path, ...]:
        return (self.root,)


class FeedTree(StagedTree, FeedFiles):
    """Writes the documents of a feed; one writer at a time. Raises OSError."""

    def write(self, name: str, text: bytes) -> None:
        """Write a document for the next commit."""
        self.put(f"{name}.gz", compressed(text))

    def order(self, name: str) -> tuple[Any, ...]:
        """Return the sort key of a moved file: a document comes after what it links.

        Pages are sorted by number, since a page's successor shows that the page is closed.
        """
        folder, _, file = name.rpartition("/")
        number = file.partition(".")[0]
        return (
            *("/p/" not in name, "/i/" not in name),
            *(folder, int(number) if number.isdecimal() else 0, file),
        )

    def _folders(self) -> tuple[Path, ...]:
        return (self.stage, self.root)
