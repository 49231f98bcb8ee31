from __future__ import annotations

import pytest

from exchange.domain.errors import UsageError
from exchange.intake import detect_kind_and_form, open_sheets
from exchange.intake.header_matching import (
    FormColumns,
    candidate_forms,
    kind_from_file_name,
    normalise_name,
)
from exchange.model.dictionary import csv_template


def faults_of(sheet):
    return [(fault.rule, fault.location.column, fault.location.code) for fault in sheet.faults]


def test_chinese_names_aliases_and_json_names_are_recognised(write, model, make, table):
    renamed = {
        "CF_WSH": "行政处罚决定书文号*",
        "CF_SY": "cf_wfss",
        "CF_SJLY": "CF_LYDW",
        "CF_NR": "penaltyContent",
        "CF_NR_FK": "罚款金额 (万元)",
    }
    codes = list(make())
    lines = table([make(3)]).split("\r\n")
    lines[0] = ",".join(renamed.get(code, code) for code in codes)
    (sheet,) = open_sheets(write("\r\n".join(lines)), model)
    (row,) = sheet.rows()
    assert sheet.notes == []
    assert row.cells == make(3)


def test_two_header_rows_are_recognised(write, model, make, table):
    book = FormColumns(model.kinds["penalty"], "2018")
    lines = table([make(1)]).split("\r\n")
    lines.insert(0, ",".join(book.by_code[code].name for code in make()))
    (sheet,) = open_sheets(write("\r\n".join(lines)), model)
    (row,) = sheet.rows()
    assert (row.number, row.cells["CF_JDRQ"]) == (3, "2026-05-06")
    assert len(sheet.header.sender_rows) == 2


def test_a_title_above_the_header_is_skipped(write, model, make, table):
    text = "行政处罚信息公示表\r\n" + table([make(1)])
    (row,) = open_sheets(write(text), model)[0].rows()
    assert row.number == 3


def test_a_first_data_row_is_not_taken_for_a_second_header(write, model, make, table):
    assert len(list(open_sheets(write(table([make(1)])), model)[0].rows())) == 1


def test_missing_required_columns_are_named(write, model, make, table):
    header = [code for code in make() if code not in ("CF_WSH", "CF_XDR_MC", "CF_FRDB")]
    (sheet,) = open_sheets(write(table([make(1)], header)), model)
    assert faults_of(sheet) == [
        ("missing-column", None, "CF_XDR_MC"),
        ("missing-column", None, "CF_WSH"),
    ]
    assert "行政处罚决定书文号" in sheet.faults[1].message.zh


def test_unknown_columns_are_warned_of_at_their_letter(write, model, make, table):
    header = [*make(), "自定义列"]
    (sheet,) = open_sheets(write(table([{**make(1), "自定义列": "x"}], header)), model)
    (note,) = sheet.notes
    assert (note.rule, note.severity, note.location.column) == ("unknown-column", "warning", "Q")
    assert sheet.faults == []


def test_a_column_named_twice_is_a_fault(write, model, make, table):
    text = table([make(1)], [*make(), "行政处罚决定书文号"])
    assert faults_of(open_sheets(write(text), model)[0]) == [("duplicate-column", "Q", "CF_WSH")]


def test_a_file_without_a_header_says_so(write, model):
    (sheet,) = open_sheets(write("1,2,3\r\n4,5,6\r\n"), model)
    assert [fault.rule for fault in sheet.faults] == ["no-header"]
    assert list(sheet.rows()) == []


@pytest.mark.parametrize(
    ("separator", "zh", "en"),
    [
        ("\t", "制表符", "(tab)"),
        (";", "分号", "(semicolon)"),
        ("|", "竖线", "(vertical bar)"),
        ("，", "全角逗号", "(full-width comma)"),
    ],
)
def test_another_separator_than_a_comma_is_named(write, model, make, separator, zh, en):  # noqa: PLR0913, PLR0917
    lines = [["处罚公示表"], [*make(1)], make(1).values()]
    text = "".join(separator.join(line) + "\n" for line in lines)
    (sheet,) = open_sheets(write(text), model)
    (fault,) = sheet.faults
    assert fault.rule == "no-header"
    assert zh in fault.message.zh
    assert en in fault.message.en
    assert "CSV UTF-8" in fault.hint.en


def test_json_without_any_known_field_has_advice_of_its_own(write, model):
    text = '[{"type": "AdministrativePenalty", "b": 2}, {}]'
    (sheet,) = open_sheets(write(text, "data.json"), model)
    (fault,) = sheet.faults
    assert fault.rule == "no-header"
    assert "documentNumber" in fault.hint.en
    assert "row" not in fault.message.en + fault.hint.en


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("penalty.csv", "penalty"),
        ("penalty-2026.json", "penalty"),
        ("Repair-Case_01.csv", "repair-case"),
        ("行政处罚信息2026.csv", "penalty"),
        ("penalties.csv", None),
        ("export.csv", None),
    ],
)
def test_the_file_name_decides_the_kind(model, name, kind):
    assert kind_from_file_name(model, name) == kind


