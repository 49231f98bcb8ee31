"""Files are written by hand into `tmp_path`; the model is the real one, read once.

A penalty is a list of cells under `CODES`, so that a test spoils just the cell it is about.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from exchange.intake import Finding, LoadReceipt, deliver, open_dry_run
from exchange.ledger import Genesis, Ledger, LedgerLocations
from exchange.ledger.model_versions import ModelVersion
from exchange.model import Model, load_model
from tests.holding import hold_rows
from tests.unit.exchange.intake.hall import Hall

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

GOOD = {
    "CF_XDR_MC": "示例市望川区云岑商贸（示例）有限公司",
    "CF_XDR_LB": "法人及非法人组织",
    "CF_XDR_SHXYM": "91140400QQQQ00013E",
    "CF_FRDB": "王某岚",
    "CF_WSH": "示市监罚字〔2026〕1号",
    "CF_WFXW": "发布虚假广告",
    "CF_SY": "当事人发布虚假广告。",
    "CF_YJ": "《中华人民共和国广告法》第五十五条第一款",
    "CF_CFLB": "罚款",
    "CF_NR": "罚款人民币2000元。",
    "CF_NR_FK": "0.2",
    "CF_JDRQ": "2026-05-06",
    "CF_CFJG": "示例市市场监督管理局",
    "CF_CFJGDM": "11140400QQQQ0003X9",
    "CF_SJLY": "示例市市场监督管理局",
    "CF_SJLYDM": "11140400QQQQ0003X9",
}


@pytest.fixture(scope="session")
def model() -> Model:
    return load_model()


def penalty(number: int = 1, **cells: str) -> dict[str, str]:
    return {**GOOD, "CF_WSH": f"示市监罚字〔2026〕{number}号", **cells}


def as_csv(rows: Iterable[dict[str, str]], header: Iterable[str] = tuple(GOOD)) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream)
    names = list(header)
    writer.writerow(names)
    writer.writerows([row.get(name, "") for name in names] for row in rows)
    return stream.getvalue()


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write text or bytes to a file in a folder of its own."""

    def _write(content: str | bytes, name: str = "penalty.csv") -> Path:
        path = tmp_path / "in" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return _write


@pytest.fixture
def make() -> Callable[..., dict[str, str]]:
    """Return `penalty(number, **cells)`."""
    return penalty


@pytest.fixture
def table() -> Callable[..., str]:
    """Return `as_csv(rows, header)`."""
    return as_csv


BASE_TIME = 1_790_000_000_000  # a day of September 2026, in milliseconds


@dataclass
class Office:
    """A ledger with its places, and `deliver` bound to them."""

    ledger: Ledger
    model: Model
    staging: Path
    rejects: Path
    held: Path
    findings: list[Finding]

    def load(self, path: Path, *, dry_run: bool = False, **more: Any) -> LoadReceipt:
        if dry_run:
            with open_dry_run(self.ledger, self.held, lambda: BASE_TIME) as shared:
                return self._deliver(path, dry_run=shared, **more)
        return self._deliver(path, **more)

    def _deliver(self, path: Path, **more: Any) -> LoadReceipt:
        self.findings.clear()
        return deliver(
            self.ledger,
            self.model,
            path,
            staging=self.staging,
            rejects=self.rejects,
            held=self.held,
            clock=lambda: BASE_TIME,
            report=self.findings.append,
            **more,
        )

    def rules(self) -> list[tuple[str, int | None]]:
        return [(item.rule, item.location.row) for item in self.findings]


@pytest.fixture
def office(tmp_path: Path, model: Model) -> Iterator[Office]:
    (tmp_path / "secrets").mkdir()
    locations = LedgerLocations(
        url=f"sqlite:///{tmp_path / 'ledger.sqlite'}",
        seals_url=f"sqlite:///{tmp_path / 'seals.sqlite'}",
        journal=tmp_path / "journal" / "withdrawals.jsonl",
        secret=tmp_path / "secrets" / "ledger.key",
    )
    genesis = Genesis(
        "http://127.0.0.1:1", "http://127.0.0.1:2", "did:web:example.org", "example.org/log"
    )
    version = ModelVersion(resemblances=model.resemblances())
    ledger = Ledger.create(locations, genesis, model.link_rules, lambda: BASE_TIME, model=version)
    yield Office(ledger, model, tmp_path / "staging", tmp_path / "rejects", tmp_path / "held", [])
    ledger.close()


@pytest.fixture
def holding(monkeypatch: pytest.MonkeyPatch) -> str:
    """Have every row whose facts hold the word returned held."""
    return hold_rows(monkeypatch)


@pytest.fixture
def hall(office: Office, write: Callable[..., Path], table: Callable[..., str]) -> Hall:
    """Return the use cases over the office."""
    return Hall(office, write, table)
