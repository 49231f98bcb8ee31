"""Keys compare what is meant, not how it was typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.domain import keys
from exchange.domain.errors import DataInvalid
from exchange.domain.link_rules import Cascade, LinkRule

CODE = "91140400QQQQ00013E"


@pytest.mark.parametrize(
    "number",
    [
        "长市监罚(2026)12号",
        "长市监罚〔2026〕12号",
        "长市监罚[2026]12号",
        "长市监罚（2026）12号",
        "长市监罚【２０２６】 12 号",
        " 长市监罚\u3000〔2026〕１２号\u200b",
    ],
)
def test_writings_of_one_document_number_give_one_key(number: str) -> None:
    expected = keys.key("penalty", [CODE, "长市监罚(2026)12号", CODE])
    assert keys.key("penalty", [CODE.lower(), number, CODE]) == expected


def test_the_parts_cannot_run_into_each_other() -> None:
    assert keys.key("penalty", ["A", "BC"]) != keys.key("penalty", ["AB", "C"])
    assert keys.key("penalty", ["A\x1fB", "C"]) != keys.key("penalty", ["A", "B", "C"])


def test_a_person_is_marked_in_the_key() -> None:
    part = keys.person_part("14040219900307001x")
    assert part == "id:14040219900307001X"
    assert keys.key("penalty", ["A", "B", part]).endswith("\x1fid:14040219900307001X")


@pytest.mark.parametrize("parts", [[], ["A", ""], ["A", " \u3000"], [keys.person_part("")]])
def test_an_empty_part_is_refused(parts: list[str]) -> None:
    with pytest.raises(DataInvalid):
        keys.key("penalty", parts)


@given(st.text(min_size=1))
def test_making_alike_twice_changes_nothing(text: str) -> None:
    once = keys.normal(text)
    assert "\x1f" not in once
    assert keys.normal(keys.normal(once)) == keys.normal(once)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("长市监罚〔2024〕12号", "长市监罚[2024]12号"),
        ("鑫盛（上党）商贸", "鑫盛(上党)商贸"),
        ("Ａｂ－１", "aB1"),
        ("91140400qqqq00001x", "９１１４０４００ＱＱＱＱ００００１Ｘ"),
        ("潞\u200b州\u202e\u00b7_ \u3000商", "潞州商"),
    ],
)
def test_two_writings_of_a_text_are_searched_alike(one: str, other: str) -> None:
    assert keys.searchable(one) == keys.searchable(other)


@given(st.text())
def test_what_is_searched_has_only_letters_and_digits(text: str) -> None:
    found = keys.searchable(text)
    assert not found or found.isalnum()


def test_cascades_are_named_as_in_the_shapes() -> None:
    assert {item.value for item in Cascade} == {"withdraw-when-last", "drop-reference", "decide"}
    assert (
        LinkRule("concerns", frozenset("a"), frozenset("b"), Cascade("decide")).cascade
        is Cascade.DECIDE
    )
