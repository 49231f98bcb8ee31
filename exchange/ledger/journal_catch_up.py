"""Compares journal and ledger; returns the journal lines that are still to be appended."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import select

from exchange.domain.errors import EnvironmentFault
from exchange.domain.events import EventType
from exchange.ledger import schema
from exchange.ledger.rows import KeyCoverage
from exchange.ledger.transaction_writer import chunks
from exchange.ledger.withdrawal_journal import JournalLine

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from typing import Any

    from sqlalchemy import Connection

    from exchange.ledger.database_engine import Database

_CHUNK = 1000


def journal_missing(database: Database) -> Callable[[JournalLine | None], Sequence[JournalLine]]:
    """Return the function from a journal's last line to the lines that follow it.

    After a line of an older version, which has no keys, it returns all lines again. It raises
    EnvironmentFault when that line is not in the ledger: the ledger is then an older copy than
    the journal, or another one.
    """

    def missing(last: JournalLine | None) -> Sequence[JournalLine]:
        with database.reading() as connection:
            head = connection.execute(select(schema.head)).one()
            return lines_after(connection, head, _known_until(connection, head, last))

    return missing


def _known_until(connection: Connection, head: Any, last: JournalLine | None) -> int:
    """Return the position up to which the journal has complete lines of this ledger."""
    if last is None:
        return 0
    if last.epoch < head.epoch:
        return int(head.epoch_from)
    passage = schema.passage
    known = connection.execute(select(passage).where(passage.c.position == last.position)).first()
    _same(last, known, head.epoch)
    return 0 if last.keys is None else last.position


def lines_after(connection: Connection, head: Any, after: int) -> list[JournalLine]:
    """Return the next lines after a position, with kind, tier and keys of their records."""
    passage, record, event = schema.passage, schema.record, schema.event
    rows = connection.execute(
        select(passage, record.c.id, record.c.kind, record.c.widest, event.c.name)
        .join_from(passage, record, record.c.public_id == passage.c.record)
        .join(event, event.c.position == passage.c.position)
        .where(passage.c.position > after)
        .order_by(passage.c.position)
        .limit(_CHUNK)
    ).all()
    keys = _keys(connection, {row.id for row in rows})
    return [
        replace(
            line_of(row, head),
            kind=row.kind,
            tier=row.widest,
            keys=tuple(keys.get(row.id, ())),
            erased=row.name == EventType.ERASE,
        )
        for row in rows
    ]


def _keys(connection: Connection, records: Collection[int]) -> dict[int, list[str]]:
    """Return the key variants of each record: none of a record that was reinstated.

    Ambiguous variants are left out: they would suppress rows about the other records.
    """
    key, keys = schema.key_state, dict[int, list[str]]()
    for part in chunks(sorted(records)):
        rows = connection.execute(
            select(key.c.record, key.c.mac, key.c.told)
            .where(key.c.record.in_(part), key.c.told != KeyCoverage.AMBIGUOUS)
            .order_by(key.c.mac)
        )
        for row in rows:
            mark = f":{row.told}" if row.told else ""
            keys.setdefault(row.record, []).append(row.mac.hex() + mark)
    return keys


def line_of(row: Any, head: Any) -> JournalLine:
    """Return the line of a row of `passage`; its epoch follows from its position."""
    epoch = head.epoch if row.position > head.epoch_from else head.epoch - 1
    return JournalLine(epoch, row.position, row.record, row.op)


def _same(last: JournalLine, known: Any, epoch: int) -> None:
    if known is None or epoch != last.epoch or known.record != last.record or known.op != last.op:
        raise EnvironmentFault(
            "The ledger is older than its withdrawal journal, or not the one it belongs to: "
            f"the journal ends at position {last.position}.",
            "Keep the journal: it lists what must stay withdrawn. Put a newer ledger back, or take "
            "this one on by `credence restore --here`, which takes down what the journal names.",
            position=last.position,
            zh=f"账本比撤下日志旧，或与日志不配套：日志的最后位置是 {last.position}。",
            zh_hint="请保留日志：其中列有必须保持撤下的记录。请放回更新的账本，"
            "或运行 credence restore --here 采用现有账本，并撤下日志所列记录。",
        )
