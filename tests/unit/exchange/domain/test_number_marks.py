"""Which numbers are marked, exactly where, and which stay unmarked: both sides of each bound.

All numbers are of no region (99), the published example, or prefixes with zeros behind them.
"""

from __future__ import annotations

import pytest

from exchange.domain.id_numbers import check_right, luhn_right, registration_number
from exchange.domain.identifiers import uscc_check_character
from exchange.domain.personal_data import asks_for_person, find, mask, suspicious

EXAMPLE = "11010519491231002X"
SHORT = "990000880315001"
PHONE = "13900139000"


def number(first: str) -> str:
    return next(first + last for last in "0123456789X" if check_right(first + last))


NOBODY = number("99000019880315001")
WRONG = NOBODY[:17] + ("1" if NOBODY[17] != "1" else "2")


def card(length: int) -> str:
    first = "62" + "0" * (length - 3)
    return next(first + last for last in "0123456789" if luhn_right(first + last))


def marks(text: str, **more: bool) -> list[tuple[str, str, bool]]:
    """Return rule, marked text and certainty of every mark."""
    return [(mark.rule, text[mark.start : mark.end], mark.certain) for mark in find(text, **more)]


@pytest.mark.parametrize(
    ("written", "rule", "certain"),
    [
        (NOBODY, "id-number", True),
        (f"{NOBODY[:6]} {NOBODY[6:14]}-{NOBODY[14:]}", "id-number", True),
        (EXAMPLE.lower(), "id-number", True),
        (WRONG, "id-number-likely", False),
        (SHORT, "id-number-likely", False),
        (f"{SHORT[:6]} {SHORT[6:]}", "id-number-likely", False),
        (PHONE, "mobile-number", False),
        (f"{PHONE[:3]}-{PHONE[3:7]}-{PHONE[7:]}", "mobile-number", False),
        (card(16), "bank-card", False),
        (card(19), "bank-card", False),
    ],
)
@pytest.mark.parametrize("before", ["", "甲", "甲乙丙丁戊己庚辛", "第一次，"])
@pytest.mark.parametrize("behind", ["", "，乙", "甲乙丙丁", "。共2次"])
def test_a_number_is_marked_from_its_first_digit_to_its_last(
    written: str, rule: str, certain: bool, before: str, behind: str
) -> None:
    text = before + written + behind
    assert marks(text) == [(rule, written, certain)]
    assert suspicious(text)


def test_each_of_several_numbers_is_marked_once() -> None:
    text = f"甲{NOBODY}，乙{EXAMPLE}；电话{PHONE}"
    found = [("id-number", NOBODY, True), ("id-number", EXAMPLE, True)]
    assert marks(text) == [*found, ("mobile-number", PHONE, False)]
    # Nothing but a blank between them: groups of one run.
    assert marks(f"{NOBODY} {EXAMPLE}") == found
    assert marks(f"{PHONE} {PHONE}") == [("mobile-number", PHONE, False)] * 2
    spaced = f"{NOBODY[:6]} {NOBODY[6:14]} {NOBODY[14:]}"
    assert [mark[1] for mark in marks(f"{spaced} {PHONE} {EXAMPLE}")] == [spaced, PHONE, EXAMPLE]
    assert marks(f"12 {NOBODY}") == found[:1]
    assert marks(f"{NOBODY} 12") == found[:1]
    # Another script begins another group, with nothing between the two.
    chinese = PHONE.translate(str.maketrans("0123456789", "〇一二三四五六七八九"))
    assert [mark[1] for mark in marks(NOBODY + chinese)] == [NOBODY, chinese]


def test_a_number_in_a_longer_run_of_digits_is_marked_where_it_stands() -> None:
    assert marks(f"7{EXAMPLE}") == [("id-number-likely", EXAMPLE, False)]
    assert marks(f"70{EXAMPLE[:-1]}X") == [("id-number-likely", EXAMPLE, False)]
    assert marks(f"7{NOBODY}75") == [("id-number-likely", NOBODY, False)]
    assert marks(f"7{WRONG}75") == []
    nowhere = number("19000019880315001")  # a division that is not given out
    assert marks(f"7{nowhere}75") == []
    late = number("99000020160512001")
    assert marks(f"7{late}75") == []


