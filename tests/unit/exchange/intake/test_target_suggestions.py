"""A repair whose target is not known is told which record it may have meant."""

from __future__ import annotations

import csv
import io

import pytest

from exchange.domain.disclosure_levels import Tier
from exchange.intake import target_suggestions
from tests.unit.exchange.intake.test_delivery import REPAIR

FILED = "示市监罚字〔2026〕973号"


@pytest.fixture
def repair(office, write):
    """Return what loads one repair case and returns its finding."""

    def _repair(**cells):
        stream = io.StringIO()
        row = {**REPAIR, "XF_WSH": FILED, **cells}
        csv.writer(stream).writerows([row.keys(), row.values()])
        office.load(write(stream.getvalue(), "repair-case.csv"), kind="repair-case")
        (found,) = office.findings
        assert found.rule == "unknown-target"
        return found

    return _repair


@pytest.fixture
def filed(office, write, make, table):
    """Load the record that is meant; return its IRI."""
    office.load(write(table([make(973), make(1)])))
    return next(iri for iri, _, view in office.ledger.live(Tier.PUBLIC) if FILED in view.decode())


def test_the_number_sought_is_named_at_its_cell(repair):
    found = repair(XF_WSH="示市监罚字(2026)55号")
    assert (found.location.row, found.location.code) == (2, "XF_WSH")
    assert found.value == "示市监罚字(2026)55号"
    assert "示市监罚字(2026)55号" in found.text("zh")
    assert "示市监罚字(2026)55号" in found.text("en")


@pytest.mark.parametrize(
    "cells",
    [
        {"XF_WSH": "示市监罚字(2026)973"},
        {"XF_WSH": "示市监罚〔2026〕973号"},
        {"XF_WSH": "示市监罚字〔2026〕793号"},
        {"XF_JDJG": "示例市市监局", "XF_JDJGDM": "11140400QQQQ0007XD"},
    ],
)
def test_a_near_record_is_offered_with_who_decided_and_when(repair, filed, cells):
    found = repair(**cells)
    for lang, words in (("zh", "是否指此"), ("en", "Is it that one")):
        text = found.text(lang)
        assert words in text
        assert FILED in text
        assert "示例市市场监督管理局 2026-05-06" in text
        assert filed in text


def test_a_number_is_found_also_among_many_later_records(repair, filed, monkeypatch):
    monkeypatch.setattr("exchange.ledger.similar_records.RECENT", 0)
    assert FILED in repair(XF_WSH="示市监罚字(2026)973").text()


def test_a_removed_record_is_never_suggested(office, repair, filed):
    office.ledger.withdraw(filed, "correction")
    text = repair(XF_WSH="示市监罚字(2026)973").text()
    assert FILED not in text
    assert filed not in text


def test_what_is_far_is_not_offered(repair, filed):
    assert FILED not in repair(XF_WSH="示市监许字〔2024〕12号").text()


def test_looking_is_bounded_for_a_delivery(office, repair, filed, monkeypatch):
    monkeypatch.setattr(target_suggestions, "MOST", 0)
    assert FILED not in repair(XF_WSH="示市监罚字(2026)973").text()
