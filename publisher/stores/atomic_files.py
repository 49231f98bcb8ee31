"""Small files that are replaced as a whole and survive a crash.

Source: docs/design/surfaces.md "The port".
"""

from __future__ import annotations

import ctypes
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from exchange.domain.failpoints import Failpoint, no_failpoint

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from exchange.domain.failpoints import FailpointHook

_OTHERS: Final = 0o077  # what group and other accounts may do


@contextmanager
def owner_only() -> Iterator[None]:
    """Let whatever this process makes meanwhile be for its own account alone (0600, 0700).

    The mask holds for the engines' own threads, too, which no mode given by us would reach;
    it is one of the whole process.
    """
    before = os.umask(_OTHERS)
    try:
        yield
    finally:
        os.umask(before)


def close_to_others(folder: Path) -> int:
    """Take the rights of other accounts off a folder and all below; return how many had any.

    A folder that is closed itself is believed to be so throughout: nobody else gets through it.
    It is closed last, so that a kill on the way leaves the work to do again. Raises OSError.
    """
    if not folder.is_dir() or not folder.stat().st_mode & _OTHERS:
        return 0
    return sum(map(_close, [*folder.rglob("*"), folder]))


def _close(path: Path) -> bool:
    if path.is_symlink():
        return False
    mode = path.stat().st_mode
    if mode & _OTHERS:
        path.chmod(mode & 0o7700)
    return bool(mode & _OTHERS)


def replace_file(path: Path, content: bytes, failpoint: FailpointHook = no_failpoint) -> None:
    """Put `content` at `path`: a reader sees the old bytes or the new, never a part.

    Written aside, synced, renamed, directory synced. One writer per path is assumed;
    `failpoint` is called at the failpoints. Raises OSError.
    """
    aside = path.with_name(path.name + ".tmp")
    with aside.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    failpoint(Failpoint.FILE_WRITTEN)
    aside.replace(path)
    failpoint(Failpoint.FILE_RENAMED)
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
