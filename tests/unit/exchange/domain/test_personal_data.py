"""Detectors of personal data. All numbers are the published test number or of no region (99)."""

from __future__ import annotations

import random

import pytest

from exchange.domain.id_numbers import is_code, registration_number, runs
from exchange.domain.personal_data import asks_for_person, find, mask, suspicious

# GB 11643-1999 prints the first as its example; no number begins with 99.
EXAMPLE = "11010519491231002X"
NOBODY = "990000198803150018"
SHORT = "990000880315001"
CHINESE = str.maketrans("0123456789", "〇一二三四五六七八九")
FORMAL = str.maketrans("0123456789", "零壹贰叁肆伍陆柒捌玖")
WIDE = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")


def check_digit(first: str) -> str:
    weights = [2 ** (17 - place) % 11 for place in range(17)]
    total = sum(int(digit) * weight for digit, weight in zip(first, weights, strict=True))
    return "10X98765432"[total % 11]


NOBODY = NOBODY[:17] + check_digit(NOBODY[:17])
WRONG = NOBODY[:17] + ("1" if NOBODY[17] != "1" else "2")


def rules(text: str) -> set[str]:
    return {mark.rule for mark in find(text)}


@pytest.mark.parametrize("number", [EXAMPLE, NOBODY])
@pytest.mark.parametrize(
    "write",
    [
        str,
        str.lower,
        lambda n: n.translate(WIDE),
        lambda n: n.translate(CHINESE),
        lambda n: n.translate(FORMAL),
        lambda n: n.replace("X", "Ⅹ"),
        " ".join,
        lambda n: f"{n[:6]} {n[6:14]} {n[14:]}",
        lambda n: f"{n[:6]}-{n[6:14]}-{n[14:]}",
        lambda n: f"{n[:3]}．{n[3:10]}．{n[10:]}",
        lambda n: "\u200b".join([n[:5], n[5:11], n[11:]]),
        lambda n: f"{n[:10]}\n{n[10:]}",
        lambda n: f"{n[:6].translate(CHINESE)}{n[6:14]}{n[14:].translate(WIDE)}",
        lambda n: n.replace("1", "幺").replace("2", "两"),
        lambda n: n.replace("0", "○"),
        lambda n: f"{n[:6]}（{n[6:14]}）{n[14:]}",
    ],
)
@pytest.mark.parametrize(
    "within", ["{}", "当事人（公民身份号码{}）违规经营", "其证照{}，罚款500元。"]
)
def test_a_valid_number_is_certain_however_it_is_written(number: str, write, within: str) -> None:
    text = within.format(write(number))
    assert [(mark.rule, mark.certain) for mark in find(text)] == [("id-number", True)]
    assert suspicious(text)
    struck = mask(text)
    assert not any(item.value == number for item in runs(struck, 6))
    assert len(struck) == len(text)


@pytest.mark.parametrize(
    "text", [WRONG, SHORT, f"身份证：{SHORT}", f"编号7{EXAMPLE}", f"{SHORT[:6]} {SHORT[6:]}"]
)
def test_a_doubtful_number_is_for_a_person_to_judge(text: str) -> None:
    assert [(mark.rule, mark.certain) for mark in find(text)] == [("id-number-likely", False)]
    assert suspicious(text)


@pytest.mark.parametrize(
    "text",
    [
        "140404202305120101",  # a construction permit: division, day, number, sort
        "建字第140404202300017号",
        "2019-140404-65-03-012345",
        "示市监罚字〔2026〕973号",
        "2025-09-05 14:30:15，罚款49900.00元",
        "统一社会信用代码91140400QQQQ00013E",
        "注册号140400200012345",
        "0355-2023456",
        "0355-1390013 9000",
        "电话 0355-1380013 0355-9000123",
        "经住房和城乡建设局查明",
        "住所地：示例市青屏区示范街302号",
        "遮挡住示范街12号的消防栓",
        "2026年3月5日发生事故",
        "自2026年3月1日生效",
        "男性从业人员12名，其中持证9名",
        "未查验身份证12人次",
        "护照查验设备缺失",
        "网址 service@shili.gov.cn",
        "11010519********002X",
    ],
)
def test_ordinary_texts_are_left_alone(text: str) -> None:
    assert find(text) == []


def test_a_division_never_allotted_makes_a_right_number_likely_and_a_wrong_one_none() -> None:
    first = "190000198803150" + "01"
    assert [(mark.rule, mark.certain) for mark in find(first + check_digit(first))] == [
        ("id-number-likely", False)
    ]
    wrong = "1" if check_digit(first) != "1" else "2"
    assert find(first + wrong) == []


@pytest.mark.parametrize("text", [f"缴款账号{SHORT}", f"账号：{WRONG}", "代码111404198503150002"])
def test_what_is_only_like_an_id_number_may_be_an_account_or_a_code(text: str) -> None:
    assert find(text) == []


def test_fifteen_digits_with_a_day_of_late_are_a_persons_only_where_they_say_so() -> None:
    assert find("990000230517001") == []
    assert rules("身份证990000230517001") == {"id-number-likely"}


