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

from exchange.domain.disclosure_levels import VIEW_LETTERS, Tier
from exchange.domain.events import EventType
from exchange.domain.failpoints import Failpoint
from exchange.domain.identifiers import USCC_BASE, id_of
from exchange.domain.lifecycle import State, advance
from exchange.ledger import schema
from exchange.ledger.cascade import remove_with_dependents
from exchange.ledger.lifecycle_operations import require_record
from exchange.ledger.sealed_bodies import unseal
from exchange.ledger.stored_links import delete_links
from exchange.ledger.transaction import Transaction, meta_of, transaction

if TYPE_CHECKING:
    from exchange.ledger.context import LedgerContext
    from exchange.ledger.rows import RecordRow

COMPARED: Final = 1_000  # other records whose public texts tell nothing of an erased one
SHORTEST: Final = 4  # characters; shorter text says nothing about whose record it is
# A string, not a typed literal: dates and amounts name nobody.
_LITERAL: Final = re.compile(r'"((?:[^"\\]|\\.)*)"(?!\^\^)')
_SUBJECT: Final = re.compile(rf"<{re.escape(USCC_BASE)}([^>]+)>")


@dataclass(frozen=True, slots=True)
class Erasure:
    """An erasure: record, erased texts (to search in rejects and staged files), event positions."""

    iri: str
    literals: tuple[str, ...]
    positions: tuple[int, ...]


def erase(context: LedgerContext, ref: str, decision: str | None) -> Erasure:
    """Erase a record and every other record of its key; return once the seals are gone.

    Raises:
        Conflict: it is erased already.

    """
    with transaction(context) as tx:
        record = require_record(tx, ref)
        advance(record.state, EventType.ERASE)  # before its bodies are asked for
        iri = context.iri(record.kind, record.public_id)
        group = _of_the_key(tx, record)
        literals = set().union(*(_literals(tx, each) for each in group))
        positions = tuple([_clear(tx, each, decision) for each in group])
    destroy(context)
    context.view_cache.clear()
    return Erasure(iri, tuple(sorted(literals)), positions)


@dataclass(frozen=True, slots=True)
class Traces:
    """What identifies a record outside the ledger, to find its copies before an erasure.

    `keys`: the HMACs of all variants of its key. `own_literals`: its texts without those that
    other public records contain as well (an authority, a law).
    """

    iri: str
    own_literals: frozenset[str]
    keys: frozenset[bytes]


def traces(context: LedgerContext, ref: str) -> Traces:
    """Return what identifies a record outside the ledger; change nothing."""
    with context.database.reading() as connection:
        head = connection.execute(select(schema.head)).one()
        tx = Transaction(connection, context, head)
        record = require_record(tx, ref)
        # The bodies of one that was erased before cannot be opened any more.
        group = [each for each in _of_the_key(tx, record) if each.state is not State.ERASED]
        literals = set().union(*(_literals(tx, each) for each in group))
        own = literals - _texts_of_others(tx, record)
        keys = frozenset(key.mac for each in (*group, record) for key in tx.keys_of(each))
        return Traces(context.iri(record.kind, record.public_id), frozenset(own), keys)


def _texts_of_others(tx: Transaction, erased: RecordRow) -> set[str]:
    """Return the public texts of the newest records of the kind that have other keys."""
    event, record = schema.event, schema.record
    rows = tx.connection.execute(
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
    seals = tx.context.seals.get([row.seal for row in rows])
    public = VIEW_LETTERS[Tier.PUBLIC]
    return {
        text
        for row in rows
        if row.seal in seals
        for line in unseal(seals[row.seal], meta_of(row), row.body).decode().split("\n")
        if line and line[0] in public
        for text in _of_line(line)
    }


def is_erased(context: LedgerContext, ref: str) -> bool:
    """Return whether a record was erased; false for an unknown one."""
    statement = select(schema.record.c.state).where(schema.record.c.public_id == id_of(ref))
    with context.database.reading() as connection:
        return bool(connection.execute(statement).scalar_one_or_none() == State.ERASED)


def _of_the_key(tx: Transaction, record: RecordRow) -> list[RecordRow]:
    """Return the record and the other records of its chain of reinstatements."""
    table = schema.record
    numbers = tx.connection.execute(
        select(table.c.id).where(
            table.c.chain == record.chain,
            table.c.state != State.ERASED,
            table.c.id != record.id,
        )
    ).scalars()
    return [record, *(tx.record(number) for number in sorted(numbers))]


def _literals(tx: Transaction, record: RecordRow) -> set[str]:
    """Return every text and code of all versions, with and without N-Quads escapes."""
    event = schema.event
    rows = tx.connection.execute(
        select(event).where(event.c.record == record.id, event.c.tier.is_not(None))
    ).all()
    texts: set[str] = set()
    for row in rows:
        for line in tx.decrypt_body(row).split("\n"):
            texts |= _of_line(line)
    return {text for text in texts if len(text) >= SHORTEST}


def _of_line(line: str) -> set[str]:
    texts = {match.group(1) for match in _SUBJECT.finditer(line)}
    for match in _LITERAL.finditer(line):
        texts |= {match.group(1), _plain(match.group(1))}
    return texts


def _plain(text: str) -> str:
    """Return a literal without the escapes of N-Quads, which are those of JSON."""
    try:
        return str(json.loads(f'"{text}"'))
    except ValueError:
        return text


def _clear(tx: Transaction, record: RecordRow, decision: str | None) -> int:
    person, table = record.person, schema.record
    record.content_mac = record.person = None
    position = remove_with_dependents(tx, record, EventType.ERASE, {"decision": decision})
    tx.flush()
    delete_links(tx, record)
    if person is not None:
        others = select(func.count()).select_from(table).where(table.c.person == person)
        if tx.connection.execute(others).scalar_one() == 0:
            tx.connection.execute(delete(schema.person).where(schema.person.c.public_id == person))
    tx.erasures.append(
        {"position": position, "record": record.id, "destroyed": False, "done": False}
    )
    return position


def destroy(context: LedgerContext) -> int:
    """Destroy the seals of erased records that still have some; return the number of records."""
    erasure, event = schema.erasure, schema.event
    with context.database.reading() as connection:
        rows = connection.execute(select(erasure).where(erasure.c.destroyed.is_(False))).all()
        seals_of = [
            connection.execute(
                select(event.c.seal).where(
                    event.c.record == row.record, event.c.position < row.position
                )
            )
            .scalars()
            .all()
            for row in rows
        ]
    for row, seals in zip(rows, seals_of, strict=True):
        context.seals.destroy(seals)
        context.failpoint(Failpoint.SEALS_DESTROYED)
        with transaction(context) as tx:
            tx.connection.execute(
                update(erasure).where(erasure.c.position == row.position).values(destroyed=True)
            )
    return len(rows)


def unfinished_erasures(context: LedgerContext) -> list[int]:
    """Return the positions of erasures whose surfaces are not rebuilt yet."""
    erasure = schema.erasure
    with context.database.reading() as connection:
        return list(
            connection.execute(
                select(erasure.c.position)
                .where(erasure.c.done.is_(False))
                .order_by(erasure.c.position)
            ).scalars()
        )


def mark_surfaces_rebuilt(context: LedgerContext, position: int) -> None:
    """Store that every surface was rebuilt after the erasure at that position."""
    context.view_cache.clear()
    erasure = schema.erasure
    context.failpoint(Failpoint.SURFACES_REBUILT)
    with transaction(context) as tx:
        tx.connection.execute(
            update(erasure).where(erasure.c.position == position).values(done=True)
        )