def test_the_header_decides_the_kind_of_a_file_of_any_name(write, model, make, table):
    assert detect_kind_and_form(write(table([make(1)]), "export.csv"), model) == ("penalty", "2018")


def test_an_unknown_kind_or_form_is_refused_with_the_choices(model):
    with pytest.raises(UsageError, match="no kind") as kind:
        candidate_forms(model, "penalties", None)
    assert "repair-case" in kind.value.hint
    with pytest.raises(UsageError, match="no form") as form:
        candidate_forms(model, None, "1999")
    assert "2018" in form.value.hint


def test_a_form_that_a_kind_does_not_have_is_no_restriction(model):
    assert [book.form for book in candidate_forms(model, "repair-case", "2018")] == ["credence"]


def test_names_are_compared_without_width_case_blanks_and_stars():
    assert normalise_name(" ＣＦ_wsh＊") == normalise_name("CF_WSH")


def test_a_header_line_that_is_broken_is_reported_as_such(write, model):
    (sheet,) = open_sheets(write('"CF_WSH"x,CF_SY\r\n1,2\r\n'), model)
    assert [fault.rule for fault in sheet.faults] == ["quote-inside", "no-header"]
    assert [fault.rule for fault in open_sheets(write("\n\n"), model)[0].faults] == ["no-header"]


SHARED = ("XK_XDR_SHXYM", "XK_FR", "XK_WSH", "XK_NR", "XK_JDRQ", "XK_ZT")


def test_columns_that_two_forms_share_do_not_decide_the_form(write, model):
    path = write(",".join(SHARED) + "\r\n", "licence.csv")
    with pytest.raises(UsageError) as raised:
        open_sheets(path, model)
    said = raised.value
    assert "licence" in said.message
    assert "2016, 2018" in said.message
    assert "--kind licence --form 2018" in said.hint
    assert "行政许可" in said.details["zh"]
    for form in ("2016", "2018"):
        assert open_sheets(path, model, form=form)[0].form_columns.form == form


def test_columns_of_two_forms_mixed_are_named(write, model):
    text = ",".join([*SHARED, "XK_XMMC", "XK_XKZS", "XK_XKJG"]) + "\r\n"
    with pytest.raises(UsageError, match="XK_XMMC"):
        open_sheets(write(text, "licence.csv"), model)


@pytest.mark.parametrize(
    ("own", "form"), [("XK_XZJG", "2016"), ("XK_XKJG", "2018"), ("XK_SPLB", "2016")]
)
def test_a_column_that_only_one_form_has_decides_the_form(write, model, own, form):
    (sheet,) = open_sheets(write(",".join([*SHARED, own]) + "\r\n", "list.csv"), model)
    assert (sheet.form_columns.kind.slug, sheet.form_columns.form) == ("licence", form)


def test_where_no_code_depends_on_the_form_the_newest_that_fits_is_taken(write, model):
    (sheet,) = open_sheets(write("CF_WSH,CF_XDR_MC,CF_YJ,CF_JDRQ\r\n"), model)
    assert sheet.form_columns.form == "2018"


def test_codes_under_chinese_names_decide_the_form(write, model):
    names = "法定代表人,许可内容,当前状态"
    with pytest.raises(UsageError, match="form"):
        open_sheets(write(f"{names}\r\nXK_FR,XK_NR,XK_ZT\r\n", "licence.csv"), model)
    rows = f"{names},机关\r\nXK_FR,XK_NR,XK_ZT,XK_XZJG\r\n"
    (sheet,) = open_sheets(write(rows, "licence.csv"), model)
    assert sheet.form_columns.form == "2016"


def test_json_names_are_of_no_form(write, model):
    record = '{"type": "AdministrativePenalty", "documentNumber": "1", "decidedOn": "2026-05-06"}'
    (sheet,) = open_sheets(write(record, "x.jsonl"), model)
    assert sheet.form_columns.kind.slug == "penalty"


def test_every_template_is_recognised_as_its_own_kind_and_form(write, model):
    for kind in model.kinds.values():
        for form in kind.forms:
            (sheet,) = open_sheets(write(csv_template(kind, form), "file.csv"), model)
            assert (sheet.form_columns.kind.slug, sheet.form_columns.form) == (kind.slug, form)
            assert sheet.faults == []
            assert sheet.notes == []
