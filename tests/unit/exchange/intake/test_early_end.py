"""A file whose rows are all wrong is read no further than is needed to say so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exchange.domain.errors import Rejected
from exchange.intake import DEFAULT_LIMITS, check_file

LIMITS = replace(DEFAULT_LIMITS, broken_rows=20, refused_rows=50)


def test_rows_without_columns_end_the_reading_with_one_summary(office, write, table, make, model):
    path = write(table([make(1)]) + "只有一格\n" * 5000)
    found = list(check_file(path, model, limits=LIMITS))
    assert [item.rule for item in found] == ["cell-count"] * 21 + ["rows-broken"]
    assert (found[-1].location.row, found[-1].severity) == (23, "error")
    assert "22" in found[-1].message.zh
    assert "21" in found[-1].message.en
    with pytest.raises(Rejected) as raised:
        office.load(path, limits=LIMITS)
    assert [item.rule for item in raised.value.details["findings"]] == ["rows-broken"]
    assert office.ledger.deliveries(1) == []


def test_json_lines_that_are_no_objects_end_it_too(write, model):
    lines = "\n".join(['{"type": "AdministrativePenalty", "documentNumber": "1"}', *["7"] * 5000])
    check = check_file(write(lines, "penalty.jsonl"), model, limits=LIMITS)
    assert [item.rule for item in check][-1] == "rows-broken"
    assert check.summary.rows == 22


def test_some_broken_rows_among_many_sound_ones_end_nothing(write, table, make, model):
    rows = table([make(number) for number in range(100)]).splitlines()
    mixed = "\n".join([*rows[:61], *["只有一格"] * 40, *rows[61:]])
    check = check_file(write(mixed), model, limits=LIMITS)
    assert {item.rule for item in check} == {"cell-count"}
    assert (check.summary.rows, check.summary.rejected) == (140, 40)


def test_rows_that_are_refused_one_and_all_end_the_reading(office, write, table, make, model):
    path = write(table([make(number, CF_JDRQ="2026-02-30") for number in range(200)]))
    check = check_file(path, model, limits=LIMITS)
    found = list(check)
    assert [item.rule for item in found] == ["date"] * 50 + ["rows-refused"]
    assert (check.summary.rows, found[-1].location.row, check.sound) == (50, 51, False)
    with pytest.raises(Rejected) as raised:
        office.load(path, limits=LIMITS)
    rules = [item.rule for item in raised.value.details["findings"]]
    assert rules == ["rows-refused"] + ["date"] * 20
    assert office.ledger.deliveries(1) == []


def test_one_sound_row_lets_the_file_be_read_to_its_end(office, write, table, make, model):
    rows = [make(number, CF_JDRQ="2026-02-30") for number in range(200)]
    path = write(table([*rows[:30], make(300), *rows[30:]]))
    check = check_file(path, model, limits=LIMITS)
    assert {item.rule for item in check} == {"date"}
    assert check.summary.rows == 201
    assert office.load(path, limits=LIMITS).rejected == 200
