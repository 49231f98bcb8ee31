from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.domain.errors import Conflict
from exchange.domain.events import NOTE_EVENTS, REMOVAL_EVENTS, VERSION_EVENTS, EventType
from exchange.domain.lifecycle import (
    ACTIVE_STATES,
    TERMINAL_STATES,
    DeliveryAction,
    State,
    action_for_row,
    advance,
)
from exchange.domain.record import DeliveredState

TABLE = {
    ("none", "publish"): "live",
    ("none", "withdraw"): "withdrawn",  # known to others only, after an older ledger was put back
    ("live", "revise"): "live",
    ("live", "correct"): "live",
    ("live", "object"): "live",
    ("live", "suspend"): "suspended",
    ("live", "withdraw"): "withdrawn",
    ("live", "expire"): "expired",
    ("live", "erase"): "erased",
    ("suspended", "revise"): "suspended",
    ("suspended", "correct"): "suspended",
    ("suspended", "object"): "suspended",
    ("suspended", "resume"): "live",
    ("suspended", "withdraw"): "withdrawn",
    ("suspended", "expire"): "expired",
    ("suspended", "erase"): "erased",
    ("withdrawn", "reinstate"): "withdrawn",
    ("withdrawn", "erase"): "erased",
    ("expired", "reinstate"): "expired",
    ("expired", "erase"): "erased",
}


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("event", list(EventType))
def test_every_pair_of_state_and_event_is_allowed_or_refused(state, event):
    expected = TABLE.get((state.value, event.value))
    if expected is None:
        with pytest.raises(Conflict) as caught:
            advance(state, event)
        assert caught.value.hint
        assert state in caught.value.message
    else:
        assert advance(state, event) is State(expected)


@given(st.lists(st.sampled_from(list(EventType))))
def test_no_event_leads_from_a_terminal_state_to_an_active_one(events):
    state, gone = State.NONE, False
    for event in events:
        try:
            state = advance(state, event)
        except Conflict:
            continue
        gone = gone or state in TERMINAL_STATES
        assert not (gone and state in ACTIVE_STATES)


def test_states_are_active_terminal_or_none():
    assert ACTIVE_STATES | TERMINAL_STATES | {State.NONE} == set(State)
    assert not ACTIVE_STATES & TERMINAL_STATES


@pytest.mark.parametrize("state", sorted(TERMINAL_STATES))
@pytest.mark.parametrize("delivered_state", list(DeliveredState))
def test_every_row_of_a_removed_record_is_suppressed(state, delivered_state):
    for same in (False, True):
        for ended in (False, True):
            step, reason = action_for_row(state, delivered_state, same=same, ended=ended)
            assert (step, reason) == (DeliveryAction.SUPPRESS, "key-gone")


@pytest.mark.parametrize(
    ("state", "delivered_state", "same", "ended", "step"),
    [
        ("none", "live", False, False, "publish"),
        ("none", "objection", False, False, "publish"),
        ("none", "revoked", False, False, "suppress"),
        ("none", "live", False, True, "suppress"),
        ("live", "live", True, False, "keep"),
        ("live", "live", True, True, "keep"),
        ("live", "live", False, False, "revise"),
        ("live", "live", False, True, "expire"),
        ("live", "revoked", True, False, "withdraw"),
        ("suspended", "revoked", False, True, "withdraw"),
        ("suspended", "objection", True, False, "keep"),
        ("suspended", "live", False, False, "revise"),
    ],
)
def test_what_a_row_does_to_a_key(state, delivered_state, same, ended, step):
    assert action_for_row(State(state), DeliveredState(delivered_state), same=same, ended=ended)[
        0
    ] is DeliveryAction(step)


def test_notes_versions_and_removals_are_different_events():
    assert not NOTE_EVENTS & VERSION_EVENTS
    assert not NOTE_EVENTS & REMOVAL_EVENTS
    assert not VERSION_EVENTS & REMOVAL_EVENTS


@pytest.mark.parametrize("state", ["none", "live", "suspended"])
def test_every_suppressed_row_has_a_reason(state: str) -> None:
    def told(delivered_state: str, **more: bool) -> tuple[str, str | None]:
        step, reason = action_for_row(
            State(state), DeliveredState(delivered_state), **{"same": False, "ended": False} | more
        )
        return step.value, reason

    new = state == "none"
    assert told("live") == ("publish" if new else "revise", None)
    assert told("live", same=True) == ("keep", None)
    assert told("revoked") == (("suppress", "arrived-revoked") if new else ("withdraw", None))
    assert told("live", ended=True) == ("suppress" if new else "expire", "publicity-ended")
    doubtful = told("live", ended=True, clock_trusted=False)
    assert doubtful == ("suppress", "clock-doubtful")
    assert told("live", clock_trusted=False) == ("publish" if new else "revise", None)
    assert told("live", same=True, ended=True, clock_trusted=False) == ("keep", None)


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("event", list(EventType))
def test_a_refused_event_says_what_to_do_instead(state: State, event: EventType) -> None:
    if (state.value, event.value) in TABLE:
        return
    with pytest.raises(Conflict) as caught:
        advance(state, event)
    expected = {
        "none": "Load the record first.",
        "live": "nothing needs to be done",
        "suspended": "Resume the record first",
        "erased": "cannot come back",
    }.get(state.value, "nothing is left to do")
    if state in {State.WITHDRAWN, State.EXPIRED} and event.value in {
        "resume", "publish", "revise", "correct",
    }:  # fmt: skip
        expected = "Use reinstate with a decision"
    assert expected in caught.value.hint
    assert caught.value.details["state"] == state.value
    assert caught.value.details["event"] == event.value
