"""How a number format shows a value, as spreadsheets do."""

from __future__ import annotations

import pytest

from exchange.workbook.number_formats import NumberFormat


@pytest.mark.parametrize(
    ("code", "stored", "shown", "unit"),
    [
        ("General", "7", "7", False),
        ("G/通用格式", "7", "7", False),
        ('"沪市监罚〔2026〕"0000"号"', "12", "沪市监罚〔2026〕0012号", True),
        ("00000000", "1234567", "01234567", False),
        ("0000-0000-0", "12345678", "0123-4567-8", False),
        ('#,##0.00"元"', "1234.5", "1,234.50元", True),
        ("#,##0.00\\ \\元", "1234.5", "1,234.50 元", True),
        ('0!.0000"万元"', "49900", "4.9900万元", True),
        ('0!.0,"万"', "49900", "5.0万", True),
        ("#,##0,", "1234567", "1,235", True),
        ("0.0,,", "12345678", "12.3", True),
        ("0%", "0.5", "50%", True),
        ("0.00%", "0.005", "0.50%", True),
        ("¥#,##0.00;[Red]¥-#,##0.00", "5", "¥5.00", True),
        ("[$¥-804]#,##0.00", "5", "¥5.00", True),
        ("[$USD] 0", "5", "USD 5", True),
        ('G/通用格式"元"', "5", "5元", True),
        ('[>=10000]0!.0,"万";0', "20000", "2.0万", True),
        ('[>=10000]0!.0,"万";0', "20", "20", False),
        ('[=1]"警告";[=2]"罚款";General', "2", "罚款", True),
        ("0.00;(0.00)", "-3.5", "(3.50)", False),
        ('0.00;-0.00;"无"', "0", "无", True),
        ('_ * #,##0.00_ ;_ * -#,##0.00_ ;_ * "-"??_ ;_ @_ ', "1234", "1,234.00", False),
        ("0.0", "4.96", "5.0", False),
        ("0.###", "2.5", "2.5", False),
        ("#", "0", "", True),
        (";;;", "5", "", True),
        ("0.00E+00", "140400000000", "140400000000", False),
    ],
)
def test_a_number_is_displayed_as_its_format_prescribes(code, stored, shown, unit):
    assert NumberFormat(code).display_number(stored) == (shown, unit)


@pytest.mark.parametrize(
    "code", ["yyyy-mm-dd", 'm"月"d"日"', "h:mm:ss", "[h]:mm", "[$-804]aaaa", "e年"]
)
def test_days_and_times_are_known(code):
    assert NumberFormat(code).is_date is True


def test_chinese_numerals_are_shown_otherwise_than_stored():
    shown, unit = NumberFormat('[DBNum2][$-804]General"元整"').display_number("5000")
    assert shown != "5000"
    assert unit


def test_a_format_shows_texts_too():
    assert NumberFormat('0;0;0;@"号"').display_text("12") == "12号"
    assert NumberFormat('0"元"').display_text("12") == "12"
    assert NumberFormat('0"元"').display_number("十二") is None


@pytest.mark.parametrize(
    "code", ["", ";", '"', "\\", "[", "[>", "_", "*", ",,,", "0" * 300, "@@", "E+0"]
)
def test_a_malformed_format_breaks_nothing(code):
    found = NumberFormat(code)
    for value in ("0", "-1.5", "12345678901234", "0.00001", "甲", ""):
        found.display_number(value)
        assert found.display_text(value) is not None
