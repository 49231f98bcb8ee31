"""Bad cells: each a clear finding at its cell, and no other row suffers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exchange.intake import DEFAULT_LIMITS, check_file


@pytest.mark.parametrize(
    "case",
    [
        ("CF_JDRQ", "2026-13-05", "date", "L"),
        ("CF_JDRQ", "2026-02-31", "date", "L"),
        ("CF_XDR_SHXYM", "91140400QQQQ00013A", "uscc-check-digit", "C"),
        ("CF_CFJGDM", "11140400QQQQ0003XA", "uscc-check-digit", "N"),
        ("CF_XDR_SHXYM", "00000000000000000X", "uscc-placeholder", "C"),
        ("CF_WSH", "", "required", "E"),
        ("CF_NR_FK", "约两千元", "money", "K"),
        ("CF_CFLB", "", "required", "I"),
        ("CF_XDR_LB", "其他主体", "code", "B"),
        ("CF_WFXW", "x" * 2001, "max-length", "F"),
        ("CF_SY", "a\x07b", "control-character", "G"),
    ],
)
def test_a_bad_cell_is_found_at_its_cell(write, model, make, table, case):
    code, value, rule, letter = case
    path = write(table([make(1), make(2, **{code: value}), make(3)]))
    checked = check_file(path, model)
    errors = [item for item in checked if item.severity == "error"]
    assert [(item.location.row, item.location.column, item.location.code) for item in errors] == [
        (3, letter, code)
    ]
    assert errors[0].rule == rule
    assert (checked.summary.sound, checked.summary.rejected, checked.sound) == (2, 1, False)
    assert f"第 3 行 {letter} 列 {code}" in errors[0].text("zh")
    assert f"row 3 column {letter} {code}: error:" in errors[0].text("en")
    assert len(errors[0].value) <= 120


def test_findings_in_json_name_the_json_member(write, model):
    path = write('[{"documentNumber": 5}]', "penalty.json")
    found = {item.location.code: item for item in check_file(path, model)}
    assert found["documentNumber"].as_json()["row"] == 1
    assert found["documentNumber"].location.column is None
    assert found["decidedOn"].rule == "required"


def test_a_structure_fault_is_reported_and_the_sound_rows_are_checked_all_the_same(
    write, model, make, table
):
    lines = table([make(1), make(2, CF_JDRQ="2026-13-01"), make(3)]).split("\r\n")
    lines[1] = lines[1].replace("当事人", '"当事人')
    findings = list(check_file(write("\r\n".join(lines)), model))
    assert [item.rule for item in findings] == ["date", "unclosed-quote"]


def test_rows_under_a_header_that_lacks_columns_are_not_checked(write, model, make, table):
    header = [code for code in make() if code != "CF_WSH"]
    assert [f.rule for f in check_file(write(table([make(1)], header)), model)] == [
        "missing-column"
    ]


def test_a_key_is_seen_again_only_so_far_back(write, model, make, table):
    path = write(table([make(1), make(2), make(1)]))
    assert [item.rule for item in check_file(path, model)] == ["repeated-key"]
    limits = replace(DEFAULT_LIMITS, keys=1)
    assert list(check_file(path, model, limits=limits)) == []


def test_a_sound_file_has_no_findings(write, model, make, table):
    checked = check_file(write(table([make(1), make(2)])), model)
    assert list(checked) == []
    assert checked.sound


def test_a_check_counts_held_rows_apart(write, make, table, model, holding):
    path = write(table([make(1), make(2, CF_SY=holding)]))
    checked = check_file(path, model)
    found = list(checked)
    assert [(item.severity, item.location.row) for item in found] == [("held", 3)]
    tally = checked.summary
    assert (tally.rows, tally.sound, tally.held, tally.rejected) == (2, 1, 1, 0)
    assert (tally.errors, tally.warnings) == (0, 0)
    assert "待审" in found[0].text("zh")


def test_no_finding_shows_the_cell_of_a_hidden_column(write, model, make, table):
    home = "业主，住示例县示范路7号" + "（示例）" * 12
    found = list(check_file(write(table([make(1, CF_FRDB=home)])), model))
    assert {item.rule for item in found} == {"max-length", "home-address"}
    assert {item.value for item in found} == {"***"}
    assert "示范路" not in repr(found)


@pytest.mark.parametrize("name", ["身份证11010519491231002X.csv", "甲13900139000乙.csv"])
def test_the_name_of_a_file_is_shown_without_the_digits_of_a_person(
    write, model, make, table, name
):
    (found,) = check_file(
        write(table([make(1, CF_JDRQ="2026-13-05")]), name), model, kind="penalty"
    )
    assert "*" in found.location.file
    assert not any(digits in repr(found) for digits in ("19491231", "139001"))
