"""Identifiers: codes by their check characters, IDs by their dates, IRIs by their parts."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.domain import identifiers
from exchange.domain.errors import DataInvalid, UsageError

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
# The organisation part QQQQ... is never allotted: none of these is anybody's.
MADE_UP = [
    "91140400QQQQ00013E",
    "92140403QQQQ00021H",
    "11140400QQQQ0003X9",
    "12140400QQQQ000486",
    "51140400QQQQ000560",
    "93140423QQQQ00064T",
    "91140000QQQQ00072W",
]
firsts = st.builds(
    lambda head, division, tail: head + division + tail,
    st.text(ALPHABET, min_size=2, max_size=2),
    st.text("0123456789", min_size=6, max_size=6),
    st.text(ALPHABET, min_size=9, max_size=9),
)


@pytest.mark.parametrize("code", MADE_UP)
def test_a_right_code_has_no_problem(code: str) -> None:
    assert identifiers.uscc_problem(code) is None
    assert identifiers.parse_uscc(f" {code.lower()} ") == code


def test_full_width_characters_are_read() -> None:
    wide = "".join(chr(ord(item) + 0xFEE0) for item in MADE_UP[0])
    assert identifiers.parse_uscc(wide) == MADE_UP[0]


@pytest.mark.parametrize(
    ("code", "rule"),
    [
        ("91140400QQQQ00013A", "uscc-check-digit"),
        ("91140400QQQQ00O13E", "uscc-character"),
        ("9114A400QQQQ00013E", "uscc-character"),
        ("91140400QQQQ00013", "uscc-length"),
        ("", "uscc-length"),
        (identifiers.PLACEHOLDER, "uscc-placeholder"),
        ("91140400QQQQ00013E\n", "uscc-length"),
    ],
)
def test_a_wrong_code_says_which_rule_it_breaks(code: str, rule: str) -> None:
    assert identifiers.uscc_problem(code) == rule


def test_a_wrong_code_is_refused_with_its_rule() -> None:
    with pytest.raises(DataInvalid) as caught:
        identifiers.parse_uscc("91140400QQQQ00013A")
    assert caught.value.details["rule"] == "uscc-check-digit"
    assert caught.value.hint


@given(firsts)
def test_every_code_made_with_its_check_character_is_right(first: str) -> None:
    assert identifiers.uscc_problem(first + identifiers.uscc_check_character(first)) is None


@given(firsts, st.integers(0, 16), st.sampled_from(ALPHABET))
def test_one_changed_character_is_always_noticed(first: str, place: int, other: str) -> None:
    code = first + identifiers.uscc_check_character(first)
    changed = code[:place] + other + code[place + 1 :]
    assert changed == code or identifiers.uscc_problem(changed) is not None


def test_a_check_character_needs_seventeen_characters() -> None:
    with pytest.raises(DataInvalid):
        identifiers.uscc_check_character("9114")


@pytest.mark.parametrize(
    ("number", "rule"),
    [
        ("14040219900307001X", None),
        ("140423198512310023", None),
        ("140402199003070011", "id-check-digit"),
        ("140402199013070011", "id-birth-date"),
        ("140402199002300011", "id-birth-date"),
        ("140402000003070011", "id-birth-date"),
        ("14040219900307001Y", "id-character"),
        ("04040219900307001X", "id-character"),
        ("14040218500101001X", "id-check-digit"),
        ("14040218491231001X", "id-birth-date"),
        ("14040221501231001X", "id-check-digit"),
        ("14040221510101001X", "id-birth-date"),
        ("140402199001010011", "id-check-digit"),
        ("140402199000010011", "id-birth-date"),
        ("140402199012310012", "id-check-digit"),
        ("140402199001000011", "id-birth-date"),
        ("140402199202290011", "id-check-digit"),
        ("140402199102290011", "id-birth-date"),
        ("140402199004310011", "id-birth-date"),
        ("", "id-length"),
        ("1404021990030700111", "id-length"),
        ("1404021990030700", "id-length"),
    ],
)
def test_an_id_number_is_checked_by_date_and_digit(number: str, rule: str | None) -> None:
    assert identifiers.id_number_problem(number) == rule


@given(st.binary(min_size=16, max_size=16))
def test_identifiers_are_base32(bits: bytes) -> None:
    assert identifiers.id_from(bits) == base64.b32encode(bits).decode().rstrip("=").lower()


def test_new_identifiers_are_random_and_readable_back() -> None:
    made = {identifiers.new_id() for _ in range(1000)}
    assert len(made) == 1000
    for item in made:
        assert len(item) == 26
        assert identifiers.id_of(item) == item
        assert identifiers.id_of(identifiers.record_iri("https://c.example/", item)) == item
        assert identifiers.id_of(identifiers.event_iri("https://c.example", item)) == item


def test_iris_are_built_under_their_base() -> None:
    assert identifiers.record_iri("https://c.example/", "a") == "https://c.example/record/a"


@pytest.mark.parametrize("text", ["", "x", "https://c.example/record/", "A" * 26, "../../etc"])
def test_what_names_no_record_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError):
        identifiers.id_of(text)


def test_every_place_of_an_identifier_is_random() -> None:
    made = [identifiers.new_id() for _ in range(400)]
    assert len(set(made)) == 400
    # The last of 26 base32 characters holds the three bits that are left of 128.
    least = [8] * 25 + [4]
    assert all(
        len(set(place)) >= wanted
        for place, wanted in zip(zip(*made, strict=True), least, strict=True)
    )


@given(st.integers(0, 2**40))
def test_one_check_digit_of_an_id_number_is_right(serial: int) -> None:
    first = f"990000{1900 + serial % 200}{1 + serial % 12:02}{1 + serial % 28:02}{serial % 1000:03}"
    right = [last for last in "0123456789X" if identifiers.id_number_problem(first + last) is None]
    weights = [2 ** (17 - place) % 11 for place in range(17)]
    total = sum(int(digit) * weight for digit, weight in zip(first, weights, strict=True))
    assert right == ["10X98765432"[total % 11]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("91140400qqqq00013e", "91140400QQQQ00013E"),
        (" 9114 0400\u3000qqqq\t00013e\n", "91140400QQQQ00013E"),
        ("９１a", "91A"),
        ("ab-c", "AB-C"),
        ("甲 a", "甲A"),
        ("", ""),
    ],
)
def test_a_code_is_written_in_one_way(text: str, expected: str) -> None:
    assert identifiers.normal_code(text) == expected


def test_a_check_character_is_of_the_alphabet_only() -> None:
    for wrong in ("9114040OQQQQ00013", "91140400QQQQ000133", "91140400QQQQ0001"):
        with pytest.raises(DataInvalid):
            identifiers.uscc_check_character(wrong)
    assert identifiers.uscc_check_character("91140400QQQQ00013") == "E"
