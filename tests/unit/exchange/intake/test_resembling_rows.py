"""A removed record does not come back because a code changed: the row is held for a person."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from exchange.domain.disclosure_levels import Tier
from exchange.ledger import Ledger, LedgerLocations, resemblance_backfill
from exchange.ledger.model_versions import ModelVersion
from tests.unit.exchange.model import sound as rows

OTHER_AUTHORITY = "11140400QQQQ00072R"
OTHER_COMPANY = "91140400QQQQ0002X0"
CHANGES = {
    "authority code": {"CF_CFJGDM": OTHER_AUTHORITY, "CF_CFJG": "长治市测试市场监督局"},
    "counterpart code": {"CF_XDR_SHXYM": OTHER_COMPANY},
    "both codes": {"CF_CFJGDM": OTHER_AUTHORITY, "CF_XDR_SHXYM": OTHER_COMPANY},
    "authority code and number otherwise written": {
        "CF_CFJGDM": OTHER_AUTHORITY,
        "CF_CFJG": "长治市测试市场监督局",
        "CF_WSH": "测市监罚[2026]第12号",
    },
}


@pytest.fixture
def deliver(office, write, table):
    """Load one row; return what became of it."""

    def _deliver(kind="penalty", form="2018", base=None, **cells):
        row = {**(base or rows.PENALTY), **cells}
        receipt = office.load(write(table([row], row), f"{kind}.csv"), kind=kind, form=form)
        counts = receipt.as_json()
        return next(name for name, number in counts.items() if name != "position" and number)

    return _deliver


def live(office):
    return [iri for iri, _, _ in office.ledger.live(Tier.GOVERNMENT)]


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("removal", ["withdraw", "erase", "suspend and withdraw"])
def test_a_removed_record_under_another_code_is_held(office, deliver, change, removal):
    deliver()
    (iri,) = live(office)
    if removal == "suspend and withdraw":
        office.ledger.suspend(iri)
    if removal == "erase":
        office.ledger.erase(iri)
    else:
        office.ledger.withdraw(iri, "repair")
    assert deliver(**change) == "held"
    assert "resembles-removed" in [item.rule for item in office.findings]
    assert live(office) == []
    office.ledger.verify()


def test_a_revocation_and_the_changed_row_in_one_transaction_are_seen_together(
    office, write, table
):
    row = rows.OLD_PENALTY
    office.load(write(table([row], row)), kind="penalty", form="2016")
    changed = [{**row, "CF_ZT": "1"}, {**row, "CF_XZJG": "长治市测试市场监督局"}]
    receipt = office.load(write(table(changed, row)), kind="penalty", form="2016")
    assert (receipt.revised, receipt.held) == (1, 1)
    assert live(office) == []


def test_two_parties_of_one_decision_and_two_decisions_on_one_party_are_no_resemblance(
    office, deliver
):
    deliver()
    (iri,) = live(office)
    office.ledger.withdraw(iri, "repair")
    other = {"CF_XDR_SHXYM": OTHER_COMPANY, "CF_XDR_MC": "长治市测试白杨建材有限公司"}
    assert deliver(**other) == "accepted"
    assert deliver(CF_WSH="测市监罚〔2026〕13号") == "accepted"


def test_another_certificate_of_one_licence_decision_is_no_resemblance(office, deliver):
    assert deliver("licence", base=rows.LICENCE) == "accepted"
    (iri,) = live(office)
    office.ledger.withdraw(iri, "revocation")
    again = {"XK_XKJGDM": OTHER_AUTHORITY, "XK_XKJG": "测试他局"}
    assert deliver("licence", base=rows.LICENCE, XK_XKBH="JYQQQQ0002", **again) == "accepted"
    assert deliver("licence", base=rows.LICENCE, **again) == "held"


def test_a_held_revision_leaves_the_older_version_standing(office, deliver):
    deliver()
    (iri,) = live(office)
    assert deliver(CF_XDR_SHXYM=OTHER_COMPANY, CF_XDR_MC="测试另一公司") == "accepted"
    office.ledger.withdraw(iri, "repair")
    before = [view for _, _, view in office.ledger.live(Tier.PUBLIC)]
    assert deliver(CF_XDR_SHXYM=OTHER_COMPANY) == "held"  # now it has the removed one's name
    assert [view for _, _, view in office.ledger.live(Tier.PUBLIC)] == before


def test_after_reinstating_nothing_resembles_it_any_more(office, deliver):
    deliver()
    (iri,) = live(office)
    office.ledger.withdraw(iri, "correction")
    office.ledger.reinstate(iri, "sha256:0")
    assert deliver(CF_CFJGDM=OTHER_AUTHORITY, CF_CFJG="测试他局") == "accepted"


def test_what_earlier_releases_removed_is_recognised_after_the_upgrade(
    office, deliver, model, tmp_path, monkeypatch
):
    monkeypatch.setattr(resemblance_backfill, "EARLIER", 2)
    numbers = [f"示市监罚字〔2026〕{number}号" for number in range(801, 806)]
    for number in numbers:
        assert deliver(CF_WSH=number) == "accepted"
    deliver()
    for iri in live(office):
        office.ledger.withdraw(iri, "repair")
    parts = office.ledger._context
    with parts.database.writing() as connection:  # as an earlier release left it
        connection.execute(text("DELETE FROM resemblance"))
        connection.execute(text("UPDATE head SET resemblances = 0"))
    locations = LedgerLocations(
        f"sqlite:///{tmp_path / 'ledger.sqlite'}",
        f"sqlite:///{tmp_path / 'seals.sqlite'}",
        tmp_path / "journal" / "withdrawals.jsonl",
        tmp_path / "secrets" / "ledger.key",
    )
    version = ModelVersion(resemblances=model.resemblances())
    opened = Ledger.open(locations, model.link_rules, parts.clock, model=version)
    with opened._context.database.reading() as connection:
        assert connection.execute(text("SELECT resemblances FROM head")).scalar() == 1
    opened.close()
    assert deliver(CF_CFJGDM=OTHER_AUTHORITY, CF_CFJG="测试他局") == "held"
    for number in numbers:
        assert deliver(CF_WSH=number, CF_CFJGDM=OTHER_AUTHORITY, CF_CFJG="测试他局") == "held"
    other = deliver(CF_WSH="示市监罚字〔2026〕899号", CF_CFJGDM=OTHER_AUTHORITY, CF_CFJG="测试他局")
    assert other == "accepted"
