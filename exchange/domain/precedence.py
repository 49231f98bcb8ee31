"""Decides whether a delivered row is older than the newest version of its record (pure).

A row that differs from the newest version of its record is either news or older data that
arrives late. Rules, in this order (docs/decisions/0035): the source's own time; a row
that was delivered before in that very file; a table, which is what its database holds now; a row
equal to a superseded version, which only a person may apply.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from exchange.domain.record import Outcome

OUTDATED_BY_TIME: Final = "outdated-by-time"
OUTDATED_REPEATED: Final = "outdated-repeated"
OUTDATED_VERSION: Final = "outdated-version"
OUTDATED_FILE: Final = "outdated-file"
HELD_UNCOMPARED: Final = "too-many-versions"


class Precedence(StrEnum):
    """Which versions the rows of a delivery may replace."""

    REVIEW = "review"  # older data only after a person has decided
    CURRENT = "current"  # every version: rows of a table state what their database holds now
    APPLY = "apply"  # every version: a person has decided so


@dataclass(frozen=True, slots=True)
class Comparison:
    """The comparison of a row with the earlier versions of its record.

    `time`: -1 where the source says that the row is older than the newest version, 1 where it
    says newer, 0 where it says nothing. `superseded`: the row is equal to a superseded version.
    `repeated`: this row of this very file was taken before. `own`: what it is equal to and what
    replaced that both came in this very file. `late`: this file was first delivered before the
    newest version came; a row that was never taken follows those of its own file. `bounded`:
    there are more versions than were compared.
    """

    time: int = 0
    superseded: bool = False
    repeated: bool = False
    own: bool = False
    late: bool = False
    bounded: bool = False


class Verdict(NamedTuple):
    """The outcome and reason of a row that is not applied; `review`: a person has to decide."""

    outcome: Outcome
    reason: str
    review: bool


BY_TIME: Final = Verdict(Outcome.OUTDATED, OUTDATED_BY_TIME, review=False)
REPEATED: Final = Verdict(Outcome.OUTDATED, OUTDATED_REPEATED, review=False)
VERSION: Final = Verdict(Outcome.OUTDATED, OUTDATED_VERSION, review=True)
FILE: Final = Verdict(Outcome.OUTDATED, OUTDATED_FILE, review=True)
UNCOMPARED: Final = Verdict(Outcome.HELD, HELD_UNCOMPARED, review=True)


def judge(comparison: Comparison, precedence: Precedence) -> Verdict | None:
    """Return the verdict on a row; None where the row is applied.

    A table's copy is no file that somebody keeps and sends again, so that a table which went
    back to an earlier state is applied even where its bytes are those of an earlier copy. A row
    with a later source time than the newest version is equal to a superseded one, time and all,
    only where a person applied older data: that decision stands.
    """
    equal = comparison.superseded
    rules = (
        (precedence is Precedence.APPLY, None),
        (comparison.time < 0, BY_TIME),
        (precedence is Precedence.CURRENT, None),
        (equal and comparison.repeated, REPEATED),
        (equal and comparison.own, None),  # the rows of one file follow each other
        (equal, VERSION),
        (comparison.late and comparison.repeated, FILE),  # it was judged before, and is no news
        (comparison.time > 0, None),
        (comparison.late, FILE),
        (comparison.bounded, UNCOMPARED),
    )
    return next((verdict for applies, verdict in rules if applies), None)
