from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from exchange.domain.disclosure_levels import Tier
from exchange.domain.keys import normal

if TYPE_CHECKING:
    from exchange.ledger import Ledger
    from publisher.wiring import Deployment
    from tests.unit.publisher.cli.conftest import Run

SURFACES = {
    f"{tier}/{name}"
    for tier in ("public", "government")
    for name in ("triples", "feed", "index", "dumps")
}


def test_a_withdrawn_record_is_gone_from_every_surface(run: Run, live: list[str]) -> None:
    document = run.json("withdraw", live[0].rpartition("/")[2], "--because", "repair")
    assert document["id"] == live[0]
    assert document["gone"] == dict.fromkeys(SURFACES, True)
    assert run("audit", live[0]) == 0
    assert run("audit") == 0
    again = run.json("withdraw", live[0], "--because", "repair")
    assert again["already"]["event"] == "withdraw"
    assert run("suspend", live[0]) == 1
    assert "错误：" in run.err


def test_a_repair_is_marked_on_every_surface_and_tells_what_left_with_it(
    run: Run, own: Deployment
) -> None:
    with own.open() as opened:
        penalty, entry = a_penalty_with_an_entry(opened.ledger)
    assert run("--lang", "en", "withdraw", penalty, "--because", "repair") == 0
    first, *marks, told, left, last = run.out.splitlines()
    assert first == f"Taking down {penalty}"
    assert len(marks) == len(SURFACES)
    assert all(re.fullmatch(r"  ✔ (public|government): .+ \(\d+\.\d s\)", mark) for mark in marks)
    assert told.endswith(": 1")
    assert left.strip() == entry
    assert last == f"Withdrawn: {penalty}"
    assert run("audit", entry) == 0


def a_penalty_with_an_entry(ledger: Ledger) -> tuple[str, str]:
    """Return a penalty that stands and the one list entry that rests on it."""
    said = re.compile(rb'/ns#(?:basisD|d)ocumentNumber> "([^"]*)"')
    penalties, entries = {}, {}
    for iri, kind, view in ledger.live(Tier.PUBLIC):
        numbers = [normal(number.decode()) for number in said.findall(view)]
        if kind == "penalty":
            penalties[numbers[0]] = iri
        elif kind == "list-entry":
            entries |= dict.fromkeys(numbers, iri)
    number = next(number for number in entries if number in penalties)
    return penalties[number], entries[number]


@pytest.mark.slow  # the flow of it is in every run
def test_suspend_resume_and_reinstate_lead_back_to_a_record(
    run: Run, live: list[str], tmp_path: Path
) -> None:
    decision = tmp_path / "decision.pdf"
    decision.write_bytes(b"decided")
    assert run.json("suspend", live[0])["gone"]["public/triples"]
    assert run("resume", live[0], "--decision", decision) == 0
    assert run("publish") == 0
    assert run("audit") == 0
    run("withdraw", live[0], "--because", "revocation")
    assert run("reinstate", live[0]) == 2
    new = run.json("reinstate", live[0], "--decision", decision)["id"]
    assert new != live[0]
    assert run("publish") == 0
    assert run("audit", new) == 0
    assert run("ledger", "verify") == 0


@pytest.mark.slow  # the flow of it is in every run
def test_after_an_erasure_no_file_holds_the_text(
    run: Run, own: Deployment, live: list[str]
) -> None:
    with own.open() as opened:
        view = opened.ledger.read(Tier.PUBLIC, live[0]).view.decode()
    number = view.partition('#documentNumber> "')[2].partition('"')[0].encode()
    assert number
    document = run.json("erase", live[0])
    assert all(document["gone"].values())
    assert run("audit") == 0
    assert run("ledger", "verify") == 0
    held = [
        path
        for path in own.layout.root.rglob("*")
        if path.is_file() and number in path.read_bytes()
    ]
    assert held == []
