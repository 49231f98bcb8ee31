"""Digits as people write them, divisions, births, check digits: each against a list of its own."""

from __future__ import annotations

from itertools import product

import pytest

from exchange.domain import id_numbers as numbers
from exchange.domain.identifiers import uscc_check_character

# Two digits of GB/T 2260: the provinces, and those of residence permits.
PROVINCES = {
    *("11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37"),
    *("41", "42", "43", "44", "45", "46", "50", "51", "52", "53", "54"),
    *("61", "62", "63", "64", "65", "71", "81", "82", "83"),
}
TWO = [f"{number:02}" for number in range(100)]
VALUES = {
    "0": "〇零⁰₀⓪⓿０٠",
    "1": "一壹弌幺①❶⑴１",
    "2": "二贰貳两兩②⒉２",
    "3": "三叁參③３",
    "4": "四肆⁴₄④４",
    "5": "五伍⑤⑸５",
    "6": "六陆陸⑥６",
    "7": "七柒⑦７",
    "8": "八捌⑧８",
    "9": "九玖⑨❾９",
}


def test_every_writing_of_a_digit_is_read_as_that_digit() -> None:
    for digit, written in VALUES.items():
        for each in written:
            assert [run.value for run in numbers.runs(f"甲{each}{each}乙", 2)] == [digit * 2], each
    for each in "xXＸⅩх×":
        assert [run.value for run in numbers.runs(f"12{each}", 2)] == ["12X"], each


@pytest.mark.parametrize(
    ("text", "least", "expected"),
    [
        ("1234", 4, [("1234", [0, 1, 2, 3], [0])]),
        ("1234", 5, []),
        ("1-2-3", 4, []),  # as long as four, but three digits
        ("甲12 34", 4, [("1234", [1, 2, 4, 5], [0, 2])]),
        ("12三四5", 5, [("12345", [0, 1, 2, 3, 4], [0, 2, 4])]),
        ("三四X", 3, [("34X", [0, 1, 2], [0])]),
        ("12 X", 3, [("12X", [0, 1, 3], [0, 2])]),
        ("1○2", 3, [("102", [0, 1, 2], [0, 1, 2])]),
        ("12--------34", 2, [("1234", [0, 1, 10, 11], [0, 2])]),
        ("12---------34", 2, [("12", [0, 1], [0]), ("34", [11, 12], [0])]),
        ("12甲34", 2, [("12", [0, 1], [0]), ("34", [3, 4], [0])]),
    ],
)
def test_a_run_has_its_digits_their_positions_and_its_groups(text, least, expected) -> None:
    assert [tuple(run) for run in numbers.runs(text, least)] == expected


@pytest.mark.parametrize("province", TWO)
def test_a_division_is_of_a_known_province(province: str) -> None:
    expected = province in PROVINCES or province == "99"
    if province[0] != "9":
        assert numbers.division_known(province + "0101" + "0" * 12) is expected
    permit = numbers.division_known("9" + province + "156" + "0" * 12)
    assert permit is (province in PROVINCES or province[0] == "9")


@pytest.mark.parametrize("two", TWO)
def test_a_division_has_a_prefecture_and_a_county_that_are_given_out(two: str) -> None:
    prefecture = 1 <= int(two) <= 54 or two == "90"
    county = int(two) <= 50 or 81 <= int(two) <= 90
    assert numbers.division_known(f"14{two}01" + "0" * 9) is prefecture
    assert numbers.division_known(f"1404{two}" + "0" * 9) is county
    for special in ("71", "81", "82", "83"):
        assert numbers.division_known(f"{special}{two}{two}" + "0" * 9)


