"""What is of the right type and yet not what its column is for, as a reviewer would see it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from exchange.domain.errors import DataInvalid
from exchange.model import compile_kind
from exchange.model.plausibility import RULES
from exchange.model.yuan_amounts import AmountFinder, parse_numeral
from tests.unit.exchange.model import sound as rows
from tests.unit.exchange.model.test_derived_files import changed

if TYPE_CHECKING:
    from exchange.model import CompiledKind, Model

TODAY = date(2026, 6, 1)


def found(
    compiled: CompiledKind, row: rows.Row, form: str, **cells: str
) -> list[tuple[str | None, str, str]]:
    _, problems = compiled.read_and_check(row | cells, form)
    return [(item.column, item.rule, item.severity) for item in problems]


@pytest.fixture(scope="module")
def penalty(model: Model) -> CompiledKind:
    return compile_kind(model, "penalty", TODAY)


@pytest.mark.parametrize(("kind", "form", "row"), rows.SOUND)
def test_sound_rows_have_no_problems(model: Model, kind: str, form: str, row: rows.Row) -> None:
    assert found(compile_kind(model, kind, TODAY), row, form) == []


@pytest.mark.parametrize(
    ("code", "cell", "rule", "severity"),
    [
        ("CF_WSH", "2.5E+08", "shortened-number", "error"),
        ("CF_WSH", "6.02E23", "shortened-number", "error"),
        ("CF_WSH", "２．５Ｅ＋０８", "shortened-number", "error"),
        ("CF_WSH", "2026/7/1", "date-instead", "error"),
        ("CF_WSH", "7月1日", "date-instead", "error"),
        ("CF_WSH", "七月一日", "date-instead", "error"),
        ("CF_WSH", "1-Jul", "date-instead", "error"),
        ("CF_WSH", "2026-07-01 00:00:00", "date-instead", "error"),
        ("CF_WSH", "46204", "letterless", "warning"),
        ("CF_WSH", "〔2026〕9", "letterless", "warning"),
        ("CF_WSH", "违反广告管理", "numberless", "warning"),
        ("CF_WSH", "未按规定公示", "numberless", "warning"),
        ("CF_WSH", "罚款决定书", "numberless", "warning"),
        ("CF_WSH", "甲", "single-character", "warning"),
        ("CF_WSH", "test01", "trial-value", "warning"),
        ("CF_WSH", "暂无", "placeholder-word", "warning"),
        ("CF_CFJG", "2026年7月1日", "date-instead", "error"),
        ("CF_CFJG", "局", "single-character", "error"),
        ("CF_CFJG", "11140", "letterless", "error"),
        ("CF_CFJG", "——", "letterless", "error"),
        ("CF_CFJG", "测试单位", "trial-value", "warning"),
        ("CF_XDR_MC", "1", "letterless", "error"),
        ("CF_XDR_MC", "91140400QQQQ00013E", "code-instead", "error"),
        ("CF_CFJG", "11140400qqqq0003x9", "code-instead", "error"),
        ("CF_WSH", "2,5E+08", "shortened-number", "error"),
        ("CF_XDR_MC", "9.1E+17", "shortened-number", "error"),
        ("CF_XDR_MC", "null", "placeholder-word", "warning"),
        ("CF_SJLY", "2026-07-01", "date-instead", "error"),
        ("CF_FRDB", "2026-07-01", "date-instead", "warning"),
        ("CF_SY", "/", "letterless", "warning"),
        ("CF_SY", "略", "single-character", "warning"),
        ("CF_NR", "同上", "placeholder-word", "warning"),
        ("CF_YJ", "无", "no-law", "warning"),
        ("CF_XDR_SHZZ", "1.2E+11", "shortened-number", "error"),
        ("CF_JDRQ", "2027-02-12", "future", "error"),
        ("CF_YXQ", "2026-01-01", "before-other", "warning"),
        ("CF_GSJZQ", "2025-12-31", "before-other", "warning"),
        ("CF_NR_WFFF", "200000", "too-large", "warning"),
    ],
)
def test_a_penalty_that_is_not_plausible(
    penalty: CompiledKind, code: str, cell: str, rule: str, severity: str
) -> None:
    assert (code, rule, severity) in found(penalty, rows.PENALTY, "2018", **{code: cell})


@pytest.mark.parametrize(
    ("code", "cell"),
    [
        ("CF_WSH", "（2026）示市监罚字第1号"),
        ("CF_WSH", "JD-2026-0007"),
        ("CF_WSH", "示市监罚字第七号"),
        ("CF_WSH", "示市监罚〔丙午〕"),
        ("CF_XDR_MC", "360度测试（示例）有限公司"),
        ("CF_XDR_MC", "三月春茶叶店"),
        ("CF_XDR_MC", "测试仪器（示例）有限公司"),
        ("CF_CFJG", "5A景区管理局"),
        ("CF_XDR_MC", "UNIT-3D PRINTING"),
        ("CF_SY", "3月5日，当事人未按规定公示。"),
        ("CF_YJ", "广告法第五十五条"),
        ("CF_JDRQ", "2026-06-01"),
        ("CF_YXQ", "2026-02-12"),
    ],
)
def test_what_only_looks_odd_passes(penalty: CompiledKind, code: str, cell: str) -> None:
    assert found(penalty, rows.PENALTY, "2018", **{code: cell}) == []


def test_a_rule_looks_at_an_empty_text_without_breaking_off(penalty: CompiledKind) -> None:
    for field in penalty.kind.fields:
        for rule in penalty._rules:
            rule.check({"type": penalty.kind.type_name, field.name: ""}, None)


def test_facts_and_legal_basis_that_changed_places_are_asked_about(penalty: CompiledKind) -> None:
    cells = {"CF_SY": rows.PENALTY["CF_YJ"], "CF_YJ": "当事人未按规定标明价格"}
    assert found(penalty, rows.PENALTY, "2018", **cells) == [("CF_YJ", "swapped", "warning")]


@pytest.mark.parametrize(
    ("content", "cell", "said"),
    [
        ("罚款人民币3000元。", "3000", ("amount-factor", "held")),
        ("处叁仟元罚款", "3000", ("amount-factor", "held")),
        ("罚款 3,000.00 元整", "3000", ("amount-factor", "held")),
        ("罚款３０００元", "0.00003", ("amount-factor", "held")),
        ("罚款30万元", "0.3", ("amount-differs", "warning")),
        ("罚款0.3万元", "0.3", None),
        ("罚款叁仟元整", "0.3", None),
        ("没收违法所得9000元并罚款3000元", "0.3", None),
        ("对该公司罚款2000元，对负责人罚款1000元", "0.3", None),
        ("对该公司罚款2000元，对负责人罚款1000元", "0.1", None),
        ("处货值金额三倍的罚款，共计3000元", "0.3", None),
        ("警告", "0.3", None),
        ("处以人民币3000元", "3000", ("amount-factor", "held")),
        ("叁仟元整", "3000", ("amount-factor", "held")),
        ("3000元。", "0.3", None),
        ("罚金 3000 元", "0.4", ("amount-differs", "warning")),
    ],
)
def test_a_fine_is_the_amount_that_its_decision_states(
    penalty: CompiledKind, content: str, cell: str, said: tuple[str, str] | None
) -> None:
    row = rows.PENALTY | {"CF_NR_WFFF": "", "CF_CFLB": "罚款"}
    told = found(penalty, row, "2018", CF_NR=content, CF_NR_FK=cell)
    assert told == ([("CF_NR_FK", *said)] if said else [])


@pytest.mark.parametrize(
    "content",
    [
        *(
            "罚款￥3000",
            "罚款¥3,000.00。",
            "罚款3000",
            "罚款：3000。",
            "罚款RMB 3000",
            "罚款3000CNY",
        ),
        *("罚没3000元", "罚没款人民币3000元", "罚款3 000元", "罚款3\u00a0000.00元", "罚款3’000元"),
        *(
            "人民币（大写）叁仟元整",
            "（大写）叁仟圆整（小写）￥3000.00",
            "罚款叁仟",
            "罚款 叁 仟 元 整",
        ),
        *("３０００元", "￥３，０００．００", "3千元", "3000圆", "罚款人民币三千圓", "三千块钱"),
        *("处3000元的行政处罚", "处叁仟元整（3000.00元）的罚款", "处罚人民币3000元", "罚3000块"),
        *("罚款0.3万", "罚款金额3000，限15日内缴纳", "罚款合计3000 人民币", "3000", "罚款30百元"),
        *("对该公司罚款2000元，对负责人罚款1000元", "没收工具并处罚款3000元"),
    ],
)
def test_a_factor_is_seen_however_the_text_words_the_amount(
    penalty: CompiledKind, content: str
) -> None:
    row = rows.PENALTY | {"CF_NR_WFFF": "", "CF_CFLB": "罚款"}
    told = found(penalty, row, "2018", CF_NR=content, CF_NR_FK="3000")
    assert ("CF_NR_FK", "amount-factor", "held") in told
    told = found(penalty, row, "2018", CF_NR=content, CF_NR_FK="0.3")
    assert not [item for item in told if item[0] == "CF_NR_FK"]
    told = found(penalty, row, "2018", CF_NR=content, CF_NR_FK="0.7")
    assert ("CF_NR_FK", "amount-differs", "warning") in told


@pytest.mark.parametrize(
    "content",
    [
        *(
            "罚款3倍",
            "罚款100%",
            "罚款2026年缴清",
            "罚款〔2026〕300号",
            "罚款0.5",
            "1、罚款2、警告",
        ),
        *("处罚：没收违法所得300元", "并处没收违法所得300元", "依法应处300元以上罚款，予以警告"),
        *("处罚依据第300条", "罚款500余元"),
    ],
)
def test_a_number_that_is_no_fine_is_not_taken_for_one(penalty: CompiledKind, content: str) -> None:
    row = rows.PENALTY | {"CF_NR_WFFF": "", "CF_CFLB": "罚款"}
    assert found(penalty, row, "2018", CF_NR=content, CF_NR_FK="0.7") == []


def test_a_longer_number_does_not_state_its_end(penalty: CompiledKind) -> None:
    row = rows.PENALTY | {"CF_NR_WFFF": "", "CF_CFLB": "罚款"}
    told = found(penalty, row, "2018", CF_NR="罚款13000元", CF_NR_FK="0.3")
    assert told == [("CF_NR_FK", "amount-differs", "warning")]


def test_a_confiscated_amount_is_held_to_its_own_words(penalty: CompiledKind) -> None:
    cells = {"CF_NR": "罚款 2000 元，没收违法所得 100 元。", "CF_NR_WFFF": "100"}
    assert found(penalty, rows.PENALTY, "2018", **cells) == [
        ("CF_NR_WFFF", "amount-factor", "held")
    ]


def test_json_is_held_to_the_same_rules(penalty: CompiledKind) -> None:
    record, _ = penalty.read_row(rows.PENALTY, "2018")
    wrong = record | {"fineAmount": "20000000.00", "decidedOn": "2027-02-12", "authorityName": "1"}
    assert {(item.field, item.rule, item.severity) for item in penalty.check(wrong)} == {
        ("fineAmount", "amount-factor", "held"),
        ("decidedOn", "future", "error"),
        ("authorityName", "letterless", "error"),
    }


@pytest.mark.parametrize("value", [None, 7, True, [], {}, ["x"]])
def test_values_of_a_wrong_type_break_no_rule_between_fields(
    penalty: CompiledKind, value: object
) -> None:
    record, _ = penalty.read_row(rows.PENALTY, "2018")
    for name in record:
        for item in penalty.check(record | {name: value}):
            assert item.rule not in RULES


def test_no_day_is_compared_without_a_today(model: Model) -> None:
    compiled = compile_kind(model, "penalty")
    assert found(compiled, rows.PENALTY, "2018", CF_JDRQ="2027-01-01") == []


SOUND = {
    "licence": ("2018", rows.LICENCE),
    "list-entry": ("credence", rows.ENTRY),
    "measure": ("credence", rows.MEASURE),
    "subject": ("credence", rows.SUBJECT),
    "repair-case": ("credence", rows.CASE),
}
BEFORE = "before-other"


@pytest.mark.parametrize(
    ("kind", "cells", "said"),
    [
        ("licence", {"XK_YXQZI": "2025-01-01"}, [(BEFORE, "error"), (BEFORE, "warning")]),
        ("licence", {"XK_XKBH": "4.4E+12"}, [("shortened-number", "error")]),
        ("licence", {"XK_XKBH": "2026-07-01"}, [("date-instead", "error")]),
        ("repair-case", {"XF_AJBH": "1.4E+11"}, [("shortened-number", "warning")]),
        ("licence", {"XK_XKJG": "3"}, [("letterless", "error")]),
        ("list-entry", {"MD_JZRQ": "2025-03-02"}, [(BEFORE, "error")]),
        ("list-entry", {"MD_YCRQ": "2025-05-01", "MD_YCYY": "已履行"}, [(BEFORE, "warning")]),
        ("list-entry", {"MD_YJ": "见附件"}, [("no-law", "warning")]),
        ("measure", {"CS_ZZRQ": "2025-01-01"}, [(BEFORE, "error")]),
        ("subject", {"ZT_ZXRQ": "2010-01-01"}, [(BEFORE, "error")]),
        ("subject", {"ZT_ZCZB": "50000000"}, [("too-large", "warning")]),
        ("subject", {"ZT_CLRQ": "2026-06-02"}, [("future", "error")]),
        ("repair-case", {"XF_SLRQ": "2026-02-01"}, [(BEFORE, "warning")]),
    ],
)
def test_other_kinds_have_rules_of_their_own(
    model: Model, kind: str, cells: dict[str, str], said: list[tuple[str, str]]
) -> None:
    form, row = SOUND[kind]
    told = found(compile_kind(model, kind, TODAY), row, form, **cells)
    assert told == [(next(iter(cells)), *item) for item in said]


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("伍仟", 5000),
        ("一万二千三百四十五", 12345),
        ("壹拾万零伍佰", 100_500),
        ("一亿二千万", 120_000_000),
        ("一万亿", 10**12),
        ("二〇二六", 2026),
        ("十", 10),
        ("", None),
        ("五千元", None),
    ],
)
def test_chinese_numerals_have_their_value(text: str, amount: int | None) -> None:
    assert parse_numeral(text) == (None if amount is None else Decimal(amount))


def test_a_long_text_of_amounts_is_read_in_bounded_time() -> None:
    stated = AmountFinder(["罚款"])
    assert len(stated.find("罚款1元" * 4000)) == 20
    assert stated.find("罚款" + "一" * 4000) == []
    assert stated.find("1" * 4000 + "罚款") == []


def test_a_test_that_nobody_knows_is_refused() -> None:
    with pytest.raises(DataInvalid, match="never"):
        changed("penalty.ttl", '"not-in-future"', '"never"')
