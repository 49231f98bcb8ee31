from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from exchange import use_cases
from exchange.domain.disclosure_levels import Tier
from exchange.domain.errors import Conflict, EnvironmentFault, NotFound, UsageError
from exchange.domain.publicity_period import china_date, declared_end, start_of_china_day
from exchange.intake import ErasureMarker
from exchange.ledger import Genesis, Ledger, LedgerLocations
from exchange.model import Model, load_model
from exchange.sample import generate
from exchange.use_case_types import LoadObserver, LoadOptions, Workspace
from exchange.use_cases import Exchange

BASE = "https://credit.example"
DAY = 24 * 3600 * 1000
MORNING = 1_790_000_000_000
INTERRUPTED = "the power went"


class Town:
    """An exchange over a directory; `announced` keeps what it announced."""

    def __init__(self, root: Path, model: Model) -> None:
        self.announced: list[str] = []
        self.now = MORNING
        self.desk = Workspace(root / "staging", root / "rejects", root / "held", lambda: self.now)
        locations = LedgerLocations(
            f"sqlite:///{root}/ledger.sqlite",
            f"sqlite:///{root}/seals.sqlite",
            root / "journal.jsonl",
            root / "secret",
        )
        genesis = Genesis(BASE, "https://gov.example", "did:web:credit.example", "log")
        kinds = frozenset({"repair-case"})
        self.ledger = Ledger.create(
            locations, genesis, model.link_rules, self.desk.clock, government_kinds=kinds
        )
        self.exchange = Exchange(self.ledger, model, self.desk, self.announced.append)

    def live(self) -> list[str]:
        return sorted(iri for iri, _, _ in self.ledger.live(Tier.PUBLIC))


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model()


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    generate(40, 5, folder)
    return folder


@pytest.fixture
def town(tmp_path: Path, model: Model) -> Town:
    return Town(tmp_path, model)


@pytest.fixture
def loaded(town: Town, sample: Path) -> Town:
    list(town.exchange.load([sample / "penalty.csv"], LoadOptions(), LoadObserver()))
    return town


def test_repairs_are_loaded_after_what_they_repair(town: Town, sample: Path) -> None:
    files = [sample / "repair-case.csv", sample / "penalty.csv"]
    seen: list[tuple[int, int]] = []
    findings: list[object] = []
    observer = LoadObserver(lambda *at: seen.append(at), findings.append)
    receipts = [receipt for _, receipt in town.exchange.load(files, LoadOptions(), observer)]
    assert [receipt.accepted > 0 for receipt in receipts] == [True, True]
    assert receipts[0].rows == 40
    assert seen
    assert findings


def test_a_takedown_is_announced_and_a_load_is_not(loaded: Town) -> None:
    assert loaded.announced == []
    first, second, third = loaded.live()[:3]
    loaded.exchange.withdraw(first, "repair")
    loaded.exchange.suspend(second)
    loaded.exchange.erase(third)
    assert loaded.announced == [first, second, third]
    loaded.exchange.resume(second)
    assert loaded.live()[0] != first


def test_a_decision_is_named_by_the_digest_of_its_bytes(loaded: Town, tmp_path: Path) -> None:
    decision = tmp_path / "decision.txt"
    decision.write_bytes(b"decided")
    iri = loaded.live()[0]
    loaded.exchange.withdraw(iri, "revocation", decision)
    assert loaded.exchange.reinstate(iri, decision) in loaded.live()
    with pytest.raises(EnvironmentFault):
        loaded.exchange.suspend(loaded.live()[0], tmp_path / "none")


def test_reinstating_without_a_known_record_is_refused(loaded: Town, tmp_path: Path) -> None:
    decision = tmp_path / "decision.txt"
    decision.write_bytes(b"decided")
    with pytest.raises(Conflict):
        loaded.exchange.reinstate(loaded.live()[0], decision)
    with pytest.raises(UsageError):
        loaded.exchange.reinstate("nothing", decision)


def test_an_erasure_takes_the_text_out_of_the_rejects(loaded: Town) -> None:
    iri = loaded.live()[0]
    view = loaded.ledger.read(Tier.PUBLIC, iri).view.decode()
    number = view.partition('#documentNumber> "')[2].partition('"')[0]
    rejects = loaded.desk.rejects / "000009-penalty.csv"
    rejects.write_text(f"a,b\n1,{number}\n2,other\n", encoding="utf-8")
    done = loaded.exchange.erase(iri)
    assert done.iri == iri
    assert done.scrubbed >= 1  # a rejected row that shares a text goes, too
    assert number not in rejects.read_text(encoding="utf-8")
    assert "other" in rejects.read_text(encoding="utf-8")
    assert not ErasureMarker.is_set(loaded.desk.rejects)


