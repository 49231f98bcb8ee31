"""Two hosts on one ledger: the second never answers for what the first took down."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from werkzeug.test import Client

from exchange.domain.disclosure_levels import Tier
from publisher.surfaces.runtime.freshness_guard import REMOVAL_SECONDS
from publisher.web.app import create_app
from publisher.wiring import Deployment
from tests.flows.conftest import Credence

if TYPE_CHECKING:
    from pathlib import Path

KEPT_SECONDS = 0.6  # for which the guard keeps an answer


@pytest.fixture
def second(published: Credence, tmp_path: Path) -> Credence:
    """Return a host with its own directory, on the ledger and the seals of the first."""
    first, other = published.directory, Credence(tmp_path / "second")
    other.directory.mkdir()
    settings = [f'{name} = "sqlite:///{first}/{name}.sqlite"' for name in ("ledger", "seals")]
    (other.directory / "credence.toml").write_text("\n".join(settings), encoding="utf-8")
    return other


def copy_secret(published: Credence, second: Credence) -> None:
    (second.directory / "secrets").mkdir(mode=0o700)
    secret = (published.directory / "secrets" / "ledger.key").read_bytes()
    (second.directory / "secrets" / "ledger.key").write_bytes(secret)


def test_a_host_without_the_secret_is_told_where_it_comes_from(
    published: Credence, second: Credence
) -> None:
    told = second("status", code=3).err
    assert "host that began this ledger" in told
    assert "docs/operate.md" in told
    copy_secret(published, second)
    second("publish")
    second.is_sound()
    assert published.records() == second.records()


def test_a_host_that_has_not_followed_a_takedown_refuses_instead_of_showing_it(
    published: Credence, second: Credence
) -> None:
    copy_secret(published, second)
    second("publish")
    gone = min(published.records())
    ask = "/sparql?query=" + quote(f"ASK {{ <{gone}> ?p ?o }}")
    deployment = Deployment(second.directory, {})
    with deployment.open() as opened, deployment.query_pool(Tier.PUBLIC) as queries:
        client = Client(create_app(opened.web_context(queries)))
        assert client.get(ask).get_json()["boolean"] is True
        published("withdraw", gone, "--because", "repair")
        assert client.get(f"/record/{gone[-26:]}").status_code == 410
        time.sleep(REMOVAL_SECONDS + KEPT_SECONDS)
        for address in (ask, "/feed/penalty", "/dump/penalty/latest.csv", "/search?q=罚"):
            answer = client.get(address)
            assert answer.status_code == 503, address
            assert "Retry-After" in answer.headers
        second("publish")
        # The old generation answers until a query worker of the new one has started.
        patience = time.monotonic() + 30
        while (shown := client.get(ask).get_json().get("boolean")) is not False:
            assert time.monotonic() < patience, shown
            time.sleep(KEPT_SECONDS)
        assert client.get("/feed/penalty").status_code == 200
    second.is_sound()
