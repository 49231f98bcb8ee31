"""Held rows from the file to the decision: nothing is lost, doubled, or decided twice."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select

from exchange.commands import Desk, Exchange
from exchange.domain.access import Tier
from exchange.domain.errors import Conflict, NotFound, UsageError
from exchange.domain.failpoints import Point
from exchange.domain.record import Outcome
from exchange.intake import Reviewer
from exchange.intake.held import Bounds, HeldRows
from exchange.ledger import schema
from exchange.ledger.batch import meta_of
from exchange.ledger.sealing import unseal

ANNA = Reviewer("安某", "文字中没有个人信息")


class Hall:
    """An office with the use cases over its ledger and folders."""

    def __init__(self, office, write, table):
        self.ledger = office.ledger
        self.office = office
        self._write = write
        self._table = table
        self._desk = Desk(office.staging, office.rejects, office.held, lambda: 1_790_000_000_000)
        self.exchange = self.stopping_at(lambda _: None)

    def stopping_at(self, at):
        """Return an exchange whose hook at failpoints is `at`."""
        desk = replace(self._desk, at=at)
        return Exchange(self.ledger, self.office.model, desk, lambda _: None)

    def file(self, *rows, name="penalty.csv"):
        return self._write(self._table(rows), name)

    def load(self, *rows, **more):
        return self.office.load(self.file(*rows), **more)

    def waiting(self):
        with self.exchange.reviews() as reviews:
            return list(reviews.waiting())

    def accept(self, item):
        with self.exchange.reviews() as reviews:
            return reviews.accept(item.id, ANNA)[1]

    def views(self):
        return "\n".join(view.decode() for _, _, view in self.ledger.live(Tier.PUBLIC))

    @contextmanager
    def ledger_stops(self, at):
        """Have the ledger call `at` at its own failpoints."""
        parts = self.ledger._parts
        self.ledger._parts = replace(parts, at=at)
        try:
            yield
        finally:
            self.ledger._parts = parts

    def bodies(self, name):
        """Return the bodies of the events of a name, opened."""
        parts, event = self.ledger._parts, schema.event
        with parts.database.reading() as connection:
            statement = select(event).where(event.c.name == name).order_by(event.c.position)
            rows = connection.execute(statement).all()
        seals = parts.seals.get([row.seal for row in rows])
        return [json.loads(unseal(seals[row.seal], meta_of(row), row.body)) for row in rows]


@pytest.fixture
def hall(office, write, table):
    return Hall(office, write, table)


class Killed(BaseException):
    """Stands for the end of the process."""


def nth(point, number):
    """Return a hook that ends the process when it passes a point for the nth time."""
    passed = []

    def stop(at):
        passed.append(at)
        if at is point and passed.count(point) == number:
            raise Killed

    return stop


def test_a_held_row_waits_with_its_cell_and_its_reason(hall, make, holding):
    hall.load(make(1), make(2, CF_SY=f"{holding}甲"))
    (item,) = hall.waiting()
    row = item.row
    assert (row.file, row.submission.row, row.version, row.record) == ("penalty.csv", 3, 0, None)
    assert (row.delivery, row.origin.kind, row.origin.form) == (1, "penalty", "2018")
    assert row.cells["CF_SY"] == f"{holding}甲"
    assert [found["severity"] for found in row.findings] == ["held"]
    assert holding not in hall.views()


def test_accepting_appends_the_row_and_says_who_and_why(hall, make, holding):
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


def test_a_held_row_of_a_gone_record_is_suppressed(hall, make, holding):
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
    small = partial(HeldRows, bounds=Bounds(rows=1))
    monkeypatch.setattr("exchange.intake.delivery.HeldRows", small)
    receipt = hall.load(*(make(number, CF_SY=holding) for number in (1, 2)))
    assert (receipt.held, receipt.rejected) == (1, 1)
    assert hall.office.rules()[-1] == ("review-full", 3)
    assert "示市监罚字〔2026〕2号" in Path(receipt.rejects).read_text(encoding="utf-8-sig")


# The second commit is that of the rows, the third closes the delivery.
@pytest.mark.parametrize(
    ("point", "number"),
    [(Point.COMMITTED, 2), (Point.HELD_KEPT, 1), (Point.COMMITTED, 3), (Point.REJECTS_WRITTEN, 1)],
)
def test_an_interrupted_load_neither_loses_nor_doubles_held_rows(
    hall, make, holding, point, number
):
    rows = make(1), make(2, CF_SY=holding), make(3, CF_SY=f"{holding}乙")
    stop = nth(point, number)
    with hall.ledger_stops(stop), pytest.raises(Killed):
        hall.load(*rows, at=stop)
    assert hall.load(*rows).held == 2
    assert len(hall.waiting()) == 2
    assert hall.ledger.head(Tier.PUBLIC) == 1


def test_an_interrupted_acceptance_is_ended_by_the_next(hall, make, holding):
    hall.load(make(1, CF_SY=holding))
    (item,) = hall.waiting()
    stopping = hall.stopping_at(nth(Point.REVIEW_LOGGED, 1))
    with pytest.raises(Killed), stopping.reviews() as reviews:
        reviews.accept(item.id, ANNA)
    assert holding in hall.views(), "the ledger has it"
    assert len(hall.waiting()) == 1
    position = hall.ledger.position()
    assert hall.accept(item).outcome is Outcome.UNCHANGED
    assert hall.waiting() == []
    assert hall.ledger.position() == position


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


def test_an_erasure_destroys_held_rows_of_its_key_and_of_its_text(hall, make, holding):
    own = "当事人与店名为霁月轩的铺面来往"
    hall.load(make(1, CF_SY=own), make(7))
    hall.load(
        make(1, CF_SY=f"{holding}，改写"),  # its key
        make(2, CF_SY=f"{holding}：{own}"),  # its text
        make(3, CF_SY=f"{holding}，另案"),  # another's; authority and law are the same
    )
    iri = next(iri for iri, _, view in hall.ledger.live(Tier.PUBLIC) if own in view.decode())
    erased = hall.exchange.erase(iri)
    assert erased.held == (("penalty.csv", 2), ("penalty.csv", 3))
    assert [item.row.submission.row for item in hall.waiting()] == [4]


@pytest.mark.parametrize(
    ("point", "number", "left"),
    [
        (Point.SCRUB_BEGUN, 1, 1),
        (Point.HELD_MARKED, 1, 1),  # nothing was erased: the row waits on
        (Point.COMMITTED, 2, 0),  # the first is that of the look at what is to go
        (Point.SEALS_DESTROYED, 1, 0),
        (Point.SCRUBBED, 1, 0),
    ],
)
def test_a_killed_erasure_is_ended_or_undone_for_held_rows(  # noqa: PLR0913, PLR0917
    hall, make, holding, point, number, left
):
    hall.load(make(1))
    hall.load(make(1, CF_SY=holding))
    (item,) = hall.waiting()
    stop = nth(point, number)
    with hall.ledger_stops(stop), pytest.raises(Killed):
        hall.stopping_at(stop).erase(item.row.record)
    hall.exchange.heal()
    assert len(hall.waiting()) == left
    with hall.exchange.reviews() as reviews:
        assert reviews._held.marked() == set()


def test_who_decides_and_why_must_be_said() -> None:
    for actor, because in (("", "x"), ("a", " "), ("a", "b\nc"), ("a", "x" * 501)):
        with pytest.raises(UsageError):
            Reviewer(actor, because)
