from __future__ import annotations

import csv
import json
import re

import pytest

from exchange.domain.disclosure_levels import Tier
from exchange.domain.errors import UsageError
from exchange.domain.identifiers import id_number_problem, uscc_problem
from exchange.intake import check_file, open_sheets, order_by_links
from exchange.model import compile_kind
from exchange.sample import generate


def files(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sample")
    generate(400, 7, folder)
    return folder


def test_the_same_arguments_give_the_same_bytes(tmp_path):
    for name, seed in (("one", 7), ("again", 7), ("other", 8)):
        generate(40, seed, tmp_path / name)
    assert files(tmp_path / "again") == files(tmp_path / "one")
    assert files(tmp_path / "other")["penalty.csv"] != files(tmp_path / "one")["penalty.csv"]


def test_expected_counts_are_what_a_first_load_counts(office, sample, model):
    expected = json.loads((sample / "expected.json").read_text())
    assert sorted(expected) == sorted(model.kinds)
    for path in order_by_links([sample / f"{kind}.csv" for kind in expected], model):
        receipt = office.load(path)
        assert {
            "rows": receipt.rows,
            "accepted": receipt.accepted,
            "rejected": receipt.rejected,
        } == expected[path.stem], path.stem
    assert expected["penalty"]["rejected"] == 20


def test_the_files_beside_it_do_what_they_are_for(office, sample):
    expected = json.loads((sample / "expected.json").read_text())
    for kind in ("penalty", "repair-case"):
        office.load(sample / f"{kind}.csv")
    shown = sum(1 for _ in office.ledger.live(Tier.PUBLIC))
    granted = (sample / "repair-case.csv").read_text(encoding="utf-8").count("准予修复")
    assert shown == expected["penalty"]["accepted"] - (granted - 2)
    for name in ("penalty.jsonl", "penalty.xlsx"):
        again = office.load(sample / "more" / name)
        assert (again.unchanged, again.suppressed, again.rejected) == (shown, granted - 2, 0)
    revised = office.load(sample / "more" / "penalty-again.csv")
    assert revised.revised + revised.suppressed == revised.rows == 50
    old = office.load(sample / "more" / "penalty-2016.csv")
    assert (old.accepted, old.suppressed, old.rejected) == (37, 13, 0)  # state 1: revoked


@pytest.mark.parametrize(
    ("kind", "cells"),
    [
        ("subject", ("N/A", "万元人民币", "140402", "140105", "无", "1900-01-01")),
        ("penalty", ("2099-12-31", "9999-09-09", "00000000000000000X", "；", ";", "无")),
        ("licence", ("2099-12-31", "9999-09-09", "/", "２０")),
        ("list-entry", ("年", "列入日期")),
        ("measure", ("；", ";")),
        ("repair-case", ("[",)),
    ],
)
def test_the_quirks_of_real_files_are_planted(sample, kind, cells):
    text = (sample / f"{kind}.csv").read_text(encoding="utf-8-sig")
    assert [cell for cell in cells if cell not in text] == []


def test_capital_in_any_writing_is_one_amount(sample, model):
    (sheet,) = open_sheets(sample / "subject.csv", model)
    compiled = compile_kind(model, "subject")
    written = {}
    for row in sheet.rows():
        cell = row.cells["ZT_ZCZB"]
        record, _ = compiled.read_row(row.cells, "credence")
        written[re.sub("[0-9]+", "1", cell)] = record.get("registeredCapital")
    assert len(written) == 10  # nine writings, and one of a foreign currency
    assert written.pop("N/A") is None
    assert written.pop("1万美元") == "500万美元"
    assert all(amount.endswith("0000.00") for amount in written.values())


@pytest.mark.parametrize("records", [1, 5, 19, 20, 41])
def test_small_samples_are_exact_too(tmp_path, model, records):
    generate(records, 1, tmp_path)
    expected = json.loads((tmp_path / "expected.json").read_text())
    assert expected["penalty"]["rows"] == records
    for kind in ("subject", "penalty", "licence", "list-entry", "measure"):
        checked = check_file(tmp_path / f"{kind}.csv", model)
        list(checked)
        counted = (checked.summary.rows, checked.summary.sound)
        assert counted == (expected[kind]["rows"], expected[kind]["accepted"]), kind


def test_every_code_is_of_the_range_that_is_never_allotted(sample):
    text = "".join(
        data.decode("gb18030" if "again" in name else "utf-8")
        for name, data in files(sample).items()
        if not name.endswith(".xlsx")
    )
    codes = set(re.findall(r"\b[19][0-9A-Za-z]{17}\b", text)) - {"00000000000000000X"}
    numbers = {code for code in codes if code.startswith("991404")}
    assert len(codes) > 200
    assert numbers
    assert all(id_number_problem(number) is None for number in numbers)
    wrong = {code for code in codes - numbers if uscc_problem(code.upper())}
    assert all("QQQQ" in code.upper() for code in codes - numbers)
    assert 0 < len(wrong) <= 8


def test_every_name_of_an_organisation_says_that_it_is_invented(sample):
    with (sample / "penalty.csv").open(encoding="utf-8-sig", newline="") as stream:
        for row in csv.DictReader(stream):
            name = row["行政相对人名称"]
            assert "示例" in name or name[1] == "某", name
            assert row["处罚机关"].strip().startswith("示例市")


def test_a_sample_of_nothing_is_a_wrong_call(tmp_path):
    with pytest.raises(UsageError):
        generate(0, 1, tmp_path)