@pytest.mark.parametrize(
    ("day", "plain", "labelled"),
    [
        ("18991231", False, False),
        ("19000101", True, True),
        ("20121231", True, True),
        ("20130101", False, True),
        ("19900229", False, False),
        ("19920229", True, True),
        ("19900001", False, False),
        ("19901301", False, False),
        ("19900431", False, False),
        ("19901200", False, False),
    ],
)
def test_eighteen_digits_hold_a_day_of_birth(day: str, plain: bool, labelled: bool) -> None:
    for last in "0X":  # whether the check digit is right is another question
        number = f"990000{day}001{last}"
        assert numbers.birth_known(number) is plain
        assert numbers.birth_known(number, labelled=True) is labelled
    assert not numbers.birth_known(f"990000{day}001", labelled=True)


@pytest.mark.parametrize("year", TWO)
def test_fifteen_digits_hold_a_year_of_files_only_behind_a_label(year: str) -> None:
    number = f"990000{year}0315001"
    assert numbers.short_birth_known(number) is not (10 <= int(year) <= 26)
    assert numbers.short_birth_known(number, labelled=True)
    for day in ("0229", "1315", "0431", "0010"):
        wrong = f"990000{year}{day}001"
        leap = day == "0229" and int(year) % 4 == 0 and year != "00"
        assert numbers.short_birth_known(wrong, labelled=True) is leap


def test_one_check_digit_of_eleven_is_right() -> None:
    for serial in range(40):
        first = f"99000019880315{serial:03}"
        right = [last for last in "0123456789X" if numbers.check_right(first + last)]
        weights = [2 ** (17 - place) % 11 for place in range(17)]
        total = sum(int(digit) * weight for digit, weight in zip(first, weights, strict=True))
        assert right == ["10X98765432"[total % 11]]


REGISTRARS = {
    *(one + other for one, other in product("159", "1239")),
    *(one + other for one, other in product("234678", "19")),
    *(f"3{other}" for other in "2345"),
    *(one + other for one, other in product("67", "129")),
    "A1", "A9", "N1", "N2", "N3", "N9", "Y1",
}  # fmt: skip


def coded(head: str, province: str) -> str:
    first = f"{head}{province}0400QQQQ0001"
    first += "0" * (17 - len(first))
    return first + uscc_check_character(first)


def test_a_code_has_a_registrar_a_province_and_a_right_check_character() -> None:
    for one, other in product("123456789AFNY", "0123456789"):
        assert numbers.is_code(coded(one + other, "14")) is (one + other in REGISTRARS), one + other
    for province in TWO:
        expected = province in PROVINCES or province == "10"
        assert numbers.is_code(coded("91", province)) is expected, province
    right = coded("91", "14")
    assert not numbers.is_code(right[:-1] + ("1" if right[-1] != "1" else "2"))
    assert not numbers.is_code(right[:-1])


def mod_11_10(first: str) -> str:
    """Return the check digit by the table of ISO 7064, written down another way."""
    value = 10
    for digit in first:
        value = (value + int(digit)) % 10
        value = (value or 10) * 2 % 11
    return str((1 - value) % 10)


def test_one_check_digit_of_a_registration_number_is_right() -> None:
    for serial in range(60):
        first = f"14040010{serial * 7919 % 10**6:06}"
        right = [last for last in "0123456789" if numbers.registration_number(first + last)]
        assert right == [mod_11_10(first)]
    # The example of the rule for registration numbers (GS 15-2006).
    assert numbers.registration_number("110108000000016")
    number = first + mod_11_10(first)
    for length in (1, 13, 14, 16, 17, 18):
        other = (first * 2)[: length - 1]
        assert not numbers.registration_number(other + mod_11_10(other))
    assert not numbers.registration_number(number[:-1] + "X")
    assert not numbers.registration_number(number[:-1] + "٣")


@pytest.mark.parametrize("number", ["79927398713", "4111111111111111", "18", "59", "0", "91"])
def test_a_card_number_has_one_right_last_digit(number: str) -> None:
    assert [last for last in "0123456789" if numbers.luhn_right(number[:-1] + last)] == [number[-1]]
