from __future__ import annotations

import string

import pytest

from exchange.intake.findings import CellLocation, column_letters, finding, printable
from exchange.intake.rule_messages import MESSAGES


@pytest.mark.parametrize(("position", "letters"), [(0, "A"), (25, "Z"), (26, "AA"), (702, "AAA")])
def test_columns_have_spreadsheet_letters(position, letters):
    assert column_letters(position) == letters


def test_a_value_is_shown_in_bounds_and_on_one_line():
    assert len(printable("字" * 5000)) == 120
    assert printable("a\x1b[31m\n") == "a\\x1b[31m\\x0a"


def test_a_finding_speaks_both_languages_and_json():
    place = CellLocation("a.csv", row=3, line=5, column="E", code="CF_WSH", name="文号")
    found = finding("missing-column", place, code="CF_WSH", name="文号")
    assert found.text("zh").startswith(
        "a.csv 第 3 行 (文本第 5 行) E 列 CF_WSH 文号: 错误: 缺少必填列"
    )
    assert found.text("en").startswith("a.csv row 3 (text line 5) column E CF_WSH: error: The")
    assert found.as_json() == {
        "file": "a.csv",
        "row": 3,
        "line": 5,
        "column": "E",
        "code": "CF_WSH",
        "name": "文号",
        "value": "",
        "rule": "missing-column",
        "severity": "error",
        "message": {"zh": found.message.zh, "en": found.message.en},
        "hint": {"zh": found.hint.zh, "en": found.hint.en},
    }


def test_both_languages_of_a_message_ask_for_the_same_details():
    for rule, (zh, en, *_) in MESSAGES.items():
        zh_names, en_names = (
            {name for _, name, _, _ in string.Formatter().parse(text) if name} for text in (zh, en)
        )
        assert zh_names == en_names, rule
