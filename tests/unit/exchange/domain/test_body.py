"""Stored bodies: what a narrower tier and a dropped link leave of them."""

from __future__ import annotations

import pytest

from exchange.domain import body as bodies
from exchange.domain.access import Leaf, Tier


def text_of(*lines: str) -> str:
    return bodies.body(list(lines))


@pytest.mark.parametrize(
    ("leaf", "tier", "expected"),
    [
        (Leaf.PUBLIC_OPEN, Tier.PUBLIC, Leaf.PUBLIC_OPEN),
        (Leaf.PUBLIC_OPEN, Tier.GOVERNMENT, Leaf.GOV_UNCONDITIONAL),
        (Leaf.PUBLIC_PAGE, Tier.GOVERNMENT, Leaf.GOV_UNCONDITIONAL),
        (Leaf.GOV_UNCONDITIONAL, Tier.GOVERNMENT, Leaf.GOV_UNCONDITIONAL),
        (Leaf.GOV_CONDITIONAL, Tier.GOVERNMENT, Leaf.GOV_CONDITIONAL),
        (Leaf.AUTHORISED, Tier.GOVERNMENT, Leaf.AUTHORISED),
        *((leaf, Tier.ARCHIVE, Leaf.ARCHIVE) for leaf in Leaf),
    ],
)
def test_no_line_stays_wider_than_the_tier(leaf: Leaf, tier: Tier, expected: Leaf) -> None:
    statement = '<urn:p> "v"'
    confined = bodies.confine(text_of(bodies.line(leaf, statement)), tier)
    assert confined == text_of(bodies.line(expected, statement))


def test_a_link_number_stays_with_its_line() -> None:
    text = text_of(bodies.line(Leaf.PUBLIC_OPEN, '<urn:p> "v"', 12))
    confined = bodies.confine(text, Tier.GOVERNMENT)
    assert confined == text_of(bodies.line(Leaf.GOV_UNCONDITIONAL, '<urn:p> "v"', 12))
    assert bodies.without_links(text, {1, 2}) == text
    assert bodies.without_links(text, {12}) == ""
