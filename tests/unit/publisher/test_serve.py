from __future__ import annotations

import http.client
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from publisher.cli import main
from publisher.serve import ChildSupervisor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from publisher.wiring import Deployment

SECONDS = 60.0
SURFACES = 8  # triples, feed, index and dumps of both tiers


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        assert isinstance(port, int)
        return port


def wait_for(holds: Callable[[], object], seconds: float = SECONDS) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "waited too long"
        time.sleep(0.05)


def descendants(pid: int) -> set[int]:
    """Return the living processes below one, read from /proc."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if fields[0] != "Z":
                parents[int(entry.name)] = int(fields[1])
    found: set[int] = set()
    while more := {one for one, parent in parents.items() if parent in found | {pid}} - found:
        found |= more
    return found


def command_line(pid: int) -> str:
    """Return how a process was called; nothing when it ended meanwhile."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Served:
    """`credence serve` in processes of its own."""

    def __init__(self, at: Deployment) -> None:
        self.port = free_port()
        root = str(at.layout.root)
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "publisher.cli", "-C", root, "--json"),
                *("serve", "--port", str(self.port)),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "CREDENCE_BASE_URL": "https://credit.example"},
            start_new_session=True,
        )
        assert self.process.stdout is not None
        self.first = self.process.stdout.readline()

    def status(self, path: str) -> int:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            line.request("GET", path)
            return line.getresponse().status
        except OSError:
            return 0
        finally:
            line.close()

    def projector(self) -> int:
        return self._child("project")

    def web_worker(self) -> int:
        return self._child("spawn_main")

    def _child(self, mark: str) -> int:
        for pid in descendants(self.process.pid):
            if mark in command_line(pid):
                return pid
        return 0

    def close(self) -> None:
        children = descendants(self.process.pid)
        self.process.kill()
        self.process.communicate()
        for pid in children:
            if alive(pid):
                os.kill(pid, signal.SIGKILL)


@pytest.fixture
def service(own: Deployment) -> Iterator[Served]:
    served = Served(own)
    yield served
    served.close()


def test_serve_says_when_it_answers_and_follows_the_ledger(
    service: Served, own: Deployment, live: list[str]
) -> None:
    assert json.loads(service.first) == {"url": f"http://127.0.0.1:{service.port}"}
    path = "/record/" + live[0].rpartition("/")[2]
    assert service.status(path) == 200
    # The counters of /metrics, kept answers and shares of clients are one process's.
    lines = [command_line(pid) for pid in descendants(service.process.pid)]
    assert sum("spawn_main" in line for line in lines) == 1
    with own.open() as opened:
        exchange = opened.exchange()
        exchange.withdraw(live[0], "repair")  # waits for the running projector
        assert not any(reader.contains(live[0]) for reader in opened.readers())
        exchange.erase(live[1])
        assert opened.ledger.unfinished_erasures() == []
    assert service.status(path) == 410
    assert service.status("/readyz") == 200


