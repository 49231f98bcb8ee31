from __future__ import annotations

import io
import json
import struct
import tracemalloc
import zipfile
from dataclasses import replace
from datetime import date, datetime

import pytest
import xlsxwriter

from exchange.domain.errors import Rejected
from exchange.intake import DEFAULT_LIMITS, check_file, open_sheets


def book_of(path, *sheets, fill=None):
    """Write sheets of (title, header, rows); cells keep their Python type."""
    path.parent.mkdir(exist_ok=True)
    book = xlsxwriter.Workbook(str(path), {"strings_to_numbers": False})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    for title, header, rows in sheets:
        sheet = book.add_worksheet(title)
        for number, cells in enumerate([header, *rows]):
            for column, cell in enumerate(cells):
                if isinstance(cell, date | datetime):
                    sheet.write_datetime(number, column, cell, day)
                elif isinstance(cell, str):
                    sheet.write_string(number, column, cell)
                else:
                    sheet.write_number(number, column, cell)
        if fill:
            fill(book, sheet)
    book.close()
    return path


@pytest.fixture
def workbook(tmp_path):
    def _book(rows, fill=None, name="penalty.xlsx"):
        header = list(rows[0])
        table = ("处罚", header, [list(row.values()) for row in rows])
        return book_of(tmp_path / "in" / name, table, fill=fill)

    return _book


def rules_of(path, model, **more):
    return [
        (item.rule, item.severity, item.location.sheet, item.location.row, item.location.column)
        for item in check_file(path, model, **more)
    ]


def refused(path, model, limits=DEFAULT_LIMITS):
    with pytest.raises(Rejected) as raised:
        open_sheets(path, model, limits=limits)
    (fault,) = raised.value.details["findings"]
    assert fault.hint.zh
    assert fault.hint.en
    return fault.rule


def test_dates_and_numbers_of_a_spreadsheet_give_the_same_record_as_text(
    workbook, make, model, office
):
    typed = make(1, CF_JDRQ=date(2026, 5, 6), CF_NR_FK=0.2)
    office.load(workbook([typed]))
    receipt = office.load(workbook([make(1)], name="penalty-again.xlsx"))
    assert (receipt.accepted, receipt.revised, receipt.unchanged) == (0, 0, 1)


def test_a_time_of_day_beside_a_date_is_dropped_with_a_warning(workbook, make, model):
    morning = datetime(2026, 5, 6, 10, 30)  # noqa: DTZ001 (spreadsheets know no zones)
    path = workbook([make(1, CF_JDRQ=morning)])
    (sheet,) = open_sheets(path, model)
    (row,) = sheet.rows()
    assert row.cells["CF_JDRQ"] == "2026-05-06 10:30:00"
    assert rules_of(path, model) == [("time-dropped", "warning", "处罚", 2, "L")]


def test_a_formula_gives_its_cached_value_and_a_warning_at_its_cell(workbook, make, model):
    def fill(book, sheet):
        sheet.write_formula(1, 11, "=DATE(2026,5,6)", book.add_format({"num_format": 14}), 46148)
        sheet.write_formula(2, 11, "=NOW()", None, "")
        sheet.write_formula(3, 11, "=NA()", None, "#N/A")

    path = workbook([make(1), make(2), make(3)], fill)
    assert rules_of(path, model) == [
        ("formula", "warning", "处罚", 2, "L"),
        ("formula-empty", "error", "处罚", 3, "L"),
        ("formula-error", "error", "处罚", 4, "L"),
    ]


def test_a_cell_merged_downwards_holds_for_each_row_and_one_merged_across_for_none(
    workbook, make, model
):
    def fill(book, sheet):
        sheet.merge_range(1, 12, 2, 12, "示例市市场监督管理局")
        sheet.merge_range(3, 5, 3, 6, "发布虚假广告")

    path = workbook([make(1), make(2, CF_CFJG=""), make(3)], fill)
    assert rules_of(path, model) == [
        ("merged", "warning", "处罚", 3, "M"),
        ("merged-across", "error", "处罚", 4, "F"),
    ]
    (sheet,) = open_sheets(path, model)
    assert [row.cells["CF_CFJG"] for row in sheet.rows()][:2] == ["示例市市场监督管理局"] * 2


def test_an_id_number_stored_as_a_number_is_refused_for_its_lost_digits(workbook, make, model):
    path = workbook([make(1, CF_WSH=140423198512310023)])
    assert rules_of(path, model) == [("lost-digits", "error", "处罚", 2, "E")]


def test_every_sheet_with_a_header_is_read_and_others_are_named(tmp_path, make, model):
    header = list(make(1))
    path = book_of(
        tmp_path / "in" / "penalty.xlsx",
        ("一月", header, [list(make(1).values())]),
        ("说明", ["本表由各单位填报"], []),
        ("二月", header, [list(make(2).values()), list(make(3, CF_JDRQ="2026-02-31").values())]),
    )
    assert rules_of(path, model) == [
        ("sheet-skipped", "warning", "说明", None, None),
        ("date", "error", "二月", 3, "L"),
    ]


