"""The pool of query workers, with real processes."""

import contextlib
import json
import os
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, Quad, Store

from exchange.domain.errors import (
    Overloaded,
    QueryRefused,
    QuerySyntax,
    QueryTimeout,
    QueryTooLarge,
    StoreUnavailable,
)
from publisher.stores.query_guard import GuardedQuery
from publisher.stores.query_pool import MEDIA_TYPES, QueryPool

JSON = "application/sparql-results+json"
COUNT = "SELECT (COUNT(*) AS ?n) { ?s <urn:p> ?o }"
MARK = "SELECT ?m { <urn:mark> <urn:is> ?m }"
CROSS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . FILTER(?c != ?i) }"
MEBIBYTE = 1 << 20
# At its deadline; the latter where others left it little of the processor.
STOPPED = (QueryTimeout, Overloaded)


def make_generation(folder, name):
    """Back up a small store whose mark is the generation's name, with a position graph."""
    store = Store(str(folder / f"writer-{name}"))
    store.extend(
        Quad(NamedNode(f"urn:s{n}"), NamedNode("urn:p"), Literal(f"v{n}")) for n in range(600)
    )
    store.add(Quad(NamedNode("urn:mark"), NamedNode("urn:is"), Literal(name)))
    position = NamedNode("urn:credence:projection")
    store.add(Quad(NamedNode("urn:store"), NamedNode("urn:position"), Literal(42), position))
    store.backup(str(folder / name))
    return folder / name


@pytest.fixture(scope="module")
def generation(tmp_path_factory):
    return make_generation(tmp_path_factory.mktemp("generations"), "g1")


def make_pool(current, **changes):
    options = {
        "size": 1,
        "deadline_seconds": 5.0,
        "memory_bytes": 256 * MEBIBYTE,
        "max_bytes": MEBIBYTE,
        "queue_limit": 4,
        **changes,
    }
    pool = QueryPool(current, **options)
    assert pool.await_ready(20)
    return pool


@pytest.fixture(scope="module")
def pool(generation):
    with make_pool(lambda: generation) as made:
        yield made


def value(answer):
    binding = json.loads(answer.body)["results"]["bindings"][0]
    return next(iter(binding.values()))["value"]


def read_bytes(path):
    """A file of /proc; empty when its thread or process ended meanwhile."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


def own_children():
    """The pids of this process's children, zombies included."""
    tasks = Path("/proc/self/task").iterdir()
    return {int(pid) for task in tasks for pid in read_bytes(task / "children").split()}


def worker_pids():
    return {
        pid
        for pid in own_children()
        if b"publisher.stores.worker_main" in read_bytes(Path(f"/proc/{pid}/cmdline"))
    }


def eventually(condition, seconds=10):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize(
    ("query", "media"),
    [
        (query, media)
        for query in ("SELECT * { <urn:mark> ?p ?o }", "ASK { ?s ?p ?o }")
        for media in MEDIA_TYPES["SELECT"]
    ]
    + [
        (query, media)
        for query in ("CONSTRUCT WHERE { <urn:mark> ?p ?o }", "DESCRIBE <urn:mark>")
        for media in MEDIA_TYPES["CONSTRUCT"]
    ],
)
def test_every_offered_media_type_is_answered(pool, query, media):
    answer = pool.query(query, media)
    assert (answer.media, answer.generation) == (media, "g1")
    assert answer.body


def test_a_media_type_that_cannot_hold_the_form_is_refused(pool):
    with pytest.raises(QueryRefused, match="text/turtle"):
        pool.query("ASK {}", "text/turtle")


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { GRAPH ?g { ?s ?p ?o } }",
        "SELECT * FROM <urn:credence:projection> { <urn:store> ?p ?o }",
        "SELECT * FROM NAMED <urn:credence:projection> { GRAPH ?g { ?s ?p ?o } }",
        "SELECT * { <urn:store> ?p ?o }",
    ],
)
def test_the_position_graph_is_invisible(pool, query):
    assert json.loads(pool.query(query, JSON).body)["results"]["bindings"] == []


def test_the_isolation_of_the_workers_is_reported(pool):
    assert pool.isolation["sockets_refused"]


