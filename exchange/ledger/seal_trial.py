"""Decrypts every event body before a restore writes anything.

Of a ledger and seals from two different times only some bodies decrypt: seal numbers that one
side used again belong to other bodies. A restore that appends to such a pair damages the intact
history.
"""

from __future__ import annotations

import zlib
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from exchange.domain.errors import EnvironmentFault, VerificationFailed
from exchange.ledger import schema
from exchange.ledger.database_engine import SqliteProfile, open_database
from exchange.ledger.seal_store import SqlSeals
from exchange.ledger.sealed_bodies import unseal
from exchange.ledger.transaction import meta_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from exchange.ledger.seal_store import Seals

_CHUNK: Final = 500


def require_matching_seals(url: str, seals_url: str) -> None:
    """Decrypt the body of every event; write nothing.

    Events of erased records are skipped.

    Raises:
        EnvironmentFault: some do not open, or ledger or seals cannot be read.

    """
    with (
        closing(open_database(url, SqliteProfile.LEDGER, make=False, read_only=True)) as ledger,
        closing(SqlSeals.open_read_only(seals_url)) as seals,
        ledger.reading() as connection,
    ):
        closed, first = 0, 0
        for position in _closed(connection, seals):
            closed, first = closed + 1, first or position
    if closed:
        raise _mismatch(closed, first)


def _closed(connection: Connection, seals: Seals) -> Iterator[int]:
    """Yield the positions of events whose bodies do not decrypt."""
    after = 0
    while rows := _rows(connection, after):
        by_number = seals.get([row.seal for row in rows])
        for row in rows:
            erased = (row.erased_at or 0) > row.position
            if not erased and not _opens(row, by_number.get(row.seal)):
                yield row.position
        after = rows[-1].position


def _rows(connection: Connection, after: int) -> Any:
    event, erasure = schema.event, schema.erasure
    return connection.execute(
        select(*event.c, erasure.c.position.label("erased_at"))
        .outerjoin_from(event, erasure, erasure.c.record == event.c.record)
        .where(event.c.position > after)
        .order_by(event.c.position)
        .limit(_CHUNK)
    ).all()


def _opens(row: Any, seal: bytes | None) -> bool:
    if seal is None:
        return False
    try:
        unseal(seal, meta_of(row), row.body)
    except (VerificationFailed, zlib.error, ValueError):
        return False
    return True


def _mismatch(count: int, first: int) -> EnvironmentFault:
    return EnvironmentFault(
        f"Ledger and seals do not belong together: {count} events, the first at position {first}, "
        "do not open with their seals. Nothing was changed.",
        "Put back ledger.sqlite and seals.sqlite of one and the same time (both files of one "
        "backup, or both dumps), then run `credence restore` again.",
        zh=f"账本与密封库不配套：有 {count} 个事件（首个位于 {first}）无法用其密封打开。"
        "未作任何改动。",
        zh_hint="请放回同一时间的 ledger.sqlite 和 seals.sqlite（同一备份的两个文件，或同一次的两份"
        "导出），再运行 credence restore。",
        closed=count,
        position=first,
    )
