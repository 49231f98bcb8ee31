"""Database connections: SQLite with strict settings, PostgreSQL; driver errors become ours.

SQLite: every commit reaches the disk (synchronous=FULL), foreign keys are on, writers take
the lock when they begin (BEGIN IMMEDIATE), so that no transaction fails half way for it.
"""

from __future__ import annotations

import os
from contextlib import closing, contextmanager
from dataclasses import dataclass
from enum import Enum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, BigInteger, Engine, Integer, StaticPool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from exchange.domain.errors import EnvironmentFault, NotFound, UsageError
from exchange.ledger.read_only_files import connect_read_only

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

# A plain INTEGER key is SQLite's row number: no second index.
Number = BigInteger().with_variant(Integer(), "sqlite")
BUSY_SECONDS = 30


class SqliteProfile(Enum):
    """The pragmas of a SQLite file by its purpose."""

    # Readers and the one writer do not wait for each other.
    # One transaction of a load touches some 1,500 pages all over the indexes: the log takes a
    # dozen of them before they are copied home, each page then once.
    LEDGER = (
        "journal_mode=WAL",
        "secure_delete=ON",
        "cache_size=-16384",
        "wal_autocheckpoint=8000",
    )
    # Overwritten on delete, and no log that could keep old pages once a commit is done.
    SEALS = ("journal_mode=TRUNCATE", "secure_delete=ON", "cache_size=-4096")


@dataclass(frozen=True, slots=True)
class Database:
    """A database engine with connections to read, to write and to take a snapshot."""

    engine: Engine

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a connection with one consistent snapshot; its changes are discarded."""
        with translated_errors(), self._connect("REPEATABLE READ") as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open a connection that commits when the block ends and rolls back on any error."""
        with (
            translated_errors(),
            # A writer waits for the head row, and must then see what the one before it wrote.
            self._connect("READ COMMITTED", credence_writer=True) as connection,
            connection.begin(),
        ):
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Open a detached connection with one snapshot, which may create temporary tables.

        Its changes are discarded and it is closed at the end. SQLite holds temporary tables in
        memory.
        """
        with translated_errors(), self._connect("REPEATABLE READ") as connection:
            driver: Any = connection.connection.driver_connection
            connection.detach()
            if self.engine.dialect.name == "sqlite":
                driver.execute("PRAGMA temp_store=MEMORY")
                driver.execute("PRAGMA query_only=OFF")
            yield connection

    def damage(self) -> str | None:
        """Return the first damage that SQLite finds in its file and indexes; None if none.

        Always None for a database server.
        """
        if self.engine.dialect.name != "sqlite":
            return None
        with self.reading() as connection:
            result = str(connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar_one())
        return None if result == "ok" else result

    def _connect(self, isolation: str, **options: Any) -> Connection:
        if self.engine.dialect.name != "sqlite":
            options["isolation_level"] = isolation
        return self.engine.connect().execution_options(**options)

    def close(self) -> None:
        """Close all files and connections."""
        self.engine.dispose()


def open_database(
    url: str, file: SqliteProfile, *, make: bool = True, read_only: bool = False
) -> Database:
    """Return the database at a SQLAlchemy URL; `make` creates a missing SQLite file.

    `read_only` opens a SQLite file without writing anything, not even a log file.

    Raises:
        NotFound: the SQLite file is missing and `make` is false.
        UsageError: the URL cannot be read.
        EnvironmentFault: its driver is not installed, or the file's folder is missing.

    """
    try:
        parsed = make_url(url)
        options: dict[str, Any] = {}
        if parsed.get_backend_name() == "sqlite" and read_only:
            path = _path(parsed)
            _require_there(path)
            options["creator"] = partial(connect_read_only, path, timeout=BUSY_SECONDS)
        elif parsed.get_backend_name() == "sqlite":
            _private(parsed, make=make)
            options["connect_args"] = {"timeout": BUSY_SECONDS}
        else:
            options["pool_pre_ping"] = True
        engine = create_engine(parsed, **options)
    except ArgumentError as error:
        raise UsageError(
            "The database address cannot be read.",
            "Give a SQLAlchemy URL such as sqlite:////var/lib/credence/ledger.sqlite.",
        ) from error
    except (NoSuchModuleError, ImportError) as error:
        raise EnvironmentFault(
            "The driver of this database is not installed.",
            "Install credence-exchange[postgresql].",
        ) from error
    if engine.dialect.name == "sqlite":
        listen(engine, () if read_only else (*file.value, "synchronous=FULL"))
    return Database(engine)


def memory_database(copied: Path | None = None) -> Database:
    """Return a SQLite database in memory on one connection; `copied`: the file to copy into it."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    listen(engine, ())
    if copied is not None and copied.exists():
        with engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            with closing(connect_read_only(copied, timeout=BUSY_SECONDS)) as source:
                source.backup(driver)
    return Database(engine)


def file_of(url: str) -> Path | None:
    """Return the file of a SQLite URL; None for a database server or an invalid URL."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        return None
    return Path(parsed.database) if parsed.database and "sqlite" in parsed.drivername else None


def _path(url: URL) -> Path:
    if not url.database or url.database == ":memory:":
        raise UsageError(
            "The ledger needs a file, not memory.", "Give sqlite:////path/to/ledger.sqlite."
        )
    return Path(url.database)


def _require_there(path: Path) -> None:
    if not path.exists():
        raise NotFound("There is no ledger here.", "Make one by loading a file or with `demo`.")


def _private(url: URL, *, make: bool) -> None:
    """Create the file readable by its owner only; its WAL gets the same mode."""
    path = _path(url)
    if not make:
        _require_there(path)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise EnvironmentFault(
            f"The database file {path.name} cannot be opened: {error.strerror}.",
            "Check that its folder exists and may be written.",
        ) from error


def listen(engine: Engine, pragmas: Sequence[str]) -> None:
    """Apply strict settings and these pragmas to every new SQLite connection."""

    @event.listens_for(engine, "connect")
    def connected(connection: Any, _: Any) -> None:
        # The driver must not begin transactions on its own.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (*pragmas, "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        writer = connection.get_execution_options().get("credence_writer")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writer else "BEGIN")


@contextmanager
def translated_errors() -> Iterator[None]:
    """Raise driver errors as EnvironmentFault, without values: they may be personal data."""
    try:
        yield
    except DBAPIError as error:
        raise EnvironmentFault(
            f"The database refused: {error.orig}.",
            "Check the disk space, the file's permissions and that the server runs.",
        ) from error