@pytest.mark.parametrize("third", range(100, 200))
def test_a_mobile_number_begins_with_a_prefix_of_a_mobile_network(third: int) -> None:
    left_out = {140, 141, 142, 143, 144, 154, 160, 161, 163, 164, 168, 169, 179, 194}
    expected = third >= 130 and third not in left_out
    assert bool(marks(f"{third}00139000")) is expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("139 0013 9000", True),
        ("139 001 39000", True),
        ("1390 013 9000", True),
        ("139 00139000", True),
        (" ".join(PHONE), True),
        ("1390 0139 000", False),
        ("13 900139000", False),
        ("139 00 139 000", False),
        ("8613900139000", True),
        ("+86 13900139000", True),
        ("0086 139 0013 9000", True),
        ("008613900139000", True),
        ("86139 0013 9000", True),
        ("87 13900139000", True),
        ("8713900139000", False),
        ("0013900139000", False),
        ("013900139000", False),
        ("电话013900139000", True),
        ("电话0 13900139000", True),
        ("139（0013）9000", True),
        ("139，0013，9000", True),
        ("139甲00139000", False),
        ("1390013900", False),
        ("139001390000", False),
        ("23900139000", False),
    ],
)
def test_a_mobile_number_is_grouped_as_people_group_it(written: str, expected: bool) -> None:
    found = {rule for rule, _, _ in marks(written)}
    assert ("mobile-number" in found) is expected


@pytest.mark.parametrize(
    ("before", "written"),
    [
        ("", "86 139 0013 9000"),
        ("+", "86 13900139000"),
        ("+", "8613900139000"),
        ("", "0086 139-0013-9000"),
        ("电话", "0 13900139000"),
        ("电话", "0139 0013 9000"),
    ],
)
def test_a_prefix_is_marked_with_its_number(before: str, written: str) -> None:
    assert marks(before + written + "。") == [("mobile-number", written, False)]


def test_an_id_number_is_found_wherever_it_stands_in_a_long_row_of_digits() -> None:
    for before in range(1, 25):
        for behind in (0, 1, 5, 16):
            text = "7" * before + NOBODY + "7" * behind
            found = marks(text)
            assert ("id-number-likely", NOBODY, False) in found or "bank-card" in str(found), text
            assert asks_for_person(text), text


def test_words_beside_a_number_have_a_mark_of_their_own_and_words_over_it_have_none() -> None:
    words = "男，汉族"
    for text in (NOBODY + words, words + NOBODY, f"{NOBODY}，{words}，{PHONE}"):
        told = [rule for rule, _, _ in marks(text)]
        assert told[0] == "id-number"
        assert told.count("person-description") == 1, text
    assert marks(f"身份证号码{NOBODY}") == [("id-number", NOBODY, True)]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        *((card(length), 16 <= length <= 19) for length in range(14, 21)),
        (" ".join(card(16)), True),
        (" ".join([card(16)[at : at + 4] for at in range(0, 16, 4)]), True),
        ("-".join([card(19)[at : at + 4] for at in range(0, 19, 4)]), True),
        (f"{card(19)[:6]} {card(19)[6:12]} {card(19)[12:18]} {card(19)[18:]}", True),
        (f"{card(19)[:6]} {card(19)[6:]}", True),
        (f"{card(19)[:5]} {card(19)[5:]}", False),
        (f"{card(16)[:4]} {card(16)[4:12]} {card(16)[12:]}", False),
        (f"{card(16)[:8]}，{card(16)[8:]}", False),
        (f"{card(16)[:-1]}{(int(card(16)[-1]) + 1) % 10}", False),
        ("5" + card(16)[1:], False),
    ],
)
def test_a_card_number_has_its_length_its_check_digit_and_its_groups(
    written: str, expected: bool
) -> None:
    assert ("bank-card" in {rule for rule, _, _ in marks(written)}) is expected


CHILD = number("99000020160512001")
NOWHERE = number("19000019880315001")
NOWHERE_WRONG = NOWHERE[:17] + ("1" if NOWHERE[17] != "1" else "2")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"编号{CHILD}", None),
        (f"身份证号{CHILD}", True),
        (f"身份证号{NOWHERE_WRONG}", False),
        (NOWHERE, False),
        (NOWHERE_WRONG, None),
        (f"账户{WRONG}", None),
        (f"账户{NOBODY}", True),
        (f"对公{SHORT}", None),
        (f"身份证账号{SHORT}", False),
        (f"许可证件{CHILD}", None),
        (f"证件{CHILD}", True),
        # As far as a label reaches: eight characters, no digit and no comma between.
        ("身份证甲乙丙丁戊己庚辛" + CHILD, True),
        ("身份证甲乙丙丁戊己庚辛壬" + CHILD, None),
        ("身份证，" + CHILD, None),
        ("identity no. is " + CHILD, True),
        ("identity no. was " + CHILD, None),
        (f"账号{SHORT}", None),
        (f"账号，{SHORT}", False),
        (f"账号甲乙丙丁戊己{SHORT}", None),
        (f"账号甲乙丙丁戊己庚{SHORT}", False),
    ],
)
def test_a_label_before_a_number_decides_within_its_reach(text: str, expected) -> None:
    found = [certain for rule, _, certain in marks(text) if rule.startswith("id-number")]
    assert found == ([] if expected is None else [expected])


