"""SQLite files of surfaces: one writer, many readers, and deleted bytes that are really gone.

Purpose: the only module that speaks to the driver itself. The ledger goes through SQLAlchemy,
which serves two databases; a surface is one SQLite file that needs what SQLAlchemy hides (the
progress handler that ends a slow query, FTS5's commands, checkpoints of the log) and pays for
every microsecond a row.
Errors: StoreUnavailable for a file that cannot be opened or read, EnvironmentFault for a write
that is refused, QueryTimeout; never with values, which may be personal.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from exchange.domain.errors import EnvironmentFault, QueryTimeout, StoreUnavailable
from exchange.ledger.read_only_files import connect_read_only

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

Connection = sqlite3.Connection

BUSY_SECONDS: Final = 5.0
# Steps of the virtual machine between two looks at the clock: well below a millisecond.
_LOOK_EVERY: Final = 10_000
_WRITER: Final = (
    # Readers see committed states and never wait.
    "journal_mode=WAL",
    # What is deleted is overwritten.
    "secure_delete=ON",
    # A commit lost with the power is applied again: its position is lost with it.
    "synchronous=NORMAL",
    "temp_store=MEMORY",
    "cache_size=-32768",
)
_READER: Final = ("query_only=ON", "temp_store=MEMORY", "cache_size=-8192")
_IDLE: Final = 32  # connections kept open for the next reader


class Writer:
    """The one writing connection of a file; made with `schema` where there is no file yet.

    Raises EnvironmentFault when the file cannot be opened.
    """

    def __init__(self, path: Path, schema: str) -> None:
        with _writing_faults():
            self._connection = sqlite3.connect(
                path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            for pragma in _WRITER:
                self._connection.execute(f"PRAGMA {pragma}")
            # One transaction: a file without its first row would be no file of ours.
            self._connection.executescript(f"BEGIN IMMEDIATE; {schema} COMMIT;")

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give the connection inside a transaction; an error undoes it. Raises EnvironmentFault."""
        with _writing_faults():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give the connection outside any transaction. Raises EnvironmentFault."""
        with _writing_faults():
            yield self._connection

    def forget(self) -> bool:
        """Move the log into the file and cut it to nothing, so that no old page stays.

        False when a reader stood in the way for too long: to be tried again.
        """
        with _writing_faults():
            busy, *_ = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            return not busy

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


def require_whole(connection: Connection) -> None:
    """Read every page and compare indexes with tables. Raises StoreUnavailable for damage."""
    (said,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if said != "ok":
        raise StoreUnavailable(
            "The index is damaged.",
            "Run `credence rebuild index`; the ledger has everything it needs.",
            zh="检索库已损坏。",
            zh_hint="请运行 credence rebuild index；账本中有重建所需的一切。",
        )


class Readers:
    """Read-only connections to a file that may be swapped for another; safe from many threads.

    `where` says where the file is now; a connection to an older one is closed, never used.
    """

    def __init__(self, where: Callable[[], Path]) -> None:
        self._where = where
        self._lock = threading.Lock()
        self._idle: list[tuple[Path, Connection]] = []

    @contextmanager
    def reading(self, seconds: float | None = None) -> Iterator[Connection]:
        """Give a connection on one committed state, for at most `seconds`.

        Raises StoreUnavailable, QueryTimeout.
        """
        path = self._where()
        connection = self._taken(path)
        try:
            with _reading_faults():
                _limit(connection, seconds)
                connection.execute("BEGIN")
                yield connection
        except BaseException:
            connection.close()
            raise
        # Ended here and not at the next use: an open snapshot keeps old pages in the log.
        connection.execute("ROLLBACK")
        self._give_back(path, connection)

    def close(self) -> None:
        """Close what is idle."""
        with self._lock:
            idle, self._idle = self._idle, []
        for _, connection in idle:
            connection.close()

    def _taken(self, path: Path) -> Connection:
        with self._lock:
            stale = [connection for known, connection in self._idle if known != path]
            self._idle = [one for one in self._idle if one[0] == path]
            found = self._idle.pop()[1] if self._idle else None
        for connection in stale:
            connection.close()
        return found or _opened(path)

    def _give_back(self, path: Path, connection: Connection) -> None:
        with self._lock:
            if len(self._idle) < _IDLE:
                self._idle.append((path, connection))
                return
        connection.close()


def _opened(path: Path) -> Connection:
    with _reading_faults():
        connection = connect_read_only(path, timeout=BUSY_SECONDS)
        for pragma in _READER:
            connection.execute(f"PRAGMA {pragma}")
        return connection


def _limit(connection: Connection, seconds: float | None) -> None:
    if seconds is None:
        connection.set_progress_handler(None, 0)
        return
    end = time.monotonic() + seconds
    connection.set_progress_handler(lambda: time.monotonic() > end, _LOOK_EVERY)


@contextmanager
def _writing_faults() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise EnvironmentFault(
            f"The database of a surface refused: {error}.",
            "Check the disk space and the file's permissions.",
            zh="检索库拒绝写入。",
            zh_hint="请检查磁盘空间和文件权限。",
        ) from error


@contextmanager
def _reading_faults() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
            raise QueryTimeout(
                "The search took too long and was stopped.",
                "Ask for more characters, or for fewer kinds.",
                zh="检索超时，已停止。",
                zh_hint="请多输入几个字，或缩小类别范围。",
            ) from error
        raise _unavailable(error) from error
    except sqlite3.Error as error:
        raise _unavailable(error) from error


def _unavailable(error: sqlite3.Error) -> StoreUnavailable:
    return StoreUnavailable(
        f"The index cannot be read: {error}.",
        "Run `credence publish`, or wait until the projector has started.",
        zh="索引暂时无法读取。",
        zh_hint="请运行 credence publish，或等发布进程启动。",
    )
