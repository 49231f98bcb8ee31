"""The states of a record, the events allowed in each, and the action for a delivered row (pure).

States: docs/design/ledger.md "Events". A withdrawn or expired record never comes back: reinstating
opens a new record for the same key and leaves the old one as it is
(docs/design/model.md "Identity").
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from exchange.domain.errors import Conflict
from exchange.domain.events import EventType
from exchange.domain.record import DeliveredState


class State(StrEnum):
    """The state of a record; `none` before its first event."""

    NONE = "none"
    LIVE = "live"
    SUSPENDED = "suspended"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    ERASED = "erased"


# An active record follows its deliveries; a terminal one never changes again but by an erasure.
ACTIVE_STATES: Final = frozenset({State.LIVE, State.SUSPENDED})
TERMINAL_STATES: Final = frozenset({State.WITHDRAWN, State.EXPIRED, State.ERASED})

_ALLOWED: Final[dict[State, dict[EventType, State]]] = {
    # Withdrawn at once: a record that only others know, after an older ledger was put back.
    State.NONE: {EventType.PUBLISH: State.LIVE, EventType.WITHDRAW: State.WITHDRAWN},
    State.LIVE: {
        EventType.REVISE: State.LIVE,
        EventType.CORRECT: State.LIVE,
        EventType.OBJECT: State.LIVE,
        EventType.SUSPEND: State.SUSPENDED,
        EventType.WITHDRAW: State.WITHDRAWN,
        EventType.EXPIRE: State.EXPIRED,
        EventType.ERASE: State.ERASED,
    },
    State.SUSPENDED: {
        EventType.REVISE: State.SUSPENDED,
        EventType.CORRECT: State.SUSPENDED,
        EventType.OBJECT: State.SUSPENDED,
        EventType.RESUME: State.LIVE,
        EventType.WITHDRAW: State.WITHDRAWN,
        EventType.EXPIRE: State.EXPIRED,
        EventType.ERASE: State.ERASED,
    },
    State.WITHDRAWN: {EventType.REINSTATE: State.WITHDRAWN, EventType.ERASE: State.ERASED},
    State.EXPIRED: {EventType.REINSTATE: State.EXPIRED, EventType.ERASE: State.ERASED},
    State.ERASED: {},
}

_REINSTATE: Final = (
    "凭决定运行 reinstate，可用新网址重新公示。",
    "Use reinstate with a decision to publish it again under a new address.",
)
_NOTHING_LEFT: Final = (
    "该记录已不公示，无须再处理；如需重新公示，请凭决定运行 reinstate。",
    "It is shown no more, so nothing is left to do; reinstate, with a decision, shows it again.",
)
# What may be done instead, in Chinese and English: by state, and where it matters by event.
_HINTS: Final = {
    State.NONE: ("请先导入该记录。", "Load the record first."),
    State.LIVE: (
        "该记录正在公示，无须处理。",
        "The record is shown as it is; nothing needs to be done.",
    ),
    State.SUSPENDED: ("请先恢复公示或撤下。", "Resume the record first, or withdraw it."),
    State.WITHDRAWN: _NOTHING_LEFT,
    State.EXPIRED: _NOTHING_LEFT,
    State.ERASED: ("已删除的记录不能恢复。", "An erased record cannot come back."),
}
_BACK: Final = frozenset({EventType.RESUME, EventType.PUBLISH, EventType.REVISE, EventType.CORRECT})
_STATE_NAMES: Final = {
    State.NONE: "尚未登记",
    State.LIVE: "正在公示",
    State.SUSPENDED: "暂时屏蔽",
    State.WITHDRAWN: "已撤下",
    State.EXPIRED: "公示期满",
    State.ERASED: "已删除",
}


def _hint(state: State, event: EventType) -> tuple[str, str]:
    """Return a hint for a refused event, in Chinese and English."""
    wants_it_back = event in _BACK and state in {State.WITHDRAWN, State.EXPIRED}
    return _REINSTATE if wants_it_back else _HINTS[state]


def advance(state: State, event: EventType) -> State:
    """Return the state after the event.

    Raises:
        Conflict: the event may not follow that state.

    """
    after = _ALLOWED[state].get(event)
    if after is None:
        zh_hint, hint = _hint(state, event)
        raise Conflict(
            f"A record that is {state} does not allow {event}.",
            hint,
            state=state.value,
            event=event.value,
            zh=f"{_STATE_NAMES[state]}的记录不能执行 {event}。",
            zh_hint=zh_hint,
        )
    return after


class DeliveryAction(StrEnum):
    """What a delivered row does to its record."""

    PUBLISH = "publish"
    REVISE = "revise"
    KEEP = "keep"
    WITHDRAW = "withdraw"
    EXPIRE = "expire"
    SUPPRESS = "suppress"


SUPPRESSED_REMOVED: Final = "key-gone"
SUPPRESSED_REVOKED: Final = "arrived-revoked"
SUPPRESSED_ENDED: Final = "publicity-ended"
SUPPRESSED_CLOCK: Final = "clock-doubtful"
SUPPRESSED_BASIS: Final = "basis-gone"
HELD_RESEMBLES: Final = "resembles-removed"
REJECTED_UNKNOWN_TARGET: Final = "unknown-target"
REJECTED_AMBIGUOUS_TARGET: Final = "several-targets"
REJECTED_AMBIGUOUS_KEY: Final = "key-conflict"


def action_for_row(
    state: State,
    delivered_state: DeliveredState,
    *,
    same: bool,
    ended: bool,
    clock_trusted: bool = True,
) -> tuple[DeliveryAction, str | None]:
    """Return the action of a row for a record in `state`, and the reason of a suppression.

    `same`: the content is the content last received. `ended`: the declared end of publicity
    lies before today. Source: docs/design/ledger.md "Rows that arrive in a state".

    | state of the record | row | action |
    |---|---|---|
    | withdrawn, expired, erased | any | suppress |
    | none | revoked | suppress |
    | live, suspended | revoked | withdraw |
    | live, suspended | same content | keep |
    | none | publicity ended | suppress |
    | live, suspended | publicity ended | expire; suppress while the clock is not trusted |
    | none | other | publish |
    | live, suspended | other | revise |
    """
    if state in TERMINAL_STATES:
        return DeliveryAction.SUPPRESS, SUPPRESSED_REMOVED
    if delivered_state is DeliveredState.REVOKED:
        if state is State.NONE:
            return DeliveryAction.SUPPRESS, SUPPRESSED_REVOKED
        return DeliveryAction.WITHDRAW, None
    if same:
        return DeliveryAction.KEEP, None
    if ended:
        return _ended(state, clock_trusted=clock_trusted)
    return (DeliveryAction.PUBLISH if state is State.NONE else DeliveryAction.REVISE), None


def _ended(state: State, *, clock_trusted: bool) -> tuple[DeliveryAction, str]:
    """Return the action of a row whose declared end of publicity is past."""
    if not clock_trusted:
        return DeliveryAction.SUPPRESS, SUPPRESSED_CLOCK
    return (
        DeliveryAction.SUPPRESS if state is State.NONE else DeliveryAction.EXPIRE
    ), SUPPRESSED_ENDED
