"""A served deployment of the tests' own, and foreign parts that are installed for them.

Each foreign part is installed once, pinned, outside the checkout. One that cannot be had is
skipped with its reason; CREDENCE_TEST_COMPLETE (set by .ci/run) makes that a failure instead.
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
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest

INSTALL = ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--silent"]
SECONDS = 100


def lacking(reason: str) -> NoReturn:
    if os.environ.get("CREDENCE_TEST_COMPLETE"):
        pytest.fail(reason)
    pytest.skip(reason)


def npm_home(config: pytest.Config, package: Path) -> Path:
    """Return a directory in which the packages of a package.json are installed."""
    if shutil.which("npm") is None:
        lacking("npm is not installed")
    manifest = package.read_bytes()
    home = config.cache.mkdir(f"npm-{hashlib.sha256(manifest).hexdigest()[:16]}")
    if not (home / "installed").exists():
        (home / "package.json").write_bytes(manifest)
        try:
            subprocess.run(INSTALL, cwd=home, check=True, capture_output=True, timeout=300)
        except (subprocess.SubprocessError, OSError) as error:
            lacking(f"the npm packages cannot be installed: {error}")
        (home / "installed").touch()
    return home


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

    @contextmanager
    def served(self) -> Iterator[None]:
        """Serve it; every path of the site answers inside."""
        process = subprocess.Popen(
            self.command("serve", "--port", str(self.port)),
            env=self.environment(),
            stdout=subprocess.PIPE,
        )
        try:
            assert process.stdout is not None
            assert json.loads(process.stdout.readline())["url"] == self.base
            yield
        finally:
            process.terminate()
            process.communicate(timeout=SECONDS)
