from __future__ import annotations

import zipfile

import pytest

from exchange.domain.errors import EnvironmentFault
from exchange.intake import check_file, open_sheets
from exchange.intake.annotated_workbook import FINDINGS_SHEET


@pytest.fixture
def penalty_csv(make, table):
    return lambda **cells: table([make(1, **cells)])


def parts_of(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_faulty_cells_are_coloured_and_have_a_comment_with_the_hint(
    write, make, table, model, tmp_path
):
    header = [*make(1), "自定义列"]
    rows = [make(1), make(2, CF_JDRQ="2026-02-31", CF_NR_FK="无", CF_CFLB="警告"), make(3)]
    marked = tmp_path / "marked.xlsx"
    findings = list(check_file(write(table(rows, header)), model, marked=marked))
    assert [(item.rule, item.location.column) for item in findings] == [
        ("unknown-column", "Q"),
        ("blank-word", "K"),
        ("date", "L"),
    ]
    parts = parts_of(marked)
    comments = parts["xl/comments1.xml"]
    assert 'ref="L3"' in comments
    assert 'ref="K3"' in comments
    assert comments.count("<comment ") == 2
    assert "[date]" in comments
    assert "请写成 2026-02-28 的形式" in comments
    assert "Write it like 2026-02-28" in comments
    styles = {
        cell: parts["xl/worksheets/sheet1.xml"].split(f'r="{cell}" s="')[1][0]
        for cell in ("L3", "K3", "A3")
    }
    assert len(set(styles.values())) == 3


def test_findings_without_a_cell_are_listed_on_a_sheet_that_is_not_read_as_data(
    write, make, table, model, tmp_path
):
    marked = tmp_path / "marked.xlsx"
    list(
        check_file(
            write(table([make(1, 自定义列="x")], [*make(1), "自定义列"])), model, marked=marked
        )
    )
    names = parts_of(marked)["xl/workbook.xml"]
    assert FINDINGS_SHEET in names
    (sheet,) = open_sheets(marked, model)
    assert [row.cells["CF_WSH"] for row in sheet.rows()] == [make(1)["CF_WSH"]]
    assert [item.rule for item in sheet.notes] == ["unknown-column"]


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "＝1", "http://x.example/", "007"]
)
def test_text_stays_text_whatever_it_begins_with(write, penalty_csv, model, tmp_path, text):
    marked = tmp_path / "marked.xlsx"
    list(check_file(write(penalty_csv(CF_SY=text)), model, marked=marked))
    parts = parts_of(marked)
    assert "<f>" not in parts["xl/worksheets/sheet1.xml"]
    assert not any("hyperlink" in part for part in parts.values())
    (sheet,) = open_sheets(marked, model)
    (row,) = sheet.rows()
    assert row.cells["CF_SY"] == text


def test_a_place_that_cannot_be_written_is_explained(write, make, table, model, tmp_path):
    with pytest.raises(EnvironmentFault, match="cannot be written"):
        list(check_file(write(table([make(1)])), model, marked=tmp_path / "none" / "x.xlsx"))
