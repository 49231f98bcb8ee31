"""Logs decisions on held rows: a person accepts or refuses a row; the event names actor and reason.

Accepting is one transaction: a delivery of one row, opened and closed, and the event `review`.
The personal-data gate is skipped, since a person reviewed its findings; otherwise the row is
appended like any other. The event is kept for ever, so it names no subject.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from exchange.domain.errors import Conflict
from exchange.domain.events import EventType
from exchange.domain.precedence import Precedence
from exchange.domain.record import Outcome, Result
from exchange.ledger.delivery_progress import (
    REVIEWED,
    close_delivery_in,
    next_delivery,
    open_delivery_in,
)
from exchange.ledger.outdated_rows import OutdatedRowCheck
from exchange.ledger.row_appender import RowAppender
from exchange.ledger.transaction import transaction

if TYPE_CHECKING:
    from exchange.domain.record import Submission
    from exchange.ledger.context import LedgerContext


@dataclass(frozen=True, slots=True)
class Decision:
    """A person's decision on a held row.

    `item`: identifier of the held row; `actor`: the person; `because`: the reason; `rule`: why
    the row was held; `delivery`, `row`: where it was delivered.
    """

    item: str
    actor: str
    because: str
    rule: str
    delivery: int
    row: int

    def body(self, decision: str) -> dict[str, Any]:
        """Return the body of the event `review`."""
        return {
            "item": self.item,
            "decision": decision,
            "actor": self.actor,
            "because": self.because,
            "rule": self.rule,
            "delivery": self.delivery,
            "row": self.row,
        }


@dataclass(frozen=True, slots=True)
class Origin:
    """The facts of the delivery of a held row; the delivery of its acceptance repeats them."""

    source: str | None
    name: str
    digest: str
    kind: str
    form: str | None


def accept(
    context: LedgerContext, row: Submission, version: int, origin: Origin, decision: Decision
) -> Result:
    """Append a held row that a person accepted.

    `version`: the position of its record's newest version when it was held, 0 for none. The
    result is `unchanged`, and nothing is logged, where the record has the content of the row.

    Raises:
        Conflict: the record has changed since the row was held, or the row cannot be applied.

    """
    row = replace(row, held=False)
    with transaction(context) as tx:
        delivery = next_delivery(tx, origin.digest)
        older = OutdatedRowCheck(tx, delivery, Precedence.APPLY)
        appender = RowAppender(tx, delivery, EventType.REVISE, older, gated=False)
        appender.prefetch([row])
        record, same = appender.record_of(row)
        if record is not None and same:
            iri = context.iri(record.kind, record.public_id)
            return Result(Outcome.UNCHANGED, iri, None, row.row)
        if (record.version if record else 0) != version:
            raise _changed()
        number = open_delivery_in(
            tx, asdict(origin), REVIEWED, actor=decision.actor, item=decision.item
        )
        result = appender.apply(row)
        if result.outcome not in (Outcome.ACCEPTED, Outcome.REVISED):
            raise _not_applied(result)
        counts = {str(outcome): int(outcome is result.outcome) for outcome in Outcome}
        tx.append_event(EventType.REVIEW, decision.body("accept"), delivery=number)
        close_delivery_in(tx, number, counts)
    return result


def refuse(context: LedgerContext, decision: Decision) -> int:
    """Log the refusal of a held row; return the event's position."""
    with transaction(context) as tx:
        return tx.append_event(EventType.REVIEW, decision.body("refuse"))


def _changed() -> Conflict:
    return Conflict(
        "The record has changed since the row was held; it stays held.",
        "Load the file again to hold it against the record as it is now, or refuse it.",
        zh="该行待审以来，记录已有变化；该行仍待审。",
        zh_hint="请重新导入该文件，使其与现有记录比较后再审；或不予通过。",
    )


def _not_applied(result: Result) -> Conflict:
    return Conflict(
        f"The ledger does not take the row: {result.outcome}, {result.reason}. It stays held.",
        "Mend the cause and accept it again, or refuse it.",
        zh=f"账本不接受该行（{result.outcome}，{result.reason}）；该行仍待审。",
        zh_hint="请消除原因后再通过，或不予通过。",
        outcome=str(result.outcome),
        reason=result.reason,
    )
