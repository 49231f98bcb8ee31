"""Files loaded again in any order change nothing, whatever stands in them and however often."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.domain.disclosure_levels import DisclosureLevel, Tier
from exchange.domain.record import DeliveredState
from exchange.domain.record_body import assemble_body, statement_line
from tests.factories import append_all
from tests.unit.exchange.ledger.test_any_order import settled

NS = "https://w3id.org/credence/ns#"
TIME, EXTRA = f"<{NS}sourceUpdatedAt>", f"<{NS}extra>"
DAY = 86_400_000
TAKEN = {"accepted", "revised"}

ROWS = st.fixed_dictionaries(
    {
        "number": st.sampled_from([1, 2, 3]),
        "text": st.sampled_from("甲乙丙"),
        "form": st.sampled_from(["all", "all", "short"]),
        "extra": st.sampled_from([None, "丁", "戊"]),
        "month": st.sampled_from([None, None, None, 5, 6, 7]),
        "delivered_state": st.sampled_from([DeliveredState.LIVE] * 4 + [DeliveredState.OBJECTION]),
        "says_state": st.booleans(),
    }
)
FILES = st.lists(st.lists(ROWS, min_size=1, max_size=5), min_size=2, max_size=5)
HISTORIES = FILES.flatmap(
    lambda files: st.fixed_dictionaries(
        {
            "files": st.just(files),
            "broken": st.lists(st.integers(0, 3), min_size=len(files), max_size=len(files)),
            "hands": st.lists(st.sampled_from(["mark", "unmark", None]), max_size=3),
            "again": st.lists(st.integers(0, len(files) - 1), min_size=3, max_size=8),
        }
    )
)


def submission(rows, item, at):
    """Return a row; the short form tells neither the extra property nor the source time."""
    row = rows.row(
        number=item["number"], text=item["text"], delivered_state=item["delivered_state"], line=at
    )
    lines = row.body.split("\n")[:-1]
    if item["says_state"]:
        lines.append(
            statement_line(DisclosureLevel.PUBLIC_OPEN, f'<{NS}state> "{item["delivered_state"]}"')
        )
    if item["form"] == "short":
        return replace(
            row, body=assemble_body(lines), uncovered_properties=frozenset({EXTRA, TIME})
        )
    if item["extra"]:
        lines.append(statement_line(DisclosureLevel.PUBLIC_OPEN, f'{EXTRA} "{item["extra"]}"'))
    if item["month"]:
        said = f'"2026-0{item["month"]}-01T08:00:00+08:00"'
        lines.append(
            statement_line(DisclosureLevel.GOV_UNCONDITIONAL, f"{TIME} {said}^^<x:dateTime>")
        )
    return replace(row, body=assemble_body(lines), timed_by=TIME if item["month"] else None)


def load(desk, rows, files, number, until=None):
    """Load a file, or break off after some of its rows; return its results."""
    desk.now += DAY
    delivery = desk.ledger.open_delivery(
        source=None, name="f", digest=str(number) * 64, kind="penalty", form=None
    )
    items = [submission(rows, item, at) for at, item in enumerate(files[number], 2)][:until]
    found = append_all(desk.ledger, delivery, items)
    if until is None:
        desk.ledger.close_delivery(delivery, {})
    return found


def run(template, rows, history):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "ledger"
        shutil.copytree(template, folder)
        desk = rows.desk(folder)
        try:
            play(desk, rows, history)
        finally:
            desk.close()


def play(desk, rows, history):
    files = history["files"]
    for number, until in enumerate(history["broken"]):
        if until:
            load(desk, rows, files, number, until)
    for number in range(len(files)):
        load(desk, rows, files, number)
    for hand in history["hands"]:
        for iri in desk.live():
            if hand and desk.ledger.read(Tier.PUBLIC, iri).objection is (hand == "unmark"):
                desk.ledger.set_objection(iri, open=hand == "mark")
    before, position = state(desk), desk.ledger.position()
    for number in history["again"]:
        results = load(desk, rows, files, number)
        assert not [item for item in results if item.outcome in TAKEN]
        assert state(desk) == before
        position += 2  # the delivery begins and ends, and nothing between
    assert desk.ledger.position() == position
    desk.ledger.verify()


def state(desk):
    return {
        iri: (view, desk.ledger.read(Tier.PUBLIC, iri).objection)
        for iri, view in desk.live().items()
    }


@given(HISTORIES)
@settled(10)
def test_files_loaded_again_in_any_order_change_nothing(template, rows, history):
    run(template, rows, history)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@given(HISTORIES)
@settled(1000)
def test_many_more_files_loaded_again_change_nothing(template, rows, history):
    run(template, rows, history)
