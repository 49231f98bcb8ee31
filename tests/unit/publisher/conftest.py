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

from exchange.domain.disclosure_levels import Tier
from exchange.sample import generate
from exchange.use_case_types import LoadObserver, LoadOptions
from publisher.web.app import create_app
from publisher.wiring import Deployment

if TYPE_CHECKING:
    from collections.abc import Iterator

BASE = "https://credit.example"
MORNING = 1_790_000_000_000  # 2026-09-21 in China


def deployment(root: Path, seconds: int = 5) -> Deployment:
    return Deployment(
        root, {"CREDENCE_BASE_URL": BASE, "CREDENCE_QUERY_TIMEOUT": str(seconds)}, lambda: MORNING
    )


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    generate(60, 7, folder)
    return folder


@pytest.fixture(scope="session")
def town(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """Return a published deployment that no test changes."""
    made = deployment(tmp_path_factory.mktemp("town"))
    with made.open_or_create() as opened:
        files = sorted(sample.glob("*.csv"))
        list(opened.exchange().load(files, LoadOptions(), LoadObserver()))
        opened.projector(lambda _: None).publish()
    return made


@pytest.fixture
def own(town: Deployment, tmp_path: Path) -> Deployment:
    """Return a deployment of the test's own."""
    shutil.copytree(town.layout.root, tmp_path / "own", symlinks=True)
    return deployment(tmp_path / "own")


def served(at: Deployment) -> Iterator[Client]:
    with at.open() as opened, at.query_pool(Tier.PUBLIC) as queries:
        yield Client(create_app(opened.web_context(queries)))


@pytest.fixture(scope="session")
def client(town: Deployment) -> Iterator[Client]:
    """Return a client of the shared deployment."""
    yield from served(town)


@pytest.fixture
def hurried(town: Deployment) -> Iterator[Client]:
    """Return a client of the shared deployment whose queries have one second."""
    yield from served(deployment(town.layout.root, seconds=1))


@pytest.fixture
def own_client(own: Deployment) -> Iterator[Client]:
    yield from served(own)


def live_of(at: Deployment) -> list[str]:
    with at.open() as opened:
        return sorted(iri for iri, kind, _ in opened.ledger.live(Tier.PUBLIC) if kind == "penalty")


@pytest.fixture(scope="session")
def live(town: Deployment) -> list[str]:
    """Return the penalties that stand in the shared deployment, and in every copy of it."""
    return live_of(town)
