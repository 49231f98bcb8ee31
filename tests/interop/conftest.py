"""Foreign clients against our own server: each is installed once, pinned, outside the checkout.

A part that cannot be installed is skipped with its reason; CREDENCE_TEST_COMPLETE (set by
.ci/run) makes that a failure instead.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest

from exchange.intake import generate

LDES = Path(__file__).parent / "ldes"
INSTALL = ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--silent"]
SECONDS = 100


def lacking(reason: str) -> NoReturn:
    if os.environ.get("CREDENCE_TEST_COMPLETE"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def node(request: pytest.FixtureRequest) -> Path:
    """Return a directory with the pinned clients and our runner."""
    if shutil.which("npm") is None:
        lacking("npm is not installed")
    manifest = (LDES / "package.json").read_bytes()
    home = request.config.cache.mkdir(f"npm-{hashlib.sha256(manifest).hexdigest()[:16]}")
    if not (home / "installed").exists():
        (home / "package.json").write_bytes(manifest)
        try:
            subprocess.run(INSTALL, cwd=home, check=True, capture_output=True, timeout=300)
        except (subprocess.SubprocessError, OSError) as error:
            lacking(f"the npm packages cannot be installed: {error}")
        (home / "installed").touch()
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


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class City:
    """A served deployment, reached as anybody reaches it: by command line and HTTP."""

    root: Path
    port: int = field(default_factory=free_port)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def command(self, *arguments: str | Path) -> list[str]:
        program = [sys.executable, "-m", "publisher.cli", "-C", str(self.root), "--json"]
        return [*program, *map(str, arguments)]

    def run(self, *arguments: str | Path) -> dict[str, Any]:
        done = subprocess.run(
            self.command(*arguments),
            check=False,
            env=self.environment(),
            capture_output=True,
            timeout=SECONDS,
        )
        assert done.returncode in {0, 1}, done.stderr.decode()
        document = json.loads(done.stdout.splitlines()[-1])
        assert isinstance(document, dict)
        return document

    def environment(self) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if "CREDENCE" not in key}
        return kept | {"CREDENCE_BASE_URL": self.base}

    def feed(self, kind: str) -> Path:
        """Return the directory of a kind's pages, as the public feed serves them."""
        return self.root / "surfaces" / "public" / "feed" / "current" / "feed" / kind

    def get(self, path: str, accept: str = "*/*") -> bytes:
        with urlopen(Request(self.base + path, headers={"Accept": accept}), timeout=20) as answer:
            body: bytes = answer.read()
            return body

    def live(self, *classes: str) -> set[str]:
        """Return the records of these classes by SPARQL."""
        wanted = " ".join(f"<https://w3id.org/credence/ns#{name}>" for name in classes)
        query = f"SELECT ?r {{ VALUES ?c {{ {wanted} }} ?r a ?c }}"
        found = json.loads(self.get(f"/sparql?query={quote(query)}", "application/json"))
        return {row["r"]["value"] for row in found["results"]["bindings"]}


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
    process = subprocess.Popen(
        made.command("serve", "--port", str(made.port)),
        env=made.environment(),
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["url"] == made.base
        yield made
    finally:
        process.terminate()
        process.communicate(timeout=SECONDS)
