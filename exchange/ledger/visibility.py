"""What an event means for the readers of each tier, pure; writers do it, `verify` redoes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from exchange.domain.disclosure import PUBLISHED_TIERS, Tier
from exchange.domain.events import REMOVAL_EVENTS, EventType
from exchange.domain.lifecycle import State
from exchange.domain.record import Activity
from exchange.ledger.journal import BACK, GONE

if TYPE_CHECKING:
    from collections.abc import Collection

_NOBODY: Final[frozenset[Tier]] = frozenset()
_SEEN: Final = {
    widest: frozenset(tier for tier in PUBLISHED_TIERS if tier.rank >= widest.rank)
    for widest in Tier
}


@dataclass(frozen=True, slots=True)
class Step:
    """A member that a tier's sequence gains; `retracts_text`: earlier text has to go."""

    tier: Tier
    activity: Activity
    retracts_text: bool


def visible(state: State, tier: Tier) -> frozenset[Tier]:
    """Return the tiers whose readers see a record in that state with that widest tier."""
    return _SEEN[tier] if state is State.LIVE else _NOBODY


def steps(
    before: frozenset[Tier], after: frozenset[Tier], *, retracts_text: bool = False
) -> list[Step]:
    """Return the members that lead each tier from what it saw to what it is to see."""
    found = []
    for tier in PUBLISHED_TIERS:
        activity = _activity(was=tier in before, now=tier in after)
        if activity is not None:
            found.append(Step(tier, activity, retracts_text or activity is Activity.DELETE))
    return found


def passage(name: EventType, taken: Collection[Step]) -> str | None:
    """Return what the withdrawal journal says of an event: away, back, or nothing."""
    activities = {step.activity for step in taken}
    if name in REMOVAL_EVENTS or Activity.DELETE in activities:
        return GONE
    if name is EventType.RESUME or (
        Activity.CREATE in activities and name is not EventType.PUBLISH
    ):
        return BACK
    return None


def _activity(*, was: bool, now: bool) -> Activity | None:
    if was:
        return Activity.UPDATE if now else Activity.DELETE
    return Activity.CREATE if now else None
