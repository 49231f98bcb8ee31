"""What a spreadsheet left behind in a cell is refused in every form of table, and said as such."""

from __future__ import annotations

import json
import sqlite3

import pytest

from exchange.intake import check_file, table_of

WORDS = [
    *("#N/A", "#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!", "#CALC!"),
    *("#GETTING_DATA", "#n/a", "＃Ｎ／Ａ", "＃ＲＥＦ！", "########", "#", "#WERT!", "#¿NOMBRE?"),
    *("#Н/Д", "#ИМЯ?", "#NV", "Err:509", "'#N/A", " #N/A "),
]
SHORT = ["7.65E+14", "7E+14", "7.65e14", "７．６５Ｅ＋１４", "7E14"]


def found(path, model):
    return [
        (item.place.row, item.place.code, item.rule, item.severity)
        for item in check_file(path, model)
    ]


@pytest.fixture
def spoilt(write, table, make, model):
    """Check a row of CSV with that cell; give column, rule and severity of what is found."""

    def _spoilt(code, text):
        header = list(dict.fromkeys([*make(1), code]))
        said = found(write(table([make(1, **{code: text})], header)), model)
        return [item[1:] for item in said]

    return _spoilt


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("code", ["CF_XDR_MC", "CF_SY", "CF_CFLB", "CF_NR_FK", "CF_JDRQ", "BZ"])
def test_an_error_word_is_refused_in_any_column(spoilt, word, code):
    assert (code, "formula-error", "error") in spoilt(code, word)


def test_an_error_word_among_several_values_is_refused(write, table, make, model):
    path = write(table([make(1, CF_CFLB="罚款；#N/A")]))
    assert (2, "CF_CFLB", "formula-error", "error") in found(path, model)


@pytest.mark.parametrize("text", ["C#语言培训", "3#厂房", "#1锅炉房", "第#号", "见 #REF! 一栏"])
def test_a_text_with_the_sign_in_it_passes(write, table, make, model, text):
    assert found(write(table([make(1, CF_SY=f"检查{text}时发现问题")])), model) == []


def test_cells_of_unknown_columns_are_not_looked_at(write, table, make, model):
    rows = [make(1) | {"内部列": "#N/A"}]
    path = write(table(rows, [*rows[0]]))
    assert [rule for _, _, rule, _ in found(path, model)] == ["unknown-column"]


def test_json_is_held_to_it_too(write, model):
    record = {"type": "AdministrativePenalty", "documentNumber": "#REF!", "formerName": ["#N/A"]}
    path = write(json.dumps([record, {"CF_WSH": "＃REF！", "CF_SY": "甲"}]), "penalty.json")
    assert found(path, model) == [
        (1, "documentNumber", "formula-error", "error"),
        (1, "formerName", "formula-error", "error"),
        (2, "CF_WSH", "formula-error", "error"),
    ]
    escaped = '[{"type": "AdministrativePenalty", "documentNumber": "\\u0023N/A"}]'
    assert found(write(escaped, "penalty.json"), model)[0][2] == "formula-error"


def test_a_table_of_a_database_is_held_to_it_too(office, make, tmp_path):
    with sqlite3.connect(tmp_path / "month.db") as database:
        names = list(make(1))
        database.execute(f"CREATE TABLE penalty ({', '.join(f'{name} TEXT' for name in names)})")
        marks = ", ".join("?" for _ in names)
        for row in (make(1, CF_CFJG="#N/A"), make(2, CF_WSH="1.2E+05"), make(3)):
            database.execute(f"INSERT INTO penalty VALUES ({marks})", list(row.values()))
    receipt = office.load(table_of(f"sqlite:///{tmp_path}/month.db#penalty"))
    assert (receipt.accepted, receipt.rejected) == (1, 2)
    assert [item.rule for item in office.findings] == ["formula-error", "shortened-number"]


@pytest.mark.parametrize("text", SHORT)
@pytest.mark.parametrize(
    "code",
    ["CF_XDR_SHXYM", "CF_XDR_GSZC", "CF_XDR_ZZJG", "CF_XDR_SWDJ", "CF_XDR_SYDW", "CF_NR_FK",
     "CF_CFJGDM"],
)  # fmt: skip
def test_a_shortened_number_is_said_to_be_one(spoilt, text, code):
    assert (code, "shortened", "error") in spoilt(code, text)


