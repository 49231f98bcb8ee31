"""Pure: the feed activities (Create, Update, Delete) that an event causes in each tier.

Used when events are written and again by `ledger verify`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from exchange.domain.disclosure_levels import PUBLISHED_TIERS, Tier
from exchange.domain.events import REMOVAL_EVENTS, EventType
from exchange.domain.lifecycle import State
from exchange.domain.record import Activity
from exchange.ledger.withdrawal_journal import OP_BACK, OP_GONE

if TYPE_CHECKING:
    from collections.abc import Collection

_NOBODY: Final[frozenset[Tier]] = frozenset()
_SEEN: Final = {
    widest: frozenset(tier for tier in PUBLISHED_TIERS if tier.rank >= widest.rank)
    for widest in Tier
}


@dataclass(frozen=True, slots=True)
class FeedStep:
    """One feed member that an event causes; `retracts_text`: earlier text has to be removed."""

    tier: Tier
    activity: Activity
    retracts_text: bool


def visible_tiers(state: State, tier: Tier) -> frozenset[Tier]:
    """Return the tiers whose readers see a record of that state and widest tier."""
    return _SEEN[tier] if state is State.LIVE else _NOBODY


def feed_steps(
    before: frozenset[Tier], after: frozenset[Tier], *, retracts_text: bool = False
) -> list[FeedStep]:
    """Return the feed members for a change of the tiers that see a record.

    | saw it before | sees it after | activity |
    |---|---|---|
    | no | yes | Create |
    | yes | yes | Update |
    | yes | no | Delete, with `retracts_text` |
    | no | no | none |
    """
    steps = []
    for tier in PUBLISHED_TIERS:
        activity = _activity(was=tier in before, now=tier in after)
        if activity is not None:
            steps.append(FeedStep(tier, activity, retracts_text or activity is Activity.DELETE))
    return steps


def journal_op(name: EventType, steps: Collection[FeedStep]) -> str | None:
    """Return the operation of an event's journal line: `gone`, `back`, None without a line."""
    activities = {step.activity for step in steps}
    if name in REMOVAL_EVENTS or Activity.DELETE in activities:
        return OP_GONE
    if name is EventType.RESUME or (
        Activity.CREATE in activities and name is not EventType.PUBLISH
    ):
        return OP_BACK
    return None


def _activity(*, was: bool, now: bool) -> Activity | None:
    if was:
        return Activity.UPDATE if now else Activity.DELETE
    return Activity.CREATE if now else None
