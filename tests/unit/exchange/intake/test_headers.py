from __future__ import annotations

import pytest

from exchange.domain.errors import UsageError
from exchange.intake import detect, read
from exchange.intake.headers import Book, alike, books, choose, kind_of_name


def faults_of(sheet):
    return [(fault.rule, fault.place.column, fault.place.code) for fault in sheet.faults]


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
    (sheet,) = read(write("\r\n".join(lines)), model)
    (row,) = sheet.rows()
    assert sheet.notes == []
    assert row.cells == make(3)


def test_two_header_rows_are_recognised(write, model, make, table):
    book = Book(model.kinds["penalty"], "2018")
    lines = table([make(1)]).split("\r\n")
    lines.insert(0, ",".join(book.columns[code].name for code in make()))
    (sheet,) = read(write("\r\n".join(lines)), model)
    (row,) = sheet.rows()
    assert (row.number, row.cells["CF_JDRQ"]) == (3, "2026-05-06")
    assert len(sheet.header.own) == 2


def test_a_title_above_the_header_is_skipped(write, model, make, table):
    text = "行政处罚信息公示表\r\n" + table([make(1)])
    (row,) = read(write(text), model)[0].rows()
    assert row.number == 3


def test_a_first_data_row_is_not_taken_for_a_second_header(write, model, make, table):
    assert len(list(read(write(table([make(1)])), model)[0].rows())) == 1


def test_missing_required_columns_are_named(write, model, make, table):
    header = [code for code in make() if code not in ("CF_WSH", "CF_XDR_MC", "CF_FRDB")]
    (sheet,) = read(write(table([make(1)], header)), model)
    assert faults_of(sheet) == [
        ("missing-column", None, "CF_XDR_MC"),
        ("missing-column", None, "CF_WSH"),
    ]
    assert "行政处罚决定书文号" in sheet.faults[1].message.zh


def test_unknown_columns_are_warned_of_at_their_letter(write, model, make, table):
    header = [*make(), "自定义列"]
    (sheet,) = read(write(table([{**make(1), "自定义列": "x"}], header)), model)
    (note,) = sheet.notes
    assert (note.rule, note.severity, note.place.column) == ("unknown-column", "warning", "Q")
    assert sheet.faults == []


def test_a_column_named_twice_is_a_fault(write, model, make, table):
    text = table([make(1)], [*make(), "行政处罚决定书文号"])
    assert faults_of(read(write(text), model)[0]) == [("duplicate-column", "Q", "CF_WSH")]


def test_a_file_without_a_header_says_so(write, model):
    (sheet,) = read(write("1,2,3\r\n4,5,6\r\n"), model)
    assert [fault.rule for fault in sheet.faults] == ["no-header"]
    assert list(sheet.rows()) == []


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
def test_the_file_name_tells_the_kind(model, name, kind):
    assert kind_of_name(model, name) == kind


def test_the_header_tells_the_kind_of_a_file_of_any_name(write, model, make, table):
    assert detect(write(table([make(1)]), "export.csv"), model) == ("penalty", "2018")


def test_an_unknown_kind_or_form_is_refused_with_the_choices(model):
    with pytest.raises(UsageError, match="no kind") as kind:
        books(model, "penalties", None)
    assert "repair-case" in kind.value.hint
    with pytest.raises(UsageError, match="no form") as form:
        books(model, None, "1999")
    assert "2018" in form.value.hint


def test_a_form_that_a_kind_does_not_have_is_no_restriction(model):
    assert [book.form for book in books(model, "repair-case", "2018")] == ["credence"]


def test_names_are_compared_without_width_case_blanks_and_stars():
    assert alike(" ＣＦ_wsh＊") == alike("CF_WSH")


def test_a_header_line_that_is_broken_is_reported_as_such(write, model):
    (sheet,) = read(write('"CF_WSH"x,CF_SY\r\n1,2\r\n'), model)
    assert [fault.rule for fault in sheet.faults] == ["quote-inside", "no-header"]
    assert [fault.rule for fault in read(write("\n\n"), model)[0].faults] == ["no-header"]


def test_a_form_is_not_guessed_where_its_codes_decide(model):
    shared = ["XK_WSH", "XK_XDR_SHXYM", "XK_JDRQ", "XK_NR", "XK_ZT"]
    with pytest.raises(UsageError, match="several forms") as refusal:
        choose(books(model, "licence", None), shared)
    assert "2016, 2018" in refusal.value.hint
    for form, code in (("2016", "XK_XMMC"), ("2018", "XK_XKWS")):
        chosen = choose(books(model, "licence", None), [*shared, code])
        assert chosen is not None
        assert chosen.form == form
        assert choose(books(model, "licence", form), shared).form == form