def test_a_registration_number_is_one_by_its_check_digit_where_it_says_so() -> None:
    first = "99000088031500"
    right = next(first + last for last in "0123456789" if registration_number(first + last))
    wrong = right[:-1] + str((int(right[-1]) + 1) % 10)
    likely = ["id-number-likely"]
    for label in ("注册号", "登记证编号"):
        assert marks(label + right) == []
        assert [rule for rule, _, _ in marks(label + wrong)] == likely
    assert marks(right, registration=True) == []
    assert [rule for rule, _, _ in marks(wrong, registration=True)] == likely
    assert [rule for rule, _, _ in marks(right)] == likely
    assert marks("190000880315001") == []
    assert marks("990000881315001") == []


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("罚款500元", "罚款500元"),
        (f"甲{NOBODY}乙", f"甲{'*' * 18}乙"),
        (f"甲{NOBODY[:6]} {NOBODY[6:]}乙", f"甲{'*' * 6} {'*' * 12}乙"),
        (f"9{WRONG}9", "*" * 20),
        (f"电话{PHONE}转12", f"电话{'*' * 11}转12"),
        (f"0{PHONE}", "*" * 12),
        (f"00{PHONE}", "*" * 13),
        ("12345678901", "12345678901"),
        (SHORT, "*" * 15),
        (f"9{SHORT}", "*" * 16),
        (f"{SHORT}7", "*" * 16),
        ("190000881315001", "190000881315001"),
        (card(16), "*" * 16),
        (card(16)[:-1] + str((int(card(16)[-1]) + 1) % 10), None),
        ("140404200012345678", "140404200012345678"),
        ("99000019881301", "99000019881301"),
        ("99000019881201", "*" * 14),
        ("99000018881201", "99000018881201"),
        ("99000019881232", "99000019881232"),
        ("990000 19881201", "****** ********"),
        ("19881201999999", "19881201999999"),
        (f"{PHONE}甲{WRONG}甲20000000000", f"{'*' * 11}甲{'*' * 18}甲20000000000"),
    ],
)
def test_a_repeated_cell_shows_no_digit_of_what_may_be_a_person(text: str, masked) -> None:
    assert mask(text) == (text if masked is None else masked)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("990000198", False),
        ("9900001988", True),
        ("9900001899", False),
        ("9900002019", True),
        ("9900002020", False),
        ("0900001988", False),
        ("99000019881", True),
        ("99000019882", False),
        ("990000198812", True),
        ("990000198813", False),
        ("990000198800", False),
        ("9900001988123", True),
        ("9900001988124", False),
        ("99000019881231", True),
        ("99000019881232", False),
        ("99000019881200", False),
        ("9900001988121", True),
        ("990000198812310", True),
        ("7 9900001988", True),
        ("7甲9900001988", True),
        (SHORT, True),
        ("190000880315001", False),
        (SHORT[:-1], False),
        (NOBODY, True),
        (WRONG, True),
        (f"7{WRONG}", False),
        (f"7{NOBODY}", True),
        (f"7{NOBODY}7", True),
        (f"7{CHILD}", True),
        (NOWHERE, True),
        (CHILD, True),
        ("91140400QQQQ00013E", False),
        ("91140400 QQQQ00013e", False),
    ],
)
def test_a_search_asks_for_a_person_from_the_year_of_birth_on(text: str, expected: bool) -> None:
    assert asks_for_person(text) is expected


def test_a_code_of_digits_alone_asks_for_an_organisation() -> None:
    codes = (f"9114041985031500{last}" for last in range(10))
    code = next(c for first in codes if (c := first + uscc_check_character(first)).isdecimal())
    assert asks_for_person(f"{code[:-1]}{(int(code[-1]) + 1) % 10}")
    assert not asks_for_person(code)
    assert not asks_for_person(f" {code[:9]} {code[9:]}")


def test_a_search_for_a_registration_number_is_answered() -> None:
    first = "99000088031500"
    right = next(first + last for last in "0123456789" if registration_number(first + last))
    assert not asks_for_person(right)
