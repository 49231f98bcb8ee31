"""The ledger looks at held rows and appends none; what a person decided is logged with its row."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exchange.domain.errors import Conflict
from exchange.domain.record import DeliveredState, Outcome
from exchange.ledger import Decision, Origin

ORIGIN = Origin(None, "penalty.csv", "00", "penalty", "2018")


def decision(item="a1"):
    return Decision(item, "安某", "可以", "home-address", 1, 2)


def held(row):
    return replace(row, held=True)


def test_a_held_row_is_looked_at_and_not_appended(desk, rows):
    position = desk.ledger.position()
    (result,) = desk.load(held(rows.row("penalty", 1)))
    assert (result.outcome, result.review, result.version, result.iri) == (
        Outcome.HELD,
        True,
        0,
        None,
    )
    assert desk.live() == {}
    assert desk.ledger.position() > position  # the delivery itself


def test_a_held_revision_names_its_record_and_its_version(desk, rows):
    iri = desk.one(rows.row("penalty", 1))
    (result,) = desk.load(held(rows.row("penalty", 1, text="改")))
    assert (result.outcome, result.iri) == (Outcome.HELD, iri)
    assert result.version > 0
    before = desk.live()
    accepted = desk.ledger.accept(
        held(rows.row("penalty", 1, text="改")), result.version, ORIGIN, decision()
    )
    assert (accepted.outcome, accepted.iri) == (Outcome.REVISED, iri)
    assert desk.live() != before
    desk.ledger.verify()


@pytest.mark.parametrize("same", [True, False])
def test_what_would_append_nothing_is_not_held(desk, rows, same):
    iri = desk.one(rows.row("penalty", 1))
    if not same:
        desk.ledger.withdraw(iri, "repair")
    (result,) = desk.load(held(rows.row("penalty", 1, text="罚款" if same else "改")))
    expected = Outcome.UNCHANGED if same else Outcome.SUPPRESSED
    assert (result.outcome, result.review) == (expected, False)


def test_a_held_revocation_takes_its_record_down_at_once(desk, rows):
    desk.one(rows.row("penalty", 1))
    (result,) = desk.load(
        held(rows.row("penalty", 1, text="改", delivered_state=DeliveredState.REVOKED))
    )
    assert result.outcome is Outcome.REVISED
    assert desk.live() == {}


def test_accepting_logs_nothing_where_the_record_changed(desk, rows):
    desk.one(rows.row("penalty", 1))
    (result,) = desk.load(held(rows.row("penalty", 1, text="改")))
    desk.load(rows.row("penalty", 1, text="又改"))
    position = desk.ledger.position()
    with pytest.raises(Conflict):
        desk.ledger.accept(rows.row("penalty", 1, text="改"), result.version, ORIGIN, decision())
    assert desk.ledger.position() == position


def test_refusing_changes_no_record(desk, rows):
    desk.one(rows.row("penalty", 1))
    before = desk.live()
    position = desk.ledger.refuse(decision())
    assert position == desk.ledger.position()
    assert desk.live() == before
    desk.ledger.verify()