def test_a_name_that_ends_in_a_numeral_does_not_hide_the_number_behind_it() -> None:
    assert [mark.certain for mark in find(f"试某八{NOBODY}")] == [True]
    assert [mark.certain for mark in find(f"试某十九{EXAMPLE}，罚款")] == [True]


def test_a_number_with_a_recent_day_is_a_persons_where_it_says_so() -> None:
    child = "990000201605120" + "12"
    child += check_digit(child)
    assert find(f"许可证编号{child}") == []
    assert [(m.rule, m.certain) for m in find(f"身份证号{child}")] == [("id-number", True)]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("联系电话13900139000", "mobile-number"),
        ("139 0013 9000", "mobile-number"),
        ("+86-139-0013-9000", "mobile-number"),
        ("一三九〇〇一三九〇〇〇", "mobile-number"),
        ("１３９００１３９０００", "mobile-number"),
        ("联系电话：013900139000", "mobile-number"),
        ("卡号6200000000000000000", "bank-card"),
        ("6200 0000 0000 0000 000", "bank-card"),
        ("当事人住示例省示例市示范村", "home-address"),
        ("家住青屏区示范街302号1单元", "home-address"),
        ("户籍地：示例县示范镇示范村", "home-address"),
        ("现住址青屏区示范路5栋", "home-address"),
        ("甲，男，汉族，1985年3月出生", "person-description"),
        ("乙，女，41岁", "person-description"),
        ("生于1990年5月", "person-description"),
        ("一九八五年三月出生", "person-description"),
        ("护照号码：E99999999", "identity-document"),
        ("身份证号码99000019880315001", "identity-document"),
        ("邮箱 nobody@qq.com", "personal-account"),
        ("微信号：nobody_01", "personal-account"),
        ("护照Ｅ９９９９９９９９", "identity-document"),
        ("户口所在地：示例县示范村", "home-address"),
        ("现居青屏区示范小区旁示范路3号", "home-address"),
        ("性别男，民族汉，农民", "person-description"),
        ("现年四十五岁", "person-description"),
        ("男，高中文化", "person-description"),
    ],
)
def test_text_about_a_person_is_for_a_person_to_judge(text: str, rule: str) -> None:
    assert rule in rules(text)
    assert not any(mark.certain for mark in find(text))
    assert suspicious(text)


@pytest.mark.parametrize(
    "text",
    [
        "第13900139000号",
        "213900139000",
        "14040012345",
        "139001390001",
        "013900139000",
        "账号13900139000",
    ],
)
def test_eleven_digits_that_are_a_number_of_something_else_are_no_telephone(text: str) -> None:
    assert "mobile-number" not in rules(text)


def test_a_registration_number_with_its_own_check_digit_is_exempt_in_its_column() -> None:
    first = "990000880315" + "00"
    right = next(first + str(last) for last in range(10) if registration_number(first + str(last)))
    wrong = first + str((int(right[-1]) + 1) % 10)
    assert find(right, registration=True) == []
    assert {mark.rule for mark in find(wrong, registration=True)} == {"id-number-likely"}
    assert rules(right) == {"id-number-likely"}
    assert rules(f"营业执照注册号：{right}") == set()


def test_the_cheap_search_misses_nothing_that_the_detectors_find() -> None:
    chance = random.Random(7)
    parts = [
        EXAMPLE,
        NOBODY,
        SHORT,
        "13900139000",
        "住示例市示范路",
        "12号",
        "男，",
        "汉族",
        "生于",
        "1985年",
        "3月",
        "出生",
        "身份证",
        "号",
        "护照",
        "E99999999",
        "@qq.com",
        "ab",
        " ",
        "-",
        "，",
        "当事人",
    ]
    for _ in range(4000):
        text = "".join(chance.choices(parts, k=chance.randrange(1, 6)))
        assert suspicious(text) or not find(text), text


def test_a_hostile_text_is_searched_in_linear_time() -> None:
    pieces = ("1 ", "一", "1-", "○", "男，", "住", "身份证", "19", "住省", "住省1", "户籍市", "a@")
    for piece in pieces:
        find(piece * 2000)
        mask(piece * 2000)


@pytest.mark.parametrize(
    "text",
    [
        EXAMPLE,
        EXAMPLE[:17],
        EXAMPLE[:10],
        f"{EXAMPLE[:6]} {EXAMPLE[6:14]}",
        EXAMPLE.translate(WIDE),
        EXAMPLE[:12].translate(CHINESE),
        f"张 {EXAMPLE[:11]}",
        f"8{EXAMPLE}",
        NOBODY,
        SHORT,
    ],
)
def test_a_search_for_a_person_is_known(text: str) -> None:
    assert asks_for_person(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        EXAMPLE[:9],
        "91140400QQQQ00013E",
        "91140400QQ",
        "9114040071",
        "示市监罚字〔2026〕973号",
        "140404202305120101",
        "2026",
        "霁泉",
    ],
)
def test_a_search_for_an_organisation_or_a_document_is_answered(text: str) -> None:
    assert not asks_for_person(text)


def test_a_code_is_distinguished_from_an_id_number_by_its_registrar_and_province() -> None:
    assert is_code("91140400QQQQ00013E")
    assert not is_code("99140400QQQQ00013E")
