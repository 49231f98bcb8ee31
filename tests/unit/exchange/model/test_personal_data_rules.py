"""The gate over records: what of them would be public that is a private person's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from exchange.model import FieldType
from tests.unit.exchange.model import sound as rows

if TYPE_CHECKING:
    from exchange.model import CompiledKind, Problem

EXAMPLE = "11010519491231002X"  # printed in GB 11643-1999
SHORT = "990000880315001"
PERSON = "试某甲"


def told(problems: list[Problem]) -> set[tuple[str | None, str, str]]:
    return {(item.field, item.rule, item.severity) for item in problems}


def trader(**cells: str) -> dict[str, str]:
    row = rows.PENALTY | {
        "CF_XDR_LB": "个体工商户",
        "CF_XDR_SHXYM": rows.TRADER,
        "CF_XDR_MC": "青屏区试某甲面馆",
        "CF_FRDB": PERSON,
    }
    return row | cells


def person(**cells: str) -> dict[str, str]:
    row = rows.PENALTY | {
        "CF_XDR_LB": "自然人",
        "CF_XDR_SHXYM": "",
        "CF_XDR_GSZC": "",
        "CF_FRDB": "",
        "CF_XDR_MC": PERSON,
        "CF_XDR_ZJLX": "身份证",
        "CF_XDR_ZJHM": EXAMPLE,
    }
    return row | cells


def found(compiled: CompiledKind, row: dict[str, str]) -> set[tuple[str | None, str, str]]:
    record, problems = compiled.read_and_check(row, "2018")
    told_of = told([item for item in problems if item.severity in ("error", "held")])
    again = told([item for item in compiled.check(record, "2018") if item.severity != "warning"])
    assert told_of == again
    return told_of


@pytest.mark.parametrize("row", rows.SOUND)
def test_every_public_text_and_amount_of_every_kind_is_searched(
    row: tuple[str, str, dict[str, str]], kinds: dict[str, CompiledKind]
) -> None:
    slug, form, cells = row
    compiled = kinds[slug]
    record = compiled.read_row(cells, form)[0]
    cells_of = {
        field.received_field: field.name for field in compiled.kind.fields if field.received_field
    }
    for field in compiled.kind.fields:
        searched = (
            field.field_type in (FieldType.TEXT, FieldType.MONEY)
            and field.value_type.format != "uscc"
        )
        if not searched or field.disclosure_when:
            continue
        number = f"{EXAMPLE[:15]}1.20" if field.field_type is FieldType.MONEY else EXAMPLE
        planted = record | {field.name: [number] if field.many else number}
        rules = {
            (item.field, item.severity)
            for item in compiled.check_personal_data(planted, form)
            if item.rule.startswith("id-number")
        }
        shown = field.disclosure in ("public-open", "public-page", "gov-unconditional")
        where = cells_of.get(field.name, field.name)
        if shown and field.field_type is FieldType.TEXT:
            assert (where, "error") in rules, field.name
        elif not shown:
            assert not rules, field.name


def test_an_amount_that_is_an_id_number_is_found(kinds: dict[str, CompiledKind]) -> None:
    amount = {"fineAmount": f"{SHORT}.00"}
    record = kinds["penalty"].read_row(rows.PENALTY, "2018")[0] | amount
    assert ("fineAmount", "id-number-likely", "held") in told(kinds["penalty"].check(record))


def test_an_id_number_that_passes_for_a_code_is_found(kinds: dict[str, CompiledKind]) -> None:
    nobodys, office = "990000198503150293", "111404198503150028"  # right by both check digits
    penalty = kinds["penalty"]
    row = rows.PENALTY | {"CF_CFJGDM": nobodys, "CF_SJLYDM": office}
    assert found(penalty, row) == {
        ("authority", "id-number", "error"),
        ("source", "id-number-likely", "held"),
    }
    assert found(penalty, rows.PENALTY | {"CF_XDR_SHXYM": nobodys}) == {
        ("uscc", "id-number", "error")
    }


def test_a_persons_own_number_may_stand_in_its_own_column(kinds: dict[str, CompiledKind]) -> None:
    assert found(kinds["penalty"], person()) == set()


def test_the_cell_is_named_and_the_number_is_not(kinds: dict[str, CompiledKind]) -> None:
    row = rows.PENALTY | {"CF_SY": f"甲（身份证{EXAMPLE}，电话13900139000）"}
    problems = kinds["penalty"].read_and_check(row, "2018")[1]
    assert {item.column for item in problems if item.severity != "warning"} == {"CF_SY"}
    assert not any(part in repr(problems) for part in (EXAMPLE, "13900139000"))
    assert any("居民身份证号码" in item.message.zh for item in problems)


def test_a_finding_of_another_rule_repeats_no_id_number(kinds: dict[str, CompiledKind]) -> None:
    row = rows.PENALTY | {"CF_XDR_SHXYM": EXAMPLE, "CF_JDRQ": EXAMPLE, "CF_CFLB": EXAMPLE[:17]}
    problems = kinds["penalty"].read_and_check(row, "2018")[1]
    assert {item.rule for item in problems} > {"date", "code"}
    assert EXAMPLE[:15] not in repr(problems)
    strange = {"type": "AdministrativePenalty", EXAMPLE: EXAMPLE}
    assert EXAMPLE not in repr(kinds["penalty"].check(strange))


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"CF_WSH": f"测罚〔2026〕{PERSON}8号"}, ("documentNumber", "person-name", "held")),
        ({"CF_SY": "试 某\u200b甲醉酒驾驶"}, ("violationFacts", "person-name", "held")),
        ({"CF_SY": "试·某·甲醉酒驾驶"}, ("violationFacts", "person-name", "held")),
        ({"CF_SY": "试-某甲醉酒驾驶"}, ("violationFacts", "person-name", "held")),
        ({"CF_SY": "试某（甲）醉酒驾驶"}, ("violationFacts", "person-name", "held")),
        ({"CF_SY": "试/某/甲醉酒驾驶"}, ("violationFacts", "person-name", "held")),
        ({"CF_SY": "“试”“某甲”醉酒驾驶"}, ("violationFacts", "person-name", "held")),
        ({"CF_SY": "试，某_甲*醉酒驾驶"}, ("violationFacts", "person-name", "held")),
        ({"CF_SY": "试\ufe00某\u3164甲醉酒驾驶"}, ("violationFacts", "person-name", "held")),
        ({"CF_SY": "试\n某\U000e0100甲醉酒驾驶"}, ("violationFacts", "person-name", "held")),
        ({"CF_CFJG": "试（某甲）"}, ("authorityName", "person-name-alone", "error")),
        ({"CF_NR": f"对{PERSON}处以警告"}, ("penaltyContent", "person-name", "held")),
        ({"CF_CFJG": PERSON}, ("authorityName", "person-name-alone", "error")),
        ({"CF_SJLY": f" {PERSON} "}, ("sourceName", "person-name-alone", "error")),
        ({"CF_CFJG": f"{PERSON}代"}, ("authorityName", "person-name", "held")),
        ({"CF_NR_ZKDX": f"驾驶证 {EXAMPLE}"}, ("affectedLicence", "id-number", "error")),
    ],
)
def test_the_hidden_name_of_a_person_is_found_in_every_public_field(
    cells: dict[str, str], expected: tuple[str, str, str], kinds: dict[str, CompiledKind]
) -> None:
    assert found(kinds["penalty"], person(**cells)) == {expected}


def test_a_name_that_only_shares_a_character_is_no_match(kinds: dict[str, CompiledKind]) -> None:
    assert found(kinds["penalty"], person(CF_SY="试验场内某甲车间漏油")) == set()


def test_a_name_of_two_characters_does_not_run_over_the_end_of_a_phrase(
    kinds: dict[str, CompiledKind],
) -> None:
    penalty = kinds["penalty"]
    assert found(penalty, person(CF_XDR_MC="试明", CF_SY="多次尝试，明知无证仍经营")) == set()
    assert found(penalty, person(CF_XDR_MC="试明", CF_SY="试（明）无证经营")) == {
        ("violationFacts", "person-name", "held")
    }


@pytest.mark.parametrize("family", ["\u2fa6", "\uf90a", "金"])  # a radical, a compatibility form
def test_a_name_is_found_in_every_code_point_of_a_character(
    family: str, kinds: dict[str, CompiledKind]
) -> None:
    cells = {"CF_XDR_MC": "金某甲", "CF_SY": f"驾驶人{family}某 甲无证驾驶"}
    assert found(kinds["penalty"], person(**cells)) == {("violationFacts", "person-name", "held")}


def test_a_latin_name_is_found_whole_across_signs(kinds: dict[str, CompiledKind]) -> None:
    penalty = kinds["penalty"]
    for text in ("with DEMO-PERSON.", "DEMO, PERSON；", "demo person"):
        assert found(penalty, person(CF_XDR_MC="Demo Person", CF_SY=f"驾驶人{text}")) == {
            ("violationFacts", "person-name", "held")
        }
    assert found(penalty, person(CF_XDR_MC="Demo", CF_SY="DEMOCRAT牌")) == set()


def test_a_shop_may_bear_its_owners_name(kinds: dict[str, CompiledKind]) -> None:
    penalty = kinds["penalty"]
    facts = "青屏区试某甲面馆未按规定公示价格。"
    assert found(penalty, trader(CF_SY=facts)) == set()
    named = found(penalty, trader(CF_SY=facts + "经营者试某甲承认。"))
    assert named == {("violationFacts", "person-name", "held")}
    alone = found(penalty, trader(CF_XDR_MC=PERSON, CF_NR=f"对{PERSON}罚款100元"))
    assert alone == {
        ("counterpartName", "person-name-alone", "held"),
        ("penaltyContent", "person-name", "held"),
    }


def test_the_number_of_a_passport_is_found_where_it_is_repeated(
    kinds: dict[str, CompiledKind],
) -> None:
    cells = {"CF_XDR_ZJLX": "护照号", "CF_XDR_ZJHM": "E99999999", "CF_SY": "持E99999999入住未登记"}
    assert found(kinds["penalty"], person(**cells)) == {
        ("violationFacts", "identity-document", "held")
    }


def test_the_representative_of_an_organisation_is_no_secret(kinds: dict[str, CompiledKind]) -> None:
    row = rows.PENALTY | {"CF_FRDB": PERSON, "CF_SY": f"法定代表人{PERSON}到场确认。"}
    assert found(kinds["penalty"], row) == set()


@pytest.mark.parametrize("category", ["法人及非法人组织", "自然人"])
def test_a_traders_code_needs_a_traders_category(
    category: str, kinds: dict[str, CompiledKind]
) -> None:
    row = trader(CF_XDR_LB=category)
    assert "error" in {severity for *_, severity in found(kinds["penalty"], row)}
    if category != "自然人":
        problem = next(
            p for p in kinds["penalty"].read_and_check(row, "2018")[1] if p.severity == "error"
        )
        assert (problem.rule, problem.column) == ("category-code", "CF_XDR_LB")
        assert "92 开头" in problem.message.zh
        assert "begin with 92" in problem.message.en


@pytest.mark.parametrize("slug", ["penalty", "licence", "list-entry", "subject"])
def test_an_organisations_code_is_no_traders(slug: str, kinds: dict[str, CompiledKind]) -> None:
    form, row = next(
        (form, row) for name, form, row in rows.SOUND if name == slug and form != "2016"
    )
    record = kinds[slug].read_row(row, form)[0]
    name = "subjectCategory" if slug == "subject" else "counterpartCategory"
    problems = kinds[slug].check(record | {name: "sole-trader", "uscc": rows.COMPANY})
    assert (name, "category-code", "error") in told(problems)
    problems = kinds[slug].check(record | {name: "organisation", "uscc": rows.TRADER})
    assert (name, "category-code", "error") in told(problems)


def test_an_address_is_looked_for_in_texts_and_not_in_an_offices_own_field(
    kinds: dict[str, CompiledKind],
) -> None:
    form, row = next((form, row) for name, form, row in rows.SOUND if name == "subject")
    record: dict[str, Any] = kinds["subject"].read_row(row, form)[0]
    home = "家住青屏区示范街302号"
    assert kinds["subject"].check_personal_data(record | {"registeredAddress": home}) == []
    held = kinds["subject"].check_personal_data(record | {"industry": home})
    assert told(held) == {("industry", "home-address", "held")}
    number = kinds["subject"].check_personal_data(record | {"registeredAddress": EXAMPLE})
    assert told(number) == {("registeredAddress", "id-number", "error")}


def test_a_registration_number_is_exempt_by_its_check_digit_in_its_column_alone(
    kinds: dict[str, CompiledKind],
) -> None:
    right = "990000880315007"
    record = kinds["penalty"].read_row(rows.PENALTY, "2018")[0]
    number = record | {"businessRegistrationNumber": right}
    assert kinds["penalty"].check_personal_data(number) == []
    number = record | {"businessRegistrationNumber": SHORT}
    assert told(kinds["penalty"].check_personal_data(number)) == {
        ("businessRegistrationNumber", "id-number-likely", "held")
    }
    other = record | {"documentNumber": right}
    assert told(kinds["penalty"].check_personal_data(other)) == {
        ("documentNumber", "id-number-likely", "held")
    }


def test_what_the_government_alone_sees_is_searched_for_id_numbers_only(
    kinds: dict[str, CompiledKind],
) -> None:
    penalty = kinds["penalty"]
    record = penalty.read_row(person(), "2018")[0]
    likely = f"{PERSON}，男，汉族，电话13900139000，{SHORT}"
    assert penalty.check_personal_data(record | {"remark": likely}) == []
    assert told(penalty.check_personal_data(record | {"remark": f"证件{EXAMPLE}"})) == {
        ("remark", "id-number", "error")
    }
    confined = record | {"violationFacts": likely, "useScope": "government-only"}
    assert penalty.check_personal_data(confined) == []
    assert told(penalty.check_personal_data(confined | {"documentNumber": EXAMPLE})) == {
        ("documentNumber", "id-number", "error")
    }
    archived = confined | {"documentNumber": EXAMPLE, "useScope": "authorised-query"}
    assert penalty.check_personal_data(archived) == []
