"""A workbook is read as the person sees it who sends it, or it is said where it is not."""

from __future__ import annotations

import re
import zipfile
from datetime import datetime

import pytest
import xlsxwriter

from exchange.domain.errors import Rejected
from exchange.intake import check_file, open_sheets

TEXTS = {"CF_XDR_ZZJG": "00010002X", "BZ": "无"}


@pytest.fixture
def workbook(tmp_path, make):
    """Write a workbook of three penalties; `cells` are (row, code, value, format code)."""

    def _workbook(*cells, fill=None, sheets=("处罚",)):
        path = tmp_path / "penalty.xlsx"
        book = xlsxwriter.Workbook(str(path))
        header = [*make(1), "CF_XDR_ZZJG", "CF_NR_WFFF", "BZ"]
        for title in sheets:
            sheet = book.add_worksheet(title)
            sheet.write_row(0, 0, header)
            for number in (1, 2, 3):
                row = make(number) | TEXTS
                for column, code in enumerate(header):
                    sheet.write_string(number, column, row.get(code, ""))
        for row, code, value, shown in cells:
            style = book.add_format({"num_format": shown}) if shown else None
            sheet.write(row - 1, header.index(code), value, style)
        if fill:
            fill(book, header)
        book.close()
        return path

    return _workbook


def found(path, model):
    return [
        (item.location.row, item.location.code, item.rule, item.severity)
        for item in check_file(path, model)
    ]


@pytest.mark.parametrize(
    ("code", "value", "shown"),
    [
        ("CF_WSH", 7, '"示市监罚字〔2026〕"000"号"'),
        ("CF_XDR_MC", 12, '"示例第"0"砖厂"'),
        ("CF_XDR_ZZJG", 1234567, "000000000"),
        ("BZ", 0.05, "0%"),
        ("BZ", 12, "0.00"),
        ("BZ", 1234, "#,##0"),
        ("CF_CFLB", 2, '[=1]"警告";[=2]"罚款"'),
        ("CF_WSH", "12", '@"号"'),
        ("CF_NR_FK", 2000, '#,##0.00"元"'),
        ("CF_NR_FK", 2000, '0!.0,"万元"'),
        ("CF_NR_FK", 2000, "0.0,"),
        ("CF_NR_FK", 0.2, "0.00%"),
        ("CF_NR_FK", 2000, "¥#,##0.00"),
        ("CF_NR_FK", 2000, 44),
        ("CF_NR_FK", 2000, '[DBNum2][$-804]General"元整"'),
        ("CF_NR_WFFF", 0.01, '0.00"万元"'),
        ("CF_NR_WFFF", 3, '[=3]"";0'),
    ],
)
def test_a_number_that_shows_as_something_else_is_refused(workbook, model, code, value, shown):
    rule = "money-shown" if code.startswith("CF_NR_") else "number-shown"
    said = found(workbook((3, code, value, shown)), model)
    assert (3, code, rule, "error") in said
    assert {row for row, _, _, severity in said if severity == "error"} == {3}


@pytest.mark.parametrize(
    ("code", "value", "shown"),
    [
        ("CF_NR_FK", 0.2, "0.00"),
        ("CF_NR_FK", 0.2, "#,##0.00"),
        ("CF_NR_FK", 0.2, 43),
        ("CF_NR_WFFF", 3, "0"),
        ("CF_NR_FK", 0.2, "0.0000"),
        ("CF_NR_FK", 0.2, "0.00_ "),
        ("CF_NR_FK", "0.2", '#,##0.00"元"'),
        ("BZ", 12, "0"),
        ("BZ", 12, "General"),
        ("BZ", "12", "0.00"),
        ("CF_JDRQ", datetime(2026, 5, 6), 'yyyy"年"m"月"d"日"'),  # noqa: DTZ001
    ],
)
def test_a_format_that_changes_nothing_passes(workbook, model, code, value, shown):
    assert found(workbook((3, code, value, shown)), model) == []


