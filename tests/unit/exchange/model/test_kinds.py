"""What each kind is made of: keys, ceilings, links, states on arrival, inferred categories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from exchange.domain.disclosure_levels import Tier
from exchange.domain.record import DeliveredState
from exchange.domain.record_body import PERSON as PLACEHOLDER
from exchange.domain.record_body import view, without_links
from tests.unit.exchange.model import sound as rows
from tests.unit.exchange.model.sound import Row

if TYPE_CHECKING:
    from exchange.domain.record import Submission
    from exchange.model import CompiledKind, Model

Kinds = dict[str, "CompiledKind"]
IRI = "https://c.example/record/a"
NS = "https://w3id.org/credence/ns#"


def findings(compiled: CompiledKind, row: Row, form: str) -> list[tuple[str | None, str, str]]:
    record, noticed = compiled.read_row(row, form)
    problems = [*noticed, *compiled.check(record, form)]
    return [(item.field, item.rule, item.severity) for item in problems]


def made(kinds: Kinds, slug: str, row: Row, form: str = "") -> Submission:
    compiled = kinds[slug]
    form = form or compiled.kind.forms[-1]
    assert findings(compiled, row, form) == []
    return compiled.submission(compiled.read_row(row, form)[0])


@pytest.mark.parametrize(("slug", "form", "row"), rows.SOUND)
def test_sound_rows_give_no_finding_and_come_back_from_their_view(
    kinds: Kinds, slug: str, form: str, row: Row
) -> None:
    compiled = kinds[slug]
    record = compiled.read_row(row, form)[0]
    body = made(kinds, slug, row, form).body
    shown = compiled.to_json(IRI, view(body, IRI, Tier.ARCHIVE))
    again, problems = compiled.normalise(shown)
    assert problems == compiled.check(again) == []
    assert compiled.submission(again).body == body
    assert set(again) - {"@context", "id"} == set(record)


KEYS = {
    "penalty": (rows.PENALTY, [rows.AUTHORITY, "测市监罚(2026)12号", rows.COMPANY]),
    "licence": (
        rows.LICENCE,
        [rows.AUTHORITY, "测审批许(2026)7号", rows.COMPANY, "JYQQQQ0001"],
    ),
    "list-entry": (rows.ENTRY, ["MARKET-SUPERVISION", rows.COMPANY, "测市监列(2026)3号"]),
    "measure": (rows.MEASURE, ["2026", "1.1"]),
    "subject": (rows.SUBJECT, [rows.COMPANY]),
    "repair-case": (rows.CASE, [rows.AUTHORITY, "XF-2026-1"]),
}


@pytest.mark.parametrize("slug", KEYS)
def test_the_key_of_a_kind_is_what_the_settled_questions_say(kinds: Kinds, slug: str) -> None:
    row, parts = KEYS[slug]
    assert made(kinds, slug, row).key.split("\x1f") == [slug, *parts]


def test_a_licence_without_a_certificate_is_identified_by_its_decision(kinds: Kinds) -> None:
    key = made(kinds, "licence", rows.LICENCE | {"XK_XKBH": ""}).key
    assert key.split("\x1f")[-1] == "测审批许(2026)7号"


def test_ceilings_keep_kinds_within_government(kinds: Kinds) -> None:
    ceilings = {slug: compiled.kind.max_tier for slug, compiled in kinds.items()}
    assert ceilings.pop("repair-case") is Tier.GOVERNMENT
    assert set(ceilings.values()) == {Tier.PUBLIC}


def test_a_kind_says_which_tasks_of_the_city_it_serves(kinds: Kinds) -> None:
    for compiled in kinds.values():
        assert compiled.kind.tasks
        assert set(compiled.kind.tasks) <= set(range(1, 43))
    assert kinds["repair-case"].kind.tasks == (29, 30)


# Links


@pytest.mark.parametrize("target", rows.CASES)
def test_a_repair_case_names_any_record_by_its_kind_and_key(kinds: Kinds, target: str) -> None:
    case = made(kinds, "repair-case", rows.CASES[target] | {"XF_JG": "准予修复", **_DECIDED})
    row, _ = KEYS[target]
    assert case.withdraws is not None
    assert (case.withdraws.relation, case.withdraws.kind) == ("concerns", target)
    assert case.withdraws.key == made(kinds, target, row).key


_DECIDED = {"XF_JDRQ": "2026-03-05"}


@pytest.mark.parametrize(
    ("target", "change", "found"),
    [
        ("penalty", {"XF_WSH": ""}, [("targetDocumentNumber", "required-when")]),
        ("penalty", {"XF_JDJGDM": ""}, [("targetAuthorityName", "required-when")]),
        ("penalty", {"XF_XDR_SHXYM": ""}, [("targetPersonIdNumber", "required-when")]),
        ("penalty", {"XF_XKBH": "1"}, [("targetCertificateNumber", "only-when")]),
        ("penalty", {"XF_CSBH": "1"}, [("targetMeasureCode", "only-when")]),
        ("list-entry", {"XF_MDMC": ""}, [("targetList", "required-when")]),
        ("measure", {"XF_CSBC": ""}, [("targetEdition", "required-when")]),
    ],
)
def test_a_case_that_does_not_name_its_target_whole_is_refused(
    kinds: Kinds, target: str, change: Row, found: list[tuple[str, str]]
) -> None:
    given = findings(kinds["repair-case"], rows.CASES[target] | change, "credence")
    assert [item[:2] for item in given] == found


def test_a_list_entry_rests_on_a_penalty_and_can_do_without(kinds: Kinds) -> None:
    entry = made(kinds, "list-entry", rows.ENTRY)
    assert [(link.relation, link.kind, link.key) for link in entry.links] == [
        ("rests-on", "penalty", made(kinds, "penalty", rows.PENALTY).key)
    ]
    alone = without_links(entry.body, {0})
    assert "basis" in entry.body
    assert "basis" not in alone
    # The counterpart is part of the quoted key, and states the entry itself.
    assert f"<{NS}counterpart>" in alone
    assert f"<{NS}uscc>" in alone
    bare = {code: text for code, text in rows.ENTRY.items() if not code.startswith("MD_YJ_")}
    assert made(kinds, "list-entry", bare).links == ()


def test_a_basis_is_named_whole_or_not_at_all(kinds: Kinds) -> None:
    entry = kinds["list-entry"]
    assert findings(entry, rows.ENTRY | {"MD_YJ_WSH": ""}, "credence") == [
        ("basisDocumentNumber", "required-when", "error")
    ]
    assert findings(entry, rows.ENTRY | {"MD_YJ_JLZL": "行政许可"}, "credence")[0] == (
        "basisKind",
        "code",
        "error",
    )


# Tiers and arrivals


def test_a_key_attention_list_stays_within_government(kinds: Kinds) -> None:
    entry = made(kinds, "list-entry", rows.ENTRY | {"MD_MC": "重点关注对象名单"})
    assert entry.tier is Tier.GOVERNMENT
    assert view(entry.body, IRI, Tier.PUBLIC) == b""


@pytest.mark.parametrize(
    ("scope", "tier"), [("0", Tier.PUBLIC), ("1", Tier.GOVERNMENT), ("2", Tier.ARCHIVE)]
)
def test_the_use_scope_of_a_row_narrows_its_tier(kinds: Kinds, scope: str, tier: Tier) -> None:
    submission = made(kinds, "penalty", rows.OLD_PENALTY | {"CF_SYFW": scope}, "2016")
    assert submission.tier is tier
    for wider in Tier:
        shown = view(submission.body, IRI, wider)
        assert (shown == b"") is (wider.rank < tier.rank)


@pytest.mark.parametrize(
    ("slug", "form", "change", "arrival"),
    [
        ("penalty", "2016", {"CF_ZT": "0"}, DeliveredState.LIVE),
        ("penalty", "2016", {"CF_ZT": "1"}, DeliveredState.REVOKED),
        ("penalty", "2016", {"CF_ZT": "2"}, DeliveredState.OBJECTION),
        ("licence", "2016", {"XK_ZT": "1"}, DeliveredState.REVOKED),
        ("licence", "2018", {"XK_ZT": "1"}, DeliveredState.LIVE),
        ("licence", "2018", {"XK_ZT": "2"}, DeliveredState.LIVE),
        (
            "list-entry",
            "credence",
            {"MD_YCRQ": "2026-05-01", "MD_YCYY": "已履行义务"},
            DeliveredState.REVOKED,
        ),
    ],
)
def test_a_row_decides_the_state_in_which_its_record_is_delivered(
    kinds: Kinds, slug: str, form: str, change: Row, arrival: DeliveredState
) -> None:
    row = next(r for s, f, r in rows.SOUND if (s, f) == (slug, form))
    assert made(kinds, slug, row | change, form).delivered_state is arrival


def test_a_removal_without_a_reason_is_refused(kinds: Kinds) -> None:
    given = rows.ENTRY | {"MD_YCRQ": "2026-05-01"}
    assert findings(kinds["list-entry"], given, "credence") == [
        ("removalReason", "required-when", "error")
    ]


def test_a_measure_without_a_legal_basis_is_refused(kinds: Kinds) -> None:
    assert findings(kinds["measure"], rows.MEASURE | {"CS_YJ": ""}, "credence") == [
        ("legalBasis", "required", "error")
    ]


# Categories


@pytest.mark.parametrize(
    ("change", "category"),
    [
        ({}, "organisation"),
        ({"CF_XDR_SHXYM": rows.TRADER}, "sole-trader"),
        ({"CF_XDR_SHXYM": "", "CF_XDR_SFZ": rows.ID_NUMBER}, "natural-person"),
    ],
)
def test_the_form_without_a_category_leaves_it_to_the_codes(
    kinds: Kinds, change: Row, category: str
) -> None:
    penalty = kinds["penalty"]
    record, _ = penalty.read_row(rows.OLD_PENALTY | change, "2016")
    assert record["counterpartCategory"] == category
    assert penalty.check(record, "2016") == []
    name = "personName" if category == "natural-person" else "counterpartName"
    assert record[name] == rows.OLD_PENALTY["CF_XDR_MC"]


def test_a_person_of_the_old_form_is_as_restricted_as_one_of_the_new(kinds: Kinds) -> None:
    change = {"CF_XDR_SHXYM": "", "CF_XDR_SFZ": rows.ID_NUMBER, "CF_XDR_MC": "测试乙"}
    person = made(kinds, "penalty", rows.OLD_PENALTY | change, "2016")
    assert person.person == rows.ID_NUMBER
    assert f"c <{NS}counterpart> {PLACEHOLDER}\n" in person.body
    shown = view(person.body, IRI, Tier.GOVERNMENT).decode()
    assert "测试乙" not in shown
    assert rows.ID_NUMBER not in shown
    assert "测试甲" not in shown


def test_the_form_with_a_category_must_state_it(kinds: Kinds) -> None:
    given = findings(kinds["penalty"], rows.PENALTY | {"CF_XDR_LB": ""}, "2018")
    assert given == [("counterpartCategory", "column-required", "error")]


def test_no_category_is_guessed_without_a_code(kinds: Kinds) -> None:
    given = findings(kinds["penalty"], rows.OLD_PENALTY | {"CF_XDR_SHXYM": ""}, "2016")
    assert ("counterpartCategory", "required", "error") in given


# Subjects


def test_a_register_record_describes_its_subject(kinds: Kinds) -> None:
    subject = made(kinds, "subject", rows.SUBJECT)
    shown = view(subject.body, IRI, Tier.PUBLIC).decode()
    assert f"<{NS}describes> <https://w3id.org/credence/uscc/{rows.COMPANY}>" in shown
    assert f'<{NS}registeredCapital> "5000000.00"' in shown
    assert shown.count(f"<{NS}formerName>") == 2
    assert "测试甲" not in shown


def test_the_home_of_a_sole_trader_is_not_public(kinds: Kinds) -> None:
    given = rows.SUBJECT | {"ZT_SHXYM": rows.TRADER, "ZT_LB": "个体工商户"}
    shown = view(made(kinds, "subject", given).body, IRI, Tier.PUBLIC).decode()
    assert "测试路" not in shown
    assert rows.TRADER in shown


def test_a_register_holds_no_natural_person(kinds: Kinds) -> None:
    given = findings(kinds["subject"], rows.SUBJECT | {"ZT_LB": "自然人"}, "credence")
    assert given == [("subjectCategory", "code", "error")]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2026-02-13 09:30:00", "2026-02-13T09:30:00+08:00"),
        ("2026/2/13 9:30", "2026-02-13T09:30:00+08:00"),
        ("2026-02-13", "2026-02-13T00:00:00+08:00"),
        ("2026-02-13T09:30:00+08:00", "2026-02-13T09:30:00+08:00"),
    ],
)
def test_a_time_is_read_in_the_one_zone_of_the_country(kinds: Kinds, text: str, value: str) -> None:
    record: dict[str, Any] = kinds["penalty"].read_row(rows.OLD_PENALTY | {"SJC": text}, "2016")[0]
    assert record["sourceUpdatedAt"] == value


@pytest.mark.parametrize("text", ["2026-02-30 09:30:00", "2026-02-13 25:00:00", "soon"])
def test_a_time_that_is_none_is_found(kinds: Kinds, text: str) -> None:
    given = findings(kinds["penalty"], rows.OLD_PENALTY | {"SJC": text}, "2016")
    assert given == [("sourceUpdatedAt", "moment", "error")]


def test_a_division_that_was_retired_is_kept_and_says_what_took_its_place(
    kinds: Kinds, model: Model
) -> None:
    penalty, row = kinds["penalty"], rows.OLD_PENALTY | {"DFBM": "140402"}
    assert findings(penalty, row, "2016") == []
    assert penalty.read_row(row, "2016")[0]["division"] == "140402"
    division = "<https://w3id.org/credence/code/division/{}>"
    said = f"{division.format(140402)} <http://purl.org/dc/terms/isReplacedBy>"
    assert f"{said} {division.format(140403)} .".encode() in model.vocabulary()
