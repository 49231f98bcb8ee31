"""One decision delivered in the forms of 2016 and 2018 is one record."""

from __future__ import annotations

import pytest

from exchange.domain.disclosure_levels import Tier
from tests.unit.exchange.model import sound as rows

# The rows of both forms tell the same of everything that both can tell.
PENALTY = {**rows.PENALTY, "CF_SY": rows.OLD_PENALTY["CF_SY"], "CF_CFLB": "罚款；没收违法所得"}
FORMS = {
    "penalty": {"2018": {**PENALTY, "BZ": ""}, "2016": rows.OLD_PENALTY},
    "licence": {
        "2018": {**rows.LICENCE, "XK_XKWS": rows.OLD_LICENCE["XK_XMMC"]},
        "2016": {**rows.OLD_LICENCE, "XK_FR": rows.LICENCE["XK_FRDB"]},
    },
}
BY_NAME = {"XF_JDJG": PENALTY["CF_CFJG"], "XF_JDJGDM": ""}
BY_CODE = {"XF_JDJG": "", "XF_JDJGDM": rows.AUTHORITY}
BY_BOTH = BY_CODE | {"XF_JDJG": PENALTY["CF_CFJG"]}


@pytest.fixture
def deliver(office, write, table):
    """Load one row of a kind in a form; return what became of it."""

    def _deliver(kind, form, **cells):
        row = {**(rows.CASE if kind == "repair-case" else FORMS[kind][form]), **cells}
        receipt = office.load(write(table([row], row), f"{kind}.csv"), kind=kind, form=form)
        counts = receipt.as_json()
        return next(name for name, number in counts.items() if name != "position" and number)

    return _deliver


def shown(office):
    return [view.decode() for _, _, view in office.ledger.live(Tier.GOVERNMENT)]


@pytest.mark.parametrize("kind", FORMS)
@pytest.mark.parametrize("forms", [("2016", "2018"), ("2018", "2016")])
def test_rows_of_either_form_resolve_to_the_record_of_the_other(office, deliver, kind, forms):
    first, second = forms
    assert deliver(kind, first) == "accepted"
    # A licence of 2016 tells nothing that one of 2018 does not.
    told = "unchanged" if (kind, first) == ("licence", "2018") else "revised"
    assert deliver(kind, second) == told
    (whole,) = shown(office)
    for form in (first, second, first):
        assert deliver(kind, form) == "unchanged", "each form tells what the record says"
    assert shown(office) == [whole]
    only_one_form = [
        "#authority>",
        "#declaredSeverity>" if kind == "penalty" else "#authorityName>",
    ]
    assert all(text in whole for text in only_one_form), "nothing is lost"
    office.ledger.verify()


@pytest.mark.parametrize("kind", FORMS)
@pytest.mark.parametrize("forms", [("2016", "2018"), ("2018", "2016")])
def test_what_was_withdrawn_in_one_form_never_returns_in_the_other(office, deliver, kind, forms):
    deliver(kind, forms[0])
    ((iri, _, _),) = office.ledger.live(Tier.GOVERNMENT)
    office.ledger.withdraw(iri, "repair")
    assert [deliver(kind, form) for form in (*forms, *forms)] == ["suppressed"] * 4
    assert not shown(office)


@pytest.mark.parametrize(
    ("form", "named"),
    [("2016", BY_NAME), ("2016", BY_BOTH), ("2018", BY_NAME), ("2018", BY_CODE), ("2018", BY_BOTH)],
)
def test_a_repair_case_finds_the_penalty_of_either_form(office, deliver, form, named):
    deliver("penalty", form)
    granted = {"XF_JG": "准予修复", "XF_JDRQ": "2026-07-01", **named}
    assert deliver("repair-case", None, **granted) == "accepted"
    assert not shown(office)


def test_the_code_of_a_penalty_of_2016_is_known_once_a_row_gave_code_and_name(office, deliver):
    deliver("penalty", "2016")
    granted = {"XF_JG": "准予修复", "XF_JDRQ": "2026-07-01", **BY_CODE}
    assert deliver("repair-case", None, **granted) == "rejected"
    assert [item.rule for item in office.findings] == ["unknown-target"]
    deliver("penalty", "2018")
    assert deliver("repair-case", None, **granted) == "accepted"
    assert not shown(office)


def test_a_row_whose_key_matches_two_records_is_rejected_with_a_finding(office, deliver):
    deliver("penalty", "2018", CF_CFJG="长治市测试监督管理局甲分局")
    deliver("penalty", "2016")
    assert deliver("penalty", "2018") == "rejected"
    (found,) = office.findings
    assert found.rule == "key-conflict"
    assert found.location.row == 2
    assert "不止一条" in found.message.zh
    assert "more than one record" in found.message.en
    assert len(shown(office)) == 2


def test_the_use_scope_of_2016_is_carried_over_by_a_row_of_2018(office, deliver):
    deliver("penalty", "2016", CF_SYFW="1")
    assert not list(office.ledger.live(Tier.PUBLIC))
    deliver("penalty", "2018", CF_NR="改写。")
    assert not list(office.ledger.live(Tier.PUBLIC)), "the form of 2018 has no column for it"
    deliver("penalty", "2016", CF_SYFW="0")
    assert list(office.ledger.live(Tier.PUBLIC))
