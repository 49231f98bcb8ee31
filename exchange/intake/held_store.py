"""Stores held rows, encrypted, until a reviewer decides about them.

One SQLite file in `held/` (mode 0600 in 0700), whose deleted bytes are overwritten. Each row is
encrypted under a key derived from the ledger secret: a copy of the folder alone is unreadable. The
number of a row is an HMAC of its content: loading the same file again updates its item and adds no
second one. A refused row is replaced by who refused it, when and why
(docs/decisions/0040).
"""

from __future__ import annotations

import hmac
import json
import os
import zlib
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import (
    Column,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    delete,
    func,
    insert,
    select,
    update,
)

from exchange.domain import submission_json
from exchange.domain.errors import NotFound, UsageError, VerificationFailed
from exchange.intake.held_row import HeldItem, HeldRow, Refusal, from_document, to_document
from exchange.intake.staged_copies import private_directory
from exchange.ledger.database_engine import Database, SqliteProfile, open_database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from sqlalchemy import Connection

FILE_NAME: Final = "held.sqlite"
HELD_KEY_PURPOSE: Final = "held rows"  # of the key derived from the ledger secret
_NONCE_BYTES: Final = 12
_ID_DIGITS: Final = 16
_SHORTEST_ID: Final = 4

_metadata = MetaData()
_item = Table(
    "item",
    _metadata,
    Column("id", String(_ID_DIGITS), primary_key=True),
    Column("state", String(8), nullable=False),
    Column("at", Integer, nullable=False),  # milliseconds since 1970-01-01 UTC
    Column("size", Integer, nullable=False),
    # The record whose erasure has begun to destroy the item, by its IRI.
    Column("erasing", String),
    Column("sealed", LargeBinary, nullable=False),
)


class ItemState(StrEnum):
    """Whether an item waits for a decision or was refused."""

    WAITING = "waiting"
    REFUSED = "refused"


class HoldResult(StrEnum):
    """The result of holding a row."""

    HELD = "held"
    REFUSED = "refused"  # a person refused the same row before
    FULL = "full"


@dataclass(frozen=True, slots=True)
class HeldLimits:
    """Limits: rows that wait, their bytes, and refusals remembered (the oldest are deleted)."""

    rows: int = 10_000
    bytes: int = 64 * 1024 * 1024
    refused: int = 10_000


