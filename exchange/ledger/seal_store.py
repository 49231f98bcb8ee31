"""Stores seals apart from the ledger, so that they can be destroyed (crypto-shredding).

A seal is the data key of one event, 32 random bytes: it decrypts the event's body and yields the
salts of its commitments. The default store is a SQLite file in which deleted bytes are
overwritten; its own URL lets several hosts share one. Numbers are never reused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from sqlalchemy import (
    Column,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    delete,
    insert,
    inspect,
    select,
    update,
)

from exchange.domain.errors import EnvironmentFault, NotFound, VerificationFailed
from exchange.ledger.database_engine import Database, Number, SqliteProfile, file_of, open_database

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

CHUNK = 500

_metadata = MetaData()
_seal = Table(
    "seal",
    _metadata,
    Column("id", Number, primary_key=True, autoincrement=False),
    Column("bytes", LargeBinary, nullable=False),
)
_next = Table(
    "next",
    _metadata,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("id", Number, nullable=False),
)


class Seals(Protocol):
    """A store of seals; every call is durable when it returns."""

    def put(self, seals: Sequence[bytes]) -> list[int]:
        """Store the seals; return their numbers, ascending, never used before."""

    def get(self, ids: Sequence[int]) -> Mapping[int, bytes]:
        """Return the seals that exist, by number."""

    def destroy(self, ids: Sequence[int]) -> None:
        """Overwrite the seals; unknown numbers are no error."""

    def ids(self, after: int = 0) -> Iterator[int]:
        """Yield the existing numbers above `after`, ascending."""

    def close(self) -> None:
        """Close all files and connections."""


class SqlSeals:
    """A store of seals in a database of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def open(cls, url: str, *, make: bool = True) -> SqlSeals:
        """Open the store; `make` creates what is missing of it, for a new ledger.

        Raises:
            EnvironmentFault: the database cannot be reached or written, or is missing and
                `make` is false.

        """
        if not make:
            return cls(_existing(url))
        database = open_database(url, SqliteProfile.SEALS)
        with database.writing() as connection:
            _metadata.create_all(connection)
            if connection.execute(select(_next.c.id)).first() is None:
                connection.execute(insert(_next).values(one=1, id=1))
        return cls(database)

    @classmethod
    def open_read_only(cls, url: str) -> SqlSeals:
        """Open the store to read it, writing nothing.

        Raises:
            EnvironmentFault: there is none, or it cannot be reached or read.

        """
        return cls(_existing(url, read_only=True))

    def put(self, seals: Sequence[bytes]) -> list[int]:
        """Store the seals; return their numbers, ascending, never used before."""
        if not seals:
            return []
        with self._database.writing() as connection:
            first = connection.execute(select(_next.c.id).with_for_update()).scalar_one()
            numbers = list(range(first, first + len(seals)))
            connection.execute(update(_next).values(id=first + len(seals)))
            connection.execute(
                insert(_seal),
                [{"id": at, "bytes": seal} for at, seal in zip(numbers, seals, strict=True)],
            )
        return numbers

    def get(self, ids: Sequence[int]) -> dict[int, bytes]:
        """Return the seals that exist, by number."""
        seals: dict[int, bytes] = {}
        with self._database.reading() as connection:
            for at in range(0, len(ids), CHUNK):
                rows = connection.execute(
                    select(_seal.c.id, _seal.c.bytes).where(_seal.c.id.in_(ids[at : at + CHUNK]))
                )
                seals.update((row[0], row[1]) for row in rows)
        return seals

    def destroy(self, ids: Sequence[int]) -> None:
        """Overwrite the seals (secure_delete; the rollback journal is cut at commit)."""
        with self._database.writing() as connection:
            for at in range(0, len(ids), CHUNK):
                connection.execute(delete(_seal).where(_seal.c.id.in_(ids[at : at + CHUNK])))
        left = self.get(ids)
        if left:
            raise VerificationFailed(
                f"{len(left)} seals are still there after they were destroyed.",
                "Check the seals database, then open the ledger again.",
            )

    def ids(self, after: int = 0) -> Iterator[int]:
        """Yield the existing numbers above `after`, ascending."""
        while True:
            with self._database.reading() as connection:
                rows = connection.execute(
                    select(_seal.c.id).where(_seal.c.id > after).order_by(_seal.c.id).limit(CHUNK)
                ).all()
            if not rows:
                return
            yield from (row[0] for row in rows)
            after = rows[-1][0]

    def close(self) -> None:
        """Close all files and connections."""
        self._database.close()


def _existing(url: str, *, read_only: bool = False) -> Database:
    """Open an existing store."""
    try:
        database = open_database(url, SqliteProfile.SEALS, make=False, read_only=read_only)
    except NotFound as error:
        raise _missing(url, "is missing", "缺失") from error
    with database.reading() as connection:
        whole = inspect(connection).has_table(_next.name)
    if not whole:
        database.close()
        raise _missing(url, "is empty", "为空")
    return database


def _missing(url: str, state: str, zh_state: str) -> EnvironmentFault:
    file = file_of(url)
    name = "The database of the seals" if file is None else f"The file {file.name}"
    return EnvironmentFault(
        f"{name} {state}; without the seals no body of the ledger can be read.",
        "Restore the seals from the backup that belongs to the ledger; a new file is of no use.",
        zh=f"密封库{f'（{file.name}）' if file else ''}{zh_state}；没有它就无法读取账本中的内容。",
        zh_hint="请从与账本配套的备份中恢复密封库；新建的文件没有用处。",
    )
