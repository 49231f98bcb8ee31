"""`ledger verify`: checks ledger, seals and journal against each other, in constant memory.

Four walks over one snapshot: events by position (bodies, commitments, tree), records (their
events folded again, what each tier was shown), sequences (order, groups, pages), journal.
The first difference is named and ends the check.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from exchange.domain.disclosure_levels import PUBLISHED_TIERS
from exchange.domain.events import EventType
from exchange.ledger import schema
from exchange.ledger.journal_catch_up import line_of
from exchange.ledger.model_versions import has_other_properties
from exchange.ledger.sealed_bodies import unseal
from exchange.ledger.transaction import meta_of
from exchange.ledger.verify.events import check_events
from exchange.ledger.verify.records import check_records, check_rest
from exchange.ledger.verify.require import fault, require
from exchange.ledger.verify.sequences import check_sequence

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import Connection

    from exchange.ledger.context import LedgerContext
    from exchange.ledger.withdrawal_journal import JournalLine

_CHUNK = 1000


@dataclass(frozen=True, slots=True)
class Verification:
    """The result of a successful check."""

    events: int
    records: int
    members: Mapping[str, int]  # tier -> members of its sequence
    root: bytes
    erased: int  # events whose seals were destroyed
    orphan_seals: int  # of transactions that never committed; harmless


def verify(context: LedgerContext) -> Verification:
    """Check the ledger, its seals and its journal.

    Raises:
        VerificationFailed: naming the first difference and, if it has one, its position.

    """
    damage = context.database.damage()
    require(damage is None, f"The database file is damaged: {damage}.")
    with context.database.reading() as connection:
        head = connection.execute(select(schema.head)).one()
        walk = check_events(context, connection, head.position)
        records = check_records(context, connection)
        require(records == head.record, f"There are {records} records, not {head.record}.")
        check_rest(context, connection)
        require(
            not has_other_properties(connection, context.model),
            "The properties kept for the present model are not those of the model.",
        )
        epochs = _epochs(context, connection)
        members = {tier.value: check_sequence(connection, tier, epochs) for tier in PUBLISHED_TIERS}
        _check_journal(context, connection, head)
    seals = sum(1 for number in context.seals.ids() if number <= walk.last_seal)
    return Verification(
        events=head.position,
        records=records,
        members=members,
        root=walk.root,
        erased=walk.erased,
        orphan_seals=seals - (head.position - walk.erased),
    )


def _epochs(context: LedgerContext, connection: Connection) -> list[tuple[int, int]]:
    """Return (position, number) of the beginning of each epoch but the first."""
    event, number, epochs = schema.event, 1, []
    statement = select(event).where(event.c.name == EventType.EPOCH).order_by(event.c.position)
    for row in connection.execute(statement).all():
        seal = context.seals.get([row.seal])[row.seal]
        body = json.loads(unseal(seal, meta_of(row), row.body))
        number = int(body.get("epoch", number + 1))
        epochs.append((row.position, number))
    return epochs


def _check_journal(context: LedgerContext, connection: Connection, head: Any) -> None:
    """Compare the journal's lines of this epoch with the ledger, one by one.

    An upgrade writes all lines once more, from the first one on.
    """
    expected, reached = _passages(connection, head), 0
    for line in _lines(context, head):
        if line.position <= reached:
            expected = _passages(connection, head)
        wanted, reached = next(expected, None), line.position
        if wanted is None or line.identity != wanted.identity:
            raise fault(
                f"The withdrawal journal says {line.op!r} at position {line.position}, "
                "which the ledger does not.",
                line.position,
            )
    missing = next(expected, None)
    if missing is not None:
        raise fault(
            f"The withdrawal journal lacks the line of position {missing.position}.",
            missing.position,
        )


def _lines(context: LedgerContext, head: Any) -> Iterator[JournalLine]:
    for line in context.journal.lines():
        if line.epoch == head.epoch and line.position <= head.position:
            yield line


def _passages(connection: Connection, head: Any) -> Iterator[JournalLine]:
    passage = schema.passage
    after = head.epoch_from
    while True:
        rows = connection.execute(
            select(passage)
            .where(passage.c.position > after)
            .order_by(passage.c.position)
            .limit(_CHUNK)
        ).all()
        if not rows:
            return
        yield from (line_of(row, head) for row in rows)
        after = rows[-1].position
