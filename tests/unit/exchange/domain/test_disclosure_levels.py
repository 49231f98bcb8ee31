"""Who sees more: the order of the tiers and the letters of the leaves (frozen, format 1)."""

from __future__ import annotations

from itertools import product

from exchange.domain.disclosure_levels import (
    PAGE_LETTERS,
    PUBLISHED_TIERS,
    VIEW_LETTERS,
    DisclosureLevel,
    Tier,
    strictest,
)

TIERS = [Tier.PUBLIC, Tier.GOVERNMENT, Tier.ARCHIVE]


def test_each_tier_is_narrower_than_the_one_before() -> None:
    assert [tier.rank for tier in TIERS] == [0, 1, 2]
    for one, other in product(TIERS, TIERS):
        assert strictest(one, other) is TIERS[max(TIERS.index(one), TIERS.index(other))]
    assert strictest(*TIERS) is Tier.ARCHIVE
    assert PUBLISHED_TIERS == (Tier.PUBLIC, Tier.GOVERNMENT)


def test_a_disclosure_level_has_the_letter_of_stored_bodies() -> None:
    letters = {leaf.value: leaf.letter for leaf in DisclosureLevel}
    assert letters == {
        "public-open": "o", "public-page": "p", "gov-unconditional": "u",
        "gov-conditional": "c", "authorised": "a", "archive": "z",
    }  # fmt: skip
    seen = {tier.value: "".join(sorted(VIEW_LETTERS[tier])) for tier in TIERS}
    assert seen == {"public": "o", "government": "opu", "archive": "acopuz"}
    assert frozenset("p") == PAGE_LETTERS
