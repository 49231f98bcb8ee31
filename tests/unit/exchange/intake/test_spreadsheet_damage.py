"""What a spreadsheet left behind in a cell is refused in every form of table, and said as such."""

from __future__ import annotations

import json
import sqlite3

import pytest

from exchange.intake import check_file, parse_table_address

WORDS = [
    *("#N/A", "#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!", "#CALC!"),
    *("#GETTING_DATA", "#n/a", "＃Ｎ／Ａ", "＃ＲＥＦ！", "########", "#", "#WERT!", "#¿NOMBRE?"),
    *("#名称?", "#值！", "#引用!", "#数!", "#空!", "#除以零!", "#不可用", "＃名称？", "#이름?"),
    *("#Н/Д", "#ИМЯ?", "#NV", "Err:509", "'#N/A", " #N/A "),
]
SHORT = ["7.65E+14", "7E+14", "7.65e14", "７．６５Ｅ＋１４", "7E14"]


def found(path, model):
    return [
        (item.location.row, item.location.code, item.rule, item.severity)
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


@pytest.mark.parametrize("text", ["C#语言培训", "3#厂房", "#1锅炉房", "第#号", "#一号楼"])
def test_a_text_with_the_sign_in_it_passes(write, table, make, model, text):
    assert found(write(table([make(1, CF_SY=f"检查{text}时发现问题")])), model) == []


@pytest.mark.parametrize(
    "text", ["处罚款#REF!元整", "共计#N/A元", "见#名称？附表", "数量＃ＤＩＶ／０！", "#值!件商品"]
)
def test_an_error_word_within_a_text_is_refused(spoilt, text):
    assert spoilt("CF_SY", text) == [("CF_SY", "formula-error-inside", "error")]


FACTS = "当事人未按规定标明价格"


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        ("当事人\ufffd\ufffd规定", "error"),
        ("锟斤拷锟斤拷", "error"),
        (FACTS.encode().decode("gb18030", "replace"), "error"),
        ("经检查，" + FACTS[:4].encode().decode("gb18030"), "error"),
        (FACTS.encode().decode("cp1252", "replace"), "error"),
        (FACTS.encode("utf-8").decode("latin-1").encode().decode("cp1252", "replace"), "error"),
        (FACTS.encode("gbk").decode("latin-1"), "error"),
        ("店名â€œ春茶â€", "error"),
        ("标明".encode().decode("gb18030"), "held"),
        (("罚款人民币" * 2).encode().decode("gbk", "ignore"), "held"),
        *[(text, "held") for text in ("烫烫烫", "屯屯屯屯", "??????", "未按???规定")],
    ],
)
def test_a_cell_whose_encoding_was_lost_is_reported(spoilt, text, severity):
    text = "".join(item for item in text if not "\x7f" <= item <= "\x9f")
    assert ("CF_SY", "encoding-lost", severity) in spoilt("CF_SY", text)


@pytest.mark.parametrize(
    "text",
    [
        "×××公司",
        "“×”“×”两处",
        "Café——咖啡馆",
        "déjà vu牌香水",
        "3·15晚会",
        "涓涓细流公司",
        "什么？？？",
        "瑾瑜店",
    ],
)
def test_signs_and_rare_characters_are_no_lost_encoding(spoilt, text):
    assert spoilt("CF_SY", f"当事人销售{text}") == []


@pytest.mark.parametrize("code", ["CF_SY", "CF_WFXW", "CF_NR", "BZ", "CF_YJ"])
def test_a_number_in_e_notation_or_a_truth_value_in_a_text_is_asked_about(spoilt, code):
    for text in (
        "6.30225E+17",
        "合同编号6.30225e+17《规定》",
        "编号６．３Ｅ＋１１《规定》",
        "值1E-05《规定》",
    ):
        assert (code, "shortened-inside", "warning") in spoilt(code, text)
    for text in ("TRUE", "False", "ＴＲＵＥ"):
        assert (code, "truth-value", "warning") in spoilt(code, text)


def test_a_refused_number_in_e_notation_is_reported_once(spoilt):
    assert spoilt("CF_WSH", "6.3E+17") == [("CF_WSH", "shortened-number", "error")]
    assert spoilt("CF_WSH", "示罚6.3E+17号") == [("CF_WSH", "shortened-inside", "warning")]
    assert spoilt("CF_SY", "型号AE+3和CODE-7、2E-8B") == []


def test_json_and_its_escapes_are_looked_at_too(write, make, model):
    rows = [make(1, CF_SY="锟斤拷"), make(2, CF_SY="编号6.3E+17"), make(3, CF_SY="烫烫烫烫")]
    for ascii_only in (True, False):
        path = write(json.dumps(rows, ensure_ascii=ascii_only), "penalty.json")
        assert found(path, model) == [
            (1, "CF_SY", "encoding-lost", "error"),
            (2, "CF_SY", "shortened-inside", "warning"),
            (3, "CF_SY", "encoding-lost", "held"),
        ]


def test_a_row_whose_encoding_may_be_lost_is_held(office, write, table, make):
    receipt = office.load(write(table([make(1, CF_SY="烫烫烫火锅"), make(2)])))
    assert (receipt.accepted, receipt.held, receipt.rejected) == (1, 1, 0)


def test_the_garbled_cell_of_a_secret_column_is_not_repeated(write, table, make, model):
    path = write(table([make(1, CF_FR_ZJHM="锟斤拷QX77")], [*make(1), "CF_FR_ZJHM"]))
    said = [item for item in check_file(path, model) if item.rule == "encoding-lost"]
    assert said
    assert not any("QX77" in item.text("zh") for item in said)


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
    receipt = office.load(parse_table_address(f"sqlite:///{tmp_path}/month.db#penalty"))
    assert (receipt.accepted, receipt.rejected) == (1, 2)
    assert [item.rule for item in office.findings] == ["formula-error", "shortened-number"]


@pytest.mark.parametrize("text", SHORT)
@pytest.mark.parametrize(
    "code",
    ["CF_XDR_SHXYM", "CF_XDR_GSZC", "CF_XDR_ZZJG", "CF_XDR_SWDJ", "CF_XDR_SYDW", "CF_NR_FK",
     "CF_CFJGDM"],
)  # fmt: skip
def test_a_shortened_number_is_reported_as_shortened(spoilt, text, code):
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


def test_the_serial_number_of_a_day_is_reported_with_its_day(write, table, make, model):
    (item,) = check_file(write(table([make(1, CF_JDRQ="46147")])), model)
    assert "2026-05-05" in item.message.zh
    assert "2026-05-05" in item.message.en


def test_a_code_under_two_names_is_reported_once_for_each_name(write, table, make, model):
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
