"""Decisions on held rows: a person lets a row through or refuses it, and the log says who and why.

Accepting is one transaction: a delivery of one row, opened and closed, and the note of the
decision. The row passes no gate, since a person looked at what the gate held; it is otherwise
appended like any other. What the note says is kept for ever, so it names no subject.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from exchange.domain.errors import Conflict
from exchange.domain.events import EventType
from exchange.domain.precedence import Precedence
from exchange.domain.record import Outcome, Result
from exchange.ledger.deliveries import REVIEWED, begin_in, end_in, next_delivery
from exchange.ledger.outdated_rows import OlderData
from exchange.ledger.row_appender import Arrivals
from exchange.ledger.transaction import batch

if TYPE_CHECKING:
    from exchange.domain.record import Submission
    from exchange.ledger.context import Parts


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided about a held row, and how the row had come.

    `item` names the held row, `rule` why it was held, `delivery` and `row` where it stood.
    """

    item: str
    actor: str
    because: str
    rule: str
    delivery: int
    row: int

    def body(self, decided: str) -> dict[str, Any]:
        """Return the body of the event `review`."""
        return {
            "item": self.item,
            "decision": decided,
            "actor": self.actor,
            "because": self.because,
            "rule": self.rule,
            "delivery": self.delivery,
            "row": self.row,
        }


@dataclass(frozen=True, slots=True)
class Origin:
    """The facts of the delivery that brought a held row; the acceptance repeats them."""

    source: str | None
    name: str
    digest: str
    kind: str
    form: str | None


def accept(
    parts: Parts, row: Submission, version: int, origin: Origin, decision: Decision
) -> Result:
    """Append a held row; `version` is its record's newest version when it was held, 0 for none.

    The result is `unchanged`, and nothing is logged, where the ledger says what the row says.

    Raises:
        Conflict: the record has changed since the row was held, or the row cannot be applied.

    """
    row = replace(row, held=False)
    with batch(parts) as work:
        delivery = next_delivery(work, origin.digest)
        older = OlderData(work, delivery, Precedence.APPLY)
        arrivals = Arrivals(work, delivery, EventType.REVISE, older, gated=False)
        arrivals.fetch([row])
        record, same = arrivals.known(row)
        if record is not None and same:
            iri = parts.iri(record.kind, record.public_id)
            return Result(Outcome.UNCHANGED, iri, None, row.row)
        if (record.version if record else 0) != version:
            raise _changed()
        number = begin_in(work, asdict(origin), REVIEWED, actor=decision.actor, item=decision.item)
        result = arrivals.take(row)
        if result.outcome not in (Outcome.ACCEPTED, Outcome.REVISED):
            raise _not_applied(result)
        counts = {str(outcome): int(outcome is result.outcome) for outcome in Outcome}
        work.event(EventType.REVIEW, decision.body("accept"), delivery=number)
        end_in(work, number, counts)
    return result


def refuse(parts: Parts, decision: Decision) -> int:
    """Log that a held row was refused; return the event's position."""
    with batch(parts) as work:
        return work.event(EventType.REVIEW, decision.body("refuse"))


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
