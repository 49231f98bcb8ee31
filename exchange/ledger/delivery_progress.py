"""Opens and closes deliveries: an interrupted load is an open delivery."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import insert, select, update

from exchange.domain.errors import Conflict
from exchange.domain.events import EventType
from exchange.ledger import schema
from exchange.ledger.model_versions import register_model
from exchange.ledger.sealed_bodies import canonical_json
from exchange.ledger.transaction import transaction

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exchange.ledger.context import LedgerContext
    from exchange.ledger.transaction import Transaction


# Part number of rows accepted in review: their progress does not count for a reload of the file.
REVIEWED: Final = -1


def open_delivery(  # noqa: PLR0913 (the facts of a delivery)
    context: LedgerContext,
    *,
    source: str | None,
    name: str,
    digest: str,
    kind: str,
    form: str | None,
    part: int = 0,
) -> int:
    """Open a delivery; return its number.

    Args:
        context: the open ledger.
        source: code of the delivering unit, None where rows name it.
        name: file name.
        digest: SHA-256 of the file, in hex.
        kind: kind of the rows.
        form: form of the rows, None for JSON.
        part: sheet of the file, from 0.

    """
    facts = {"source": source, "name": name, "digest": digest, "kind": kind, "form": form}
    with transaction(context) as tx:
        return open_delivery_in(tx, facts, part)


def open_delivery_in(tx: Transaction, facts: Mapping[str, Any], part: int, **more: str) -> int:
    """Open a delivery in a running transaction; return its number.

    `facts`: columns of the delivery; `part`: sheet of its file; `more`: further members of the
    event's body.
    """
    tx.delivery += 1
    number = tx.delivery
    model = register_model(tx.connection, tx.context.model)
    row = {"id": number, "opened": tx.now, "part": part, "model": model, **facts}
    tx.connection.execute(insert(schema.delivery).values(**row))
    tx.append_event(EventType.OPEN, {**facts, **more}, delivery=number)
    return number


def is_open(tx: Transaction, number: int) -> bool:
    """Return whether the delivery exists and is not closed."""
    return find_open(tx, number) is not None


@dataclass(frozen=True, slots=True)
class OpenDelivery:
    """An open delivery, and the progress of earlier deliveries of the same part of the same file.

    `first`: number of the first of them, None for a new file. `through`: the last row that an
    earlier one applied; -1 for none, infinite where one was completed by a release that did not
    count.
    """

    id: int
    digest: str
    model: int
    first: int | None
    first_opened: int  # milliseconds since 1970-01-01 UTC
    through: float


def find_open(tx: Transaction, number: int) -> OpenDelivery | None:
    """Return the open delivery of that number, None where there is none."""
    delivery = schema.delivery
    row = tx.connection.execute(select(delivery).where(delivery.c.id == number)).first()
    if row is None or row.closed is not None:
        return None
    earlier = tx.connection.execute(
        select(delivery.c.id, delivery.c.through, delivery.c.closed, delivery.c.opened)
        .where(delivery.c.digest == row.digest, delivery.c.part == row.part)
        .where(delivery.c.kind == row.kind, delivery.c.id < number)
        .order_by(delivery.c.id)
    ).all()
    first = earlier[0].id if earlier else None
    opened = (earlier[0] if earlier else row).opened
    through = max(map(_through, earlier), default=-1)
    return OpenDelivery(number, row.digest, row.model, first, opened, through)


def next_delivery(tx: Transaction, digest: str) -> OpenDelivery:
    """Return the delivery that this transaction opens next, of a new file."""
    model = register_model(tx.connection, tx.context.model)
    return OpenDelivery(tx.delivery + 1, digest, model, None, tx.now, -1)


def _through(row: Any) -> float:
    if row.through is not None:
        return float(row.through)
    return -1 if row.closed is None else math.inf


def note_progress(tx: Transaction, number: int, row: int) -> None:
    """Store the last applied row of a delivery, in the transaction that applies it."""
    delivery = schema.delivery
    tx.connection.execute(update(delivery).where(delivery.c.id == number).values(through=row))


def close_delivery(context: LedgerContext, number: int, counts: Mapping[str, int]) -> None:
    """Close a delivery with the counts of its receipt.

    Raises:
        Conflict: it is not open.

    """
    with transaction(context) as tx:
        close_delivery_in(tx, number, counts)


def close_delivery_in(tx: Transaction, number: int, counts: Mapping[str, int]) -> None:
    """Close a delivery in a running transaction; raises as `end`."""
    delivery = schema.delivery
    if not is_open(tx, number):
        raise Conflict(f"There is no open delivery {number}.", "Open it first.")
    tx.append_event(EventType.CLOSE, {"counts": dict(counts), "delivery": number}, delivery=number)
    tx.connection.execute(
        update(delivery)
        .where(delivery.c.id == number)
        .values(closed=tx.now, counts=canonical_json(counts).decode())
    )


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One delivery, for `status`; `closed` is None while it runs or after an interruption."""

    id: int
    source: str | None
    name: str
    digest: str
    kind: str
    form: str | None
    opened: int
    closed: int | None
    counts: str | None


def latest(context: LedgerContext, limit: int) -> list[DeliveryRow]:
    """Return the last deliveries, newest first."""
    delivery = schema.delivery
    columns = [delivery.c[name] for name in DeliveryRow.__slots__]
    with context.database.reading() as connection:
        rows = connection.execute(
            select(*columns).order_by(delivery.c.id.desc()).limit(limit)
        ).all()
    return [DeliveryRow(*row) for row in rows]
