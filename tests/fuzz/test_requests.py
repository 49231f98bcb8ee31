"""Two thousand hostile requests at the real server: none fails it, hangs or makes it grow."""

from __future__ import annotations

import socket
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from benchmarks.harness import memory_mb
from publisher.web.bodies import READERS
from tests.fuzz.wire import SECONDS, Told, framed, malformed, told

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.fuzz.conftest import HostileCity

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

FRAMED, MALFORMED = 1_600, 400
CLIENTS = 8
GROWTH = 48.0  # MB over all processes; the kept answers alone may take 32
LIMITS = {"timeout", "overloaded"}  # 503 of the query limit
POST = (
    b"POST /sparql HTTP/1.1\r\nHost: a\r\nContent-Type: application/sparql-query\r\n"
    b"Content-Length: 6\r\nConnection: close\r\n\r\nASK {}"
)
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
CLASSES = "AdministrativePenalty", "AdministrativeLicence"


def tally(city: HostileCity, requests: Iterable[bytes]) -> Counter[str]:
    """Send all requests, some at a time; count the answers and show what must not be."""
    sent = list(requests)
    with ThreadPoolExecutor(CLIENTS) as clients:
        answers = list(clients.map(lambda request: told(city.port, request), sent))
    wrong = [
        (answer, request[:400])
        for answer, request in zip(answers, sent, strict=True)
        if bad(answer)
    ]
    assert wrong == []
    return Counter(str(answer.status) for answer in answers)


def bad(answer: Told) -> bool:
    failed = answer.status is not None and answer.status >= 500
    return answer.hung or (failed and not (answer.status == 503 and answer.problem in LIMITS))


def test_two_thousand_hostile_requests_leave_the_server_as_it_was(
    hostile_city: HostileCity,
) -> None:
    city = hostile_city
    before = city.live(*CLASSES)
    assert before
    record = "/record/" + next(iter(before)).rpartition("/")[2]
    requests = list(framed(FRAMED, record))
    counts = tally(city, requests[:200])
    memory = memory_mb([city.pid])
    counts += tally(city, requests[200:])
    counts += tally(city, malformed(MALFORMED))
    growth = memory_mb([city.pid]) - memory
    print(f"{counts.total()} requests: {dict(counts.most_common())}; {growth:+.1f} MB")
    assert counts.total() == FRAMED + MALFORMED
    assert counts["200"] > 100, "too few requests came through"
    assert counts["503"] < 20
    assert growth < GROWTH
    assert city.live(*CLASSES) == before


def test_senders_that_stop_in_the_middle_of_a_body_stop_no_page_and_no_query(
    hostile_city: HostileCity,
) -> None:
    port = hostile_city.port
    lines = [_stopped(port) for _ in range(READERS + 40)]
    try:
        until = time.monotonic() + SECONDS
        while told(port, POST).status != 503:  # until all have arrived
            assert time.monotonic() < until
        for path in ("/healthz", "/ns", "/datasets", "/sparql?query=ASK%20%7B%7D"):
            assert told(port, HEALTH.replace(b"/healthz", path.encode())).status == 200
        assert hostile_city.live(*CLASSES)
    finally:
        for line in lines:
            line.close()
    until = time.monotonic() + SECONDS
    while told(port, POST).status != 200:
        assert time.monotonic() < until


def _stopped(port: int) -> socket.socket:
    line = socket.create_connection(("127.0.0.1", port), timeout=SECONDS)
    line.sendall(POST[:-3])
    return line
