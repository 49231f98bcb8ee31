"""What surfaces and the journal know together of a record that the ledger lost."""

from __future__ import annotations

import pytest

from exchange.domain.disclosure_levels import Tier
from exchange.domain.restore_reconciliation import KnownRecord, Recovered


def test_what_is_not_known_is_nothing() -> None:
    known = KnownRecord("a")
    assert (known.kind, known.tier, known.keys) == (None, None, ())
    assert (known.gone, known.erased, known.shown) == (False, False, False)
    found = Recovered(3)
    counts = (found.entered, found.withdrawn, found.erased, found.reissued, found.unplaced)
    assert (found.epoch, found.opened, counts) == (3, False, (0, 0, 0, 0, 0))


def test_two_that_know_a_record_know_together_what_each_of_them_knows() -> None:
    one = KnownRecord("a", "penalty", Tier.GOVERNMENT, ("k1", "k2"))
    other = KnownRecord("a", "licence", Tier.PUBLIC, ("k2", "k3"), gone=True)
    assert one.merged(other) == KnownRecord(
        "a", "penalty", Tier.PUBLIC, ("k1", "k2", "k3"), gone=True
    )
    assert other.merged(one) == KnownRecord(
        "a", "licence", Tier.PUBLIC, ("k2", "k3", "k1"), gone=True
    )
    nothing = KnownRecord("a")
    assert nothing.merged(one) == one.merged(nothing) == one
    assert nothing.merged(nothing) == nothing


@pytest.mark.parametrize("told", ["gone", "erased", "shown"])
def test_what_one_of_two_knows_of_a_record_counts(told: str) -> None:
    heard, nothing = KnownRecord("a", **{told: True}), KnownRecord("a")
    assert heard.merged(nothing) == nothing.merged(heard) == heard.merged(heard) == heard
