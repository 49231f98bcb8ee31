"""Keys near a key: the slips that clerks make of a document number, and nothing without bound."""

from __future__ import annotations

import functools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.domain import keys
from exchange.domain.key_suggestions import MOST, distance, is_number, near, variants

AUTHORITY = "11140400QQQQ0003X9"
CODE = "91140400QQQQ00013E"
NUMBER = "示市监罚字〔2026〕973号"


def key(number: str, authority: str = AUTHORITY, code: str = CODE) -> str:
    return keys.key("penalty", [authority, number, code])


@pytest.mark.parametrize(
    "written",
    [
        "示市监罚字(2026)973",  # without 号
        "示市监罚字（2026）第973号",
        "示市监罚〔2026〕973号",  # without 字
        "示市监罚字〔2026〕937号",  # two digits changed places
        "示市监罚字〔2025〕973号",
        "示市监罚字〔2026〕93号",
        "示市监罚字〔2026〕9733号",
        "示市监罚字〔2026〕913",  # two slips: without 号 and a digit
        "示市市监罚字〔2026〕973号",
    ],
)
def test_a_slip_in_a_number_leads_to_the_number(written: str) -> None:
    assert key(NUMBER) in set(variants(key(written)))


def test_variants_are_bounded_differ_and_change_numbers_only() -> None:
    found = list(variants(key(NUMBER)))
    assert len(found) == len(set(found)) < MOST
    assert key(NUMBER) not in found
    for each in found:
        parts = each.split(keys.SEPARATOR)
        assert (parts[0], parts[1], parts[3]) == ("penalty", AUTHORITY, CODE)
    assert len(list(variants(key("示〔2026〕" + "1" * 100)))) <= MOST


def test_codes_names_persons_and_short_numbers_are_not_varied() -> None:
    for part in (CODE, "示例市市场监督管理局", keys.person_part("11010519491231002X"), "A12"):
        assert not is_number(keys.normal(part))
    assert list(variants(keys.key("measure", ["2025", "M01"]))) == []


def test_a_key_is_near_that_differs_in_one_part() -> None:
    assert near(key(NUMBER), key(NUMBER, authority="示例市市监局"))
    assert near(key(NUMBER), key(NUMBER, code="91140400QQQQ00021B"))
    assert near(key(NUMBER), key("示市监罚字〔2026〕97号"))
    assert not near(key(NUMBER), key(NUMBER))
    assert not near(key(NUMBER), key("示市监罚字〔2024〕12号"))
    assert not near(key(NUMBER), key("示市监罚字〔2026〕97号", code="91140400QQQQ00021B"))
    assert not near(key(NUMBER), keys.key("licence", [AUTHORITY, NUMBER, CODE]))


def test_the_distance_of_two_texts_counts_what_differs() -> None:
    assert [distance(*pair) for pair in (("", ""), ("甲乙", "乙"), ("ab", "ba"), ("", "abc"))] == [
        0,
        1,
        2,
        3,
    ]


@given(st.text("甲乙1", max_size=7), st.text("甲乙1", max_size=7))
def test_the_distance_is_the_least_number_of_changes(one: str, other: str) -> None:
    @functools.cache
    def changes(at: int, to: int) -> int:
        if at == len(one) or to == len(other):
            return len(one) - at + len(other) - to
        if one[at] == other[to]:
            return changes(at + 1, to + 1)
        return 1 + min(changes(at + 1, to), changes(at, to + 1), changes(at + 1, to + 1))

    assert distance(one, other) == changes(0, 0)


def test_numbers_may_differ_by_three_characters_and_not_by_four() -> None:
    assert near(key("示罚〔2026〕1号"), key("示罚〔2026〕1234号"))
    assert not near(key("示罚〔2026〕1号"), key("示罚〔2026〕12345号"))


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("A12345", True),
        ("A1234", False),
        ("ABCDEF", False),
        ("示罚〔2026〕", True),
        ("示市监罚字第号", False),
        (CODE, False),
        (f"{CODE}1", True),
        (CODE[:17], True),
        ("示" + CODE[:17], True),
        ("-" + CODE[:17], True),
        ("id:123456", False),
    ],
)
def test_a_part_with_digits_that_is_no_code_is_a_number(part: str, expected: bool) -> None:
    assert is_number(part) is expected


def test_every_slip_of_the_pen_is_tried_once() -> None:
    """Another digit, two neighbours changed, one left out, a digit or a word put in."""
    number = "AB12C3"
    sought = keys.SEPARATOR.join(["penalty", number])
    tried = [each.split(keys.SEPARATOR)[1] for each in variants(sought)]
    assert len(tried) == len(set(tried))
    assert tried[0] == "AB12C3号"
    expected = set()
    for text in (number, f"{number}号"):
        for at, character in enumerate(text):
            if character in "0123456789":
                expected |= {text[:at] + digit + text[at + 1 :] for digit in "0123456789"}
            expected.add(text[:at] + text[at + 1 :])
        for at in range(len(text) - 1):
            expected.add(text[:at] + text[at + 1] + text[at] + text[at + 2 :])
        for at in range(len(text) + 1):
            added = "第字号罚处决许准登"
            if at and any(each in "0123456789" for each in text[at - 1 : at + 1]):
                added += "0123456789"
            expected |= {text[:at] + character + text[at:] for character in added}
    assert set(tried) == expected - {number}


def test_each_part_but_the_kind_is_varied_and_the_others_stay() -> None:
    sought = keys.SEPARATOR.join(["kind-123456", "示罚9999", CODE, "甲乙丙丁12"])
    found = [each.split(keys.SEPARATOR) for each in variants(sought)]
    assert {(parts[0], parts[2]) for parts in found} == {("kind-123456", CODE)}
    assert all((parts[1] != "示罚9999") != (parts[3] != "甲乙丙丁12") for parts in found)
    assert any(parts[3] != "甲乙丙丁12" for parts in found)
