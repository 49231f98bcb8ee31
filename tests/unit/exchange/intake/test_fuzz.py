"""Whatever the bytes: rows, findings or one of our errors, in bounds; never anything else."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exchange.domain.errors import CredenceError
from exchange.intake import DEFAULT_LIMITS, check_file, open_sheets

LIMITS = replace(
    DEFAULT_LIMITS, cell_characters=300, line_characters=500, record_characters=600, rows=40
)
QUIET = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
CSV_BITS = st.sampled_from(
    ['"', ",", "\n", "\r\n", "\r", "a", '""', "'=", "字", "\x00", "\ufeff", "2026-13-01", "x" * 90]
)
JSON_BITS = st.sampled_from(
    [
        *("{", "}", "[", "]", '"', ":", ",", "\\", "1", "NaN", "\n", "\\ud800", "字", "9" * 60),
        *('"a"', '"records"', '"CF_WSH"', '{"CF_WSH":"x"}', '"documentNumber"', "[[" * 40),
    ]
)


def survives(path, model):
    try:
        (sheet,) = open_sheets(path, model, limits=LIMITS)
    except CredenceError:
        return
    rows = list(sheet.rows())
    assert len(rows) <= LIMITS.rows
    assert len(sheet.faults) <= LIMITS.faults + len(sheet.form_columns.by_code)
    for row in rows:
        assert sum(map(len, row.raw)) <= 2 * LIMITS.record_characters
    checked = check_file(path, model, limits=LIMITS)
    for found in checked:
        assert found.text("zh")
        assert found.text("en")
        assert len(found.value) <= 600
    assert checked.summary.rows == checked.summary.sound + checked.summary.rejected


@given(data=st.binary(max_size=600), suffix=st.sampled_from(["csv", "json", "jsonl"]))
@QUIET
def test_any_bytes(tmp_path, model, data, suffix):
    path = tmp_path / f"penalty.{suffix}"
    path.write_bytes(data)
    survives(path, model)


@given(st.lists(CSV_BITS, max_size=80))
@QUIET
def test_any_csv(tmp_path, model, make, table, bits):
    path = tmp_path / "penalty.csv"
    text = table([make(1), make(2)])
    at = text.index("\r\n") + 2
    codec = "gb18030" if len(bits) % 2 else "utf-8"
    path.write_bytes((text[:at] + "".join(bits) + text[at:]).encode(codec))
    survives(path, model)


@given(bits=st.lists(JSON_BITS, max_size=80))
@QUIET
def test_any_json(tmp_path, model, bits):
    path = tmp_path / "penalty.json"
    path.write_bytes("".join(bits).encode())
    survives(path, model)
