"""Two of what there should be one of, a surface that always fails, a generation that goes."""

from __future__ import annotations

import contextlib
import json
import shutil
import time
from http import HTTPStatus
from pathlib import Path

import pytest
from werkzeug.test import Client

from exchange.domain.disclosure_levels import Tier
from exchange.domain.errors import CredenceError
from publisher.stores.generations import current_generation
from publisher.stores.query_pool import QueryPool
from publisher.web.app import create_app
from publisher.wiring import Deployment
from tests.flows.conftest import Credence

# Real processes and files, each for some seconds.
pytestmark = pytest.mark.slow


def test_two_publishes_at_once_both_end_with_every_surface_at_the_head(
    tmp_path: Path, files: list[Path]
) -> None:
    credence = Credence(tmp_path / "data")
    credence("load", *files, code=1)
    running = [credence.start("publish") for _ in range(2)]
    for process in running:
        _, err = process.communicate(timeout=100)
        assert process.returncode == 0, err
    credence.is_sound()


def test_two_loads_at_once_take_every_row_once(tmp_path: Path, files: list[Path]) -> None:
    credence = Credence(tmp_path / "data")
    credence("load", files[0], code=1)
    running = [credence.start("load", *files[1:]) for _ in range(2)]
    accepted = unchanged = 0
    for process in running:
        out, err = process.communicate(timeout=100)
        assert process.returncode == 1, err  # the sample has rows to refuse
        total = json.loads(out.splitlines()[-1])
        accepted += total["accepted"]
        unchanged += total["unchanged"]
    assert accepted == unchanged > 0
    records = credence("ledger", "verify").result["records"]
    again = credence("load", files[0], code=1).result["unchanged"]
    assert records == accepted + again
    credence("publish")
    credence.is_sound()


@pytest.mark.parametrize(("name", "part"), [("feed", "trees"), ("triples", "writer")])
def test_a_surface_that_always_fails_has_an_alarm_and_the_others_go_on(
    credence: Credence, files: list[Path], name: str, part: str
) -> None:
    broken = credence.directory / "surfaces" / "public" / name / part
    shutil.move(broken, broken.with_suffix(".away"))
    broken.write_text("not a directory", encoding="utf-8")
    credence("load", files[2], code=1)
    record = max(credence.records("government"))
    for _ in range(2):
        assert "public/" + name in credence("publish", code=3).err
    credence("withdraw", record, "--because", "repair", code=3)
    found = credence("status").result["surfaces"]
    assert {label for label, surface in found.items() if surface["behind"]} == {f"public/{name}"}
    assert {label for label, surface in found.items() if surface["alarm"]} == {f"public/{name}"}
    assert record not in credence.records("government")
    assert readyz(credence) == HTTPStatus.SERVICE_UNAVAILABLE
    broken.unlink()
    shutil.move(broken.with_suffix(".away"), broken)
    credence("publish")
    assert readyz(credence) == HTTPStatus.OK
    credence.is_sound()


def readyz(credence: Credence) -> int:
    """Return what the public service answers to a probe."""
    deployment = Deployment(credence.directory, {})
    with deployment.open() as opened, deployment.query_pool(Tier.PUBLIC) as pool:
        return Client(create_app(opened.web_context(pool))).get("/readyz").status_code


def test_a_generation_removed_under_a_reader_never_gives_a_wrong_answer(
    credence: Credence, files: list[Path]
) -> None:
    directory = credence.directory / "surfaces" / "public" / "triples"

    def generation() -> Path:
        return current_generation(directory).path

    pool = QueryPool(
        generation,
        size=1,
        deadline_seconds=30.0,
        memory_bytes=1 << 30,
        max_bytes=1 << 20,
        queue_limit=4,
    )
    with pool:
        before = len(credence.records())
        assert shown(pool) == before
        old = generation()
        credence("load", files[2], code=1)
        credence("publish")
        shutil.rmtree(old, ignore_errors=True)
        follows(pool, before, len(credence.records()))
        shutil.rmtree(generation())  # the one that is read: an error or the answer, never less
        with contextlib.suppress(CredenceError):
            assert shown(pool) == len(credence.records("government"))
        credence("publish")
        follows(pool, -1, len(credence.records()))
    credence.is_sound()


def follows(pool: QueryPool, before: int, after: int) -> None:
    """Assert that the pool comes to the newest answer, by the last one or errors and no other.

    The worker of the old generation answers until one of the new stands by, and may find its
    files gone.
    """
    deadline, found = time.monotonic() + 30, before
    while found != after:
        assert found == before
        assert time.monotonic() < deadline
        with contextlib.suppress(CredenceError):
            found = shown(pool)
    assert shown(pool) == after


def shown(pool: QueryPool) -> int:
    """Return how many penalties a query finds."""
    text = "SELECT (COUNT(*) AS ?n) { ?r a <https://w3id.org/credence/ns#AdministrativePenalty> }"
    found = json.loads(pool.query(text, "application/sparql-results+json").body)
    return int(found["results"]["bindings"][0]["n"]["value"])
