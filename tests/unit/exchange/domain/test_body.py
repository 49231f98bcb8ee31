"""Stored bodies: what a narrower tier and a dropped link leave of them."""

from __future__ import annotations

import pytest

from exchange.domain import body as bodies
from exchange.domain.access import Leaf, Tier
from exchange.domain.body import statements, value_of


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


# --- what two bodies have in common, and a link that one of them lacks ---

TEXT = 'o <a> "1"\no0 <link> "x"\no1 <link> "y"\nu <b> "2"\n'


def never(_number):
    return False


def always(_number):
    return True


def test_order_leaves_and_numbers_of_links_say_nothing():
    other = 'p <b> "2"\no1 <link> "x"\no0 <link> "y"\nu <a> "1"\n'
    assert statements(TEXT, ()).same(statements(other, ()), never)
    seen = [statements(text, (), leaves=True) for text in (TEXT, other)]
    assert not seen[0].same(seen[1], never)


def test_a_link_may_be_lacking_only_where_its_target_has_left():
    less = statements('o <a> "1"\no0 <link> "y"\nu <b> "2"\n', ())
    whole = statements(TEXT, ())
    asked = []
    assert whole.same(less, lambda number: asked.append(number) or True)
    assert asked == [0]
    assert not whole.same(less, never)
    assert not less.same(whole, always), "what came later says more"


def test_other_words_are_never_the_same():
    assert not statements(TEXT, ()).same(statements(TEXT.replace('"2"', '"3"'), ()), always)
    other = TEXT.replace('"x"', '"z"')
    assert not statements(TEXT, ()).same(statements(other, ()), always)


def test_properties_are_left_out():
    assert statements(TEXT, {"<a>", "<link>"}).plain == {'<b> "2"'}
    assert statements(TEXT, {"<link>"}).links == {}


def test_the_value_of_a_property():
    assert value_of(TEXT, "<b>") == "2"
    assert value_of(TEXT, "<c>") is None
