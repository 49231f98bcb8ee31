"""Held rows from the file to the decision: nothing is lost, doubled, or decided twice."""

from __future__ import annotations

import json
import threading
from functools import partial
from pathlib import Path

import pytest

from exchange.domain.disclosure_levels import Tier
from exchange.domain.errors import Conflict, NotFound, UsageError
from exchange.domain.lifecycle import HELD_RESEMBLES
from exchange.domain.record import Outcome
from exchange.intake import Reviewer
from exchange.intake.held_store import HeldLimits, HeldRows
from exchange.model import compile_kind
from exchange.model.compiled_kind import CompiledKind
from exchange.model.rule_messages import field_problem
from tests.unit.exchange.intake.hall import ANNA


def test_a_held_row_waits_with_its_cell_and_its_reason(hall, make, holding):
    hall.load(make(1), make(2, CF_SY=f"{holding}甲"))
    (item,) = hall.waiting()
    row = item.row
    assert (row.file, row.submission.row, row.version, row.record) == ("penalty.csv", 3, 0, None)
    assert (row.delivery, row.origin.kind, row.origin.form) == (1, "penalty", "2018")
    assert row.cells["CF_SY"] == f"{holding}甲"
    assert [found["severity"] for found in row.findings] == ["held"]
    assert holding not in hall.views()


def test_accepting_appends_the_row_with_actor_and_reason(hall, make, holding):
    hall.load(make(1, CF_SY=holding))
    (item,) = hall.waiting()
    assert hall.accept(item).outcome is Outcome.ACCEPTED
    assert holding in hall.views()
    assert hall.waiting() == []
    newest = hall.ledger.deliveries(1)[0]
    assert (newest.name, newest.kind, newest.closed is not None) == ("penalty.csv", "penalty", True)
    assert json.loads(newest.counts)["accepted"] == 1
    assert hall.bodies("review") == [
        {
            "item": item.id,
            "decision": "accept",
            "actor": "安某",
            "because": "文字中没有个人信息",
            "rule": "text",
            "delivery": 1,
            "row": 2,
        }
    ]
    opened = hall.bodies("open")[-1]
    assert (opened["actor"], opened["item"]) == ("安某", item.id)
    hall.ledger.verify()


def test_after_acceptance_the_same_file_changes_and_holds_nothing(hall, make, holding):
    rows = make(1), make(2, CF_SY=holding)
    hall.load(*rows)
    (item,) = hall.waiting()
    hall.accept(item)
    again = hall.load(*rows)
    assert (again.unchanged, again.held, again.exit_code) == (2, 0, 0)
    assert [found.severity for found in hall.office.findings] == ["info"]
    assert hall.waiting() == []


def test_a_held_revision_leaves_the_older_version_standing(hall, make, holding):
    hall.load(make(1, CF_SY="旧。"))
    receipt = hall.load(make(1, CF_SY=f"{holding}。"))
    assert (receipt.held, receipt.revised) == (1, 0)
    assert "旧。" in hall.views()
    (item,) = hall.waiting()
    result = hall.accept(item)
    assert (result.outcome, result.iri) == (Outcome.REVISED, item.row.record)
    assert holding in hall.views()
    assert "旧。" not in hall.views()


def test_a_row_whose_record_changed_since_stays_held_until_it_is_loaded_again(hall, make, holding):
    held = make(1, CF_SY=holding)
    hall.load(make(1, CF_SY="一。"))
    hall.load(held)
    hall.load(make(1, CF_SY="二。"))
    (item,) = hall.waiting()
    with pytest.raises(Conflict) as refused:
        hall.accept(item)
    assert "zh" in refused.value.details
    assert hall.waiting() == [item]
    assert "二。" in hall.views()
    hall.load(held)
    hall.accept(item)
    assert holding in hall.views()
    hall.ledger.verify()


