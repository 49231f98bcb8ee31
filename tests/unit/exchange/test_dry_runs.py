"""A dry run of files gives the receipt and every finding that the load then gives."""

from __future__ import annotations

import csv
import random
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from exchange.domain.disclosure_levels import Tier
from exchange.ledger import Genesis, Ledger, LedgerLocations
from exchange.model import Model, load_model
from exchange.sample import generate
from exchange.use_case_types import LoadObserver, LoadOptions, Workspace
from exchange.use_cases import Exchange

DAY = 24 * 3600 * 1000
KINDS = ("penalty", "repair-case", "list-entry")
# Written into free text; the personal-data gate holds some, the ledger revises others.
WORDS = ("另查明。", "更正。", "联系电话13800138000。")


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model()


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    generate(60, 11, folder)
    return folder


class Town:
    """An exchange, and the random hand that writes its files."""

    def __init__(self, root: Path, model: Model, sample: Path, seed: int) -> None:
        self.root, self.random = root, random.Random(seed)
        self.now = 1_795_406_400_000
        self.desk = Workspace(root / "staging", root / "rejects", root / "held", lambda: self.now)
        locations = LedgerLocations(
            f"sqlite:///{root}/ledger.sqlite",
            f"sqlite:///{root}/seals.sqlite",
            root / "journal.jsonl",
            root / "secret",
        )
        genesis = Genesis("https://c.example", "https://g.example", "did:web:c.example", "log")
        self.ledger = Ledger.create(
            locations, genesis, model.link_rules, self.desk.clock, government_kinds=frozenset()
        )
        self.exchange = Exchange(self.ledger, model, self.desk, lambda _: None)
        self.tables = {kind: read(sample / f"{kind}.csv") for kind in KINDS}
        self.files: list[Path] = []

    def file(self) -> Path:
        """Write a file of a few rows, some of them changed; or give one that was loaded."""
        if self.files and self.random.random() < 0.35:
            return self.random.choice(self.files)
        kind = self.random.choice(("penalty", "penalty", *KINDS))
        rows = self.tables[kind]
        chosen = [
            self.changed(row) for row in self.random.sample(rows[1:12], min(5, len(rows) - 1))
        ]
        path = self.root / "in" / f"{kind}-{len(self.files)}.csv"
        path.parent.mkdir(exist_ok=True)
        with path.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([rows[0], *chosen, *chosen[: self.random.randint(0, 1)]])
        self.files.append(path)
        return path

    def changed(self, row: list[str]) -> list[str]:
        texts = [at for at, cell in enumerate(row) if len(cell) > 12 and not cell.isascii()]
        if not texts or self.random.random() < 0.4:
            return row
        at = self.random.choice(texts)
        return [*row[:at], row[at] + self.random.choice(WORDS), *row[at + 1 :]]

    def load(self, paths: list[Path], *, dry_run: bool) -> list[Any]:
        """Return receipts or refusals, and all findings."""
        told: list[Any] = []
        observer = LoadObserver(
            None, lambda item: told.append((item.location, item.rule, item.text("en")))
        )
        for path, outcome in self.exchange.load_each(paths, LoadOptions(dry_run=dry_run), observer):
            said = getattr(outcome, "message", None) or replace(outcome, position=0, rejects=None)
            told.append((path, said))
        return told

    def withdraw_one(self) -> None:
        live = sorted(iri for iri, _, _ in self.ledger.live(Tier.PUBLIC))
        if live:
            self.ledger.withdraw(self.random.choice(live), "repair")


def read(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.reader(stream))


def run(root: Path, model: Model, sample: Path, seed: int) -> set[str]:
    town = Town(root, model, sample, seed)
    seen: set[str] = set()
    for _ in range(5):
        town.now += DAY
        paths = list(dict.fromkeys(town.file() for _ in range(town.random.randint(1, 3))))
        position = town.ledger.position()
        foreseen = town.load(paths, dry_run=True)
        assert town.ledger.position() == position
        assert not any(town.desk.staging.glob("*.csv"))
        assert town.load(paths, dry_run=False) == foreseen
        for item in foreseen:
            counts = getattr(item[-1], "counts", {})
            seen |= {outcome for outcome, count in counts.items() if count}
        if town.random.random() < 0.5:
            town.withdraw_one()
    town.ledger.verify()
    town.ledger.close()
    shutil.rmtree(root)
    return seen


def test_a_dry_run_foresees_receipts_and_findings(
    tmp_path: Path, model: Model, sample: Path
) -> None:
    seen = set().union(*(make(tmp_path / f"{seed}", model, sample, seed) for seed in range(5)))
    outcomes = {"accepted", "revised", "unchanged", "outdated", "held", "suppressed", "rejected"}
    assert seen == outcomes


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_many_more_dry_runs_foresee_what_loads_do(
    tmp_path: Path, model: Model, sample: Path
) -> None:
    for seed in range(100, 250):
        make(tmp_path / f"{seed}", model, sample, seed)


def make(root: Path, model: Model, sample: Path, seed: int) -> set[str]:
    root.mkdir()
    return run(root, model, sample, seed)
