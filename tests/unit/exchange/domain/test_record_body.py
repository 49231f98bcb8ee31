"""Stored bodies: what a narrower tier and a dropped link leave of them."""

from __future__ import annotations

import pytest

from exchange.domain import record_body
from exchange.domain.disclosure_levels import DisclosureLevel, Tier
from exchange.domain.record_body import statements, value_of


def text_of(*lines: str) -> str:
    return record_body.assemble_body(list(lines))


@pytest.mark.parametrize(
    ("leaf", "tier", "expected"),
    [
        (DisclosureLevel.PUBLIC_OPEN, Tier.PUBLIC, DisclosureLevel.PUBLIC_OPEN),
        (DisclosureLevel.PUBLIC_OPEN, Tier.GOVERNMENT, DisclosureLevel.GOV_UNCONDITIONAL),
        (DisclosureLevel.PUBLIC_PAGE, Tier.GOVERNMENT, DisclosureLevel.GOV_UNCONDITIONAL),
        (DisclosureLevel.GOV_UNCONDITIONAL, Tier.GOVERNMENT, DisclosureLevel.GOV_UNCONDITIONAL),
        (DisclosureLevel.GOV_CONDITIONAL, Tier.GOVERNMENT, DisclosureLevel.GOV_CONDITIONAL),
        (DisclosureLevel.AUTHORISED, Tier.GOVERNMENT, DisclosureLevel.AUTHORISED),
        *((leaf, Tier.ARCHIVE, DisclosureLevel.ARCHIVE) for leaf in DisclosureLevel),
    ],
)
def test_no_line_stays_wider_than_the_tier(
    leaf: DisclosureLevel, tier: Tier, expected: DisclosureLevel
) -> None:
    statement = '<urn:p> "v"'
    confined = record_body.restrict_to_tier(
        text_of(record_body.statement_line(leaf, statement)), tier
    )
    assert confined == text_of(record_body.statement_line(expected, statement))


def test_a_link_number_stays_with_its_line() -> None:
    text = text_of(record_body.statement_line(DisclosureLevel.PUBLIC_OPEN, '<urn:p> "v"', 12))
    confined = record_body.restrict_to_tier(text, Tier.GOVERNMENT)
    assert confined == text_of(
        record_body.statement_line(DisclosureLevel.GOV_UNCONDITIONAL, '<urn:p> "v"', 12)
    )
    assert record_body.without_links(text, {1, 2}) == text
    assert record_body.without_links(text, {12}) == ""


# --- what two bodies have in common, and a link that one of them lacks ---

TEXT = 'o <a> "1"\no0 <link> "x"\no1 <link> "y"\nu <b> "2"\n'


def never(_number):
    return False


def always(_number):
    return True


def test_order_levels_and_numbers_of_links_say_nothing():
    other = 'p <b> "2"\no1 <link> "x"\no0 <link> "y"\nu <a> "1"\n'
    assert statements(TEXT, ()).same(statements(other, ()), never)
    seen = [statements(text, (), levels=True) for text in (TEXT, other)]
    assert not seen[0].same(seen[1], never)


def test_a_link_may_be_missing_only_where_its_target_was_removed():
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


# --- what a tier sees, and what a form cannot tell ---

OPEN, PAGE = DisclosureLevel.PUBLIC_OPEN, DisclosureLevel.PUBLIC_PAGE
EVERY = record_body.assemble_body(
    [
        record_body.statement_line(leaf, f'<urn:{leaf.value}> "{leaf.value}"')
        for leaf in DisclosureLevel
    ]
)


def shown(view: bytes) -> list[str]:
    return [line.split('"')[1] for line in view.decode().splitlines()]


def test_each_tier_sees_its_disclosure_levels_and_no_other() -> None:
    assert shown(record_body.view(EVERY, "urn:r", Tier.PUBLIC)) == ["public-open"]
    assert shown(record_body.page_only_view(EVERY, "urn:r")) == ["public-page"]
    government = ["gov-unconditional", "public-open", "public-page"]
    assert shown(record_body.view(EVERY, "urn:r", Tier.GOVERNMENT)) == government
    archive = sorted(leaf.value for leaf in DisclosureLevel)
    assert shown(record_body.view(EVERY, "urn:r", Tier.ARCHIVE)) == archive


