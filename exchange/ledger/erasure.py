"""Erase: after it no key is left that opens the record's bodies or tells its salts.

Order (docs/design/ledger.md "Removal"): the event with the cleared rows is committed; the seals of
all the record's events are destroyed; the journal is synced. `erasure.destroyed` and `erasure.done`
say how far it came, so that `open` and the publisher can resume at every step. The event `erase`
itself keeps its seal: who ordered it stays checkable.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, func, select, update

from exchange.domain.disclosure import VIEW_LETTERS, Tier
from exchange.domain.events import EventType
from exchange.domain.failpoints import Failpoint
from exchange.domain.identity import USCC_BASE, id_of
from exchange.domain.lifecycle import State, advance
from exchange.ledger import schema
from exchange.ledger.cascade import leave
from exchange.ledger.lifecycle_operations import named
from exchange.ledger.sealed_bodies import unseal
from exchange.ledger.stored_links import forget
from exchange.ledger.transaction import Batch, batch, meta_of

if TYPE_CHECKING:
    from exchange.ledger.context import Parts
    from exchange.ledger.transaction import Rec

COMPARED: Final = 1_000  # other records whose public texts tell nothing of an erased one
SHORTEST: Final = 4  # characters; shorter text says nothing about whose record it is
# A string, not a typed literal: dates and amounts name nobody.
_LITERAL: Final = re.compile(r'"((?:[^"\\]|\\.)*)"(?!\^\^)')
_SUBJECT: Final = re.compile(rf"<{re.escape(USCC_BASE)}([^>]+)>")


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was erased, and the texts by which it may be found in rejects and staged files."""

    iri: str
    literals: tuple[str, ...]
    positions: tuple[int, ...]


def erase(parts: Parts, ref: str, decision: str | None) -> Erasure:
    """Erase a record and every other record of its key; return once the seals are gone.

    Raises:
        Conflict: it is erased already.

    """
    with batch(parts) as work:
        record = named(work, ref)
        advance(record.state, EventType.ERASE)  # before its bodies are asked for
        iri = parts.iri(record.kind, record.public_id)
        group = _of_the_key(work, record)
        literals = set().union(*(_literals(work, each) for each in group))
        positions = tuple([_clear(work, each, decision) for each in group])
    destroy(parts)
    parts.opened.clear()
    return Erasure(iri, tuple(sorted(literals)), positions)


@dataclass(frozen=True, slots=True)
class Traces:
    """By what a record that is to be erased may be found outside the ledger.

    `keys` are the HMACs of every way in which its key was told, `own_literals` its texts without
    those that other records still say to the public (an authority, a law): they tell nothing of it.
    """

    iri: str
    own_literals: frozenset[str]
    keys: frozenset[bytes]


def traces(parts: Parts, ref: str) -> Traces:
    """Return by what a record that is to be erased may be found elsewhere; change nothing."""
    with parts.database.reading() as connection:
        head = connection.execute(select(schema.head)).one()
        work = Batch(connection, parts, head)
        record = named(work, ref)
        # The bodies of one that was erased before cannot be opened any more.
        group = [each for each in _of_the_key(work, record) if each.state is not State.ERASED]
        literals = set().union(*(_literals(work, each) for each in group))
        own = literals - _said_by_others(work, record)
        keys = frozenset(key.mac for each in (*group, record) for key in work.keys_of(each))
        return Traces(parts.iri(record.kind, record.public_id), frozenset(own), keys)


def _said_by_others(work: Batch, erased: Rec) -> set[str]:
    """Return the texts that the newest records of the kind but of other keys say to the public."""
    event, record = schema.event, schema.record
    rows = work.connection.execute(
        select(*event.c)
        .join_from(event, record, record.c.version == event.c.position)
        .where(
            record.c.kind == erased.kind,
            record.c.state == State.LIVE,
            record.c.chain != erased.chain,
        )
        .order_by(record.c.id.desc())
        .limit(COMPARED)
    ).all()
    seals = work.parts.seals.get([row.seal for row in rows])
    public = VIEW_LETTERS[Tier.PUBLIC]
    return {
        text
        for row in rows
        if row.seal in seals
        for line in unseal(seals[row.seal], meta_of(row), row.body).decode().split("\n")
        if line and line[0] in public
        for text in _of_line(line)
    }


