"""What an older gate let through is found in every version that the public can read."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from exchange.domain.disclosure_levels import Tier
from exchange.intake import Reviewer, rescan
from exchange.model.personal_data_rules import PersonalDataGate

EXAMPLE = "11010519491231002X"  # printed in GB 11643-1999
HOME = "经查，当事人家住望川区云岑路八号，无照经营。"


@pytest.fixture
def older_gate(monkeypatch):
    """Return what loads by a program whose gate finds nothing yet."""

    @contextmanager
    def _older():
        with monkeypatch.context() as patch:
            patch.setattr(PersonalDataGate, "check", lambda *_: [])
            yield

    return _older


def found(hall):
    return list(rescan(hall.ledger, hall.office.model))


def test_a_clean_ledger_has_nothing_to_look_at(hall, make):
    hall.load(make(1), make(2))
    seen = []
    assert list(rescan(hall.ledger, hall.office.model, lambda *at: seen.append(at))) == []
    assert seen == [(1, 2), (2, 2)]


def test_certain_and_likely_personal_data_are_distinguished(hall, make, older_gate):
    with older_gate():
        hall.load(make(1), make(2, CF_SY=f"身份证{EXAMPLE}"), make(3, CF_SY=HOME))
    certain, likely = found(hall)
    assert [(item.field, item.severity) for item in certain.problems] == [
        ("violationFacts", "error")
    ]
    assert [(item.field, item.severity) for item in likely.problems] == [("violationFacts", "held")]
    assert (certain.current, likely.accepted, likely.kind) == (True, False, "penalty")
    assert EXAMPLE not in str(certain)


def test_an_earlier_version_that_a_feed_still_holds_is_found(hall, make, older_gate):
    with older_gate():
        hall.load(make(1, CF_SY=f"身份证{EXAMPLE}"))
    hall.load(make(1, CF_SY="已更正。"))
    (old,) = found(hall)
    assert old.current is False
    hall.ledger.withdraw(old.iri, "correction")
    assert found(hall) == []


def test_what_a_person_let_through_is_not_asked_for_again(hall, make):
    assert hall.load(make(1, CF_SY=HOME)).held == 1
    (item,) = hall.waiting()
    with hall.exchange.reviews() as reviews:
        reviews.accept(item.id, Reviewer("安某", "经营场所"))
    (seen,) = found(hall)
    assert seen.accepted
    assert seen.iri in [iri for iri, _, _ in hall.ledger.live(Tier.PUBLIC)]


def test_what_the_public_cannot_read_is_passed_over(hall, make, older_gate):
    with older_gate():
        hall.load(make(1, CF_SY=f"身份证{EXAMPLE}"), make(2, CF_SY=HOME))
    first, second = found(hall)
    hall.ledger.suspend(first.iri)
    hall.exchange.erase(second.iri)
    assert found(hall) == []
    hall.ledger.resume(first.iri)
    assert [each.iri for each in found(hall)] == [first.iri]
