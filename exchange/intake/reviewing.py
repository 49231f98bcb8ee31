"""What a person does about held rows: look, let through, refuse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from exchange.domain.errors import UsageError
from exchange.domain.failpoints import Point, nothing
from exchange.domain.record import Outcome
from exchange.intake.held_row import Refusal
from exchange.ledger import Decision

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from exchange.domain.failpoints import At
    from exchange.domain.record import Result
    from exchange.intake.held import HeldRows
    from exchange.intake.held_row import Item
    from exchange.ledger import Ledger

LONGEST: Final = 500  # characters of a reason, which the ledger keeps for ever


@dataclass(frozen=True, slots=True)
class Reviewer:
    """Who decides, and because of what. The reason names no person: it is never erased.

    Raises:
        UsageError: either is empty, too long or not printable.

    """

    actor: str
    because: str

    def __post_init__(self) -> None:
        """Refuse what the ledger must not keep."""
        for text in (self.actor, self.because):
            if not text.strip() or len(text) > LONGEST or not text.isprintable():
                raise UsageError(
                    f"Actor and reason are one line of 1 to {LONGEST} characters each.",
                    "Give --as NAME and --because TEXT.",
                    zh=f"经办人和理由均须为一行，1 至 {LONGEST} 个字符。",
                    zh_hint="请给出 --as 姓名和 --because 理由。",
                )


class Reviews:
    """The held rows of one deployment and its ledger."""

    def __init__(
        self, ledger: Ledger, held: HeldRows, clock: Callable[[], int], at: At = nothing
    ) -> None:
        self._ledger = ledger
        self._held = held
        self._clock = clock
        self._at = at

    def waiting(self) -> Iterator[Item]:
        """Yield what waits, the oldest first."""
        return self._held.waiting()

    def show(self, number: str) -> Item:
        """Return one waiting row; raises NotFound, UsageError as `HeldRows.show`."""
        return self._held.show(number)

    def accept(self, number: str, reviewer: Reviewer) -> tuple[Item, Result]:
        """Append a held row; `unchanged` where the ledger already says what it says.

        A kill after the ledger's commit leaves the item; accepting it again then removes it.

        Raises:
            Conflict: its record changed since, or the ledger does not take it; it stays held.

        """
        with self._held.deciding(number) as (item, decide):
            row = item.row
            decision = self._decision(item, reviewer)
            result = self._ledger.accept(row.submission, row.version, row.origin, decision)
            self._logged()
            decide.done()
        return item, result

    def refuse(self, number: str, reviewer: Reviewer) -> Item:
        """Destroy a held row; the same row is rejected from now on, named with this refusal."""
        with self._held.deciding(number) as (item, decide):
            self._ledger.refuse(self._decision(item, reviewer))
            self._logged()
            decide.refused(Refusal(reviewer.actor, self._clock(), reviewer.because))
        return item

    def _logged(self) -> None:
        self._at(Point.REVIEW_LOGGED)

    @staticmethod
    def _decision(item: Item, reviewer: Reviewer) -> Decision:
        row = item.row
        return Decision(
            item=item.id,
            actor=reviewer.actor,
            because=reviewer.because,
            rule=row.rule,
            delivery=row.delivery,
            row=row.submission.row,
        )


def applied(result: Result) -> bool:
    """Whether an acceptance appended something."""
    return result.outcome is not Outcome.UNCHANGED