@pytest.mark.slow
def test_a_killed_projector_and_a_killed_web_worker_come_back(service: Served) -> None:
    before = service.projector()
    assert before
    os.kill(before, signal.SIGKILL)
    wait_for(lambda: service.projector() not in {0, before})
    assert service.status("/healthz") == 200
    worker = service.web_worker()
    assert worker
    os.kill(worker, signal.SIGKILL)
    wait_for(lambda: service.web_worker() != worker and service.status("/healthz") == 200)
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(SECONDS) == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    "number",
    [signal.SIGTERM, signal.SIGKILL, pytest.param(signal.SIGINT, marks=pytest.mark.slow)],
)
def test_no_process_is_left_however_it_ends(service: Served, number: signal.Signals) -> None:
    assert service.status("/sparql?query=ASK%7B%7D") == 200  # so that query workers run
    children = descendants(service.process.pid)
    assert len(children) >= 3
    service.process.send_signal(number)
    assert service.process.wait(SECONDS) == (-number if number is signal.SIGKILL else 0)
    wait_for(lambda: not any(alive(pid) for pid in children), 20)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_demonstration_is_one_command_and_its_hint_takes_a_record_back(tmp_path: Path) -> None:
    port = free_port()
    program = [sys.executable, "-m", "publisher.cli", "-C", str(tmp_path / "demo")]
    environment = {key: value for key, value in os.environ.items() if "CREDENCE" not in key}
    process = subprocess.Popen(
        [*program, "--json", "demo", "--port", str(port)],
        stdout=subprocess.PIPE,
        env=environment,
    )
    try:
        assert process.stdout is not None
        links = json.loads(process.stdout.readline())
        assert list(links) == [
            "home", "subject", "record", "list", "dataset", "sparql", "feed", "catalog", "status",
            "repair_hint",
        ]  # fmt: skip
        for name in list(links)[:-1]:
            assert links[name].startswith(f"http://127.0.0.1:{port}/")
            assert status_of(port, links[name]) == 200
        shown = json.loads(body_of(port, "/status"))["records"]
        assert shown["subject"] >= 2_000
        assert sum(shown.values()) >= 10_000
        assert body_of(port, "/lists", "text/html").count(b'href="/list/') >= 6
        subject = urlsplit(links["subject"]).path
        before = body_of(port, subject, "text/html")
        done = subprocess.run(
            shlex.split(links["repair_hint"]),
            check=True, env=environment, timeout=100, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert done.stdout.count("✔".encode()) == SURFACES
        assert status_of(port, links["record"]) == 410
        after = body_of(port, subject, "text/html")
        # A list and its measures followed from the record, and went with it.
        mark = "列入：".encode()
        assert (before.count(mark), after.count(mark)) == (1, 0)
    finally:
        process.terminate()
        rest, _ = process.communicate(timeout=SECONDS)
    assert rest == b""
    assert process.returncode == 0


def test_a_demonstration_does_not_touch_what_it_did_not_make(
    own: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    port = str(free_port())
    assert main(["-C", str(own.layout.root), "demo", "--port", port]) == 2
    assert "演示" in capsys.readouterr().err
    assert own.has_ledger()


def status_of(port: int, url: str) -> int:
    return answer_of(port, urlsplit(url).path, "*/*")[0]


def body_of(port: int, path: str, accept: str = "application/json") -> bytes:
    return answer_of(port, path, accept)[1]


def answer_of(port: int, path: str, accept: str) -> tuple[int, bytes]:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        line.request("GET", path, headers={"Accept": accept})
        answer = line.getresponse()
        return answer.status, answer.read()
    finally:
        line.close()


def test_a_port_in_use_is_a_clear_error(
    own: Deployment, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDENCE_BASE_URL", "https://credit.example")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        for arguments in (["serve", "--port", port], ["demo", "--port", port]):
            assert main(["-C", str(own.layout.root), "--lang", "en", *arguments]) == 3
            assert "cannot be bound" in capsys.readouterr().err


def test_requests_that_no_server_should_read_are_refused_at_the_socket(service: Served) -> None:
    def told(*lines: str) -> bytes:
        with socket.create_connection(("127.0.0.1", service.port), 20) as line:
            line.sendall("\r\n".join([*lines, "", ""]).encode())
            return b"".join(iter(lambda: line.recv(65536), b""))

    good = "GET /healthz HTTP/1.1", "Connection: close"
    assert told(*good, "Host: credit.example").startswith(b"HTTP/1.1 200")
    assert told("GET /healthz HTTP/1.0").startswith(b"HTTP/1.0 200")
    for hosts in ([], ["Host: a", "Host: b"], ["Host: a", "Host: a"], ["Host:"]):
        answer = told(*good, *hosts)
        assert answer.startswith(b"HTTP/1.1 400"), hosts
        assert b"x-content-type-options: nosniff" in answer.lower()
        assert b"application/problem+json" in answer
    # Before the application: no content, so nothing that its headers could protect.
    for unreadable, status in (
        ("BAD", b"400"),
        ("GET /" + "a" * 70_000 + " HTTP/1.1", b"414"),
        ("GET / HTTP/1.1" + "\r\nX: a" * 200, b"431"),
    ):
        head, _, body = told(unreadable, "Host: a", "Connection: close").partition(b"\r\n\r\n")
        assert head.split(b" ")[1] == status
        assert b"content-length: 0" in head
        assert body == b""


def test_two_services_started_at_once_never_share_a_port(own: Deployment) -> None:
    first = Served(own)
    try:
        # On the same port it is refused in words; on another one it starts and says so.
        again = run_serve(own, first.port)
        assert again.returncode == 3
        assert "cannot be bound" in again.stderr
        beside = Served(own)
        try:
            assert beside.status("/healthz") == 200
            beside.process.send_signal(signal.SIGTERM)
            told = beside.process.communicate(timeout=SECONDS)[1].decode()
            assert f"http://127.0.0.1:{first.port}" in told
        finally:
            beside.close()
        worker = first.web_worker()
        os.kill(worker, signal.SIGKILL)
        # Nobody is refused meanwhile: the connection waits for the next worker.
        assert first.status("/healthz") == 200
    finally:
        first.close()


def run_serve(at: Deployment, port: int) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-m", "publisher.cli", "-C", str(at.layout.root), "--lang", "en"]
    return subprocess.run(
        [*program, "serve", "--port", str(port)],
        check=False, capture_output=True, text=True, timeout=SECONDS,
        env={**os.environ, "CREDENCE_BASE_URL": "https://credit.example"},
    )  # fmt: skip


def test_serve_without_a_ledger_says_how_to_begin(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["-C", str(tmp_path), "serve", "--port", str(free_port())]) == 1
    assert "credence load" in capsys.readouterr().err


def test_a_child_that_falls_is_started_again_with_a_report() -> None:
    told: list[str] = []
    heard = threading.Event()

    def report(text: str) -> None:
        told.append(text)
        heard.set()

    supervisor = ChildSupervisor([sys.executable, "-c", "raise SystemExit(7)"], report)
    supervisor.start()
    assert heard.wait(20)
    supervisor.stop()
    supervisor.stop()
    assert "ended with 7" in told[0]
    assert supervisor.pid is not None
    assert not alive(supervisor.pid)
