"""The served query service beside strangers whose queries never end, by HTTP as anybody asks it."""

from __future__ import annotations

import itertools
import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPMessage
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from exchange.sample import generate
from tests.serving import City

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

DEADLINE = 20
ENDLESS = "SELECT (COUNT(*) AS ?n) {{ ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?c != ?i) }} # {}"
# Some two seconds of processor whatever the data.
LONG = (
    "SELECT (COUNT(*) AS ?n) {{ VALUES ?k {{ "
    + " ".join(map(str, range(60)))
    + " }} {{ SELECT ?a {{ ?a ?p ?o }} LIMIT 400 }} {{ SELECT ?b {{ ?b ?q ?r }} LIMIT 400 }} "
    "FILTER(?k < {}) }}"
)
LOOK_UP = "SELECT ?r ?n {{ ?r <https://w3id.org/credence/ns#uscc> ?n }} LIMIT {}"
STRANGER, READER = "192.0.2.66", "198.51.100.7"
numbers = itertools.count(1)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: HTTPMessage
    body: bytes
    seconds: float

    @property
    def problem(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


@dataclass
class Guarded(City):
    """A city behind a proxy, which the tests play."""

    def environment(self) -> dict[str, str]:
        return super().environment() | {
            "CREDENCE_QUERY_TIMEOUT": str(DEADLINE),
            "CREDENCE_TRUSTED_PROXIES": "127.0.0.0/8",
        }

    def ask(self, query: str, client: str = READER, **more: str) -> Answer:
        line = HTTPConnection("127.0.0.1", self.port, timeout=4 * DEADLINE)
        began = time.monotonic()
        path = "/sparql?" + urlencode({"query": query, **more})
        line.request("GET", path, headers={"X-Forwarded-For": client})
        answer = line.getresponse()
        body = answer.read()
        line.close()
        return Answer(answer.status, answer.headers, body, time.monotonic() - began)

    def look_up(self, client: str = READER) -> Answer:
        return self.ask(LOOK_UP.format(next(numbers)), client)


@pytest.fixture
def city(tmp_path: Path) -> Iterator[Guarded]:
    generate(60, 11, tmp_path / "sample")
    made = Guarded(tmp_path / "data")
    made.run("load", *sorted((tmp_path / "sample").glob("*.csv")))
    made.run("publish")
    with made.served():
        assert made.look_up().status == 200
        yield made


def strangers(city: Guarded, count: int, client: str = STRANGER) -> list[Answer]:
    """Send endless queries at once; the list fills with answers, and the server ends the rest."""
    answers: list[Answer] = []

    def ask() -> None:
        try:
            answers.append(city.ask(ENDLESS.format(next(numbers)), client))
        except (OSError, ValueError):
            return  # the server has ended

    for _ in range(count):
        threading.Thread(target=ask, daemon=True).start()
    time.sleep(0.3)
    return answers


@pytest.mark.parametrize("client", [READER, STRANGER])
def test_look_ups_are_answered_beside_thirty_endless_queries_also_of_their_own_address(
    city: Guarded, client: str
) -> None:
    strangers(city, 30)
    found = []
    for _ in range(20):
        found.append(city.look_up(client))
        time.sleep(0.1)
    assert [answer.status for answer in found] == [200] * 20
    assert sorted(answer.seconds for answer in found)[18] < 3


def test_a_long_query_of_another_address_is_answered_while_one_holds_the_slow_lane(
    city: Guarded,
) -> None:
    strangers(city, 8)
    time.sleep(2)
    answer = city.ask(LONG.format(60))
    assert answer.status == 200, answer.body
    count = json.loads(answer.body)["results"]["bindings"][0]["n"]["value"]
    assert int(count) == 60 * 400 * 400


def test_who_asks_too_much_is_told_so_with_what_to_do_and_when(city: Guarded) -> None:
    answers = strangers(city, 30)
    until = time.monotonic() + DEADLINE / 2
    while not answers:
        assert time.monotonic() < until
        time.sleep(0.1)
    refused = answers[0]
    assert refused.status == 503
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert int(refused.headers["Retry-After"]) >= 1
    assert refused.problem["type"].endswith("/overloaded")
    assert "your address" in refused.problem["detail"]
    chinese = city.ask(ENDLESS.format(next(numbers)), STRANGER, lang="zh")
    assert chinese.status == 503
    assert "您所在地址" in chinese.problem["detail"]


def test_a_client_that_names_itself_behind_no_trusted_proxy_is_its_last_hop(
    city: Guarded,
) -> None:
    # The stranger writes the header anew each time; what the proxy adds is at the end.
    for number in range(30):
        strangers(city, 1, f"203.0.113.{number}, {STRANGER}")
        if number % 10 == 9:
            assert city.look_up().status == 200
    assert city.ask(LONG.format(59)).status == 200


def test_workers_that_are_killed_under_queries_are_replaced(city: Guarded) -> None:
    answers = strangers(city, 3)
    killed = _workers(city)
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    assert city.look_up().status == 200
    until = time.monotonic() + DEADLINE
    while len(_workers(city) - killed) < 3:
        assert time.monotonic() < until
        time.sleep(0.1)
    assert {answer.status for answer in answers} <= {503}


def _workers(city: Guarded) -> set[int]:
    """Return the query workers of the city, known by the generation they read."""
    found = set()
    for entry in Path("/proc").iterdir():
        try:
            command = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if b"publisher.stores.worker_main" in command and str(city.root).encode() in command:
            found.add(int(entry.name))
    return found
