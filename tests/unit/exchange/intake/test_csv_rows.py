from __future__ import annotations

from dataclasses import replace

import pytest

from exchange.intake import DEFAULT_LIMITS, open_sheets
from exchange.intake.table_sheet import clean_cell


def rows_and_faults(path, model, limits=DEFAULT_LIMITS):
    (sheet,) = open_sheets(path, model, limits=limits)
    rows = list(sheet.rows())
    return rows, [(fault.rule, fault.location.row, fault.location.column) for fault in sheet.faults]


def test_cells_come_under_their_national_codes(write, model, make, table):
    rows, faults = rows_and_faults(write(table([make(7)])), model)
    assert faults == []
    assert rows[0].cells["CF_WSH"] == "示市监罚字〔2026〕7号"
    assert rows[0].number == 2


def test_a_cell_of_several_lines_does_not_shift_the_row_numbers(write, model, make, table):
    text = table([make(1, CF_SY="一\n二\n三"), make(2)])
    rows, faults = rows_and_faults(write(text), model)
    assert faults == []
    assert [(row.number, row.line) for row in rows] == [(2, 2), (3, 5)]
    assert rows[0].cells["CF_SY"] == "一\n二\n三"


def test_blank_rows_are_skipped_but_counted(write, model, make, table):
    lines = table([make(1), make(2)]).split("\r\n")
    text = "\r\n".join([lines[0], "", lines[1], "," * (len(make()) - 1), lines[2], ""])
    rows, faults = rows_and_faults(write(text), model)
    assert faults == []
    assert [row.number for row in rows] == [3, 5]


@pytest.mark.parametrize("place", [2, 4, 6])
def test_an_unclosed_quote_is_reported_at_its_row_and_swallows_none(
    write, model, make, table, place
):
    lines = table(make(number) for number in range(1, 6)).split("\r\n")
    cells = lines[place - 1].split(",")
    cells[6] = '"' + cells[6]
    lines[place - 1] = ",".join(cells)
    rows, faults = rows_and_faults(write("\r\n".join(lines)), model)
    assert faults == [("unclosed-quote", place, "G")]
    assert [row.number for row in rows] == [n for n in range(2, 7) if n != place]


def test_an_unclosed_quote_that_the_next_quote_closes_is_found(write, model, make, table):
    lines = table(make(number) for number in range(1, 4)).split("\r\n")
    for index, broken in ((1, '"abc'), (2, '"')):
        cells = lines[index].split(",")
        cells[6] = broken
        lines[index] = ",".join(cells)
    _, faults = rows_and_faults(write("\r\n".join(lines)), model)
    assert ("unclosed-quote", 2, "G") in faults


def test_text_after_a_closing_quote_is_reported(write, model, make, table):
    text = table([make(1), make(2)]).replace("发布虚假广告,", '"发布"虚假广告,', 1)
    rows, faults = rows_and_faults(write(text), model)
    assert faults == [("quote-inside", 2, "F")]
    assert [row.number for row in rows] == [3]


@pytest.mark.parametrize("case", [(",x", 17), (",,x", 18), ("", 15)])
def test_a_row_with_another_number_of_cells_is_refused_alone(write, model, make, table, case):
    extra, found = case
    lines = table([make(1), make(2)]).split("\r\n")
    lines[1] = lines[1] + extra if extra else lines[1].rpartition(",")[0]
    rows, faults = rows_and_faults(write("\r\n".join(lines)), model)
    assert faults == []
    assert [item.rule for row in rows for item in row.findings] == ["cell-count"]
    assert f"{found} cells" in rows[0].findings[0].message.en
    assert rows[1].cells


def test_empty_cells_beyond_the_header_do_no_harm(write, model, make, table):
    text = table([make(1)]).replace("\r\n", ",,\r\n")
    rows, faults = rows_and_faults(write(text), model)
    assert (faults, rows[0].findings) == ([], ())


def test_a_file_cut_in_the_middle_of_a_row_is_broken(write, model, make, table):
    text = table([make(1), make(2)])
    rows, faults = rows_and_faults(write(text[: text.rindex("罚款人民币")]), model)
    assert [(rule, row) for rule, row, _ in faults] == [("cut-row", 3)]
    assert len(rows) == 2


def test_a_control_character_is_found_in_its_cell(write, model, make, table):
    rows, faults = rows_and_faults(write(table([make(1, CF_SY="a\x00b"), make(2)])), model)
    assert faults == []
    (found,) = rows[0].findings
    assert (found.rule, found.location.column, found.location.code) == (
        "control-character",
        "G",
        "CF_SY",
    )
    assert found.value == "a\\x00b"
    assert rows[1].findings == ()


def test_crlf_inside_a_cell_becomes_lf(write, model, make, table):
    rows, _ = rows_and_faults(write(table([make(1, CF_SY="a\r\nb\tc")])), model)
    assert rows[0].cells["CF_SY"] == "a\nb\tc"


def test_a_cell_beyond_the_bound_is_broken(write, model, make, table):
    limits = replace(DEFAULT_LIMITS, cell_characters=2000)
    text = table([make(1, CF_SY="x" * 2001), make(2)])
    rows, faults = rows_and_faults(write(text), model, limits)
    assert [(rule, row) for rule, row, _ in faults] == [("cell-size", 2)]
    assert [row.number for row in rows] == [3]


def test_a_line_beyond_the_bound_is_broken_and_skipped(write, model, make, table):
    limits = replace(DEFAULT_LIMITS, line_characters=1000)
    text = table([make(1, CF_SY="x" * 3000), make(2)])
    rows, faults = rows_and_faults(write(text), model, limits)
    assert [(rule, row) for rule, row, _ in faults] == [("line-size", 2)]
    assert [row.number for row in rows] == [3]


def test_a_file_is_read_no_further_after_too_many_faults(write, model, make, table):
    broken = '"a"b\r\n'
    rows, faults = rows_and_faults(write(table([make(1)]) + broken * 500), model)
    assert len(faults) == DEFAULT_LIMITS.faults
    assert len(rows) == 1


def test_too_many_rows_are_a_fault(write, model, make, table):
    limits = replace(DEFAULT_LIMITS, rows=2)
    text = table(make(number) for number in range(4))
    rows, faults = rows_and_faults(write(text), model, limits)
    assert (len(rows), faults) == (2, [("too-many-rows", 4, None)])


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_of_any_system_are_read(write, model, make, table, end):
    text = table([make(1), make(2)]).replace("\r\n", end)
    rows, faults = rows_and_faults(write(text), model)
    assert (len(rows), faults) == (2, [])


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("'=1+1", "=1+1"),
        ("'＋甲", "＋甲"),
        ("''-x", "'-x"),
        ("'quoted'", "'quoted'"),
        ("\u3000甲 ", "甲"),
        ("\ufeff 甲\u200b", "甲"),
        ("-0.5", "-0.5"),
    ],
)
def test_blanks_and_the_quote_prefix_are_undone(cell, text):
    assert clean_cell(cell) == text


def test_a_sheet_can_be_read_again(write, model, make, table):
    (sheet,) = open_sheets(write(table([make(1), make(2)])), model)
    assert list(sheet.rows()) == list(sheet.rows())
