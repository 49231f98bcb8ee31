"""Rows become records, records are checked, and sound ones become submissions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from exchange.domain.disclosure_levels import Tier
from exchange.domain.errors import UsageError
from exchange.domain.record_body import PERSON, view
from exchange.model import CONTEXT, CompiledKind, Model, Problem, compile_kind

if TYPE_CHECKING:
    from collections.abc import Iterable

IRI = "https://c.example/record/a"
Row = dict[str, str]


def rules(problems: Iterable[Problem]) -> list[tuple[str | None, str, str]]:
    return [(item.field, item.rule, item.severity) for item in problems]


def findings(compiled: CompiledKind, row: Row) -> list[tuple[str | None, str, str]]:
    form = compiled.kind.forms[-1]
    record, noticed = compiled.read_row(row, form)
    return rules([*noticed, *compiled.check(record, form)])


def test_a_sound_row_becomes_a_record_in_our_units(penalty: CompiledKind, row: Row) -> None:
    record, problems = penalty.read_row(row, "2018")
    assert problems == penalty.check(record) == []
    assert record["fineAmount"] == "2000.00"
    assert record["fineAmountReceived"] == "0.2"
    assert record["decidedOn"] == "2026-02-12"
    assert record["penaltyKind"] == ["fine", "confiscation", "other"]
    assert record["penaltyKindReceived"] == ["其他-责令改正"]
    assert record["counterpart"] == record["uscc"] == "91140400QQQQ00013E"
    assert record["remark"] == "无"
    assert "personName" not in record


@pytest.mark.parametrize(
    ("column", "text", "field", "rule"),
    [
        ("CF_JDRQ", "2026-13-01", "decidedOn", "date"),
        ("CF_JDRQ", "2024-02-31", "decidedOn", "date"),
        ("CF_JDRQ", "2024年2月31日", "decidedOn", "date"),
        ("CF_JDRQ", "1900-01-01", "decidedOn", "date"),
        ("CF_JDRQ", "2999-01-01", "decidedOn", "date"),
        ("CF_JDRQ", "", "decidedOn", "required"),
        ("CF_XDR_SHXYM", "91140400QQQQ00013A", "uscc", "uscc-check-digit"),
        ("CF_XDR_SHXYM", "91140400QQQQ00O13E", "uscc", "uscc-character"),
        ("CF_XDR_SHXYM", "00000000000000000X", "uscc", "uscc-placeholder"),
        ("CF_XDR_SHXYM", "", "uscc", "required-when"),
        ("CF_FRDB", "", "legalRepresentative", "required-when"),
        ("CF_NR_FK", "", "fineAmount", "required-when"),
        ("CF_NR_FK", "2,000", "fineAmount", "money"),
        ("CF_NR_FK", "1e3", "fineAmount", "shortened"),
        ("CF_NR_FK", "-1", "fineAmount", "money"),
        ("CF_NR_FK", "0.2000005", "fineAmount", "money"),
        ("CF_CFLB", "罚款;鞭打", "penaltyKind", "code"),
        ("CF_CFLB", ";；", "penaltyKind", "required"),
        ("CF_XDR_LB", "外星人", "counterpartCategory", "code"),
        ("CF_SY", "坏\x07字符", "violationFacts", "text"),
        ("CF_SY", "坏\x85字符", "violationFacts", "text"),
        ("CF_SY", "坏\r字符", "violationFacts", "text"),
        ("CF_SY", "\u200b", "violationFacts", "text"),
        ("CF_WSH", "长" * 129, "documentNumber", "max-length"),
        ("CF_CFJGDM", "", "authority", "column-required"),
        ("CF_CFJGDM", "11140400QQQQ0003X8", "authority", "uscc-check-digit"),
    ],
)
def test_one_bad_cell_gives_one_error(  # noqa: PLR0913, PLR0917
    penalty: CompiledKind, row: Row, column: str, text: str, field: str, rule: str
) -> None:
    assert findings(penalty, row | {column: text}) == [(field, rule, "error")]


def test_a_problem_names_the_column_and_speaks_two_languages(
    penalty: CompiledKind, row: Row
) -> None:
    record, _ = penalty.read_row(row | {"CF_NR_FK": ""}, "2018")
    (problem,) = penalty.check(record, "2018")
    assert problem.column == "CF_NR_FK"
    assert problem.message.zh == "处罚类别为罚款，须填写罚款金额（万元）"
    assert "penalty kind" in problem.message.en
    assert problem.hint.zh
    assert problem.hint.en
    assert "{" not in problem.message.zh + problem.message.en + problem.hint.zh + problem.hint.en


def test_a_word_for_blank_is_left_out_with_a_warning(penalty: CompiledKind, row: Row) -> None:
    plain = row | {"CF_CFLB": "警告", "CF_NR_FK": "None", "CF_NR_WFFF": "无", "CF_GSJZQ": "/"}
    assert findings(penalty, plain) == [
        ("fineAmount", "blank-word", "warning"),
        ("confiscatedAmount", "blank-word", "warning"),
        ("declaredPublicityEnd", "blank-word", "warning"),
    ]


def test_a_placeholder_authority_keeps_its_name_and_loses_its_code(
    penalty: CompiledKind, row: Row
) -> None:
    given = row | {"CF_CFJGDM": "00000000000000000x"}
    assert findings(penalty, given) == [("authority", "placeholder-dropped", "warning")]
    record, _ = penalty.read_row(given, "2018")
    assert "authority" not in record
    assert penalty.submission(record).key.split("\x1f")[1] == "长治市测试监督管理局"


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-12",
        "2026/2/12",
        "2026年2月12日",
        "20260212",
        "2026.02.12 00:00:00",
        "２０２６-2-12",
    ],
)
def test_usual_writings_of_a_date_are_read(penalty: CompiledKind, row: Row, text: str) -> None:
    assert penalty.read_row(row | {"CF_JDRQ": text}, "2018")[0]["decidedOn"] == "2026-02-12"


def test_ends_may_lie_far_in_the_future(penalty: CompiledKind, row: Row) -> None:
    assert findings(penalty, row | {"CF_YXQ": "9999-09-09"}) == []


def test_a_lower_case_code_and_windows_line_ends_are_put_right(
    penalty: CompiledKind, row: Row
) -> None:
    given = row | {"CF_XDR_SHXYM": "91140400qqqq00013e", "CF_SY": "甲\r\n乙"}
    record, problems = penalty.read_row(given, "2018")
    assert problems == penalty.check(record) == []
    assert record["violationFacts"] == "甲\n乙"


def test_a_person_is_named_to_no_public_reader(penalty: CompiledKind, person_row: Row) -> None:
    record, problems = penalty.read_row(person_row, "2018")
    assert problems == penalty.check(record) == []
    made = penalty.submission(record)
    assert made.person == "14040219900307001X"
    assert made.key.endswith("id:14040219900307001X")
    assert f"c <https://w3id.org/credence/ns#counterpart> {PERSON}\n" in made.body
    for tier in (Tier.PUBLIC, Tier.GOVERNMENT):
        shown = view(made.body, IRI, tier).decode()
        assert "测试乙" not in shown
        assert "14040219900307001X" not in shown
        assert "urn:credence:person" not in shown


def test_a_person_without_code_and_number_is_rejected(
    penalty: CompiledKind, person_row: Row
) -> None:
    assert findings(penalty, person_row | {"CF_XDR_ZJHM": ""}) == [
        ("personIdNumber", "required-when", "error")
    ]


def test_an_id_number_in_the_column_of_codes_is_refused(
    penalty: CompiledKind, person_row: Row
) -> None:
    given = person_row | {"CF_XDR_SHXYM": "91140400QQQQ00013E"}
    assert findings(penalty, given) == [("uscc", "only-when", "error")]


def test_a_wrong_id_number_is_found_and_never_repeated(
    penalty: CompiledKind, person_row: Row
) -> None:
    record, _ = penalty.read_row(person_row | {"CF_XDR_ZJHM": "140402199003070011"}, "2018")
    (problem,) = penalty.check(record)
    assert (problem.field, problem.rule, problem.value) == (
        "personIdNumber",
        "id-check-digit",
        "***",
    )


def test_the_wrong_id_number_of_a_representative_is_a_warning(
    penalty: CompiledKind, row: Row
) -> None:
    given = row | {"CF_FR_ZJLX": "身份证", "CF_FR_ZJHM": "140402199003070011"}
    assert findings(penalty, given) == [("representativeIdNumber", "id-check-digit", "warning")]


def test_the_operator_of_a_sole_trader_is_restricted(penalty: CompiledKind, row: Row) -> None:
    given = row | {
        "CF_XDR_LB": "个体工商户",
        "CF_XDR_SHXYM": "92140403QQQQ00021H",
        "CF_FRDB": "测试丙",
        "CF_FR_ZJLX": "身份证",
        "CF_FR_ZJHM": "14040219900307001X",
        "CF_XDR_SWDJ": "140402900307001",
    }
    assert findings(penalty, given) == []
    made = penalty.submission(penalty.read_row(given, "2018")[0])
    shown = view(made.body, IRI, Tier.GOVERNMENT).decode()
    assert "uscc/92140403QQQQ00021H" in shown
    assert not any(text in shown for text in ("测试丙", "14040219900307001X", "140402900307001"))
    assert made.person is None


def test_a_representative_is_shown_on_the_page_only(
    penalty: CompiledKind, sound: dict[str, Any]
) -> None:
    body = penalty.submission(sound).body
    assert 'p <https://w3id.org/credence/ns#legalRepresentative> "测试甲"\n' in body
    assert "测试甲" not in view(body, IRI, Tier.PUBLIC).decode()


def test_the_same_penalty_typed_otherwise_has_the_same_key(penalty: CompiledKind, row: Row) -> None:
    other = row | {"CF_WSH": "测市监罚（２０２６） 12 号", "CF_XDR_SHXYM": "91140400qqqq00013e"}
    keys = {penalty.submission(penalty.read_row(item, "2018")[0]).key for item in (row, other)}
    assert len(keys) == 1


def test_an_open_case_is_shown_to_government_and_links_to_its_target(
    penalty: CompiledKind, repair: CompiledKind, row: Row, case_row: Row
) -> None:
    assert findings(repair, case_row) == []
    made = repair.submission(repair.read_row(case_row)[0], row=7)
    target = penalty.submission(penalty.read_row(row, "2018")[0])
    assert made.tier is Tier.GOVERNMENT
    assert made.projected
    assert made.withdraws is None
    assert made.row == 7
    assert [(link.relation, link.kind, link.key) for link in made.links] == [
        ("concerns", "penalty", target.key)
    ]
    assert view(made.body, IRI, Tier.PUBLIC) == b""
    assert "u0 <https://w3id.org/credence/ns#targetDocumentNumber>" in made.body


@pytest.mark.parametrize(
    ("outcome", "withdraws"), [("准予修复", True), ("不予修复", False), ("退回补正", False)]
)
def test_a_closed_case_is_logged_only_and_granted_ones_withdraw(
    repair: CompiledKind, case_row: Row, outcome: str, *, withdraws: bool
) -> None:
    given = case_row | {"XF_JG": outcome, "XF_JDRQ": "2026-03-05"}
    assert findings(repair, given) == []
    made = repair.submission(repair.read_row(given)[0])
    assert not made.projected
    assert (made.withdraws is not None) is withdraws
    assert made.withdraws in (None, made.links[0])


def test_a_case_may_name_a_person_by_number(
    penalty: CompiledKind, repair: CompiledKind, person_row: Row, case_row: Row
) -> None:
    given = case_row | {"XF_XDR_SHXYM": "", "XF_XDR_ZJHM": "14040219900307001X"}
    assert findings(repair, given) == []
    made = repair.submission(repair.read_row(given)[0])
    assert made.links[0].key == penalty.submission(penalty.read_row(person_row, "2018")[0]).key
    assert "14040219900307001X" not in view(made.body, IRI, Tier.GOVERNMENT).decode()


def test_a_case_without_any_target_is_refused(repair: CompiledKind, case_row: Row) -> None:
    given = case_row | {"XF_XDR_SHXYM": "", "XF_JDJGDM": ""}
    assert findings(repair, given) == [
        ("targetAuthorityName", "required-when", "error"),
        ("targetPersonIdNumber", "required-when", "error"),
    ]


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"surprise": "x"}, "unknown-field"),
        ({"type": "RepairCase"}, "kind"),
        ({"@context": "https://elsewhere.example/"}, "context"),
        ({"fineAmount": 2000}, "type"),
        ({"fineAmount": "2000"}, "money"),
        ({"fineAmount": None}, "type"),
        ({"penaltyKind": "fine"}, "type"),
        ({"penaltyKind": []}, "required"),
        ({"penaltyKind": ["fine", 1]}, "type"),
        ({"counterpart": "92140403QQQQ00021H"}, "counterpart"),
        ({"violationFacts": "\ud800"}, "text"),
        ({"decidedOn": "2026-02-12\n"}, "date"),
        ({"decidedOn": "20260212"}, "date"),
        ({"authority": "00000000000000000X"}, "uscc-placeholder"),
        ({"documentNumber": " \u3000"}, "text"),
    ],
)
def test_json_is_checked_by_the_same_rules(
    penalty: CompiledKind, sound: dict[str, Any], change: dict[str, Any], rule: str
) -> None:
    assert [item.rule for item in penalty.check(sound | change)] == [rule]


def test_json_is_tidied_as_rows_are(penalty: CompiledKind, sound: dict[str, Any]) -> None:
    given = {name: value for name, value in sound.items() if name not in {"type", "counterpart"}}
    given |= {"violationFacts": "甲\r\n乙", "source": "00000000000000000X"}
    tidied, problems = penalty.normalise(given)
    assert rules(problems) == [("source", "placeholder-dropped", "warning")]
    assert penalty.check(tidied) == []
    assert tidied["violationFacts"] == "甲\n乙"
    assert tidied["counterpart"] == sound["counterpart"]


@pytest.mark.parametrize(
    "value", [{}, [], 1, True, None, [[]], {"@value": "x"}, "\x00", "x" * 5000]
)
def test_no_value_of_any_field_breaks_the_check(
    penalty: CompiledKind, sound: dict[str, Any], value: object
) -> None:
    for field in penalty.kind.fields:
        if value == [] and field.many and not field.required:
            continue  # an empty set, which states nothing
        tidied, _ = penalty.normalise(sound | {field.name: value})
        assert penalty.check(tidied), field.name


def test_a_view_turns_back_into_its_record(penalty: CompiledKind, sound: dict[str, Any]) -> None:
    body = penalty.submission(sound).body
    shown = penalty.to_json(IRI, view(body, IRI, Tier.ARCHIVE))
    assert shown.pop("@context") == CONTEXT
    assert shown.pop("id") == IRI
    assert shown == sound | {"penaltyKind": sorted(sound["penaltyKind"])}
    again, problems = penalty.normalise(shown)
    assert problems == penalty.check(again) == []
    assert penalty.submission(again).body == body


def test_a_property_unknown_by_now_is_still_shown(penalty: CompiledKind) -> None:
    old = f'<{IRI}> <https://w3id.org/credence/ns#gone> "x" .\n'.encode()
    assert penalty.to_json(IRI, old)["https://w3id.org/credence/ns#gone"][0]["@value"] == "x"


def test_unknown_kinds_and_forms_are_usage_errors(model: Model, penalty: CompiledKind) -> None:
    with pytest.raises(UsageError):
        compile_kind(model, "nothing")
    with pytest.raises(UsageError):
        penalty.read_row({}, "2012")
    with pytest.raises(UsageError):
        penalty.read_row({})
