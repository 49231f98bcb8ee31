"""Foreign clients against our own server (tests/serving.py)."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from exchange.sample import generate
from tests.serving import SECONDS, City, npm_home

LDES = Path(__file__).parent / "ldes"


@pytest.fixture(scope="session")
def node(request: pytest.FixtureRequest) -> Path:
    """Return a directory with the pinned clients and our runner."""
    home = npm_home(request.config, LDES / "package.json")
    for script in LDES.glob("*.mjs"):
        shutil.copy(script, home)
    return home


@dataclass
class Replica:
    """What ldes-client emitted in one run."""

    members: list[dict[str, str]]
    failures: list[str]
    requests: int
    ms: int

    @property
    def ids(self) -> list[str]:
        return [member["id"] for member in self.members]

    def live(self, *earlier: Replica) -> set[str]:
        """What a consumer holds after these runs: of each record the newest `published` wins."""
        every = [member for run in (*earlier, self) for member in run.members]
        every.sort(key=lambda member: member["published"])
        state = {member["record"]: member["type"] for member in every}
        return {record for record, kind in state.items() if kind != "Delete"}


@dataclass(frozen=True)
class LdesClient:
    home: Path

    def __call__(self, url: str, **options: Any) -> Replica:
        command = ["node", "replicate.mjs", json.dumps({"url": url, **options})]
        done = subprocess.run(
            command, cwd=self.home, capture_output=True, text=True, timeout=SECONDS, check=True
        )
        return self.replica(done.stdout)

    @staticmethod
    def replica(text: str) -> Replica:
        return Replica(**json.loads(text))

    def start(self, url: str, **options: Any) -> subprocess.Popen[str]:
        command = ["node", "replicate.mjs", json.dumps({"url": url, **options})]
        return subprocess.Popen(command, cwd=self.home, stdout=subprocess.PIPE, text=True)


@pytest.fixture(scope="session")
def client(node: Path) -> LdesClient:
    return LdesClient(node)


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    generate(800, 5, folder)
    return folder


@pytest.fixture(scope="module")
def city(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """A city with some sixteen hundred records, loaded, published and served."""
    made = City(tmp_path_factory.mktemp("city") / "data")
    made.run("load", *sorted(sample.glob("*.csv")))
    made.run("publish")
    with made.served():
        yield made