def test_sheets_of_several_kinds_are_loaded_in_the_order_of_their_links(tmp_path, make, office):
    repair = {
        "XF_SLDW": "示例市发展和改革委员会",
        "XF_SLDWDM": "11140400QQQQ0003X9",
        "XF_AJBH": "示信修〔2026〕1号",
        "XF_JLZL": "行政处罚",
        "XF_JDJG": "示例市市场监督管理局",
        "XF_JDJGDM": "11140400QQQQ0003X9",
        "XF_WSH": "示市监罚字[2026]1号",
        "XF_XDR_SHXYM": "91140400QQQQ00013E",
        "XF_SQRQ": "2026-06-01",
        "XF_JDRQ": "2026-06-20",
        "XF_JG": "准予修复",
    }
    path = book_of(
        tmp_path / "in" / "月报.xlsx",
        ("信用修复", list(repair), [list(repair.values())]),
        ("行政处罚", list(make(1)), [list(make(1).values())]),
    )
    receipt = office.load(path)
    assert (receipt.accepted, receipt.rejected) == (2, 0)
    assert office.rules() == []


def test_rejected_rows_are_returned_as_a_workbook_that_loads_once_corrected(workbook, make, office):
    path = workbook([make(1), make(2, CF_JDRQ="2026-02-31", CF_SY="=1+1"), make(3)])
    receipt = office.load(path)
    assert receipt.rejects.endswith("-penalty.xlsx")
    again = office.load(office.rejects / receipt.rejects.rpartition("/")[2])
    assert (again.rows, again.rejected) == (1, 1)
    (found,) = [item for item in office.findings if item.severity == "error"]
    assert (found.rule, found.location.sheet, found.location.row, found.location.column) == (
        "date",
        "处罚",
        2,
        "L",
    )
    with zipfile.ZipFile(receipt.rejects) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
        said = archive.read("xl/comments1.xml").decode()
    assert "<f>" not in sheet
    assert "[date]" in said
    assert "请写成 2026-02-28 的形式" in said


def zip_of(path, **members):
    path.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def test_a_zip_bomb_is_refused_by_what_its_directory_promises(tmp_path, model):
    path = zip_of(tmp_path / "penalty.xlsx", bomb=bytes(64 * 1024 * 1024))
    assert refused(path, model) == "xlsx-bomb"
    small = replace(DEFAULT_LIMITS, workbook=replace(DEFAULT_LIMITS.workbook, entries=3))
    many = zip_of(tmp_path / "penalty-2.xlsx", **{f"m{number}": b"" for number in range(4)})
    assert refused(many, model, small) == "xlsx-bomb"


def test_a_member_longer_than_declared_does_not_escape_the_bounds(workbook, make, model):
    path = workbook([make(1)])
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02")
    while at >= 0:  # say of every member that it is one byte long
        struct.pack_into("<I", data, at + 24, 1)
        at = data.find(b"PK\x01\x02", at + 1)
    path.write_bytes(bytes(data))
    assert refused(path, model) == "xlsx-broken"


def test_a_cell_far_from_the_table_ends_within_the_bounds(workbook, make, model):
    right = workbook([make(1)], lambda _, sheet: sheet.write_string(3, 16_000, "x"))
    assert refused(right, model) == "xlsx-far-cell"


def test_a_workbook_that_needs_more_memory_than_allowed_is_refused(workbook, make, model):
    tight = replace(
        DEFAULT_LIMITS, workbook=replace(DEFAULT_LIMITS.workbook, memory=400 * 1024 * 1024)
    )
    path = workbook([make(1)], lambda _, sheet: sheet.write_string(1_000_000, 700, "x"))
    tracemalloc.start()
    assert refused(path, model, tight) == "xlsx-large"
    assert tracemalloc.get_traced_memory()[1] < 10 * 1024 * 1024
    tracemalloc.stop()


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_workbook_cut_in_the_middle_is_refused(workbook, make, model, share):
    path = workbook([make(number) for number in range(20)])
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    assert refused(path, model) == "xlsx-broken"


def test_an_archive_that_is_no_workbook_is_refused(tmp_path, model):
    assert refused(zip_of(tmp_path / "penalty.xlsx", text=b"x"), model) == "xlsx-broken"


def test_entities_in_a_workbook_are_not_resolved(workbook, make, model):
    path = workbook([make(1)])
    out = io.BytesIO()
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(out, "w") as target:
        for item in source.infolist():
            data = source.read(item)
            if item.filename == "xl/workbook.xml":
                data = data.replace(b"?>", b'?><!DOCTYPE x [<!ENTITY a "b">]>', 1)
            target.writestr(item.filename, data)
    path.write_bytes(out.getvalue())
    assert refused(path, model) == "xlsx-broken"


def test_each_sheet_of_a_workbook_closes_with_its_own_counts(office, tmp_path, make):
    first = [make(1), make(2, CF_JDRQ="2026-13-01")]
    second = [make(number) for number in (3, 4, 5)]
    header = list(first[0])
    sheets = [
        (title, header, [list(row.values()) for row in rows])
        for title, rows in (("一", first), ("二", second))
    ]
    receipt = office.load(book_of(tmp_path / "in" / "penalty.xlsx", *sheets))
    assert (receipt.accepted, receipt.rejected) == (4, 1)
    counted = [json.loads(one.counts) for one in reversed(office.ledger.deliveries(2))]
    assert [(one["accepted"], one["rejected"]) for one in counted] == [(1, 1), (3, 0)]
