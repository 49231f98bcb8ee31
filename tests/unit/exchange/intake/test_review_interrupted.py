"""A kill breaks off a load, a decision, an erasure: no held row is lost or doubled."""

from __future__ import annotations

import pytest

from exchange.domain.disclosure_levels import Tier
from exchange.domain.failpoints import Failpoint
from exchange.domain.record import Outcome
from tests.unit.exchange.intake.hall import ANNA, Killed, nth


# The second commit is that of the rows, the third closes the delivery.
@pytest.mark.parametrize(
    ("point", "number"),
    [
        (Failpoint.COMMITTED, 2),
        (Failpoint.HELD_KEPT, 1),
        (Failpoint.COMMITTED, 3),
        (Failpoint.REJECTS_WRITTEN, 1),
    ],
)
def test_an_interrupted_load_neither_loses_nor_doubles_held_rows(
    hall, make, holding, point, number
):
    rows = make(1), make(2, CF_SY=holding), make(3, CF_SY=f"{holding}乙")
    stop = nth(point, number)
    with hall.ledger_stops(stop), pytest.raises(Killed):
        hall.load(*rows, failpoint=stop)
    assert hall.load(*rows).held == 2
    assert len(hall.waiting()) == 2
    assert hall.ledger.head(Tier.PUBLIC) == 1


def test_an_interrupted_acceptance_is_ended_by_the_next(hall, make, holding):
    hall.load(make(1, CF_SY=holding))
    (item,) = hall.waiting()
    stopping = hall.stopping_at(nth(Failpoint.REVIEW_LOGGED, 1))
    with pytest.raises(Killed), stopping.reviews() as reviews:
        reviews.accept(item.id, ANNA)
    assert holding in hall.views(), "the ledger has it"
    assert len(hall.waiting()) == 1
    position = hall.ledger.position()
    assert hall.accept(item).outcome is Outcome.UNCHANGED
    assert hall.waiting() == []
    assert hall.ledger.position() == position


def test_an_erasure_destroys_held_rows_of_its_key_and_of_its_text(hall, make, holding):
    own = "当事人与店名为霁月轩的铺面来往"
    hall.load(make(1, CF_SY=own), make(7))
    hall.load(
        make(1, CF_SY=f"{holding}，改写", CF_WSH="示市监罚字[2026]1号"),  # its key
        make(2, CF_SY=f"{holding}：{own}"),  # its text
        make(3, CF_SY=f"{holding}，另案"),  # another's; authority and law are the same
    )
    iri = next(iri for iri, _, view in hall.ledger.live(Tier.PUBLIC) if own in view.decode())
    erased = hall.exchange.erase(iri)
    assert erased.held == (("penalty.csv", 2), ("penalty.csv", 3))
    assert [item.row.submission.row for item in hall.waiting()] == [4]


@pytest.mark.parametrize(
    ("point", "number", "left"),
    [
        (Failpoint.SCRUB_BEGUN, 1, 1),
        (Failpoint.HELD_MARKED, 1, 1),  # nothing was erased: the row waits on
        (Failpoint.COMMITTED, 2, 0),  # the first is that of the look at what is to go
        (Failpoint.SEALS_DESTROYED, 1, 0),
        (Failpoint.SCRUBBED, 1, 0),
    ],
)
def test_a_killed_erasure_is_ended_or_undone_for_held_rows(  # noqa: PLR0913, PLR0917
    hall, make, holding, point, number, left
):
    hall.load(make(1))
    hall.load(make(1, CF_SY=holding))
    (item,) = hall.waiting()
    stop = nth(point, number)
    with hall.ledger_stops(stop), pytest.raises(Killed):
        hall.stopping_at(stop).erase(item.row.record)
    hall.exchange.recover()
    assert len(hall.waiting()) == left
    with hall.exchange.reviews() as reviews:
        assert reviews._held.marked() == set()