def test_an_erasure_killed_before_its_scrub_costs_the_rejects(
    loaded: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> int:
        raise OSError(INTERRUPTED)

    rejects = loaded.desk.rejects / "000009-penalty.csv"
    rejects.write_text("a,b\n", encoding="utf-8")
    with monkeypatch.context() as patch:
        patch.setattr(use_cases, "scrub", interrupted)
        with pytest.raises(OSError, match=INTERRUPTED):
            loaded.exchange.erase(loaded.live()[0])
    assert ErasureMarker.is_set(loaded.desk.rejects)
    loaded.exchange.recover()
    assert not rejects.exists()
    assert not ErasureMarker.is_set(loaded.desk.rejects)


def test_a_refused_erasure_leaves_nothing_pending(loaded: Town) -> None:
    with pytest.raises(NotFound):
        loaded.exchange.erase("a" * 26)
    assert not ErasureMarker.is_set(loaded.desk.rejects)


@pytest.mark.parametrize(
    ("first", "again", "event"),
    [
        ("withdraw", "withdraw", "withdraw"),
        ("suspend", "suspend", "suspend"),
        ("erase", "erase", "erase"),
        ("erase", "withdraw", "erase"),
    ],
)
def test_an_earlier_removal_is_returned_with_its_time_and_announced_again(
    loaded: Town, first: str, again: str, event: str
) -> None:
    iri = loaded.live()[0]
    for number, verb in enumerate((first, again)):
        given = (iri, "repair") if verb == "withdraw" else (iri,)
        done = getattr(loaded.exchange, verb)(*given)
        assert (done.before is None) is (number == 0)
    assert done.before.event == event
    assert done.before.at > 0
    assert loaded.announced == [iri, iri]
    assert not ErasureMarker.is_set(loaded.desk.rejects)


def test_another_command_on_a_removed_record_is_refused_with_a_hint(loaded: Town) -> None:
    iri = loaded.live()[0]
    loaded.exchange.withdraw(iri, "repair")
    with pytest.raises(Conflict, match="withdrawn") as refused:
        loaded.exchange.suspend(iri)
    assert "nothing is left to do" in refused.value.hint
    with pytest.raises(Conflict) as refused:
        loaded.exchange.resume(iri)
    assert "Use reinstate" in refused.value.hint
    assert refused.value.details["zh_hint"]
    assert loaded.announced == [iri]


def test_rejects_are_kept_thirty_days(loaded: Town) -> None:
    kept = [path for path in loaded.desk.rejects.iterdir() if path.suffix == ".csv"]
    assert kept
    loaded.now += 29 * DAY
    loaded.exchange.recover()
    assert all(path.exists() for path in kept)
    loaded.now += 2 * DAY
    loaded.exchange.recover()
    assert not any(path.exists() for path in kept)


def test_the_mark_of_an_erasure_outlives_the_rejects(loaded: Town) -> None:
    loaded.exchange.erase(loaded.live()[0])
    mark = loaded.desk.rejects / ErasureMarker.FILE
    os.utime(mark, (0, 0))
    loaded.exchange.recover()
    assert mark.exists()


def test_a_declared_end_is_the_last_day_shown(town: Town, sample: Path, tmp_path: Path) -> None:
    text = (sample / "penalty.csv").read_text(encoding="utf-8-sig")
    file = tmp_path / "penalty.csv"
    file.write_text(text.replace("9999-09-09", "2098-12-31"), encoding="utf-8")
    list(town.exchange.load([file], LoadOptions(), LoadObserver()))
    before = len(town.live())
    last, after = date(2098, 12, 31), date(2099, 1, 1)
    assert town.exchange.expire(last) == 0
    ended = town.exchange.expire(after)
    assert ended > 0
    assert len(town.live()) == before - ended
    assert town.exchange.expire(after) == 0


def test_days_are_days_in_china() -> None:
    midnight = 1_767_196_800_000  # 2025-12-31T16:00:00Z
    assert start_of_china_day(date(2026, 1, 1)) == midnight
    assert str(china_date(midnight - 1)) == "2025-12-31"
    assert str(china_date(midnight)) == "2026-01-01"


def test_a_view_without_the_statement_has_no_declared_end() -> None:
    view = b'<https://a/record/x> <https://a/end> "2026-01-02"^^<https://a/date> .\n'
    assert str(declared_end(view, "https://a/end")) == "2026-01-02"
    assert declared_end(view, "https://a/other") is None
