"""Twenty-five ways in which clerks break a spreadsheet, each found at its cell; none else."""

from __future__ import annotations

from datetime import date

import pytest
import xlsxwriter

from exchange.intake import check_file

ROWS = 30
SHEET = "行政处罚"
# row -> column code, what is typed there, the rule that is to be named, its severity
TYPED = {
    2: ("CF_JDRQ", "2026-02-31", "date", "error"),
    3: ("CF_XDR_SHXYM", "91140400QQQQ00013A", "uscc-check-digit", "error"),
    4: ("CF_XDR_SHXYM", "91140400QQQQ00013", "uscc-length", "error"),
    5: ("CF_XDR_SHXYM", "9114O400QQQQ00013E", "uscc-character", "error"),
    6: ("CF_XDR_SHXYM", "00000000000000000X", "uscc-placeholder", "error"),
    7: ("CF_WSH", "", "required", "error"),
    8: ("CF_SY", "现场检查发现\x07问题。", "control-character", "error"),
    9: ("CF_XDR_LB", "公司", "code", "error"),
    10: ("CF_NR", " \u3000", "required", "error"),
    11: ("CF_NR_FK", "约贰千元", "money", "error"),
    12: ("CF_NR_FK", "", "required-when", "error"),
    13: ("CF_CFLB", "罚款；罚站", "code", "error"),
    14: ("CF_FRDB", "", "required-when", "error"),
    15: ("CF_CFJGDM", "00000000000000000X", "placeholder-dropped", "warning"),
    16: ("CF_SJLYDM", "11140400QQQQ0003X8", "uscc-check-digit", "error"),
    17: ("CF_WSH", 140423198512310023, "lost-digits", "error"),
    18: ("CF_FRDB", "王" * 51, "max-length", "error"),
    19: ("CF_JDRQ", 46148, "date-serial", "error"),  # a date whose cell lost its format
    20: ("CF_NR_FK", 0.1234567, "money", "error"),
    21: ("CF_JDRQ", "示例市市场监督管理局", "date", "error"),  # a cell pasted one column on
}
FORMULA, EMPTY, FAULTY, MERGED, ACROSS = 23, 24, 25, 27, 29
SPECIAL = {
    FORMULA: ("CF_JDRQ", "formula", "warning"),
    EMPTY: ("CF_NR", "formula-empty", "error"),
    FAULTY: ("CF_YJ", "formula-error", "error"),
    MERGED: ("CF_CFJG", "merged", "warning"),
    ACROSS: ("CF_SY", "merged-across", "error"),
}


@pytest.fixture
def workbook(tmp_path, make):
    def _make(name, *, planted):
        path = tmp_path / name
        with xlsxwriter.Workbook(str(path)) as book:
            sheet = book.add_worksheet(SHEET)
            formats = {date: book.add_format({"num_format": "yyyy-mm-dd"})}
            header = list(make(1))
            sheet.write_row(0, 0, header)
            for row in range(2, ROWS + 2):
                cells = make(row, CF_JDRQ=date(2026, 5, 6), CF_NR_FK=0.2)
                if planted and row in TYPED:
                    cells[TYPED[row][0]] = TYPED[row][1]
                for column, cell in enumerate(cells.values()):
                    sheet.write(row - 1, column, cell, formats.get(type(cell)))
            if planted:
                special(sheet, header, formats[date])
        return path

    return _make


def special(sheet, header, day):
    sheet.write_formula(FORMULA - 1, header.index("CF_JDRQ"), "=TODAY()", day, 46148)
    sheet.write_formula(EMPTY - 1, header.index("CF_NR"), "=A1", None, "")
    sheet.write_formula(FAULTY - 1, header.index("CF_YJ"), "=VLOOKUP(1,A:B,2)", None, "#N/A")
    office = header.index("CF_CFJG")
    sheet.merge_range(MERGED - 2, office, MERGED - 1, office, "示例市市场监督管理局")
    facts = header.index("CF_SY")
    sheet.merge_range(ACROSS - 1, facts, ACROSS - 1, facts + 1, "事实与依据写在一起")


def test_each_of_25_planted_defects_is_found_at_its_cell_and_nothing_else(workbook, model, make):
    header = list(make(1))
    wanted = {
        (row, letter(header.index(code)), rule, severity)
        for row, (code, _, rule, severity) in TYPED.items()
    } | {
        (row, letter(header.index(code)), rule, severity)
        for row, (code, rule, severity) in SPECIAL.items()
    }
    assert len(wanted) == 25
    found = list(check_file(workbook("penalty.xlsx", planted=True), model))
    assert {
        (item.location.row, item.location.column, item.rule, item.severity) for item in found
    } == wanted
    for item in found:
        assert item.location.sheet == SHEET
        assert item.location.code
        assert item.location.name
        assert all((item.message.zh, item.message.en, item.hint.zh, item.hint.en))


def test_the_good_workbook_has_no_finding(workbook, model):
    checked = check_file(workbook("penalty.xlsx", planted=False), model)
    assert list(checked) == []
    assert (checked.summary.rows, checked.summary.sound) == (ROWS, ROWS)


def test_a_cell_beside_the_table_is_found_where_it_stands(tmp_path, make, model):
    path = tmp_path / "penalty.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet(SHEET)
        sheet.write_row(0, 0, list(make(1)))
        sheet.write_row(1, 0, list(make(1).values()))
        sheet.write_string(1, len(make(1)) + 2, "合计")
    (found,) = check_file(path, model)
    assert (found.rule, found.location.row, found.location.column, found.value) == (
        "cell-count",
        2,
        "S",
        "合计",
    )


def letter(position):
    return chr(ord("A") + position)