def test_the_guard_stands_before_the_pool(pool):
    with pytest.raises(QueryRefused, match="SERVICE"):
        pool.query("SELECT * { SERVICE <http://127.0.0.1:9/> {} }", JSON)


def test_a_syntax_error_names_line_and_column(pool):
    with pytest.raises(QuerySyntax) as caught:
        pool.query("SELECT *\n{ ?s ?p ?o . ? }", JSON)
    assert (caught.value.line, caught.value.column) == (2, 17)


def test_an_answer_over_the_byte_cap_is_an_error_and_never_cut(generation):
    with make_pool(lambda: generation, max_bytes=10_000) as small:
        with pytest.raises(QueryTooLarge):
            small.query("SELECT * { ?s ?p ?o }", JSON)
        with pytest.raises(QueryTooLarge):
            small.query("CONSTRUCT WHERE { ?s ?p ?o }", "text/turtle")
        assert value(small.query(COUNT, JSON)) == "600"


def test_a_cross_join_is_killed_at_its_deadline_and_the_next_query_answers(pool):
    before = worker_pids()
    start = time.monotonic()
    with pytest.raises(STOPPED):
        pool.query(CROSS, JSON, deadline=1.0)
    assert time.monotonic() - start < 10  # alone it would run for minutes
    assert value(pool.query(COUNT, JSON)) == "600"
    assert eventually(lambda: len(before - worker_pids()) == 1)


@pytest.mark.parametrize(
    "attack",
    [
        "SELECT * { SERVICE <http://127.0.0.1:PORT/> { ?s ?p ?o } }",
        "SELECT * { SERVICE SILENT <http://127.0.0.1:PORT/> { ?s ?p ?o } }",
    ],
)
def test_a_listener_sees_no_connection_even_when_the_guard_is_passed_by(pool, attack):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        query = attack.replace("PORT", str(listener.getsockname()[1]))
        try:
            pool.query(GuardedQuery("SELECT", query), JSON)
        except QueryRefused as refusal:
            assert "Operation not permitted" in refusal.message  # noqa: PT017
        listener.settimeout(0.1)
        with pytest.raises(TimeoutError):
            listener.accept()


def test_a_query_that_overflows_the_engines_stack_costs_one_worker_only(pool):
    bomb = "SELECT * " + "{" * 20_000 + "}" * 20_000
    with pytest.raises(QueryRefused, match="deeper stack"):
        pool.query(GuardedQuery("SELECT", bomb), JSON)
    assert value(pool.query(COUNT, JSON)) == "600"


def test_a_query_that_eats_memory_is_ended_by_its_cap(generation):
    hungry = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } ORDER BY ?c ?f ?i"
    with make_pool(lambda: generation, memory_bytes=64 * MEBIBYTE, deadline_seconds=20) as small:
        with pytest.raises(QueryRefused, match="memory"):
            small.query(hungry, JSON)
        assert value(small.query(COUNT, JSON)) == "600"


def test_workers_killed_from_outside_are_replaced(pool):
    assert eventually(lambda: len(worker_pids()) >= 2)
    killed = worker_pids()
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    assert value(pool.query(COUNT, JSON)) == "600"


def test_a_worker_killed_in_the_middle_fails_that_query_alone(pool):
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(pool.query, CROSS, JSON)
        time.sleep(0.3)
        for pid in worker_pids():
            os.kill(pid, signal.SIGKILL)
        with pytest.raises(StoreUnavailable):
            running.result()
    assert value(pool.query(COUNT, JSON)) == "600"


def test_a_full_queue_is_overload_with_a_time_to_retry(generation):
    with (
        make_pool(lambda: generation, queue_limit=1, deadline_seconds=1.0) as busy,
        ThreadPoolExecutor(2) as threads,
    ):
        first = threads.submit(busy.query, CROSS, JSON, client="here")
        time.sleep(0.15)
        second = threads.submit(busy.query, COUNT, JSON, client="there", deadline=0.2)
        time.sleep(0.05)
        with pytest.raises(Overloaded) as caught:
            busy.query(COUNT, JSON, client="there")
        assert caught.value.retry_after >= 1
        with pytest.raises(Overloaded, match="not begun"):
            second.result()
        with pytest.raises(STOPPED):
            first.result()


