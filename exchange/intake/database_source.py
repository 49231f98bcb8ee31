"""Delivers a database table: it is copied to the staging directory and read as CSV.

The copy is one consistent read. If the connection breaks, nothing has been offered to the ledger.
The address is a SQLAlchemy URL with the table's name after `#` or as `?table=`, preceded by its
schema and a dot if need be: `sqlite:///month.db#penalty`,
`postgresql+psycopg://reader@host/db?table=report.penalty`.
"""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, NoSuchTableError, SQLAlchemyError

from exchange.domain.errors import EnvironmentFault, UsageError
from exchange.intake.file_reader import file_rejected
from exchange.intake.findings import CellLocation, finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from exchange.intake.limits import Limits

_ROWS: Final = 1000  # fetched at once
_BUSY: Final = 30  # seconds to wait for a lock or a connection
_HINT: Final = "Write it like sqlite:///month.db#penalty."
_MEND: Final = "Check the database and load again; nothing was entered."


@dataclass(frozen=True, slots=True)
class DatabaseTable:
    """A database table; its `name` may begin with a kind, as a file name may."""

    url: sa.URL
    schema: str | None
    name: str

    def columns(self) -> list[str]:
        """Return the names of the columns.

        Raises:
            UsageError: there is no such table.
            EnvironmentFault: the database cannot be read.

        """
        with self._connected() as connection:
            columns = sa.inspect(connection).get_columns(self.name, schema=self.schema)
        return [str(column["name"]) for column in columns]

    def copy(self, stream: BinaryIO, limits: Limits) -> tuple[str, int]:
        """Write the table as CSV; return the SHA-256 in hex and the size in bytes.

        Rows are ordered by the primary key if there is one, so that an unchanged table gives
        the same copy.

        Raises:
            UsageError: there is no such table.
            Rejected: it is larger than allowed, or holds bytes.
            EnvironmentFault: the connection broke.

        """
        digest, size = hashlib.sha256(), 0
        for block in self._blocks(limits):
            size += len(block)
            if size > limits.file_bytes:
                fault = finding(
                    "file-size", CellLocation(self.name), size=size, limit=limits.file_bytes
                )
                raise file_rejected(self.name, [fault])
            digest.update(block)
            stream.write(block)
        return digest.hexdigest(), size

    def _blocks(self, limits: Limits) -> Iterator[bytes]:
        with self._connected() as connection:
            order = sa.inspect(connection).get_pk_constraint(self.name, schema=self.schema)
            columns: list[Any] = [sa.column(name) for name in order["constrained_columns"]]
            source = sa.table(self.name, schema=self.schema)
            query: sa.Select[Any] = (
                sa.select(sa.literal_column("*")).select_from(source).order_by(*columns)
            )
            with connection.execution_options(yield_per=_ROWS).execute(query) as result:
                yield _csv([list(result.keys())])
                count = 0
                for rows in result.partitions():
                    count += len(rows)
                    if count > limits.rows:
                        fault = finding("too-many-rows", CellLocation(self.name), limit=limits.rows)
                        raise file_rejected(self.name, [fault])
                    yield _csv([self._text(value) for value in row] for row in rows)

    def _text(self, value: Any) -> str:
        if value is None or isinstance(value, str):
            return value or ""
        if isinstance(value, bytes | memoryview):
            raise file_rejected(self.name, [finding("table-bytes", CellLocation(self.name))])
        if isinstance(value, bool):
            return "TRUE" if value else "FALSE"
        if isinstance(value, float):
            value = Decimal(repr(value))
        if isinstance(value, Decimal):
            return format(value, "f")
        if isinstance(value, datetime):
            return value.isoformat(" ", "seconds")
        return value.isoformat() if isinstance(value, date) else str(value)

    def _connected(self) -> _ReadOnlyConnection:
        return _ReadOnlyConnection(self)

    def __str__(self) -> str:
        """Return the address without its password."""
        return f"{self.url.render_as_string(hide_password=True)}#{self.name}"


class _ReadOnlyConnection:
    """A read-only connection; database errors become errors of this project."""

    def __init__(self, table: DatabaseTable) -> None:
        self._table = table
        self._engine = _engine(table)

    def __enter__(self) -> sa.Connection:
        try:
            self._connection = self._engine.connect()
        except SQLAlchemyError as error:
            self._engine.dispose()
            raise self._fault(error) from error
        return self._connection

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        try:
            self._connection.close()
        except SQLAlchemyError as closing:
            error = error or closing
        self._engine.dispose()
        if isinstance(error, SQLAlchemyError):
            raise self._fault(error) from error

    def _fault(self, error: SQLAlchemyError) -> EnvironmentFault | UsageError:
        if isinstance(error, NoSuchTableError):
            return UsageError(f"There is no table {self._table}.", "Name a table that exists.")
        because = str(getattr(error, "orig", None) or error).strip().splitlines()[0][:200]
        return EnvironmentFault(f"{self._table} cannot be read: {because}.", _MEND)


def is_table_address(address: str) -> bool:
    """Whether an argument is the address of a table, not the path of a file."""
    return "://" in address


def parse_table_address(address: str) -> DatabaseTable:
    """Return the table that an address names.

    Raises:
        UsageError: it is no such address, or names no table.

    """
    before, _, fragment = address.rpartition("#") if "#" in address else (address, "", "")
    try:
        url = sa.make_url(before)
    except (ArgumentError, ValueError) as error:  # ValueError: a port that is no number
        raise UsageError("The address of the table is not understood.", _HINT) from error
    named = url.query.get("table", ())
    inside = named if isinstance(named, str) else next(iter(named), "")
    whole = fragment or inside
    if not whole:
        raise UsageError(f"{url.render_as_string(hide_password=True)} names no table.", _HINT)
    schema, _, name = whole.rpartition(".")
    return DatabaseTable(url.difference_update_query(["table"]), schema or None, name)


def _engine(table: DatabaseTable) -> sa.Engine:
    url = table.url
    arguments: dict[str, Any] = {}
    if url.get_backend_name() == "sqlite":
        if not Path(url.database or "").is_file():
            raise UsageError(
                f"There is no database {url.database}.", "Give the path of a SQLite file."
            )
        path = Path(url.database or "").resolve().as_uri()
        url = sa.make_url(f"sqlite:///{path}?mode=ro&uri=true")
        arguments = {"timeout": _BUSY}
    elif url.get_backend_name() == "postgresql":
        arguments = {"connect_timeout": _BUSY}
    try:
        return sa.create_engine(url, connect_args=arguments, poolclass=sa.NullPool)
    except (NoSuchModuleError, ImportError) as error:
        raise UsageError(
            f"There is no driver for {url.drivername}.", "Install it, or export the table to CSV."
        ) from error


def _csv(rows: Iterable[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode("utf-8", "surrogatepass")
