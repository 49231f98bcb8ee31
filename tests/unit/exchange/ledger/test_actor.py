"""Every event says who gave the command; the genesis is the ledger's identity alone."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from exchange.domain.actor import PROGRAM, Actor
from exchange.domain.events import VERSION_EVENTS
from exchange.domain.record import DeliveredState
from exchange.ledger import schema
from exchange.ledger.sealed_bodies import unseal
from exchange.ledger.transaction import meta_of

OFFICER = Actor("zhang", "11100000000Q000001", "desk")
NAMED = {"person": "zhang", "unit": "11100000000Q000001", "program": "desk"}


def bodies(ledger):
    """Return (type, JSON body) of every event but the versions, in order."""
    context, event = ledger._context, schema.event
    with context.database.reading() as connection:
        rows = connection.execute(select(event).order_by(event.c.position)).all()
    seals = context.seals.get([row.seal for row in rows])
    return [
        (row.name, json.loads(unseal(seals[row.seal], meta_of(row), row.body)))
        for row in rows
        if row.name not in VERSION_EVENTS
    ]


@pytest.fixture
def signed(desk):
    """Return the ledger of the desk for a named officer."""
    desk._ledger = desk.ledger.by(OFFICER)
    return desk


def test_every_command_names_its_actor_and_so_does_what_follows_from_it(signed, rows):
    penalty = signed.one(rows.row())
    entry = signed.one(rows.row("list-entry", links=[rows.link("restsOn", "penalty", 1)]))
    other = signed.one(rows.row(number=2))
    ledger = signed.ledger
    ledger.suspend(other)
    ledger.resume(other)
    ledger.set_objection(other, open=True)
    ledger.withdraw(penalty, "repair")
    ledger.expire(other)
    signed.load(rows.row(number=3, delivered_state=DeliveredState.LIVE))
    ledger.close_delivery(signed.delivery, {})
    ledger.append_note("release", {"what": "report"})
    genesis, *rest = bodies(ledger)
    assert "actor" not in genesis[1]
    names = [name for name, _ in rest]
    assert names.count("withdraw") == 2, "the entry left with the penalty that it rests on"
    assert {"open", "close", "suspend", "resume", "object", "expire", "release"} <= set(names)
    assert [name for name, body in rest if body["actor"] != NAMED] == []
    assert entry not in signed.live()
    ledger.verify()


def test_an_erasure_names_its_actor(signed, rows):
    signed.ledger.erase(signed.one(rows.row()))
    assert bodies(signed.ledger)[-1][1]["actor"] == NAMED


def test_two_actors_share_one_ledger(signed, rows):
    iri = signed.one(rows.row())
    other = signed.ledger.by(Actor("li"))
    other.suspend(iri)
    signed.ledger.resume(iri)
    assert [body["actor"] for _, body in bodies(other)[-2:]] == [
        {"person": "li", "program": PROGRAM},
        NAMED,
    ]


def test_without_a_person_the_program_is_named(desk, rows):
    desk.one(rows.row())
    assert bodies(desk.ledger)[-1][1]["actor"] == {"program": PROGRAM}


def test_what_is_not_known_of_an_actor_is_left_out():
    assert Actor("li").body() == {"person": "li", "program": PROGRAM}
    assert Actor(unit="1").body() == {"unit": "1", "program": PROGRAM}
