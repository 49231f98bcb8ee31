"""Overlays a read snapshot of the ledger with temporary tables that receive all writes (a dry run).

Each table that a load writes is hidden by a temporary view of the same name: the rows of the
snapshot, without those that were replaced, and the temporary ones. Triggers send what is written to
the temporary tables. So the statements of a load run as they are; the ledger's own tables are
only read, and no writer waits. All of it is gone when the connection closes.
Source: https://sqlite.org/lang_createtrigger.html (INSTEAD OF triggers); on PostgreSQL the same
by functions in `pg_temp`, in a transaction that is rolled back.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from exchange.domain.errors import EnvironmentFault
from exchange.ledger import schema
from exchange.ledger.database_engine import Database, translated_errors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Dialect, Table

MEMORY: Final = 1024 * 1024 * 1024  # bytes that the temporary tables may take
_PAGE: Final = 4096

# Copied whole, since they hold a few rows that every transaction changes.
_COPIED: Final = (schema.head, schema.stream, schema.page, schema.model)
# Written and never asked for by a load.
_UNREAD: Final = (schema.member, schema.veil, schema.passage, schema.tree_node)
_LAYERED: Final = (
    schema.delivery,
    schema.record,
    schema.key_state,
    schema.person,
    schema.event,
    schema.tree_head,
    schema.link,
    schema.quoted,
    schema.decision_pending,
)


@dataclass(frozen=True, slots=True)
class Overlay(Database):
    """The snapshot and the writes over it, on one connection."""

    connection: Connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open the connection; queries see earlier writes."""
        with translated_errors(), _bounded():
            yield self.connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open the connection; nothing is committed, and an error ends the dry run."""
        with translated_errors(), _bounded():
            yield self.connection


@contextmanager
def open_overlay(database: Database) -> Iterator[Overlay]:
    """Open an overlay over the current state of the database; it is discarded at the end."""
    with translated_errors(), database.snapshot() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql(f"PRAGMA temp.max_page_count = {MEMORY // _PAGE}")
        # The first look fixes what the snapshot holds.
        connection.execute(select(schema.head)).one()
        for statement in _statements(connection.dialect):
            connection.exec_driver_sql(statement)
        yield Overlay(database.engine, connection)


@contextmanager
def _bounded() -> Iterator[None]:
    """Raise EnvironmentFault where the temporary tables reach their limit of memory."""
    try:
        yield
    except Exception as error:
        if "database or disk is full" in str(getattr(error, "orig", "")):
            raise EnvironmentFault(
                f"The dry run needs more than {MEMORY // 2**20} MiB of memory.",
                "Try the files one by one, or split them.",
                zh=f"试运行所需内存超过 {MEMORY // 2**20} MiB。",
                zh_hint="请逐个文件试运行，或拆分文件。",
            ) from error
        raise


def _statements(dialect: Dialect) -> Iterator[str]:
    make = _sqlite if dialect.name == "sqlite" else _postgresql
    main = "main." if dialect.name == "sqlite" else ""
    for table in _COPIED:
        names = _list(column.name for column in table.columns)
        yield f"CREATE TEMP TABLE new_{table.name} AS SELECT {names} FROM {main}{table.name}"
        yield f"ALTER TABLE new_{table.name} RENAME TO {table.name}"
    for table in _UNREAD:
        yield f"CREATE TEMP VIEW {table.name} AS SELECT * FROM {main}{table.name}"
        yield from make(table, "INSERT", [])
    for table in _LAYERED:
        yield from _layer(table, dialect, main)
        yield from make(table, "INSERT", [_insert(table)])
        yield from make(table, "UPDATE", [_hide(table), _remove(table), _insert(table)])
        yield from make(table, "DELETE", [_hide(table), _remove(table)])


def _layer(table: Table, dialect: Dialect, main: str) -> Iterator[str]:
    name, keys = table.name, [column.name for column in table.primary_key]
    names = _list(column.name for column in table.columns)
    types = {column.name: column.type.compile(dialect) for column in table.columns}
    columns = _list(f"{column} {kind}" for column, kind in types.items())
    yield f"CREATE TEMP TABLE new_{name} ({columns}, PRIMARY KEY ({_list(keys)}))"
    hidden = _list(f"{key} {types[key]}" for key in keys)
    yield f"CREATE TEMP TABLE old_{name} ({hidden}, PRIMARY KEY ({_list(keys)}))"
    for at, index in enumerate(sorted(table.indexes, key=lambda item: str(item.name))):
        indexed = _list(column.name for column in index.columns)
        yield f"CREATE INDEX new_{name}_{at} ON new_{name} ({indexed})"
    same = " AND ".join(f"old_{name}.{key} = snapshot.{key}" for key in keys)
    yield (
        f"CREATE TEMP VIEW {name} AS SELECT {names} FROM {main}{name} AS snapshot"
        f" WHERE NOT EXISTS (SELECT 1 FROM old_{name} WHERE {same})"
        f" UNION ALL SELECT {names} FROM new_{name}"
    )


def _sqlite(table: Table, event: str, steps: list[str]) -> Iterator[str]:
    body = "; ".join(steps or ["SELECT 1"])
    yield (
        f"CREATE TEMP TRIGGER on_{event.lower()}_{table.name} INSTEAD OF {event}"
        f" ON {table.name} BEGIN {body}; END"
    )


def _postgresql(table: Table, event: str, steps: list[str]) -> Iterator[str]:
    name = f"pg_temp.on_{event.lower()}_{table.name}"
    row = "OLD" if event == "DELETE" else "NEW"
    body = "".join(f"{step}; " for step in steps)
    yield (
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN {body}RETURN {row}; END $$"
    )
    yield (
        f"CREATE TRIGGER on_{event.lower()} INSTEAD OF {event} ON {table.name}"
        f" FOR EACH ROW EXECUTE FUNCTION {name}()"
    )


def _insert(table: Table) -> str:
    values = _list(f"NEW.{column.name}" for column in table.columns)
    return f"INSERT INTO new_{table.name} VALUES ({values})"


def _hide(table: Table) -> str:
    keys = [column.name for column in table.primary_key]
    values = _list(f"OLD.{key}" for key in keys)
    return f"INSERT INTO old_{table.name} VALUES ({values}) ON CONFLICT DO NOTHING"


def _remove(table: Table) -> str:
    same = " AND ".join(f"{column.name} = OLD.{column.name}" for column in table.primary_key)
    return f"DELETE FROM new_{table.name} WHERE {same}"


def _list(names: Any) -> str:
    return ", ".join(names)