def test_a_record_that_came_meanwhile_is_a_change_too(hall, make, holding):
    hall.load(make(1, CF_SY=holding))
    hall.load(make(1, CF_SY="别。"))
    (item,) = hall.waiting()
    with pytest.raises(Conflict):
        hall.accept(item)


def test_acceptance_brings_no_withdrawn_record_back(hall, make, holding):
    hall.load(make(1, CF_SY="旧。"))
    hall.load(make(1, CF_SY=holding))
    (item,) = hall.waiting()
    hall.ledger.withdraw(item.row.record, "repair")
    before = hall.ledger.position()
    with pytest.raises(Conflict):
        hall.accept(item)
    assert hall.ledger.position() == before
    assert hall.views() == ""


def test_a_refused_row_is_rejected_by_name_when_it_comes_again(hall, make, holding):
    row = make(1, CF_SY=holding)
    hall.load(row)
    (item,) = hall.waiting()
    with hall.exchange.reviews() as reviews:
        reviews.refuse(item.id, ANNA)
    assert hall.waiting() == []
    assert hall.bodies("review")[0]["decision"] == "refuse"
    again = hall.load(row)
    assert (again.held, again.rejected, again.reasons) == (0, 1, {"refused-in-review": 1})
    (found,) = [item for item in hall.office.findings if item.rule == "refused-in-review"]
    assert found.severity == "error"
    assert "2026-09-21" in found.text("zh")
    assert "安某" in found.text("zh")
    assert hall.load(make(1, CF_SY=f"{holding}，已改")).held == 1


def test_an_older_row_that_was_refused_stays_outdated_and_asks_nobody_again(hall, make):
    hall.load(make(1, CF_SY="一。"))
    hall.load(make(1, CF_SY="二。"))
    older = make(1, CF_SY="一。"), make(7)  # not that very file
    receipt = hall.load(*older)
    assert (receipt.outdated, receipt.reviews, receipt.exit_code) == (1, 1, 1)
    (item,) = hall.waiting()
    with hall.exchange.reviews() as reviews:
        reviews.refuse(item.id, ANNA)
    again = hall.load(make(1, CF_SY="一。"), make(8))
    assert (again.outdated, again.rejected, again.exit_code) == (1, 0, 0)
    assert hall.office.rules() == [("outdated-version", 2), ("refused-in-review", 2)]
    assert "二。" in hall.views()


def test_an_older_row_that_is_accepted_is_applied(hall, make):
    hall.load(make(1, CF_SY="一。"))
    hall.load(make(1, CF_SY="二。"))
    hall.load(make(1, CF_SY="一。"), make(7))
    (item,) = hall.waiting()
    assert hall.accept(item).outcome is Outcome.REVISED
    assert "二。" not in hall.views()
    hall.ledger.verify()


def test_a_held_row_of_a_removed_record_is_suppressed(hall, make, holding):
    hall.load(make(1))
    ((iri, _, _),) = hall.ledger.live(Tier.PUBLIC)
    hall.ledger.withdraw(iri, "repair")
    receipt = hall.load(make(1, CF_SY=holding))
    assert (receipt.suppressed, receipt.held) == (1, 0)
    assert hall.waiting() == []


def test_a_dry_run_holds_nothing(hall, make, holding):
    receipt = hall.load(make(1, CF_SY=holding), dry_run=True)
    assert (receipt.held, receipt.exit_code) == (1, 1)
    assert not hall.office.held.exists()


def test_held_rows_beyond_the_bound_come_back_as_rejects(hall, make, holding, monkeypatch):
    small = partial(HeldRows, bounds=HeldLimits(rows=1))
    monkeypatch.setattr("exchange.intake.delivery.HeldRows", small)
    receipt = hall.load(*(make(number, CF_SY=holding) for number in (1, 2)))
    assert (receipt.held, receipt.rejected) == (1, 1)
    assert hall.office.rules()[-1] == ("review-full", 3)
    assert "示市监罚字〔2026〕2号" in Path(receipt.rejects).read_text(encoding="utf-8-sig")


