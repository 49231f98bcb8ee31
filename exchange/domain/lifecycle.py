"""Which event may follow which state, and what a delivered row means for a known key (pure).

States: docs/design/ledger.md "Events". A withdrawn or expired record never comes back: reinstating
opens a new record for the same key and leaves the old one as it is
(docs/design/model.md "Identity").
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from exchange.domain.errors import Conflict
from exchange.domain.events import Name
from exchange.domain.record import Arrival


class State(StrEnum):
    """Where a record stands; `none` before its first event."""

    NONE = "none"
    LIVE = "live"
    SUSPENDED = "suspended"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    ERASED = "erased"


HELD: Final = frozenset({State.LIVE, State.SUSPENDED})
GONE: Final = frozenset({State.WITHDRAWN, State.EXPIRED, State.ERASED})

_ALLOWED: Final[dict[State, dict[Name, State]]] = {
    # Withdrawn at once: a record that only others know, after an older ledger was put back.
    State.NONE: {Name.PUBLISH: State.LIVE, Name.WITHDRAW: State.WITHDRAWN},
    State.LIVE: {
        Name.REVISE: State.LIVE,
        Name.CORRECT: State.LIVE,
        Name.OBJECT: State.LIVE,
        Name.SUSPEND: State.SUSPENDED,
        Name.WITHDRAW: State.WITHDRAWN,
        Name.EXPIRE: State.EXPIRED,
        Name.ERASE: State.ERASED,
    },
    State.SUSPENDED: {
        Name.REVISE: State.SUSPENDED,
        Name.CORRECT: State.SUSPENDED,
        Name.OBJECT: State.SUSPENDED,
        Name.RESUME: State.LIVE,
        Name.WITHDRAW: State.WITHDRAWN,
        Name.EXPIRE: State.EXPIRED,
        Name.ERASE: State.ERASED,
    },
    State.WITHDRAWN: {Name.REINSTATE: State.WITHDRAWN, Name.ERASE: State.ERASED},
    State.EXPIRED: {Name.REINSTATE: State.EXPIRED, Name.ERASE: State.ERASED},
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
_BACK: Final = frozenset({Name.RESUME, Name.PUBLISH, Name.REVISE, Name.CORRECT})
_STATE_NAMES: Final = {
    State.NONE: "尚未登记",
    State.LIVE: "正在公示",
    State.SUSPENDED: "暂时屏蔽",
    State.WITHDRAWN: "已撤下",
    State.EXPIRED: "公示期满",
    State.ERASED: "已删除",
}


def _hint(state: State, event: Name) -> tuple[str, str]:
    """Return what may be done instead, in Chinese and English."""
    wants_it_back = event in _BACK and state in {State.WITHDRAWN, State.EXPIRED}
    return _REINSTATE if wants_it_back else _HINTS[state]


def advance(state: State, event: Name) -> State:
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


class Step(StrEnum):
    """What the ledger does with a delivered row."""

    PUBLISH = "publish"
    REVISE = "revise"
    KEEP = "keep"
    WITHDRAW = "withdraw"
    EXPIRE = "expire"
    SUPPRESS = "suppress"


SUPPRESSED_GONE: Final = "key-gone"
SUPPRESSED_REVOKED: Final = "arrived-revoked"
SUPPRESSED_ENDED: Final = "publicity-ended"
SUPPRESSED_CLOCK: Final = "clock-doubtful"
SUPPRESSED_BASIS: Final = "basis-gone"
HELD_RESEMBLES: Final = "resembles-removed"
REJECTED_TARGET: Final = "unknown-target"
REJECTED_SEVERAL: Final = "several-targets"
REJECTED_TORN: Final = "key-conflict"


def arrive(
    state: State, arrival: Arrival, *, same: bool, ended: bool, clock_trusted: bool = True
) -> tuple[Step, str | None]:
    """Return what a row does to a key in `state`, and the reason of a suppression.

    `same`: its content is the content last received. `ended`: its declared publicity end
    lies before today (docs/design/ledger.md "Rows that arrive in a state"); while the clock is not
    trusted such a row changes nothing, neither for good nor for the time being.
    """
    if state in GONE:
        return Step.SUPPRESS, SUPPRESSED_GONE
    if arrival is Arrival.REVOKED:
        if state is State.NONE:
            return Step.SUPPRESS, SUPPRESSED_REVOKED
        return Step.WITHDRAW, None
    if same:
        return Step.KEEP, None
    if ended:
        return _ended(state, clock_trusted=clock_trusted)
    return (Step.PUBLISH if state is State.NONE else Step.REVISE), None


def _ended(state: State, *, clock_trusted: bool) -> tuple[Step, str]:
    """Return what a row does whose declared end of publicity is past."""
    if not clock_trusted:
        return Step.SUPPRESS, SUPPRESSED_CLOCK
    return (Step.SUPPRESS if state is State.NONE else Step.EXPIRE), SUPPRESSED_ENDED