class HeldRows:
    """The held rows of one data directory. The file is created by the first held row.

    `key` is 32 bytes derived from the ledger secret; `clock` gives milliseconds since 1970-01-01
    UTC.
    """

    def __init__(
        self,
        directory: Path,
        key: bytes,
        clock: Callable[[], int],
        bounds: HeldLimits | None = None,
    ) -> None:
        self.path = directory / FILE_NAME
        self._key = key
        self._clock = clock
        self._bounds = bounds or HeldLimits()
        self._database: Database | None = None

    def close(self) -> None:
        """Close the database."""
        if self._database is not None:
            self._database.close()
            self._database = None

    # --- rows come in ---

    def put(self, rows: Sequence[HeldRow]) -> list[tuple[HoldResult, Refusal | None]]:
        """Hold rows for review; return a result for each, and an earlier refusal if any."""
        if not rows:
            return []
        with self._open().writing() as connection:
            room = _Capacity(connection, self._bounds)
            return [self._put(connection, row, room) for row in rows]

    def _put(
        self, connection: Connection, row: HeldRow, room: _Capacity
    ) -> tuple[HoldResult, Refusal | None]:
        number = self.id_of(row)
        known = connection.execute(select(_item).where(_item.c.id == number)).first()
        if known is not None and known.state == ItemState.REFUSED:
            return HoldResult.REFUSED, Refusal(**self._decrypt(known))
        sealed = self._encrypt(number, ItemState.WAITING, to_document(row))
        if not room.take(len(sealed), known):
            return HoldResult.FULL, None
        since = self._clock() if known is None else known.at
        values = {"state": ItemState.WAITING, "at": since, "size": len(sealed)}
        self._write(connection, number, known is None, {**values, "sealed": sealed})
        return HoldResult.HELD, None

    @staticmethod
    def _write(connection: Connection, number: str, new: bool, values: dict[str, Any]) -> None:  # noqa: FBT001
        if new:
            connection.execute(insert(_item).values(id=number, **values))
        else:
            connection.execute(update(_item).where(_item.c.id == number).values(**values))

    def id_of(self, row: HeldRow) -> str:
        """Return the number of a row's item, an HMAC of the row's content."""
        said = submission_json.to_document(row.submission) | {"row": 0, "held": True}
        text = json.dumps(said, ensure_ascii=False, sort_keys=True)
        return hmac.digest(self._key, b"id\x1f" + text.encode(), "sha256").hex()[:_ID_DIGITS]

    # --- a person looks and decides ---

    def count(self) -> int:
        """Return how many rows wait; opens the file read-only."""
        if not self.path.exists() or self.path.stat().st_size == 0:
            return 0
        waiting = select(func.count()).select_from(_item).where(_item.c.state == ItemState.WAITING)
        url = f"sqlite:///{self.path}"
        with (
            closing(open_database(url, SqliteProfile.SEALS, read_only=True)) as database,
            database.reading() as connection,
        ):
            return int(connection.execute(waiting).scalar_one())

    def waiting(self) -> Iterator[HeldItem]:
        """Yield the rows that wait, the oldest first."""
        if not self.path.exists():
            return
        statement = select(_item.c.id).where(_item.c.state == ItemState.WAITING)
        with self._open().reading() as connection:
            numbers = connection.execute(statement.order_by(_item.c.at, _item.c.id)).scalars().all()
        for number in numbers:  # one by one: an open look would keep writers out
            with self._open().reading() as connection:
                row = connection.execute(
                    select(_item).where(_item.c.id == number, _item.c.state == ItemState.WAITING)
                ).first()
            if row is not None:
                yield self._item(row)

    def waiting_item(self, number: str) -> HeldItem:
        """Return a waiting row by its number or the beginning of it.

        Raises:
            UsageError: the beginning fits several, or is too short.
            NotFound: no such row waits.

        """
        if not self.path.exists():
            raise _unknown(number)
        with self._open().reading() as connection:
            return self._item(_find(connection, number))

    @contextmanager
    def deciding(self, number: str) -> Iterator[tuple[HeldItem, ItemDecision]]:
        """Lock a waiting row for one decision; yields the item and the actions that decide it.

        The item is deleted or replaced when the block ends, if `ItemDecision.remove` or
        `ItemDecision.replace_by_refusal` was called. It stays when the block raises.

        Raises:
            UsageError, NotFound: as `waiting_item`.

        """
        if not self.path.exists():
            raise _unknown(number)
        with self._open().writing() as connection:
            row = _find(connection, number)
            yield self._item(row), ItemDecision(self, connection, row.id)

    def _refuse(self, connection: Connection, number: str, refusal: Refusal) -> None:
        sealed = self._encrypt(number, ItemState.REFUSED, asdict(refusal))
        values = {"state": ItemState.REFUSED, "at": refusal.at, "size": len(sealed)}
        self._write(connection, number, False, {**values, "sealed": sealed})  # noqa: FBT003
        oldest = (
            select(_item.c.id)
            .where(_item.c.state == ItemState.REFUSED)
            .order_by(_item.c.at.desc(), _item.c.id)
            .offset(self._bounds.refused)
        )
        connection.execute(delete(_item).where(_item.c.id.in_(oldest)))

    # --- erasure ---

    def mark_for_erasure(self, iri: str, wanted: Callable[[HeldRow], bool]) -> int:
        """Mark the waiting rows that an erasure has to destroy; return how many."""
        if not self.path.exists():
            return 0
        numbers = [item.id for item in self.waiting() if wanted(item.row)]
        with self._open().writing() as connection:
            for number in numbers:
                connection.execute(update(_item).where(_item.c.id == number).values(erasing=iri))
        return len(numbers)

    def marked(self) -> set[str]:
        """Return the IRIs of the records whose erasure marked rows."""
        if not self.path.exists():
            return set()
        statement = select(_item.c.erasing).where(_item.c.erasing.is_not(None)).distinct()
        with self._open().reading() as connection:
            return set(connection.execute(statement).scalars())

    def destroy_marked(self, iri: str) -> list[tuple[str, int]]:
        """Destroy the rows marked for a record; return file name and row number of each."""
        return self._end_marks(iri, destroy=True)

    def unmark(self, iri: str) -> None:
        """Remove the marks of a record, whose erasure was refused."""
        self._end_marks(iri, destroy=False)

    def _end_marks(self, iri: str, *, destroy: bool) -> list[tuple[str, int]]:
        if not self.path.exists():
            return []
        with self._open().writing() as connection:
            marked = _item.c.erasing == iri
            if not destroy:
                connection.execute(update(_item).where(marked).values(erasing=None))
                return []
            rows = connection.execute(select(_item).where(marked)).all()
            connection.execute(delete(_item).where(marked))
        items = [self._item(row).row for row in rows]
        return sorted((item.file, item.submission.row) for item in items)

    # --- the file ---

    def _open(self) -> Database:
        if self._database is None:
            self._database = self._open_database()
            with self._database.writing() as connection:
                _metadata.create_all(connection)
        return self._database

    def _open_database(self) -> Database:
        private_directory(self.path.parent)
        return open_database(f"sqlite:///{self.path}", SqliteProfile.SEALS)

    def _item(self, row: Any) -> HeldItem:
        return HeldItem(row.id, row.at, from_document(self._decrypt(row)))

    def _encrypt(self, number: str, state: ItemState, document: Mapping[str, Any]) -> bytes:
        text = json.dumps(document, ensure_ascii=False, sort_keys=True).encode()
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher(number).encrypt(nonce, zlib.compress(text, 1), state.encode())

    def _decrypt(self, row: Any) -> dict[str, Any]:
        nonce, sealed = row.sealed[:_NONCE_BYTES], row.sealed[_NONCE_BYTES:]
        try:
            text = self._cipher(row.id).decrypt(nonce, sealed, row.state.encode())
        except InvalidTag as error:
            raise VerificationFailed(
                f"The held row {row.id} does not open with this ledger's secret.",
                "Restore the folder held/ and the secret from the same backup.",
                zh=f"待审行 {row.id} 不能用本账本的密钥打开。",
                zh_hint="请从同一份备份恢复 held/ 目录和密钥。",
            ) from error
        document: dict[str, Any] = json.loads(zlib.decompress(text))
        return document

    def _cipher(self, number: str) -> AESGCM:
        return AESGCM(hmac.digest(self._key, b"seal\x1f" + number.encode(), "sha256"))


