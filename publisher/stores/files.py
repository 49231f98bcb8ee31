"""Small files that are replaced as a whole and survive a crash (DESIGN §6)."""

from __future__ import annotations

import ctypes
import os
from typing import TYPE_CHECKING

from exchange.domain.failpoints import Point, nothing

if TYPE_CHECKING:
    from pathlib import Path

    from exchange.domain.failpoints import At


def replace_file(path: Path, content: bytes, at: At = nothing) -> None:
    """Put `content` at `path`: a reader sees the old bytes or the new, never a part.

    Written aside, synced, renamed, directory synced. One writer per path is assumed;
    `at` is called at the failpoints. Raises OSError.
    """
    aside = path.with_name(path.name + ".tmp")
    with aside.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    at(Point.FILE_WRITTEN)
    aside.replace(path)
    at(Point.FILE_RENAMED)
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Make renames and removals inside the directory durable. Raises OSError."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_filesystem(path: Path) -> None:
    """Make everything written to the file system of `path` durable, in one call.

    A thousand small files cost one journal commit instead of a thousand. Raises OSError.
    """
    syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
    if syncfs is None:  # not Linux
        os.sync()
        return
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if syncfs(handle):
            raise OSError(ctypes.get_errno(), "the file system cannot be synced", str(path))
    finally:
        os.close(handle)
