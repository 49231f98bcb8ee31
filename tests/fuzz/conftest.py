"""A small city that hostile tests share: loaded, published, and served by the real server."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from exchange.sample import generate
from tests.interop.conftest import SECONDS, City

TIMEOUT = 2  # seconds that a query of the city may run


@dataclass
class HostileCity(City):
    """A city whose queries are stopped early; `pid` is that of its supervisor."""

    pid: int = 0

    def environment(self) -> dict[str, str]:
        return super().environment() | {"CREDENCE_QUERY_TIMEOUT": str(TIMEOUT)}


@pytest.fixture(scope="session")
def published_city(tmp_path_factory: pytest.TempPathFactory) -> HostileCity:
    """Return a city of some two hundred records that is not served yet."""
    sample: Path = tmp_path_factory.mktemp("sample")
    generate(100, 7, sample)
    made = HostileCity(tmp_path_factory.mktemp("hostile") / "data")
    made.run("load", *sorted(sample.glob("*.csv")))
    made.run("publish")
    return made


@pytest.fixture(scope="session")
def hostile_city(published_city: HostileCity) -> Iterator[HostileCity]:
    """Return the city, served."""
    made = published_city
    process = subprocess.Popen(
        made.command("serve", "--port", str(made.port)),
        env=made.environment(),
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["url"] == made.base
        made.pid = process.pid
        yield made
        assert process.poll() is None, "the server ended by itself"
    finally:
        process.terminate()
        process.communicate(timeout=SECONDS)
