"""Opens SQLite files on read-only media, such as a backup.

SQLite reads a file in WAL mode through two files beside it, which it makes when they are missing.
Where it cannot, a file whose log is empty is complete in itself and is opened as immutable; one
whose log still holds transactions needs a folder that can be written.
Source: https://sqlite.org/wal.html#read_only_databases, https://sqlite.org/uri.html.
"""

from __future__ import annotations

import os
import sqlite3
from typing import TYPE_CHECKING

from exchange.domain.errors import EnvironmentFault

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def is_writable(paths: Iterable[Path]) -> bool:
    """Return whether this process can write all existing ones of the paths."""
    return all(os.access(path, os.W_OK) for path in paths if path.exists())


def connect_read_only(path: Path, *, timeout: float) -> sqlite3.Connection:
    """Return a connection that changes nothing; `timeout`: seconds to wait for a writer.

    Threads may pass it to each other; it begins no transaction by itself.

    Raises:
        sqlite3.Error: the file cannot be read.
        EnvironmentFault: its log holds transactions that cannot be read in this folder.

    """
    try:
        return _opened(path, "mode=ro", timeout)
    except sqlite3.OperationalError as error:
        if is_writable([path.parent]) or error.sqlite_errorcode & 0xFF not in _NO_LOG:
            raise
    if any(_size(path, ending) for ending in _LOGS):
        raise _unmerged(path)
    return _opened(path, "mode=ro&immutable=1", timeout)


# What SQLite answers where it can neither find nor make the files beside a database, or would
# have to play back a log into it.
_NO_LOG = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)
_LOGS = ("-wal", "-journal")


def _opened(path: Path, how: str, timeout: float) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?{how}",
        uri=True,
        timeout=timeout,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        # Opening reads nothing; the first question does.
        connection.execute("SELECT 1 FROM sqlite_master").fetchone()
        connection.execute("PRAGMA query_only=ON")
    except BaseException:
        connection.close()
        raise
    return connection


def _size(path: Path, ending: str) -> int:
    beside = path.with_name(path.name + ending)
    return beside.stat().st_size if beside.exists() else 0


def _unmerged(path: Path) -> EnvironmentFault:
    return EnvironmentFault(
        f"{path.name} was copied while it was being written: its log ({path.name}-wal or "
        "-journal) holds transactions, which cannot be read in a folder that is read-only.",
        "Copy the directory to a place that can be written and run the command there; "
        "`credence backup` makes copies that need no log.",
        zh=f"{path.name} 是在写入过程中复制的：其日志（{path.name}-wal 或 -journal）"
        "中还有事务，只读目录中无法读取。",
        zh_hint="请把整个目录复制到可写的位置，再在那里运行；"
        "credence backup 制作的副本不需要日志。",
    )