@pytest.mark.parametrize(
    ("value", "shown", "seen"),
    [(0.24, "0.0", "0.2"), (0.96, "0", "1"), (0.2, 1, "0"), (0.126, "#,##0.00", "0.13")],
)
def test_an_amount_that_is_shown_rounded_is_asked_about(workbook, model, value, shown, seen):
    path = workbook((3, "CF_NR_WFFF", value, shown))
    (item,) = check_file(path, model)
    assert (item.rule, item.severity, item.value) == ("money-rounded", "warning", str(value))
    assert f"“{seen}”" in item.message.zh
    assert f"“{seen}”" in item.message.en


def test_the_finding_names_the_displayed_and_the_stored_value(workbook, model):
    path = workbook((3, "CF_WSH", 7, '"示市监罚字〔2026〕"000"号"'))
    (item,) = [item for item in check_file(path, model) if item.severity == "error"]
    assert "示市监罚字〔2026〕007号" in item.message.zh
    assert "示市监罚字〔2026〕007号" in item.message.en
    assert item.value == "7"
    assert "文本格式" in item.hint.zh


def test_a_date_in_a_text_column_is_reported(workbook, model):
    day = datetime(2026, 3, 5)  # noqa: DTZ001
    path = workbook((2, "BZ", day, 'm"月"d"日"'), (3, "CF_WSH", day, "m/d"))
    assert found(path, model) == [
        (2, "BZ", "date-cell", "warning"),
        (3, "CF_WSH", "date-cell", "warning"),
        (3, "CF_WSH", "date-instead", "error"),
    ]


@pytest.mark.parametrize("shown", ["h:mm", "d", "yyyy", 'm"月"d"日"', "mmm-yy", 20])
def test_a_day_that_is_shown_in_part_is_asked_about(workbook, model, shown):
    day = datetime(2026, 5, 6)  # noqa: DTZ001
    (item,) = check_file(workbook((3, "CF_JDRQ", day, shown)), model)
    assert (item.rule, item.severity, item.value) == ("date-shown", "warning", "2026-05-06")


@pytest.mark.parametrize("shown", ["yy-m-d", "[$-804]yyyy/m/d;@", "dd-mmm-yyyy", 14, "e年m月d日"])
def test_a_day_that_is_shown_whole_passes(workbook, model, shown):
    day = datetime(2026, 5, 6)  # noqa: DTZ001
    assert found(workbook((3, "CF_JDRQ", day, shown)), model) == []


def test_a_time_in_a_date_cell_is_reported(workbook, model):
    evening = datetime(2026, 5, 5, 23, 59, 17)  # noqa: DTZ001
    path = workbook((2, "CF_JDRQ", evening, "yyyy-mm-dd"))
    assert found(path, model) == [(2, "CF_JDRQ", "next-day", "warning")]


def test_the_cells_of_a_secret_column_are_not_repeated(workbook, model, make, tmp_path):
    path = tmp_path / "penalty-person.xlsx"
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet("处罚")
    header = [*make(1), "CF_FR_ZJHM"]
    sheet.write_row(0, 0, header)
    sheet.write_row(1, 0, list(make(1).values()))
    sheet.write(1, len(header) - 1, 987654, book.add_format({"num_format": '"M"00000000'}))
    book.close()
    (item,) = [item for item in check_file(path, model) if item.rule == "number-shown"]
    assert "987654" not in item.text("zh") + item.text("en") + str(item.as_json())


def test_hidden_sheets_are_left_out_and_named(workbook, model):
    def hide(book, _header):
        book.worksheets()[1].hide()
        book.worksheets()[2].very_hidden()

    path = workbook(fill=hide, sheets=("处罚", "草稿", "旧表"))
    said = [(item.location.sheet, item.rule, item.severity) for item in check_file(path, model)]
    assert said == [
        ("草稿", "sheet-hidden", "warning"),
        ("旧表", "sheet-very-hidden", "warning"),
    ]
    check = check_file(path, model)
    assert all("3" in item.message.zh for item in check)
    assert check.summary.rows == 3


def test_a_load_leaves_them_out_too(office, workbook):
    path = workbook(fill=lambda book, _: book.worksheets()[1].hide(), sheets=("处罚", "作废"))
    receipt = office.load(path)
    assert receipt.rows == 3
    assert [item.rule for item in office.findings] == ["sheet-hidden"]


