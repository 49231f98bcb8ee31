from __future__ import annotations

import json
from dataclasses import replace

import pytest

from exchange.intake import DEFAULT_LIMITS, open_sheets

ONE = {"documentNumber": "一", "authorityName": "甲"}


def read_all(path, model, limits=DEFAULT_LIMITS):
    (sheet,) = open_sheets(path, model, limits=limits)
    rows = list(sheet.rows())
    return rows, [(fault.rule, fault.location.line) for fault in sheet.faults]


def text_of(value):
    return json.dumps(value, ensure_ascii=False)


@pytest.mark.parametrize(
    "text",
    [
        f"[{text_of(ONE)},\n{text_of(ONE)}]",
        text_of({"@context": "x", "records": [ONE, ONE], "n": 1}),
        f"{text_of(ONE)}\n{text_of(ONE)}\n",
        f"\ufeff \n{json.dumps(ONE, indent=1)}{text_of(ONE)}",
    ],
)
def test_an_array_an_object_with_records_and_json_lines_are_read_alike(write, model, text):
    rows, faults = read_all(write(text, "penalty.json"), model)
    assert faults == []
    assert [(row.number, row.record) for row in rows] == [(1, ONE), (2, ONE)]


def test_column_codes_make_cells(write, model):
    text = text_of([{"CF_WSH": " 一 ", "CF_NR_FK": 0.2, "CF_FRDB": None, "其他": "x"}])
    (row,), _ = read_all(write(text, "penalty.json"), model)
    assert row.cells == {"CF_WSH": "一", "CF_NR_FK": "0.2"}


def test_a_column_code_with_no_plain_value_is_found(write, model):
    (row,), _ = read_all(write(text_of([{"CF_WSH": ["x"]}]), "penalty.json"), model)
    assert [(item.rule, item.location.code) for item in row.findings] == [("json-value", "CF_WSH")]


@pytest.mark.parametrize(
    ("record", "rule", "name"),
    [
        ('{"documentNumber":"a","documentNumber":"b"}', "json-duplicate-name", "documentNumber"),
        ('{"documentNumber":NaN}', "json-number", "documentNumber"),
        ('{"documentNumber":-Infinity}', "json-number", "documentNumber"),
        ('{"documentNumber":1e999}', "json-number", "documentNumber"),
        ('{"documentNumber":' + "9" * 5000 + "}", "json-number", "documentNumber"),
        ('{"documentNumber":"a\\ud800b"}', "json-surrogate", "documentNumber"),
        ('{"documentNumber":"a\\u0000b"}', "control-character", "documentNumber"),
        ('{"x":' + "[" * 70 + "]" * 70 + "}", "json-depth", "x"),
        ('["documentNumber"]', "json-not-object", None),
        ("12", "json-not-object", None),
    ],
)
def test_what_a_lenient_loader_lets_pass_refuses_its_record_alone(write, model, record, rule, name):
    text = f"[{text_of(ONE)},\n{record},\n{text_of(ONE)}]"
    rows, faults = read_all(write(text, "penalty.json"), model)
    assert faults == []
    assert [row.findings == () for row in rows] == [True, False, True]
    (found,) = rows[1].findings
    assert (found.rule, found.location.row, found.location.line, found.location.code) == (
        rule,
        2,
        2,
        name,
    )


@pytest.mark.parametrize(
    ("text", "rule", "line"),
    [
        (f"[{text_of(ONE)},\n", "json-cut", 2),
        (f"[{text_of(ONE)}", "json-cut", 1),
        (f'[{text_of(ONE)},\n{{"documentNumber":"ab', "json-cut", 2),
        (f'[{text_of(ONE)},\n{{"documentNumber" "a"}}]', "json-syntax", 2),
        (f"[{text_of(ONE)}\n{text_of(ONE)}]", "json-syntax", 2),
        ('{"a": 1,\n\n oops}', "json-syntax", 3),
        ('{"records": [{}], "x" 1}', "json-syntax", 1),
        ("[" * 100_000, "json-depth", 1),
        ('{"records":' + '{"a":' * 6000, "json-depth", 1),
        ("{" * 6000, "json-syntax", 1),
        ("nonsense", "json-syntax", 1),
        ("\n\n", "empty", None),
    ],
)
def test_broken_json_is_a_fault_at_its_line(write, model, text, rule, line):
    _, faults = read_all(write(text, "penalty.json"), model)
    assert faults == [(rule, line)]


def test_a_record_beyond_the_bound_is_refused_without_reading_it_whole(write, model):
    limits = replace(DEFAULT_LIMITS, record_characters=1000)
    text = f'[{text_of(ONE)},{{"a":"{"x" * 5000}"}}]'
    rows, faults = read_all(write(text, "penalty.json"), model, limits)
    assert (len(rows), faults) == (1, [("json-size", 1)])


def test_a_file_longer_than_the_window_is_read_piece_by_piece(write, model):
    limits = replace(DEFAULT_LIMITS, record_characters=200)
    records = [{**ONE, "remark": "字" * (number % 50)} for number in range(300)]
    wrapped = {"x": [1], "records": records}
    for text in (json.dumps(records, indent=1, ensure_ascii=False), text_of(wrapped)):
        rows, faults = read_all(write(text, "penalty.json"), model, limits)
        assert faults == []
        assert [row.record for row in rows] == records
    assert rows[-1].number == 300


def test_line_numbers_are_right_across_windows(write, model):
    limits = replace(DEFAULT_LIMITS, record_characters=200)
    text = "\n".join(text_of(ONE) for _ in range(100)) + '\n{"a":}'
    rows, faults = read_all(write(text, "penalty.jsonl"), model, limits)
    assert [row.line for row in rows] == list(range(1, 101))
    assert faults == [("json-syntax", 101)]


def test_the_type_decides_the_kind(write, model):
    record = {"type": "RepairCase", "documentNumber": "x", "caseNumber": "1", "unitName": "甲"}
    (sheet,) = open_sheets(write(text_of([record]), "export.json"), model)
    assert sheet.form_columns.kind.slug == "repair-case"
