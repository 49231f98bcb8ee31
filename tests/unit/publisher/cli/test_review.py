"""`review` as a person meets it: in both languages, as documents, with an exit code."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from exchange.domain import lifecycle, precedence
from exchange.intake.rule_messages import MESSAGES
from exchange.model.personal_data_rules import PersonalDataGate
from publisher.cli.removal_reasons import WORDS
from tests.holding import hold_rows
from tests.unit.exchange.intake.conftest import GOOD, as_csv, penalty

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.publisher.cli.conftest import Run

BECAUSE = ("--because", "文字中没有个人信息")


@pytest.fixture
def held(empty: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Load a row that is held into a deployment of its own; return its facts."""
    facts = f"{hold_rows(monkeypatch)}：当事人发布虚假广告。"
    file = tmp_path / "penalty.csv"
    file.write_text(as_csv([penalty(1), penalty(2, CF_SY=facts)]), encoding="utf-8")
    receipt = empty.json("load", file, code=1)
    assert (receipt["accepted"], receipt["held"], receipt["rejects"]) == (1, 1, None)
    return facts


def test_a_load_says_how_many_wait_and_where_to_see_them(
    empty: Run, tmp_path: Path, held: str
) -> None:
    assert empty("load", tmp_path / "penalty.csv") == 1
    assert "待审 1" in empty.out
    assert "credence review list" in empty.out
    assert "text 1" in empty.out, "the reason is counted"
    assert empty("--lang", "en", "load", tmp_path / "penalty.csv") == 1
    assert "1 held" in empty.out


