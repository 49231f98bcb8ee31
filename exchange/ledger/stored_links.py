"""Quotations as the ledger keeps them: a link and every way in which it tells its target's key.

What a link means is found out when it is asked for: its target may arrive later, or be known at
first by a telling that the link does not have.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select

from exchange.ledger import schema
from exchange.ledger.key_resolution import Macs
from exchange.ledger.transaction_writer import chunks

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from sqlalchemy import Connection

    from exchange.ledger.transaction import Batch, Rec


@dataclass(frozen=True, slots=True)
class Tie:
    """One link of a record; `macs` tell the key of the record that it quotes."""

    source: int
    number: int
    relation: str
    dropped: bool
    macs: Macs


def keep(work: Batch, ties: Iterable[Tie]) -> None:
    """Have links written."""
    for tie in ties:
        place = {"source": tie.source, "number": tie.number}
        work.waiting.links.append({**place, "relation": tie.relation, "dropped": tie.dropped})
        for at, mac in enumerate(tie.macs.all):
            bare = at >= len(tie.macs.full)
            work.waiting.quoted.append({**place, "place": at, "mac": mac, "bare": bare})


def forget(work: Batch, record: Rec) -> None:
    """Remove every link of a record."""
    for table in (schema.quoted, schema.link):
        work.connection.execute(delete(table).where(table.c.source == record.id))


def ties_of(connection: Connection, sources: Sequence[int]) -> dict[int, list[Tie]]:
    """Return all links of the records, by record and number."""
    found: dict[int, list[Tie]] = {}
    for part in chunks(sources):
        for tie in _ties(connection, part):
            found.setdefault(tie.source, []).append(tie)
    return found


def _ties(connection: Connection, sources: Sequence[int]) -> Iterable[Tie]:
    link, quoted = schema.link, schema.quoted
    rows = connection.execute(
        select(link, quoted.c.mac, quoted.c.bare)
        .join(quoted, (quoted.c.source == link.c.source) & (quoted.c.number == link.c.number))
        .where(link.c.source.in_(sources))
        .order_by(link.c.source, link.c.number, quoted.c.place)
    ).all()
    for _, group in groupby(rows, key=attrgetter("source", "number")):
        yield _tie(list(group))


def _tie(rows: list[Any]) -> Tie:
    first = rows[0]
    macs = Macs(
        tuple(row.mac for row in rows if not row.bare), tuple(row.mac for row in rows if row.bare)
    )
    return Tie(first.source, first.number, first.relation, first.dropped, macs)


def quoting(work: Batch, macs: Collection[bytes], *, dropped: bool = False) -> dict[int, list[Tie]]:
    """Return all links of the records that tell one of the MACs in a link that is (not) dropped.

    Their keys and records are read into the batch.
    """
    link, quoted = schema.link, schema.quoted
    sources: set[int] = set()
    for part in chunks(sorted(macs)):
        sources.update(
            work.connection.execute(
                select(quoted.c.source)
                .join(link, (quoted.c.source == link.c.source) & (quoted.c.number == link.c.number))
                .where(quoted.c.mac.in_(part), link.c.dropped.is_(dropped))
            ).scalars()
        )
    found = ties_of(work.connection, sorted(sources))
    work.fetch_records(found)
    work.fetch_keys(mac for ties in found.values() for tie in ties for mac in tie.macs.all)
    return found


def target(work: Batch, tie: Tie) -> Rec | None:
    """Return the record that a link means today; None for one not known, or not for sure."""
    number = work.met(tie.macs).target
    return None if number is None else work.record(number)
