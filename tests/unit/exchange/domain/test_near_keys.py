"""Keys near a key: the slips that clerks make of a document number, and nothing without bound."""

from __future__ import annotations

import pytest

from exchange.domain import keys
from exchange.domain.near_keys import MOST, distance, is_number, near, variants

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
