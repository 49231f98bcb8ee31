from __future__ import annotations

import pytest

from exchange.domain.disclosure_levels import Tier
from exchange.domain.errors import UsageError
from exchange.domain.identifiers import id_of
from exchange.domain.record import Activity

PUBLIC, GOVERNMENT, ARCHIVE = Tier


def test_a_records_history_is_in_order_with_the_time_of_each_delivery(desk, rows):
    iri = desk.one(rows.row())
    desk.now += 5_000
    desk.load(rows.row(text="改"))
    desk.now += 5_000
    desk.ledger.withdraw(iri, "repair")
    steps = desk.ledger.history(PUBLIC, id_of(iri))
    assert [step.activity for step in steps] == [
        Activity.CREATE,
        Activity.UPDATE,
        Activity.DELETE,
    ]
    assert [step.published - rows.noon for step in steps] == [0, 5_000, 10_000]
    assert [step.delivered for step in steps] == [rows.noon, rows.noon, None]
    told = {change.event for change in desk.ledger.changes(PUBLIC, 0, 10)}
    assert {step.event for step in steps} == told


def test_only_the_newest_history_entries_are_returned(desk, rows):
    iri = desk.one(rows.row())
    for number in range(4):
        desk.now += 1_000
        desk.load(rows.row(text=str(number)))
    steps = desk.ledger.history(PUBLIC, id_of(iri), 2)
    assert [step.published - rows.noon for step in steps] == [3_000, 4_000]


def test_a_tier_knows_its_own_steps_alone(desk, rows):
    iri = desk.one(rows.row(tier=GOVERNMENT))
    assert desk.ledger.history(PUBLIC, id_of(iri)) == []
    assert len(desk.ledger.history(GOVERNMENT, id_of(iri))) == 1
    assert desk.ledger.history(PUBLIC, "a" * 26) == []
    with pytest.raises(UsageError):
        desk.ledger.history(ARCHIVE, id_of(iri))


def test_the_last_change_of_a_tier_has_its_time(desk, rows):
    assert desk.ledger.last_published(PUBLIC) is None
    desk.one(rows.row())
    desk.now += 5_000
    desk.one(rows.row(number=2, tier=GOVERNMENT))
    assert desk.ledger.last_published(PUBLIC) == rows.noon
    assert desk.ledger.last_published(GOVERNMENT) == rows.noon + 5_000
