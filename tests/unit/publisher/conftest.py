"""Fixtures of the publisher's tests: one assembled deployment a session, a fresh one on demand.

A deployment is made by the real wiring over a temporary directory: sample files, ledger, stores.
Building one takes about two seconds, so tests that only read share `town`; tests that take
something away get their own copy (`own`), which costs a directory copy.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from werkzeug.test import Client

from exchange.commands import LoadObserver, LoadOptions
from exchange.domain.disclosure import Tier
from exchange.sample import generate
from publisher.web.app import create_app
from publisher.wiring import Station

if TYPE_CHECKING:
    from collections.abc import Iterator

BASE = "https://credit.example"
MORNING = 1_790_000_000_000  # 2026-09-21 in China


def station(root: Path, seconds: int = 5) -> Station:
    return Station(
        root, {"CREDENCE_BASE_URL": BASE, "CREDENCE_QUERY_TIMEOUT": str(seconds)}, lambda: MORNING
    )


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    generate(60, 7, folder)
    return folder


@pytest.fixture(scope="session")
def town(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Station:
    """Return a published deployment that no test changes."""
    made = station(tmp_path_factory.mktemp("town"))
    with made.opened(lambda _: None) as bench:
        files = sorted(sample.glob("*.csv"))
        list(bench.exchange().load(files, LoadOptions(), LoadObserver()))
        bench.projector(lambda _: None).publish()
    return made


@pytest.fixture
def own(town: Station, tmp_path: Path) -> Station:
    """Return a deployment of the test's own."""
    shutil.copytree(town.layout.root, tmp_path / "own", symlinks=True)
    return station(tmp_path / "own")


def served(at: Station) -> Iterator[Client]:
    with at.opened() as bench, at.query_pool(Tier.PUBLIC) as queries:
        yield Client(create_app(bench.web_parts(queries)))


@pytest.fixture(scope="session")
def client(town: Station) -> Iterator[Client]:
    """Return a client of the shared deployment."""
    yield from served(town)


@pytest.fixture
def hurried(town: Station) -> Iterator[Client]:
    """Return a client of the shared deployment whose queries have one second."""
    yield from served(station(town.layout.root, seconds=1))


@pytest.fixture
def own_client(own: Station) -> Iterator[Client]:
    yield from served(own)


def live_of(at: Station) -> list[str]:
    with at.opened() as bench:
        return sorted(iri for iri, kind, _ in bench.ledger.live(Tier.PUBLIC) if kind == "penalty")


@pytest.fixture(scope="session")
def live(town: Station) -> list[str]:
    """Return the penalties that stand in the shared deployment, and in every copy of it."""
    return live_of(town)