def test_a_dry_run_says_how_many_would_wait_and_points_to_no_list(
    empty: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "penalty.csv"
    facts = f"{hold_rows(monkeypatch)}：当事人发布虚假广告。"
    file.write_text(as_csv([penalty(1), penalty(2, CF_SY=facts)]), encoding="utf-8")
    assert empty("load", "--dry-run", file) == 1
    assert "1 行将待人工审核" in empty.out
    assert "review list" not in empty.out
    assert empty("--lang", "en", "load", "--dry-run", file) == 1
    assert "1 rows would wait for review" in empty.out
    assert "review list" not in empty.out


def test_what_waits_is_listed_and_shown_with_its_cell(empty: Run, held: str) -> None:
    (item,) = empty.json("review", "list")["items"]
    assert (item["file"], item["row"], item["kind"]) == ("penalty.csv", 3, "penalty")
    assert held not in json.dumps(item, ensure_ascii=False)
    shown = empty.json("review", "show", item["id"])
    assert shown["cells"]["CF_SY"] == held
    assert empty("review", "show", item["id"][:8]) == 0
    assert held in empty.out
    assert "►" in empty.out
    assert empty("--lang", "en", "review", "list") == 0
    assert item["id"] in empty.out


def test_cells_are_shown_as_they_are_and_steer_no_terminal(
    empty: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = f"{hold_rows(monkeypatch)}[bold]甲[/bold][/]乙\u202e丙"
    file = tmp_path / "odd.csv"
    file.write_text(as_csv([penalty(5, CF_SY=odd)]), encoding="utf-8")
    assert empty("load", file) == 1
    (item,) = empty.json("review", "list")["items"]
    assert empty("review", "show", item["id"]) == 0
    assert "[bold]甲[/bold][/]乙\ufffd丙" in empty.out


def test_accepting_enters_the_row_and_the_list_is_empty(empty: Run, held: str) -> None:
    (item,) = empty.json("review", "list")["items"]
    done = empty.json("review", "accept", item["id"], *BECAUSE, "--as", "安某")
    assert (done["id"], done["outcome"]) == (item["id"], "accepted")
    assert done["record"].startswith("https://credit.example/record/")
    assert empty.json("review", "list") == {"items": []}
    assert empty.json("ledger", "verify")
    assert empty("review", "list") == 0
    assert "没有待审" in empty.out


def test_a_refused_row_is_gone_and_named_when_it_comes_again(
    empty: Run, tmp_path: Path, held: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDENCE_ACTOR", "乙科室")
    (item,) = empty.json("review", "list")["items"]
    assert empty("review", "refuse", item["id"], *BECAUSE) == 0
    assert empty("load", tmp_path / "penalty.csv") == 1
    assert "乙科室" in empty.out
    assert "待审 0" in empty.out
    assert "拒收 1" in empty.out


def test_status_counts_what_waits_and_makes_nothing_where_nothing_does(
    empty: Run, held: str, run: Run
) -> None:
    assert empty.json("status")["heldRows"] == 1
    assert empty("status") == 0
    assert "credence review list" in empty.out
    assert run.json("status")["heldRows"] == 0
    assert not (run.root / "held").exists()


def test_a_decision_needs_a_reason_and_a_row_that_waits(empty: Run, held: str) -> None:
    assert empty("review", "accept", "00000000") == 2
    assert empty("review", "accept", "zzzzzzzz", *BECAUSE) == 1
    assert "待审" in empty.err
    assert empty("--lang", "en", "review", "show", "zzzzzzzz") == 1
    assert "waits for review" in empty.err


def test_neither_rejects_nor_receipts_hold_the_text_of_a_held_row(empty: Run, held: str) -> None:
    folder = empty.root / "held"
    names = [path.name for path in folder.iterdir()]
    assert "held.sqlite" in names
    for path in empty.root.rglob("*"):
        if path.is_file() and "rejects" not in path.parts:
            assert held.encode() not in path.read_bytes(), path


def test_a_load_names_every_row_that_it_did_not_apply(
    empty: Run, tmp_path: Path, held: str
) -> None:
    columns = [*GOOD, "CF_GSJZQ"]
    rows = [penalty(9, CF_JDRQ="2025-05-06", CF_GSJZQ="2025-12-31"), penalty(10)]
    file = tmp_path / "ended.csv"
    file.write_text(as_csv(rows, columns), encoding="utf-8")
    assert empty("--json", "load", file) == 0
    lines = [json.loads(line) for line in empty.out.splitlines()]
    (found,) = [line["finding"] for line in lines if "finding" in line]
    assert (found["rule"], found["severity"], found["row"]) == ("publicity-ended", "info", 2)
    assert found["value"] == "2025-12-31"
    assert {"file": "ended.csv", "reasons": {"publicity-ended": 1}} in lines
    assert lines[-1]["suppressed"] == 1
    assert empty("load", file) == 0
    assert "公示截止期已过" in empty.out
    assert "公示期已过 1" in empty.out
    assert "不予恢复" not in empty.out
    assert empty("--lang", "en", "load", file) == 0
    assert "publicity ended 1" in empty.out


def test_every_reason_of_the_ledger_has_words_in_both_languages() -> None:
    reasons = {
        value
        for module in (lifecycle, precedence)
        for name, value in vars(module).items()
        if name.startswith(("SUPPRESSED_", "REJECTED_", "OUTDATED_", "HELD_"))
    }
    assert reasons <= set(WORDS)
    assert set(WORDS) <= set(MESSAGES)


def test_a_rescan_names_what_needs_a_person_and_ends_with_one(
    empty: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "penalty.csv"
    number = "11010519491231002X"  # printed in GB 11643-1999
    rows = [penalty(1), penalty(2, CF_SY=f"身份证号{number}")]
    file.write_text(as_csv(rows), encoding="utf-8")
    with monkeypatch.context() as older:
        older.setattr(PersonalDataGate, "check", lambda *_: [])
        assert empty.json("load", file)["accepted"] == 2
    found = empty.json("review", "--rescan", code=1)
    assert found == {"certain": 1, "likely": 0, "accepted": 0}
    assert empty("review", "--rescan") == 1
    assert "https://credit.example/record/" in empty.out
    assert "credence erase" in empty.out
    assert number not in empty.out + empty.err
    iri = next(line for line in empty.out.splitlines() if line.startswith("https://"))
    assert empty("erase", iri) == 0
    assert empty.json("review", "--rescan") == {"certain": 0, "likely": 0, "accepted": 0}
    assert empty("review") == 2
    assert empty("review", "--rescan", "list") == 2