def test_of_two_persons_who_accept_one_row_one_finds_it_decided(hall, make, holding):
    hall.load(make(1, CF_SY=holding))
    (item,) = hall.waiting()
    results = []

    def accept():
        try:
            results.append(hall.accept(item).outcome)
        except NotFound as error:
            results.append(type(error))

    threads = [threading.Thread(target=accept) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(results) == {Outcome.ACCEPTED, NotFound}
    assert len(hall.bodies("review")) == 1
    hall.ledger.verify()


def test_a_row_with_an_error_by_now_is_not_accepted(hall, make, holding, monkeypatch):
    hall.load(make(1, CF_SY=holding))
    (item,) = hall.waiting()
    read_and_check = CompiledKind.read_and_check

    def stricter(self, row, form=None):
        record, problems = read_and_check(self, row, form)
        field = self.kind.field("violationFacts")
        return record, [*problems, field_problem(field, "id-number", "x", form=form)]

    with monkeypatch.context() as newer:
        newer.setattr(CompiledKind, "read_and_check", stricter)
        with pytest.raises(Conflict) as refused:
            hall.accept(item)
    assert "zh" in refused.value.details
    assert hall.waiting() == [item]
    assert hall.accept(item).outcome is Outcome.ACCEPTED


def test_a_held_json_record_is_accepted_as_it_came(hall, make, monkeypatch):
    record = {
        "authority": "11140400QQQQ0003X9",
        "authorityName": "示例市市场监督管理局",
    }
    rows, _ = compile_kind(hall.office.model, "penalty").read_row(make(1), "2018")
    home = "当事人家住望川区云岑路八号，无照经营。"
    path = hall.office.staging.parent / "penalty.jsonl"
    path.write_text(json.dumps(rows | record | {"violationFacts": home}), encoding="utf-8")
    assert hall.office.load(path).held == 1
    (item,) = hall.waiting()
    assert item.row.form is None
    assert item.row.cells["violationFacts"] == home
    assert hall.accept(item).outcome is Outcome.ACCEPTED
    assert hall.office.load(path).unchanged == 1


def test_a_row_held_for_two_reasons_shows_both(hall, make):
    home = "当事人家住望川区云岑路八号，无照经营。"
    hall.load(make(1))
    ((iri, _, _),) = hall.ledger.live(Tier.PUBLIC)
    hall.ledger.withdraw(iri, "repair")
    hall.load(make(1, CF_SY=home, CF_CFJG="示例市市监局", CF_CFJGDM="11140400QQQQ0007XD"))
    (item,) = hall.waiting()
    assert {found["rule"] for found in item.row.findings} == {"home-address", HELD_RESEMBLES}


def test_a_decision_needs_an_actor_and_a_reason() -> None:
    for actor, because in (
        ("", "x"),
        ("a", " "),
        ("a", "b\nc"),
        ("a", "x" * 501),
        ("a", "家住云岑路八号"),
        ("a", "已问微信demo_user01"),
        ("a", "联系139，0013，9000"),
        ("a", "户口所在地：示例村"),
        ("a", "持E99999999号护照"),
    ):
        with pytest.raises(UsageError):
            Reviewer(actor, because)


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("理", True),
        ("理" * 500, True),
        ("理" * 501, False),
        ("理" * 1_000, False),
        ("", False),
        (" \u3000", False),
        ("一行\n两行", False),
        ("零宽\u200b字", False),
    ],
)
def test_actor_and_reason_are_one_line_of_up_to_five_hundred_characters(
    text: str, taken: bool
) -> None:
    for given in ((text, "理由"), ("王某岚", text)):
        if taken:
            assert (Reviewer(*given).actor, Reviewer(*given).because) == given
        else:
            with pytest.raises(UsageError, match="one line of 1 to 500"):
                Reviewer(*given)