def is_erased(parts: Parts, ref: str) -> bool:
    """Return whether a record was erased; not, where there is none of that name."""
    statement = select(schema.record.c.state).where(schema.record.c.public_id == id_of(ref))
    with parts.database.reading() as connection:
        return bool(connection.execute(statement).scalar_one_or_none() == State.ERASED)


def _of_the_key(work: Batch, record: Rec) -> list[Rec]:
    """Return the record, then its predecessors and successors by reinstating."""
    table = schema.record
    numbers = work.connection.execute(
        select(table.c.id).where(
            table.c.chain == record.chain,
            table.c.state != State.ERASED,
            table.c.id != record.id,
        )
    ).scalars()
    return [record, *(work.record(number) for number in sorted(numbers))]


def _literals(work: Batch, record: Rec) -> set[str]:
    """Return every text and code of any version, as received and as escaped."""
    event = schema.event
    rows = work.connection.execute(
        select(event).where(event.c.record == record.id, event.c.tier.is_not(None))
    ).all()
    found: set[str] = set()
    for row in rows:
        for line in work.opened(row).split("\n"):
            found |= _of_line(line)
    return {text for text in found if len(text) >= SHORTEST}


def _of_line(line: str) -> set[str]:
    found = {match.group(1) for match in _SUBJECT.finditer(line)}
    for match in _LITERAL.finditer(line):
        found |= {match.group(1), _plain(match.group(1))}
    return found


def _plain(text: str) -> str:
    """Return a literal without the escapes of N-Quads, which are those of JSON."""
    try:
        return str(json.loads(f'"{text}"'))
    except ValueError:
        return text


def _clear(work: Batch, record: Rec, decision: str | None) -> int:
    person, table = record.person, schema.record
    record.content_mac = record.person = None
    position = leave(work, record, EventType.ERASE, {"decision": decision})
    work.settle()
    forget(work, record)
    if person is not None:
        others = select(func.count()).select_from(table).where(table.c.person == person)
        if work.connection.execute(others).scalar_one() == 0:
            work.connection.execute(
                delete(schema.person).where(schema.person.c.public_id == person)
            )
    work.erasures.append(
        {"position": position, "record": record.id, "destroyed": False, "done": False}
    )
    return position


def destroy(parts: Parts) -> int:
    """Destroy the seals of every erased record that still has them; return how many records."""
    erasure, event = schema.erasure, schema.event
    with parts.database.reading() as connection:
        rows = connection.execute(select(erasure).where(erasure.c.destroyed.is_(False))).all()
        found = [
            connection.execute(
                select(event.c.seal).where(
                    event.c.record == row.record, event.c.position < row.position
                )
            )
            .scalars()
            .all()
            for row in rows
        ]
    for row, seals in zip(rows, found, strict=True):
        parts.seals.destroy(seals)
        parts.failpoint(Failpoint.SEALS_DESTROYED)
        with batch(parts) as work:
            work.connection.execute(
                update(erasure).where(erasure.c.position == row.position).values(destroyed=True)
            )
    return len(rows)


def unfinished(parts: Parts) -> list[int]:
    """Return the positions of erasures whose surfaces are not rebuilt yet."""
    erasure = schema.erasure
    with parts.database.reading() as connection:
        return list(
            connection.execute(
                select(erasure.c.position)
                .where(erasure.c.done.is_(False))
                .order_by(erasure.c.position)
            ).scalars()
        )


def done(parts: Parts, position: int) -> None:
    """Note that every surface was rebuilt without the record."""
    parts.opened.clear()
    erasure = schema.erasure
    parts.failpoint(Failpoint.SURFACES_REBUILT)
    with batch(parts) as work:
        work.connection.execute(
            update(erasure).where(erasure.c.position == position).values(done=True)
        )