@pytest.mark.parametrize(
    ("code", "bad", "good"),
    [
        ("CF_XDR_ZZJG", ["1234567", "12345678", "1234567890", "QQQQ0001A"], "QQQQ00019"),
        ("CF_XDR_GSZC", ["40400000123", "140400000001", "14040000000123"], "1404000000012"),
        ("CF_XDR_GSZC", ["1"], "140400000000123"),
        ("CF_XDR_GSZC", ["4404"], "企合晋总字第000001号"),
        ("CF_XDR_SWDJ", ["14040212345678"], "140402QQQQ00019"),
        ("CF_XDR_SYDW", ["14040000012", "1140400000123"], "114040000012"),
    ],
)
def test_a_code_of_fixed_length_has_it(spoilt, code, bad, good):
    for text in bad:
        ((column, rule, severity),) = spoilt(code, text)
        assert (column, severity) == (code, "error"), text
        assert rule in {"pattern", "max-length"}
    assert spoilt(code, good) == []
    assert spoilt(code, "/") == [(code, "blank-word", "warning")]


@pytest.mark.parametrize(
    ("text", "rule", "severity"),
    [
        ("2026-05-05 23:59:17", "next-day", "warning"),
        ("2026-05-05 16:00:00", "next-day", "warning"),
        ("2026/5/5 16:00", "next-day", "warning"),
        ("2026-05-05T16:00:00.000", "next-day", "warning"),
        ("２０２６－０５－０５ ２３：５５", "next-day", "warning"),
        ("2026年5月5日 09:12", "time-dropped", "warning"),
        ("2026-05-05 16:00:01", "time-dropped", "warning"),
        ("2026-05-05 00:00:01", "time-dropped", "warning"),
        ("2026-05-05 24:00:00", "date-time", "error"),
        ("2026-05-05 25:61:61", "date-time", "error"),
        ("2026-05-05 12:60", "date-time", "error"),
        ("2026-05-05T16:00:00Z", "date-zone", "error"),
        ("2026-05-05T00:00:00+08:00", "date-zone", "error"),
        ("46147", "date-serial", "error"),
        ("46147.75", "date-serial", "error"),
        ("4.6E+04", "shortened", "error"),
        ("5/5/26", "date", "error"),
    ],
)
def test_a_time_beside_a_date_is_never_dropped_in_silence(spoilt, text, rule, severity):
    assert spoilt("CF_JDRQ", text) == [("CF_JDRQ", rule, severity)]


def test_nor_is_it_in_json(write, make, model):
    for text, rule in (("2026-05-05 16:00:00", "next-day"), ("2026-05-05T16:00:00Z", "date-zone")):
        coded = json.dumps([make(1, CF_JDRQ=text)])
        assert [item[1:3] for item in found(write(coded, "penalty.json"), model)] == [
            ("CF_JDRQ", rule)
        ]


@pytest.mark.parametrize("text", ["2026-05-05 00:00:00", "2026-05-05T00:00", "2026/5/5 0:00"])
def test_midnight_is_no_time(write, table, make, model, text):
    assert found(write(table([make(1, CF_JDRQ=text)])), model) == []


def test_the_serial_number_of_a_day_is_said_with_its_day(write, table, make, model):
    (item,) = check_file(write(table([make(1, CF_JDRQ="46147")])), model)
    assert "2026-05-05" in item.message.zh
    assert "2026-05-05" in item.message.en


def test_one_code_under_two_names_is_told_once_for_each_name(write, table, make, model):
    rows = [
        make(1),
        make(2, CF_CFJG="示例市望川区市场监督管理局"),
        make(3, CF_CFJG="示例市望川区市场监督管理局"),
        make(4, CF_CFJG="示例市市场监督管理局 "),
        make(5, CF_XDR_MC="示例市望川区云岑商贸(示例)有限公司"),
        make(6, CF_XDR_MC="示例市望川区云芩商贸（示例）有限公司"),
    ]
    path = write(table(rows))
    assert found(path, model) == [
        (3, "CF_CFJG", "other-name", "warning"),
        (7, "CF_XDR_MC", "other-name", "warning"),
    ]
    first = next(iter(check_file(path, model)))
    assert "第 2 行" in first.message.zh
    assert "示例市市场监督管理局" in first.message.zh


def test_a_load_compares_days_with_the_clock(office, write, table, make):
    receipt = office.load(write(table([make(1, CF_JDRQ="2030-01-01"), make(2)])))
    assert (receipt.accepted, receipt.rejected) == (1, 1)
    assert [item.rule for item in office.findings] == ["future"]


def test_a_fine_ten_thousand_times_too_large_is_held(office, write, table, make):
    receipt = office.load(write(table([make(1, CF_NR_FK="2000"), make(2)])))
    assert (receipt.accepted, receipt.held, receipt.rejected) == (1, 1, 0)
    assert [(item.rule, item.severity) for item in office.findings] == [("amount-factor", "held")]
