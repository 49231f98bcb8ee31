"""Two thousand hostile requests at the real server: none fails it, hangs or makes it grow."""

from __future__ import annotations

import socket
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from benchmarks.harness import memory_mb
from publisher.web.http.request_body import BODY_SECONDS, READERS
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
# In the middle, before the first byte, in a chunk, behind a whole request, waiting to be asked.
STOPPED = (
    POST[:-3],
    POST[:-6],
    POST.replace(b"Content-Length: 6", b"Transfer-Encoding: chunked")[:-6] + b"6\r\nASK",
    POST.replace(b"Connection: close\r\n", b"") + POST[:-1],
    POST.replace(b"Content-Length: 6", b"Expect: 100-continue\r\nContent-Length: 6")[:-6],
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
    lines = [_stopped(port, STOPPED[number % len(STOPPED)]) for number in range(READERS + 40)]
    try:
        for _ in range(4):
            for path in ("/healthz", "/ns", "/datasets", "/sparql?query=ASK%20%7B%7D"):
                assert told(port, HEALTH.replace(b"/healthz", path.encode())).status == 200
            began = time.monotonic()
            assert told(port, POST).status == 200
            assert time.monotonic() - began < SECONDS
            time.sleep(0.5)
        assert hostile_city.live(*CLASSES)
        # The service ends those that stopped, and says why, where they asked for nothing more.
        answers = [answer for line in lines if (answer := _read(line))]
        assert all(answer.startswith(b"HTTP/1.1 ") for answer in answers)
        assert b"408" in b"".join(answers)
    finally:
        for line in lines:
            line.close()
    assert told(port, POST).status == 200


def _read(line: socket.socket) -> bytes:
    """Return all that is sent until the service ends the connection, which it must."""
    line.settimeout(BODY_SECONDS + SECONDS)
    found = b""
    try:
        while block := line.recv(4_096):
            found += block
    except ConnectionResetError:
        pass
    return found


def _stopped(port: int, sent: bytes) -> socket.socket:
    line = socket.create_connection(("127.0.0.1", port), timeout=SECONDS)
    line.sendall(sent)
    return line
