"""kill -9 at random moments of load, publish, withdraw, erase and rebuild over 21,000 rows.

Each run of a command is measured unkilled, then killed at moments drawn uniformly over that
time, restarted after each. The clock begins with the first commit, so no kill comes before it; a
moment after the end is drawn again over a rebuild. `make soak` takes 500 kills.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from tests.conftest import SUMMARY
from tests.crash.checking import Tally, nothing_torn, picture, receipts, recovered
from tests.crash.killing import changed, start
from tests.crash.test_failpoints import KILLS
from tests.flows.conftest import Credence
from tests.flows.test_thin_path import expected

EACH = {"load": 7, "publish": 7, "withdraw": 5, "erase": 4, "rebuild": 4}
A_CHAIN = sum(EACH.values())


@dataclass(frozen=True)
class City:
    """One data directory under kills, and what was measured of unkilled runs (seconds)."""

    credence: Credence
    files: Sequence[Path]
    seconds: dict[str, float]
    tally: Tally
    draw: random.Random
    note: Callable[[str], None] = print

    def began(self, verb: str) -> Callable[[], bool]:
        """Return what says that the first commit of a run is done."""
        surfaces = self.credence.directory / "surfaces"
        first = {"publish": "public/triples/current", "rebuild": "public/triples/current"}
        if verb in first:
            return changed(surfaces / first[verb])
        written = changed(self.credence.directory / "ledger.sqlite-wal")
        return lambda: written() and self.has_genesis()

    def has_genesis(self) -> bool:
        """Whether there is a ledger: before that, nothing stands that a kill could harm."""
        file = self.credence.directory / "ledger.sqlite"
        try:
            with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as connection:
                return connection.execute("SELECT 1 FROM genesis").fetchone() is not None
        except sqlite3.OperationalError:
            return False

    def measured(self, verb: str, *arguments: str | Path) -> float:
        run = start(self.credence.directory, [verb, *arguments], self.said)
        return run.ended(self.began(verb))

    @property
    def said(self) -> Path:
        return self.credence.directory.with_suffix(".said")

    def kills(
        self, name: str, command: Sequence[str | Path], again: Sequence[str | Path], count: int
    ) -> Iterator[int]:
        """Kill one run of a command at so many moments; yield after each, recovered."""
        moments = sorted(self.draw.uniform(0, self.seconds[name]) for _ in range(count))
        spent = 0.0
        for number, moment in enumerate(moments):
            arguments = command if number == 0 else again
            run = start(self.credence.directory, arguments, self.said)
            if not run.kill_after(self.began(str(arguments[0])), moment - spent):
                return
            spent = moment
            took = recovered(self.credence.directory, self.tally)
            nothing_torn(self.credence.directory, self.draw, self.tally)
            self.tally.kills[name] += 1
            self.note(
                f"kill -9: {name} {moment:.2f} of {self.seconds[name]:.2f} s, "
                f"ledger position {self.position()}, open again in {took:.2f} s"
            )
            yield number

    def position(self) -> int:
        return int(self.credence("status").result["ledger"]["position"])


@pytest.fixture(scope="module")
def seconds(
    tmp_path_factory: pytest.TempPathFactory, large_files: list[Path], tally: Tally
) -> dict[str, float]:
    """Return how long each command runs unkilled from its first commit on, in seconds."""
    credence = Credence(tmp_path_factory.mktemp("measured") / "data")
    city = City(credence, large_files, {}, tally, random.Random(0))
    found = {"load": city.measured("load", *large_files), "publish": city.measured("publish")}
    records = sorted(credence.records())
    found["withdraw"] = city.measured("withdraw", records[0], "--because", "repair")
    found["erase"] = city.measured("erase", records[1])
    found["rebuild"] = city.measured("rebuild")
    print("measured: " + ", ".join(f"{name} {took:.2f} s" for name, took in found.items()))
    return found


def chains(config: pytest.Config) -> int:
    wanted = int(config.getoption("--kills")) - len(KILLS)
    return max(1, -(-wanted // A_CHAIN))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "chain" in metafunc.fixturenames:
        metafunc.parametrize("chain", range(chains(metafunc.config)))


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_kills_at_random_moments_lose_nothing_and_tear_nothing(  # noqa: PLR0913, PLR0917
    tmp_path: Path,
    large_files: list[Path],
    seconds: dict[str, float],
    tally: Tally,
    chain: int,
    record_property: Callable[[str, object], None],
) -> None:
    credence = Credence(tmp_path / "data")
    note = partial(record_property, SUMMARY)
    city = City(credence, large_files, seconds, tally, random.Random(chain), note)
    made = load(city) + publish(city)
    records = sorted(credence.records())
    city.draw.shuffle(records)
    made += withdraw(city, records) + erase(city, records[-1])
    made += rebuild(city, max(EACH["rebuild"], A_CHAIN - made))
    assert made >= A_CHAIN
    credence.is_sound()
    note(f"crash so far: {tally}")


def load(city: City) -> int:
    """Kill a load; what was receipted stands, and another load completes it."""
    done = 0
    command = ["load", *city.files]
    for _ in city.kills("load", command, command, EACH["load"]):
        done += 1
        acknowledged = sum(
            receipt["accepted"] + receipt["unchanged"]
            for receipt in receipts(city.said.read_text(encoding="utf-8"))
        )
        verified = city.credence("ledger", "verify").result
        assert verified["records"] >= acknowledged > -1
        city.tally.acknowledged += acknowledged
    city.credence(*command, code=1)
    counted = expected(city.files[0].parent / "files")["penalty"]
    assert city.credence("ledger", "verify").result["records"] == counted["accepted"]
    return done


def publish(city: City) -> int:
    """Kill a publish; the ledger is as before, and the next one ends like it."""
    before = city.position()
    done = sum(1 for _ in city.kills("publish", ["publish"], ["publish"], EACH["publish"]))
    city.credence("publish")
    assert city.position() == before
    city.credence.is_sound()
    return done


def withdraw(city: City, records: list[str]) -> int:
    """Kill withdrawals; each is done on every surface after the restart, or not begun."""
    done = 0
    for _ in range(EACH["withdraw"] * 3):
        record, before = records.pop(), city.position()
        command = ["withdraw", record, "--because", "repair"]
        for _ in city.kills("withdraw", command, command, 1):
            done += 1
            begun = city.position() > before
            city.credence("publish")
            city.credence("audit", record)
            assert (record not in city.credence.records()) == begun
        if done == EACH["withdraw"]:
            break
    city.credence.is_sound()
    return done


def erase(city: City, record: str) -> int:
    """Kill an erasure and what finishes it; in the end no surface and no seal has the record."""
    done = sum(1 for _ in city.kills("erase", ["erase", record], ["publish"], EACH["erase"]))
    city.credence("publish")
    city.credence("ledger", "verify")
    assert record not in city.credence.records()
    assert not city.credence("status").result["ledger"]["unfinishedErasures"]
    return done


def rebuild(city: City, count: int) -> int:
    """Kill rebuilds; the surfaces end byte for byte as they were."""
    before, done = picture(city.credence.directory), 0
    while done < count:
        for _ in city.kills("rebuild", ["rebuild"], ["rebuild"], count - done):
            done += 1
        city.credence("rebuild")
        assert picture(city.credence.directory) == before
    return done
