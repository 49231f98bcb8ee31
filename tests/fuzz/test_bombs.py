"""Query bombs and every spelling of SERVICE at the real server: refused or stopped."""

from __future__ import annotations

import json
import socket
import time
from http.client import HTTPConnection
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

from publisher.web.endpoints.sparql_request import FORM, QUERY
from tests.fuzz.bombs import ENDLESS, REFUSED
from tests.fuzz.conftest import TIMEOUT
from tests.unit.publisher.stores.test_query_guard import SERVICES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fuzz.conftest import HostileCity

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

BOMBS = 54
# No measure of time, for the machine may be busy: benchmarks/sparql/bombs.py measures.
PATIENCE = 10
MANNERS = ("form", "direct", "query", "get")
_LONGEST_ADDRESS = 60_000


def ask(city: HostileCity, query: str, options: str = "form") -> tuple[int, dict[str, object]]:
    """Send a query in one of the manners of the protocol; return the status and the document."""
    line = HTTPConnection("127.0.0.1", city.port, timeout=30)
    body, method, path, media = query.encode(), "POST", "/sparql", QUERY
    if options == "form":
        body, media = urlencode({"query": query}).encode(), FORM
    elif options == "query":
        method = "QUERY"
    elif options == "get":
        body, method, path = b"", "GET", f"/sparql?{urlencode({'query': query})}"
    try:
        line.request(method, path, body, {"Content-Type": media})
        answer = line.getresponse()
        text = answer.read()
        said = "json" in (answer.headers["Content-Type"] or "")
        return answer.status, json.loads(text) if said else {}
    except (BrokenPipeError, ConnectionResetError):
        return 413, {}  # the server would not read on
    finally:
        line.close()


def stands(city: HostileCity) -> bool:
    """Whether the next query is answered; a worker may have to be replaced first."""
    until = time.monotonic() + 15
    while ask(city, "ASK {}")[0] != 200:
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True


def test_what_nests_chains_or_swells_is_refused_before_it_runs(hostile_city: HostileCity) -> None:
    assert len(REFUSED) >= BOMBS
    wrong = {}
    for number, (name, query) in enumerate(REFUSED.items()):
        options = MANNERS[number % 3 if len(query) > _LONGEST_ADDRESS // 3 else 3]
        began = time.monotonic()
        status, problem = ask(hostile_city, query, options)
        seconds = time.monotonic() - began
        if status not in {400, 413} or seconds > PATIENCE:
            wrong[name] = (options, status, seconds, problem)
    assert wrong == {}
    assert stands(hostile_city)


@pytest.mark.parametrize("name", ENDLESS)
def test_what_would_run_for_ever_is_stopped_and_the_next_query_answered(
    hostile_city: HostileCity, name: str
) -> None:
    began = time.monotonic()
    status, problem = ask(hostile_city, ENDLESS[name])
    seconds = time.monotonic() - began
    print(f"{name}: {status} {str(problem.get('type', '')).rpartition('/')[2]} in {seconds:.1f} s")
    # Its time is over, or its memory, or its answer is too large; it may also have been easy.
    assert status in {200, 400, 413, 503}
    # Overloaded where the machine is so busy that it got less than half of its time.
    assert status != 503 or str(problem["type"]).endswith(("/timeout", "/overloaded"))
    assert seconds < TIMEOUT + PATIENCE
    assert stands(hostile_city)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as made:
        made.setblocking(False)
        yield made


def test_no_spelling_of_service_in_no_manner_reaches_a_listener(
    hostile_city: HostileCity, listener: socket.socket
) -> None:
    address = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    assert len(SERVICES) >= 23
    for query in SERVICES:
        aimed = query.replace("http://x/", address)
        for options in MANNERS:
            status, problem = ask(hostile_city, aimed, options)
            assert status == 400, (options, aimed, problem)
    for query in (
        f"SELECT * FROM <{address}> {{ ?s ?p ?o }}",
        f"SELECT * FROM NAMED <{address}> {{ GRAPH ?g {{ ?s ?p ?o }} }}",
        f"SELECT * {{ GRAPH <{address}> {{ ?s ?p ?o }} }}",
        f"DESCRIBE <{address}>",
    ):
        assert ask(hostile_city, query)[0] == 200
    assert ask(hostile_city, f"LOAD <{address}>")[0] == 400
    with pytest.raises(BlockingIOError):
        listener.accept()