def test_a_view_is_canonical_quads_without_link_numbers() -> None:
    text = text_of(
        record_body.statement_line(OPEN, '<urn:b> "2"'),
        record_body.statement_line(OPEN, "<urn:a> <urn:c d>", 12),
        "o0 <urn:a> <urn:b>",
    )
    assert text == 'o0 <urn:a> <urn:b>\no12 <urn:a> <urn:c d>\no <urn:b> "2"\n'
    expected = '<urn:r> <urn:a> <urn:b> .\n<urn:r> <urn:a> <urn:c d> .\n<urn:r> <urn:b> "2" .\n'
    assert record_body.view(text, "urn:r", Tier.PUBLIC) == expected.encode()
    assert record_body.view("", "urn:r", Tier.ARCHIVE) == b""
    assert record_body.page_only_view(text, "urn:r") == b""


def test_statements_outside_a_form_are_carried_over_from_the_version_before() -> None:
    before = text_of('o <urn:a> "1"', 'p3 <urn:b> "2"', 'z <urn:b> "3"', 'o <urn:bb> "4"')
    now = text_of('o <urn:a> "9"', 'o <urn:c> "8"')
    kept = record_body.carry_over(now, before, frozenset({"<urn:b>"}))
    assert kept == text_of('o <urn:a> "9"', 'p3 <urn:b> "2"', 'z <urn:b> "3"', 'o <urn:c> "8"')
    assert record_body.carry_over(now, before, frozenset({"<urn:d>"})) == now
    assert record_body.carry_over(now, before, frozenset()) == now
    assert record_body.carry_over(now, "", frozenset({"<urn:b>"})) == now


def test_a_dropped_link_takes_its_lines_and_no_others() -> None:
    text = text_of(
        "o0 <urn:a> <urn:x>", "o1 <urn:a> <urn:y>", "p11 <urn:a> <urn:z>", 'o <urn:b> "1"'
    )
    assert record_body.without_links(text, {1}) == text.replace("o1 <urn:a> <urn:y>\n", "")
    assert record_body.without_links(text, {0, 11}) == 'o1 <urn:a> <urn:y>\no <urn:b> "1"\n'
    assert record_body.without_links(text, set()) == text


def test_the_statements_of_a_body_are_grouped_by_link() -> None:
    text = text_of('o <urn:a> "1"', 'p <urn:b> "2"', "o2 <urn:c> <urn:x>", "z2 <urn:d> <urn:y>")
    said = record_body.statements(text, ())
    assert said.plain == {'<urn:a> "1"', '<urn:b> "2"'}
    assert said.links == {2: {"<urn:c> <urn:x>", "<urn:d> <urn:y>"}}
    without = record_body.statements(text, {"<urn:a>", "<urn:d>"})
    assert without == record_body.Statements(
        frozenset({'<urn:b> "2"'}), {2: frozenset({"<urn:c> <urn:x>"})}
    )
    leaves = record_body.statements(text, (), levels=True)
    assert leaves.plain == {'o <urn:a> "1"', 'p <urn:b> "2"'}
    assert leaves.links == {2: {"o <urn:c> <urn:x>", "z <urn:d> <urn:y>"}}


@pytest.mark.parametrize(
    ("ours", "theirs", "missing", "expected"),
    [
        ({0: "x", 1: "y"}, {0: "x", 1: "y"}, (), True),
        ({0: "x", 1: "y"}, {0: "y", 1: "x"}, (), True),
        ({0: "x", 1: "y"}, {0: "y"}, {0}, True),
        ({0: "x", 1: "y"}, {0: "y"}, {1}, False),
        ({0: "x", 1: "y"}, {0: "y"}, (), False),
        ({0: "x", 1: "y"}, {}, {0, 1}, True),
        ({0: "x", 1: "y"}, {}, {0}, False),
        ({0: "x"}, {0: "x", 1: "z"}, {0, 1}, False),
        ({0: "x"}, {0: "z"}, {0}, False),
    ],
)
def test_two_bodies_say_the_same_but_for_links_that_may_be_missing(
    ours, theirs, missing, expected
) -> None:
    plain = frozenset({"a"})
    one, other = (
        record_body.Statements(plain, {number: frozenset(said) for number, said in links.items()})
        for links in (ours, theirs)
    )
    assert one.same(other, lambda number: number in missing) is expected
    elsewhere = record_body.Statements(frozenset({"b"}), other.links)
    assert not one.same(elsewhere, lambda _: True)


def test_the_value_of_a_property_is_its_first_literal() -> None:
    text = text_of('o <urn:a> "1"', 'z <urn:b> "2026-01-01"^^<urn:date>', 'o <urn:b> "x"@zh')
    assert record_body.value_of(text, "<urn:a>") == "1"
    assert record_body.value_of(text, "<urn:b>") == "2026-01-01"
    assert record_body.value_of(text, "<urn:c>") is None
