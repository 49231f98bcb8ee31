"""Deliveries: `open` and `close` frame one load, so that an interrupted one is visible."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import insert, select, update

from exchange.domain.errors import Conflict
from exchange.domain.events import EventType
from exchange.ledger import schema
from exchange.ledger.model_versions import number_of
from exchange.ledger.sealed_bodies import canonical
from exchange.ledger.transaction import batch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exchange.ledger.context import Parts
    from exchange.ledger.transaction import Batch


# The part of a file that a person let through row by row: no reload goes by how far it was taken.
REVIEWED: Final = -1


def begin(  # noqa: PLR0913 (the facts of a delivery)
    parts: Parts,
    *,
    source: str | None,
    name: str,
    digest: str,
    kind: str,
    form: str | None,
    part: int = 0,
) -> int:
    """Log that a delivery begins; return its number. `part`: which sheet of its file, from 0."""
    facts = {"source": source, "name": name, "digest": digest, "kind": kind, "form": form}
    with batch(parts) as work:
        return begin_in(work, facts, part)


def begin_in(work: Batch, facts: Mapping[str, Any], part: int, **more: str) -> int:
    """Log in a running transaction that a delivery begins; return its number.

    `facts` are its columns, `part` which sheet of its file, `more` what the event says besides.
    """
    work.delivery += 1
    number = work.delivery
    model = number_of(work.connection, work.parts.model)
    row = {"id": number, "opened": work.now, "part": part, "model": model, **facts}
    work.connection.execute(insert(schema.delivery).values(**row))
    work.event(EventType.OPEN, {**facts, **more}, delivery=number)
    return number


def is_open(work: Batch, number: int) -> bool:
    """Return whether the delivery is there and not closed."""
    return running(work, number) is not None


@dataclass(frozen=True, slots=True)
class Running:
    """An open delivery, and how far the same part of the same file was taken before.

    `first` is the number of its first delivery, None for a file never seen. `through` is the
    last row taken by an earlier one: -1 for none, infinite where one was completed by a program
    that did not count.
    """

    id: int
    digest: str
    model: int
    first: int | None
    first_opened: int  # milliseconds since 1970-01-01 UTC
    through: float


def running(work: Batch, number: int) -> Running | None:
    """Return an open delivery; None where there is none of that number."""
    delivery = schema.delivery
    row = work.connection.execute(select(delivery).where(delivery.c.id == number)).first()
    if row is None or row.closed is not None:
        return None
    earlier = work.connection.execute(
        select(delivery.c.id, delivery.c.through, delivery.c.closed, delivery.c.opened)
        .where(delivery.c.digest == row.digest, delivery.c.part == row.part)
        .where(delivery.c.kind == row.kind, delivery.c.id < number)
        .order_by(delivery.c.id)
    ).all()
    first = earlier[0].id if earlier else None
    opened = (earlier[0] if earlier else row).opened
    through = max(map(_through, earlier), default=-1)
    return Running(number, row.digest, row.model, first, opened, through)


def next_delivery(work: Batch, digest: str) -> Running:
    """Return the delivery that this transaction begins next, of a file never seen."""
    model = number_of(work.connection, work.parts.model)
    return Running(work.delivery + 1, digest, model, None, work.now, -1)


def _through(row: Any) -> float:
    if row.through is not None:
        return float(row.through)
    return -1 if row.closed is None else math.inf


def taken(work: Batch, number: int, row: int) -> None:
    """Note the last row of a delivery that was taken, in the transaction that takes it."""
    delivery = schema.delivery
    work.connection.execute(update(delivery).where(delivery.c.id == number).values(through=row))


def end(parts: Parts, number: int, counts: Mapping[str, int]) -> None:
    """Log that a delivery is complete.

    Raises:
        Conflict: it is not open.

    """
    with batch(parts) as work:
        end_in(work, number, counts)


def end_in(work: Batch, number: int, counts: Mapping[str, int]) -> None:
    """Log in a running transaction that a delivery is complete; raises as `end`."""
    delivery = schema.delivery
    if not is_open(work, number):
        raise Conflict(f"There is no open delivery {number}.", "Open it first.")
    work.event(EventType.CLOSE, {"counts": dict(counts), "delivery": number}, delivery=number)
    work.connection.execute(
        update(delivery)
        .where(delivery.c.id == number)
        .values(closed=work.now, counts=canonical(counts).decode())
    )


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One delivery, for `status`; `closed` is None while it runs or if it was interrupted."""

    id: int
    source: str | None
    name: str
    digest: str
    kind: str
    form: str | None
    opened: int
    closed: int | None
    counts: str | None


def latest(parts: Parts, limit: int) -> list[DeliveryRow]:
    """Return the last deliveries, newest first."""
    delivery = schema.delivery
    columns = [delivery.c[name] for name in DeliveryRow.__slots__]
    with parts.database.reading() as connection:
        rows = connection.execute(
            select(*columns).order_by(delivery.c.id.desc()).limit(limit)
        ).all()
    return [DeliveryRow(*row) for row in rows]
