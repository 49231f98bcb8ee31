"""What the ledger hands out of what it has opened before, and whose publicity it looks at."""

from __future__ import annotations

import pytest

from exchange.domain.disclosure_levels import PUBLISHED_TIERS, Tier
from exchange.domain.record import Visibility

DAY = 86_400_000


@pytest.mark.parametrize("tier", PUBLISHED_TIERS)
def test_reading_again_gives_the_same_changes(desk, rows, tier):
    desk.load(*(rows.row(number=number) for number in range(3)))
    first = desk.ledger.changes(tier, 0, 10)
    assert [change.view is None for change in first] == [False] * 3
    assert desk.ledger.changes(tier, 0, 10) == first
    assert desk.reopen().changes(tier, 0, 10) == first


def test_tiers_that_see_the_same_share_the_bytes(desk, rows):
    desk.one(rows.row(number=1, text="罚款"))
    public, government = (desk.ledger.changes(tier, 0, 10)[0].view for tier in PUBLISHED_TIERS)
    # The government's line is its own, so what is kept for one is not handed to the other.
    assert b"gov " in government
    assert b"gov " not in public


@pytest.mark.parametrize("leaving", ["withdraw", "suspend", "erase"])
def test_text_read_before_a_removal_is_not_returned_from_the_cache(desk, rows, leaving):
    kept, gone = desk.one(rows.row(number=1)), desk.one(rows.row(number=2))
    assert all(change.view for change in desk.ledger.changes(Tier.PUBLIC, 0, 10))
    arguments = ("repair",) if leaving == "withdraw" else ()
    getattr(desk.ledger, leaving)(gone, *arguments)
    views = [(change.iri, change.view) for change in desk.ledger.changes(Tier.PUBLIC, 0, 10)]
    assert [iri for iri, view in views if view] == [kept]


def test_an_erasure_leaves_no_text_in_memory(desk, rows):
    gone = desk.one(rows.row(number=1, text="必须消失"))
    cached = desk.ledger._context.view_cache
    (change,) = desk.ledger.changes(Tier.PUBLIC, 0, 10)
    assert change.view is not None
    desk.ledger.erase(gone)
    assert cached._views == {}


def test_what_a_delivery_brought_on_the_day_is_left_out(desk, rows):
    old, revised, taken = (desk.one(rows.row(number=number)) for number in range(3))
    desk.ledger.withdraw(taken, "correction")
    desk.now += DAY
    since = desk.now
    new = desk.one(rows.row(number=3))
    desk.load(rows.row(number=1, text="改"))
    # Its publicity may have ended meanwhile, as a revision's may that was logged by a cascade.
    again = desk.ledger.reinstate(taken, "sha256:00")

    def live(before: int | None) -> set[str]:
        return {iri for iri, _, _ in desk.ledger.live(Tier.GOVERNMENT, before)}

    assert live(None) == {old, revised, new, again}
    assert live(since) == {old, revised, again}
    assert live(since + 1) == {old, revised, new, again}


def test_a_record_that_became_public_later_is_gone_and_not_absent_after_its_removal(desk, rows):
    iri = desk.one(rows.row(tier=Tier.GOVERNMENT))
    assert desk.ledger.visibility(Tier.PUBLIC, iri[-26:]) is Visibility.ABSENT
    assert desk.one(rows.row(tier=Tier.PUBLIC)) == iri
    assert desk.ledger.visibility(Tier.PUBLIC, iri[-26:]) is Visibility.LIVE
    desk.ledger.withdraw(iri, "repair")
    assert desk.ledger.visibility(Tier.PUBLIC, iri[-26:]) is Visibility.GONE
    desk.ledger.verify()


def test_a_record_that_became_narrower_was_public_once(desk, rows):
    iri = desk.one(rows.row(tier=Tier.PUBLIC))
    assert desk.one(rows.row(tier=Tier.GOVERNMENT)) == iri
    assert desk.ledger.visibility(Tier.PUBLIC, iri[-26:]) is Visibility.GONE
