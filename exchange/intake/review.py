"""Review of held rows: list, show, accept, refuse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from exchange.domain import personal_data
from exchange.domain.errors import Conflict, UsageError
from exchange.domain.failpoints import Failpoint, no_failpoint
from exchange.domain.record import Outcome
from exchange.intake.held_row import Refusal
from exchange.ledger import Decision
from exchange.model import compile_kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from exchange.domain.failpoints import FailpointHook
    from exchange.domain.record import Result, Submission
    from exchange.intake.held_row import HeldItem, HeldRow
    from exchange.intake.held_store import HeldRows
    from exchange.ledger import Ledger
    from exchange.model import Model

MAX_REASON_LENGTH: Final = 500  # characters of a reason, which the ledger keeps for ever


@dataclass(frozen=True, slots=True)
class Reviewer:
    """The actor of a decision and the reason, which must not name a person: it is never erased.

    Raises:
        UsageError: either is empty, too long or not printable.

    """

    actor: str
    because: str

    def __post_init__(self) -> None:
        """Refuse what the ledger must not keep."""
        for text in (self.actor, self.because):
            if not text.strip() or len(text) > MAX_REASON_LENGTH or not text.isprintable():
                raise UsageError(
                    f"Actor and reason are one line of 1 to {MAX_REASON_LENGTH} characters each.",
                    "Give --as NAME and --because TEXT.",
                    zh=f"经办人和理由均须为一行，1 至 {MAX_REASON_LENGTH} 个字符。",
                    zh_hint="请给出 --as 姓名和 --because 理由。",
                )
        if personal_data.find(self.because):
            raise UsageError(
                "The reason holds what may be a private person's number, address or description.",
                "Say why without it: the ledger keeps the reason for ever.",
                zh="理由中可能含有个人号码、住址或个人情况描述。",
                zh_hint="请改写，不写个人信息；账本将永久保存理由。",
            )


class ReviewService:
    """Decides about the held rows of one deployment.

    `clock` gives milliseconds since 1970-01-01 UTC.
    """

    def __init__(
        self,
        ledger: Ledger,
        model: Model,
        held: HeldRows,
        clock: Callable[[], int],
        failpoint: FailpointHook = no_failpoint,
    ) -> None:
        self._ledger = ledger
        self._model = model
        self._held = held
        self._clock = clock
        self._failpoint = failpoint

    def waiting(self) -> Iterator[HeldItem]:
        """Yield the rows that wait, the oldest first."""
        return self._held.waiting()

    def show(self, number: str) -> HeldItem:
        """Return one waiting row; raises NotFound, UsageError as `HeldRows.show`."""
        return self._held.waiting_item(number)

    def accept(self, number: str, reviewer: Reviewer) -> tuple[HeldItem, Result]:
        """Append a held row; the outcome is `unchanged` if the ledger already has its content.

        The row is compiled again, since the model may have changed. A crash after the ledger's
        commit leaves the item; accepting it again then removes it.

        Raises:
            Conflict: its record changed since, or the ledger does not take it; it stays held.

        """
        with self._held.deciding(number) as (item, decide):
            row = item.row
            decision = self._decision(item, reviewer)
            submission = _compiled(self._model, row)
            result = self._ledger.accept(submission, row.version, row.origin, decision)
            self._logged()
            decide.remove()
        return item, result

    def refuse(self, number: str, reviewer: Reviewer) -> HeldItem:
        """Refuse a held row: it is destroyed, and the same row is rejected from now on."""
        with self._held.deciding(number) as (item, decide):
            self._ledger.refuse(self._decision(item, reviewer))
            self._logged()
            decide.replace_by_refusal(Refusal(reviewer.actor, self._clock(), reviewer.because))
        return item

    def _logged(self) -> None:
        self._failpoint(Failpoint.REVIEW_LOGGED)

    @staticmethod
    def _decision(item: HeldItem, reviewer: Reviewer) -> Decision:
        row = item.row
        return Decision(
            item=item.id,
            actor=reviewer.actor,
            because=reviewer.because,
            rule=row.rule,
            delivery=row.delivery,
            row=row.submission.row,
        )


def _compiled(model: Model, row: HeldRow) -> Submission:
    """Return the submission of a held row, compiled with the present model.

    Raises:
        Conflict: it has an error by now, such as a private person's number that is certain.

    """
    compiled = compile_kind(model, row.origin.kind)
    if row.form is None:
        record, problems = compiled.normalise(row.cells)
        problems = [*problems, *compiled.check(record)]
    else:
        record, problems = compiled.read_and_check(row.cells, row.form)
    errors = [item for item in problems if item.severity == "error"]
    if errors:
        raise Conflict(
            f"The row is not sound any more: {errors[0].message.en}. It stays held.",
            "Refuse it, and have it mended and delivered again.",
            zh=f"该行现已不合要求：{errors[0].message.zh}；仍待审。",
            zh_hint="请不予通过，改正后重新报送。",
        )
    return compiled.submission(record, row.submission.row, row.form)


def was_appended(result: Result) -> bool:
    """Whether an acceptance appended something."""
    return result.outcome is not Outcome.UNCHANGED