def test_many_threads_get_their_own_answers(generation):
    with (
        make_pool(lambda: generation, size=2, queue_limit=50) as shared,
        ThreadPoolExecutor(8) as threads,
    ):
        queries = [f"SELECT ?o {{ <urn:s{n}> <urn:p> ?o }}" for n in range(120)]
        answers = list(threads.map(lambda query: value(shared.query(query, JSON)), queries))
    assert answers == [f"v{n}" for n in range(120)]


def test_the_pool_moves_to_a_new_generation_while_queries_run(tmp_path):
    current = [make_generation(tmp_path, "old")]
    new = make_generation(tmp_path, "new")
    failures, seen = [], []
    stop = threading.Event()
    with make_pool(lambda: current[0], size=2, queue_limit=20) as moving:

        def ask():
            while not stop.is_set():
                try:
                    answer = moving.query(MARK, JSON)
                    seen.append((answer.generation, value(answer)))
                except Exception as problem:  # noqa: BLE001 - any failure is a finding
                    failures.append(problem)

        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        assert eventually(lambda: len(seen) > 5)
        current[0] = new
        assert eventually(lambda: seen[-1] == ("new", "new"))
        place = len(seen)
        assert eventually(lambda: len(seen) > place + 20)
        stop.set()
        for thread in threads:
            thread.join()
        assert failures == []
        assert all(generation == mark for generation, mark in seen)
        # Only what was under way at the switch may still answer from the old one.
        assert [generation for generation, _ in seen[place:]].count("old") <= 2
        assert eventually(lambda: moving.query(MARK, JSON) and not open_paths("old"))


def descriptors(pid):
    """What a process holds open; nothing when it ended meanwhile."""
    try:
        return list(Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return []


def open_paths(name):
    """Files of a generation that some worker still holds open."""
    found = []
    for pid in worker_pids():
        for descriptor in descriptors(pid):
            with contextlib.suppress(OSError):  # closed meanwhile
                found.append(str(descriptor.readlink()))
    return [path for path in found if f"/{name}/" in path]


@pytest.mark.slow
def test_an_idle_pool_follows_the_current_generation_although_nobody_asks(tmp_path):
    old, new = make_generation(tmp_path, "old"), make_generation(tmp_path, "new")
    current = [old]
    with make_pool(lambda: current[0]) as pool:
        assert pool.await_ready(20)
        current[0] = new
        assert eventually(lambda: {one.generation for one in pool._staff._fast} == {new})
        assert value(pool.query(MARK, JSON)) == "new"


def test_no_process_is_left_and_no_zombie_when_the_pool_is_closed(generation):
    before = worker_pids()
    closing = make_pool(lambda: generation, size=2)
    assert eventually(lambda: len(worker_pids() - before) == 3)
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(closing.query, CROSS, JSON)
        time.sleep(0.2)
        closing.close()
        with pytest.raises(StoreUnavailable):
            running.result()
    closing.close()
    assert worker_pids() <= before
    with pytest.raises(StoreUnavailable):
        closing.query(COUNT, JSON)


def test_a_generation_that_cannot_be_opened_is_store_unavailable(tmp_path):
    with (
        QueryPool(
            lambda: tmp_path / "missing",
            size=1,
            deadline_seconds=5,
            memory_bytes=256 * MEBIBYTE,
            max_bytes=MEBIBYTE,
            queue_limit=1,
        ) as broken,
        pytest.raises(StoreUnavailable),
    ):
        broken.query(COUNT, JSON)


def test_no_current_generation_is_store_unavailable(tmp_path):
    def missing():
        return (tmp_path / "current").readlink()

    with (
        QueryPool(
            missing,
            size=1,
            deadline_seconds=1,
            memory_bytes=256 * MEBIBYTE,
            max_bytes=MEBIBYTE,
            queue_limit=1,
        ) as unborn,
        pytest.raises(StoreUnavailable, match="generation"),
    ):
        unborn.query(COUNT, JSON)


def test_a_worker_sees_none_of_the_servers_environment(generation, monkeypatch):
    monkeypatch.setenv("CREDENCE_SECRET", "hidden")
    before = worker_pids()
    with make_pool(lambda: generation):
        for pid in worker_pids() - before:
            assert b"hidden" not in Path(f"/proc/{pid}/environ").read_bytes()