@dataclass(frozen=True, slots=True)
class ItemDecision:
    """The actions that decide one item inside `HeldRows.deciding`."""

    _rows: HeldRows
    _connection: Connection
    _number: str

    def remove(self) -> None:
        """Delete the item, whose row is now in the ledger."""
        self._connection.execute(delete(_item).where(_item.c.id == self._number))

    def replace_by_refusal(self, refusal: Refusal) -> None:
        """Replace the row by its refusal."""
        self._rows._refuse(self._connection, self._number, refusal)  # noqa: SLF001 - same module


class _Capacity:
    """The remaining capacity, during one transaction."""

    def __init__(self, connection: Connection, bounds: HeldLimits) -> None:
        statement = select(func.count(), func.coalesce(func.sum(_item.c.size), 0)).where(
            _item.c.state == ItemState.WAITING
        )
        rows, size = connection.execute(statement).one()
        self._rows = bounds.rows - rows
        self._bytes = bounds.bytes - size

    def take(self, size: int, known: Any) -> bool:
        """Reserve `size` bytes for an item if there is room; `known` is the item it replaces."""
        rows, more = (0, size - known.size) if known is not None else (1, size)
        if rows > self._rows or more > self._bytes:
            return False
        self._rows -= rows
        self._bytes -= more
        return True


def _find(connection: Connection, number: str) -> Any:
    if len(number) < _SHORTEST_ID or not number.isalnum():
        raise UsageError(
            f"{number!r} names no held row.",
            f"Give at least {_SHORTEST_ID} characters of a number from `credence review list`.",
            zh=f"“{number}”不是待审行的编号。",
            zh_hint=f"请给出 credence review list 所列编号的前 {_SHORTEST_ID} 位以上。",
        )
    like = _item.c.id.startswith(number.lower(), autoescape=True)
    rows = connection.execute(
        select(_item).where(like, _item.c.state == ItemState.WAITING).limit(2)
    ).all()
    if not rows:
        raise _unknown(number)
    if len(rows) > 1:
        raise UsageError(
            f"{number!r} fits several held rows.",
            "Give more characters of the number.",
            zh=f"“{number}”对应不止一个待审行。",
            zh_hint="请给出编号的更多位数。",
        )
    return rows[0]


def _unknown(number: str) -> NotFound:
    return NotFound(
        f"No held row {number!r} waits for review.",
        "It may have been decided already; `credence review list` shows what waits.",
        zh=f"没有编号为“{number}”的待审行。",
        zh_hint="可能已经审结；credence review list 列出全部待审行。",
    )
