"""Numbers in pieces, with letters for digits, in other scripts, in unusual groups.

ID numbers are the one that GB 11643-1999 prints, or begin with 99: they are nobody's.
"""

from __future__ import annotations

import re
import sys
import unicodedata

import pytest

from exchange.domain.id_numbers import DIGIT, INVISIBLE, MAYBE_DIGIT, check_right, visible
from exchange.domain.personal_data import find, mask, suspicious

EXAMPLE = "11010519491231002X"
NOBODY = next(n for last in "0123456789X" if check_right(n := "99000019710630101" + last))
PIECES = (NOBODY[:6], NOBODY[6:14], NOBODY[14:])
YEAR, MONTH, DAY = NOBODY[6:10], NOBODY[10:12], NOBODY[12:14]


def found(text: str) -> list[tuple[str, bool]]:
    assert suspicious(text) or not find(text), text
    return [(mark.rule, mark.certain) for mark in find(text)]


@pytest.mark.parametrize(
    "text",
    [
        "{}年{}号{}".format(*PIECES),
        "{}（出生）{}（序号）{}".format(*PIECES),
        "前六位{}，出生日期为{}，顺序码为{}。".format(*PIECES),
        f"{PIECES[0]}{YEAR}年{MONTH}月{DAY}日{PIECES[2]}",
        f"{NOBODY[:9]}和{NOBODY[9:]}",
        f"{NOBODY[:10]}ab{NOBODY[10:]}",
        NOBODY.replace("0", "O"),
        NOBODY.replace("0", "o"),
        NOBODY.replace("0", "О"),
        NOBODY.replace("1", "l"),
        NOBODY.replace("1", "I"),
        NOBODY.replace("1", "l").replace("0", "O"),
        NOBODY.replace("0", "ㅇ"),
        EXAMPLE.replace("0", "O"),
    ],
)
def test_an_id_number_in_disguise_is_for_a_person_to_judge(text: str) -> None:
    for whole in (text, f"经查，{text}，责令改正。"):
        assert found(whole) == [("id-number-likely", False)]


@pytest.mark.parametrize(
    "text",
    [
        "{}年{}号{}".format(PIECES[0], PIECES[1], "0000"),
        "140404年20260301号第2号文件2000元",
        "JY1OOO2197l0630",
        "第140404号，2026年3月5日罚款1000元",
    ],
)
def test_what_does_not_fit_an_id_number_in_everything_is_left_alone(text: str) -> None:
    assert found(text) == []


def test_a_finding_repeats_no_digits_of_a_number_in_pieces() -> None:
    struck = mask(f"{PIECES[0]}{YEAR}年{MONTH}月{DAY}日{PIECES[2]}")
    assert not any(character.isdigit() for character in struck)
    assert mask(f"甲{NOBODY.replace('0', 'O')}乙") == f"甲{'*' * len(NOBODY)}乙"


def test_digits_of_every_script_are_digits() -> None:
    one = re.compile(f"[{DIGIT}]")
    perhaps = re.compile(f"[{MAYBE_DIGIT}]")
    for code in range(sys.maxunicode + 1):
        if unicodedata.digit(chr(code), None) is not None:
            assert one.match(chr(code)), hex(code)
            assert perhaps.match(chr(code)), hex(code)


@pytest.mark.parametrize("zero", "٠০०༠๐𝟎")
def test_an_id_number_in_another_script_is_certain(zero: str) -> None:
    written = "".join(chr(ord(zero) + int(n)) if n.isdecimal() else n for n in EXAMPLE)
    assert found(f"证件{written}") == [("id-number", True)]


def test_every_format_control_and_ignorable_character_is_stripped_before_any_rule() -> None:
    controls = [c for c in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(c) == "Cf"]
    ignorable = "\u034f\u115f\u1160\u17b4\u3164\ufe00\ufe0f\uffa0\U000e0100\U000e01ef"
    for sign in [*controls, *ignorable]:
        assert visible(f"甲{sign}乙") == "甲乙", hex(ord(sign))
        assert re.match(f"[{INVISIBLE}]", sign)
        assert found(f"护{sign}照E99999999") == [("identity-document", False)], hex(ord(sign))
    stuffed = ("\u3164" * 30).join(EXAMPLE)
    assert found(stuffed) == [("id-number", True)]


@pytest.mark.parametrize(
    "text",
    [
        "13900 139000",
        "13900\n139000",
        "1390013 9000",
        "139，0013，9000",
        "139*0013*9000",
        "139、0013、9000",
        "1 3 9-0013-9000",
        "13 9 0013 9000",
        "编号13900139000",
        "当事人甲13900139000号机",
        "tel13900139000x",
    ],
)
def test_a_mobile_number_in_unusual_groups_or_behind_any_word_is_held(text: str) -> None:
    for whole in (text, f"经查，{text}，责令改正。"):
        assert found(whole) == [("mobile-number", False)], whole


@pytest.mark.parametrize(
    "text",
    [
        "13,900,000,000元",
        "13900元，13900元",
        "0355-1390013 9000",
        "第13900139000号",
        "1390，0139，000",
        "7713900139000",
    ],
)
def test_digits_in_groups_of_something_else_are_no_mobile_number(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "卡号6200000000000000001",
        "个人账号6200000000000000001",
        "汇入负责人的账户6200 0000 0000 0000 001",
        "银行卡4000000000000000",
        "工行卡9558000000000000001",
        "卡号 5000-0000-0000-0000",
        "存折账号0200000000000000001",
    ],
)
def test_a_card_behind_its_label_is_held_whatever_its_check_digit(text: str) -> None:
    assert found(text) == [("bank-card", False)]


@pytest.mark.parametrize(
    "text",
    ["缴款账号6200000000000000001", "加油卡号4000000000000000", "流水号4000000000000000"],
)
def test_the_account_of_an_office_is_left_alone(text: str) -> None:
    assert found(text) == []


def test_a_letter_beside_another_digit_brings_no_second_reading_of_a_number() -> None:
    registered = "990000880315007"  # with the check digit of a registration
    assert find(f"{registered} O1", registration=True) == []