def test_a_workbook_whose_data_are_all_hidden_is_refused(workbook, model):
    def hide(book, _header):
        book.worksheets()[0].hide()
        book.add_worksheet("封面").activate()

    with pytest.raises(Rejected) as raised:
        open_sheets(workbook(fill=hide), model)
    assert [item.rule for item in raised.value.details["findings"]] == ["sheets-hidden"]


def test_hidden_rows_and_columns_are_named(workbook, model):
    def hide(book, header):
        (sheet,) = book.worksheets()
        sheet.set_row(2, None, None, {"hidden": True})
        sheet.set_column(header.index("CF_NR"), header.index("CF_NR_FK"), 9, None, {"hidden": True})
        sheet.set_column(90, 95, 9, None, {"hidden": True})

    said = list(check_file(workbook(fill=hide), model))
    assert [(item.rule, item.severity) for item in said] == [
        ("rows-hidden", "warning"),
        ("columns-hidden", "warning"),
    ]
    assert "3" in said[0].message.zh
    assert "罚款金额" in said[1].message.zh
    assert "CP" not in said[1].message.zh


def test_hidden_rows_above_the_data_are_not_counted(workbook, model):
    def hide(book, _header):
        for row in (0, 1, 2):
            book.worksheets()[0].set_row(row, None, None, {"hidden": True})

    (item,) = check_file(workbook(fill=hide), model)
    assert item.message.en == "Hidden rows are read too: 2-3."


def test_rows_hidden_by_a_filter_are_named_as_such(workbook, model):
    def filtered(book, header):
        (sheet,) = book.worksheets()
        sheet.autofilter(0, 0, 3, len(header) - 1)
        sheet.filter_column(0, "x == 甲")
        sheet.set_row(1, None, None, {"hidden": True})
        sheet.set_row(2, None, None, {"hidden": True})

    (item,) = check_file(workbook(fill=filtered), model)
    assert item.rule == "rows-filtered"
    assert "2-3" in item.message.en


def rewritten(path, change):
    """Rewrite the XML of the first sheet."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = "xl/worksheets/sheet1.xml"
    members[name] = change(members[name].decode()).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, data in members.items():
            archive.writestr(member, data)
    return path


@pytest.mark.parametrize("value", ["", "<v/>", "<v></v>"])
def test_a_row_of_formulas_without_values_is_not_passed_over(workbook, model, value):
    row = f'<row r="5"><c r="A5"><f>甲!A1</f>{value}</c><c r="B5"><f>甲!B1</f>{value}</c></row>'
    path = rewritten(workbook(), lambda xml: xml.replace("</sheetData>", f"{row}</sheetData>"))
    assert found(path, model) == [
        (5, "CF_XDR_MC", "formula-empty", "error"),
        (5, "CF_XDR_LB", "formula-empty", "error"),
    ]
    check = check_file(path, model)
    assert len(list(check)) == 2
    assert (check.summary.rows, check.summary.rejected) == (4, 1)


def test_formulas_that_gave_an_empty_text_are_blank(workbook, model):
    row = '<row r="5"><c r="A5" t="str"><f>IF(1,"","x")</f><v></v></c></row>'
    path = rewritten(workbook(), lambda xml: xml.replace("</sheetData>", f"{row}</sheetData>"))
    assert found(path, model) == []


def test_formats_are_found_in_cells_without_addresses(workbook, model):
    path = workbook((3, "CF_NR_FK", 2000, '#,##0"元"'))
    before = found(path, model)
    assert before == [(3, "CF_NR_FK", "money-shown", "error")]
    bare = rewritten(path, lambda xml: re.sub(r' r="[A-Z]+[0-9]+"', "", xml))
    assert found(bare, model) == before


def test_a_cell_that_is_given_twice_is_refused(workbook, model):
    def twice(xml):
        return re.sub(r'(<c r="C3"[^>]*>.*?</c>)', r"\1\1", xml, count=1)

    path = rewritten(workbook(), twice)
    assert [item for item in found(path, model) if item[3] == "error"] == [
        (3, "CF_XDR_SHXYM", "cell-twice", "error")
    ]


def test_a_truth_value_in_a_text_column_is_reported(workbook, model):
    path = workbook((2, "BZ", True, None), (3, "CF_SY", False, None))
    assert found(path, model) == [
        (2, "BZ", "truth-value", "warning"),
        (3, "CF_SY", "truth-value", "warning"),
    ]
