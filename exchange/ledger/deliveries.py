"""Deliveries: `open` and `close` frame one load, so that an interrupted one is visible."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from exchange.domain.errors import Conflict
from exchange.domain.events import Name
from exchange.ledger import schema
from exchange.ledger.batch import batch
from exchange.ledger.sealing import canonical

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exchange.ledger.batch import Batch
    from exchange.ledger.parts import Parts


def begin(  # noqa: PLR0913 (the facts of a delivery)
    parts: Parts, *, source: str | None, name: str, digest: str, kind: str, form: str | None
) -> int:
    """Log that a delivery begins; return its number."""
    facts = {"source": source, "name": name, "digest": digest, "kind": kind, "form": form}
    with batch(parts) as work:
        return begin_in(work, facts)


def begin_in(work: Batch, facts: Mapping[str, Any], **more: str) -> int:
    """Log in a running transaction that a delivery begins; return its number.

    `facts` are its columns, `more` what the event says besides.
    """
    work.delivery += 1
    number = work.delivery
    row = {"id": number, "opened": work.now, **facts}
    work.connection.execute(insert(schema.delivery).values(**row))
    work.event(Name.OPEN, {**facts, **more}, delivery=number)
    return number


def is_open(work: Batch, number: int) -> bool:
    """Return whether the delivery is there and not closed."""
    delivery = schema.delivery
    row = work.connection.execute(select(delivery.c.closed).where(delivery.c.id == number)).first()
    return row is not None and row.closed is None


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
    work.event(Name.CLOSE, {"counts": dict(counts), "delivery": number}, delivery=number)
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
    with parts.database.reading() as connection:
        rows = connection.execute(
            select(delivery).order_by(delivery.c.id.desc()).limit(limit)
        ).all()
    return [DeliveryRow(*row) for row in rows]
