"""What no department should send: each is refused as a whole or by its rows, within bounds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import pytest

from exchange.domain.errors import Rejected, UsageError
from exchange.intake import check_file

ROOT = Path(__file__).parents[4]
MIB = 1024 * 1024
RECORD = {"type": "AdministrativePenalty", "documentNumber": "1", "decidedOn": "2026-05-06"}


@pytest.fixture
def refused(office, write):
    """Load bytes that must be refused; give the rules, having seen that nothing came of them."""

    def _refused(content, name="penalty.csv", seconds=2.0, mib=60):
        path = content if isinstance(content, Path) else write(content, name)
        tracemalloc.start()
        began = time.thread_time()
        with pytest.raises(Rejected) as raised:
            office.load(path)
        assert time.thread_time() - began < seconds
        assert tracemalloc.get_traced_memory()[1] < mib * MIB
        tracemalloc.stop()
        assert office.ledger.deliveries(10) == []
        assert [item.name for item in office.staging.iterdir()] == [".lock"]
        assert not office.rejects.exists()
        findings = raised.value.details["findings"]
        for item in findings:
            assert all((item.message.zh, item.message.en, item.hint.zh, item.hint.en)), item
        return [item.rule for item in findings]

    return _refused


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-32", "big5", "shift_jis"])
def test_another_encoding_is_named_or_refused(refused, table, make, codec):
    text = table([make(1, CF_SY="當事人發布虛假廣告，經責令改正後已補報。")])
    rules = refused(text.encode(codec, "replace"))
    assert set(rules) <= {
        "encoding-utf16",
        "encoding-unknown",
        "encoding-unlikely",
        "encoding-broken",
        "cut-character",
        "no-header",
        "missing-column",
    }


def test_a_file_of_one_open_quote_is_refused(refused, table, make):
    text = table([make(number) for number in range(1, 40)])
    rules = refused(text.replace('"', "").replace("示市监罚字", '"示市监罚字', 1))
    assert "unclosed-quote" in rules


def test_a_csv_cut_in_the_middle_is_refused(refused, table, make):
    data = table([make(number) for number in range(1, 40)]).encode()
    assert refused(data[: len(data) // 2 - 7]) in (["cut-row"], ["cut-character"])


def test_json_cut_in_the_middle_is_refused(refused):
    text = json.dumps([RECORD] * 40)
    assert refused(text[: len(text) // 2], "penalty.json") == ["json-cut"]


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"a":'])
def test_json_100_000_levels_deep_is_refused(refused, opening):
    assert set(refused(opening * 100_000, "penalty.json")) <= {"json-depth", "json-cut"}


@pytest.mark.parametrize(
    ("record", "rule"),
    [
        ('{"type": "AdministrativePenalty", "documentNumber": NaN}', "json-number"),
        ('{"type": "AdministrativePenalty", "documentNumber": 1e400}', "json-number"),
        ('{"type": "AdministrativePenalty", "documentNumber": ' + "9" * 5000 + "}", "json-number"),
        ('{"type": "AdministrativePenalty", "remark": "a", "remark": "b"}', "json-duplicate-name"),
        ('{"type": "AdministrativePenalty", "remark": "\\ud800"}', "json-surrogate"),
        ('{"type": "AdministrativePenalty", "remark": ' + "[" * 70 + "]" * 70 + "}", "json-depth"),
    ],
)
def test_what_lenient_readers_let_pass_refuses_its_own_record(office, write, record, rule):
    receipt = office.load(write(f"{record}\n", "penalty.jsonl"))
    assert (receipt.accepted, receipt.rejected) == (0, 1)
    assert [item.rule for item in office.findings] == [rule]
    assert Path(receipt.rejects).read_text(encoding="utf-8").count("\n") == 1


def test_displaced_columns_refuse_their_rows_at_each_cell(office, write, table, make):
    rows = [
        make(
            1, CF_JDRQ="示例市市场监督管理局", CF_CFJGDM="2026-05-06", CF_CFJG="11140400QQQQ0003X9"
        )
    ]
    receipt = office.load(write(table(rows)))
    assert (receipt.accepted, receipt.rejected) == (0, 1)
    assert {item.location.code for item in office.findings} == {"CF_JDRQ", "CF_CFJG", "CF_CFJGDM"}


def test_two_header_rows_and_a_title_are_no_data(office, write, table, make, model):
    header, row = table([make(1)]).splitlines()
    chinese = ",".join(
        next(
            column.label
            for field in model.kinds["penalty"].fields
            for column in field.columns_in("2018")
            if column.code == code
        ).replace(",", "，")
        for code in header.split(",")
    )
    receipt = office.load(write(f"二〇二六年五月行政处罚\r\n{chinese}\r\n{header}\r\n{row}"))
    assert (receipt.accepted, receipt.rejected) == (1, 0)


def test_a_header_repeated_among_the_rows_refuses_that_row_alone(office, write, table, make):
    text = table([make(1)]) + table([make(2)])
    receipt = office.load(write(text))
    assert (receipt.accepted, receipt.rejected) == (2, 1)


def sparse(path, head, size):
    with path.open("wb") as stream:
        stream.write(head)
        stream.truncate(size)
    return path


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("name", "head", "rule"),
    [
        ("penalty.csv", b"", "line-size"),
        ("penalty.jsonl", b'{"type": "AdministrativePenalty", "remark": "', "json-syntax"),
        ("penalty.json", b'[{"type": "AdministrativePenalty", "remark": "', "json-syntax"),
    ],
)
def test_a_line_of_2_gb_is_refused_in_bounded_memory(tmp_path, table, name, head, rule):
    path = sparse(tmp_path / name, head or table([]).encode(), 2048 * MIB)
    script = (
        "import sys; from pathlib import Path;"
        "from exchange.intake import check_file; from exchange.model import load_model;"
        "from exchange.domain.errors import Rejected\n"
        "try: print([item.rule for item in check_file(Path(sys.argv[1]), load_model())])\n"
        "except Rejected as error: print([item.rule for item in error.details['findings']])\n"
        # Not ru_maxrss: over an exec it keeps the peak of the process that started this one.
        "peak = Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0]\n"
        "print(int(peak) // 1024)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script, str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    rules, peak = ran.stdout.splitlines()
    assert rule in rules
    assert int(peak) < 200, f"{peak} MiB"


def test_a_file_larger_than_allowed_is_refused_unread(tmp_path, model):
    path = sparse(tmp_path / "penalty.csv", b"CF_WSH\r\n", 2048 * MIB + 1)
    with pytest.raises(Rejected) as raised:
        check_file(path, model)
    assert [item.rule for item in raised.value.details["findings"]] == ["file-size"]


def test_a_pipe_or_a_folder_is_no_file(tmp_path, office):
    os.mkfifo(tmp_path / "penalty.csv")
    with pytest.raises(UsageError, match="no file"):
        office.load(tmp_path / "penalty.csv")
