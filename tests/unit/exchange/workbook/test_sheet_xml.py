"""A sheet's XML is read through a window; what is told of it does not depend on where that ends."""

from __future__ import annotations

import io
from dataclasses import asdict

import pytest

from exchange.intake.limits import WorkbookLimits
from exchange.workbook import sheet_xml
from exchange.workbook.bounds import WorkbookBounds, WorkbookRefused
from exchange.workbook.sheet_xml import Styles, column_letters, column_position, scan_sheet

BOUNDS = WorkbookBounds(**asdict(WorkbookLimits()))
STYLES = Styles(frozenset({3, 4}), frozenset({4}))
SHEET = """<worksheet><sheetFormatPr/><cols><col min="2" max="3" width="9" hidden="1"/>
<col min="5" max="5" width="0"/><col min="6" max="6" width="9"/></cols><sheetData>
<row r="1"><c r="A1" s="3"><v>1</v></c><c r="B1" t="e"><v>#N/A</v></c></row>
<row r="2" hidden="1"><c r="A2" s="3"><v>2</v></c><c r="B2"><f>1+1</f><v>2</v></c></row>
<row r="3" hidden="true"><c r="A3" s="3"><v>3</v></c><c r="B3"><f>1+1</f></c></row>
<row r="4" ht="0"><c r="A4" s="3" t="s"><v>4</v></c><c r="B4"><f>1+1</f><v/></c></row>
<row r="5"><c r="A5" s="4" t="s"><v>4</v></c><c r="B5" t="str"><f>""</f><v></v></c></row>
<row r="6" hidden="1"><c r="A6" s="12"><v>1</v></c>
<c r="B6"><f t="shared" si="0"/><v>3</v></c></row>
</sheetData><autoFilter ref="A1:B6"/></worksheet>"""


def facts(xml, styles=STYLES):
    return scan_sheet(io.BytesIO(xml.encode()), styles, BOUNDS)


def test_formulas_errors_formats_and_hidden_parts_are_found():
    found = facts(SHEET)
    assert found.marks == {
        1: {1: "error"},
        2: {1: "formula"},
        3: {1: "formula-empty"},
        4: {1: "formula-empty"},
        6: {1: "formula"},
    }
    assert found.runs == [[0, 1, 3, 3], [0, 5, 5, 4]]
    assert found.rows == [[2, 4], [6, 6]]
    assert found.columns == [[1, 2], [4, 4]]
    assert found.filtered


@pytest.mark.parametrize("size", [64, 100, 333, 1000])
def test_it_does_not_matter_where_a_window_ends(monkeypatch, size):
    whole = facts(SHEET)
    monkeypatch.setattr(sheet_xml, "_CHUNK", size)
    monkeypatch.setattr(sheet_xml, "_OVERLAP", 256)
    assert facts(SHEET) == whole


def test_cells_without_an_address_are_counted():
    bare = SHEET.replace(' r="A', ' x="A').replace(' r="B', ' x="B')
    for number in range(1, 7):
        bare = bare.replace(f'<row r="{number}"', "<row")
    assert facts(bare) == facts(SHEET)


def test_single_quotes_and_prefixes_are_read_alike():
    found = facts(SHEET)
    assert facts(SHEET.replace('"', "'").replace("''", '""')).marks == found.marks
    prefixed = SHEET
    for name in ("row", "c", "f", "v", "col", "autoFilter"):
        prefixed = prefixed.replace(f"<{name} ", f"<x:{name} ").replace(f"<{name}>", f"<x:{name}>")
        prefixed = prefixed.replace(f"</{name}>", f"</x:{name}>").replace(
            f"<{name}/>", f"<x:{name}/>"
        )
    assert facts(prefixed) == found


def test_what_is_recorded_of_a_sheet_is_bounded(monkeypatch):
    monkeypatch.setattr(sheet_xml, "_MARKS", 3)
    with pytest.raises(WorkbookRefused, match="xlsx-formulas"):
        facts(SHEET)
    monkeypatch.undo()
    monkeypatch.setattr(sheet_xml, "_RUNS", 1)
    with pytest.raises(WorkbookRefused, match="xlsx-formats"):
        facts(SHEET)
    monkeypatch.undo()
    rows = "".join(f'<row r="{number}" hidden="1"/>' for number in range(2, 9000, 2))
    assert len(facts(f"<worksheet><sheetData>{rows}</sheetData></worksheet>").rows) == 1000


def test_a_cell_of_another_format_ends_a_run():
    row = '<row r="{0}"><c r="A{0}" s="{1}"><v>1</v></c></row>'
    rows = "".join(row.format(number, style) for number, style in ((1, 3), (2, 9), (3, 3), (4, 3)))
    assert facts(f"<worksheet><sheetData>{rows}</sheetData></worksheet>").runs == [
        [0, 1, 1, 3],
        [0, 3, 4, 3],
    ]


@pytest.mark.parametrize("position", [0, 25, 26, 701, 702, 16383])
def test_columns_have_letters(position):
    assert column_position(column_letters(position)) == position


@pytest.mark.parametrize("size", [16, 64, 100, 10_000])
def test_a_cell_given_twice_is_found_wherever_a_window_ends(monkeypatch, size):
    monkeypatch.setattr(sheet_xml, "_CHUNK", size)
    for again in ('<c r="A4"><v>9</v></c>', '<x:c s="1" r="A4"/>', "<c r='A4' s='1'><v>9</v></c>"):
        found = facts(SHEET.replace('<c r="B4">', f'{again}<c r="B4">'))
        assert found.marks[4][0] == "cell-twice"
        assert [*found.marks[1].values()] == ["error"]
