"""Twenty clients beside a cross join: what they notice, and how soon it is dead.

`python benchmarks/sparql/bombs.py [ROUNDS] [SECONDS]` loads and serves a city of its own, then asks
it for records with twenty clients, a tenth of a second apart each and never twice alike, in paired
rounds: alone, and while one cross join after the other runs into its deadline.
"""

from __future__ import annotations

import json
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.harness import ROUNDS, memory_mb, paired, spread, written

RECORDS, DEADLINE, CLIENTS, PAUSE = 3_000, 3, 20, 0.1
CROSS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?c != ?i) }"
RECORD = "CONSTRUCT {{ <{iri}> ?p ?o }} WHERE {{ <{iri}> ?p ?o }} # {number}"
LIST = "SELECT ?r { ?r a <https://w3id.org/credence/ns#AdministrativePenalty> }"


@dataclass
class City:
    """A served deployment."""

    root: Path
    port: int
    process: subprocess.Popen[bytes] | None = None
    records: list[str] = field(default_factory=list)

    def verb(self, *arguments: str | Path) -> list[str]:
        program = [sys.executable, "-m", "publisher.cli", "-C", str(self.root), "--json"]
        return [*program, *map(str, arguments)]

    def get(self, line: HTTPConnection, query: str) -> tuple[int, bytes]:
        line.request("GET", f"/sparql?query={quote(query)}")
        answer = line.getresponse()
        return answer.status, answer.read()

    def connect(self) -> HTTPConnection:
        return HTTPConnection("127.0.0.1", self.port, timeout=60)


def served(folder: Path, deadline: float = DEADLINE) -> City:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        city = City(folder / "data", probe.getsockname()[1])
    sample = folder / "sample"
    environment = {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
        "CREDENCE_QUERY_TIMEOUT": str(deadline),
    }

    def run(*arguments: str | Path) -> None:
        subprocess.run(
            city.verb(*arguments), env=environment, stdout=subprocess.DEVNULL, check=False
        )

    run("sample", "--records", str(RECORDS), "-o", sample)
    run("load", *sorted(sample.glob("*.csv")))
    run("publish")
    serve = city.verb("serve", "--port", str(city.port))
    city.process = subprocess.Popen(serve, env=environment, stdout=subprocess.PIPE)
    assert city.process.stdout is not None
    json.loads(city.process.stdout.readline())
    _, body = city.get(city.connect(), LIST)
    rows = json.loads(body)["results"]["bindings"]
    city.records = [row["r"]["value"] for row in rows]
    return city


@dataclass
class Seen:
    """What the clients of one slot saw: milliseconds of the answers, statuses."""

    times: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    def figures(self) -> dict[str, Any]:
        times = sorted(self.times)
        return {
            "p50_ms": times[len(times) // 2],
            "p99_ms": times[int(len(times) * 0.99)],
            "answers": len(times),
            "statuses": dict(self.statuses),
        }


def clients(city: City, seconds: float) -> Seen:
    """Let twenty clients look records up until the time is over."""
    seen, until = Seen(), time.monotonic() + seconds

    def client(number: int) -> None:
        chance, line = random.Random(f"{number} {until}"), city.connect()
        while time.monotonic() < until:
            query = RECORD.format(iri=chance.choice(city.records), number=chance.random())
            began = time.perf_counter()
            status, _ = city.get(line, query)
            seen.statuses[status] += 1
            if status == 200:
                seen.times.append((time.perf_counter() - began) * 1000)
            time.sleep(PAUSE * (0.5 + chance.random()))

    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return seen


@dataclass
class Bombs:
    """One cross join after the other; seconds beyond the deadline until answer and death."""

    city: City
    stop: threading.Event = field(default_factory=threading.Event)
    answered: list[float] = field(default_factory=list)
    dead: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    def run(self) -> None:
        line = self.city.connect()
        number = random.Random(repr(time.monotonic()))
        while not self.stop.is_set():
            before = workers(self.city)
            began = time.monotonic()
            watch = threading.Thread(target=self._watch, args=(before, began))
            watch.start()
            status, _ = self.city.get(line, f"{CROSS} # {number.random()}")
            self.statuses[status] += 1
            if status == 503:
                self.answered.append(time.monotonic() - began - DEADLINE)
            watch.join()

    def _watch(self, before: set[int], began: float) -> None:
        while time.monotonic() < began + DEADLINE + 5:
            if before - workers(self.city):
                self.dead.append(time.monotonic() - began - DEADLINE)
                return
            time.sleep(0.02)


def workers(city: City) -> set[int]:
    """Return the query workers below the server."""
    assert city.process is not None
    found, waiting = set(), [city.process.pid]
    while waiting:
        pid = waiting.pop()
        try:
            if b"publisher.stores.worker_main" in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.add(pid)
            for task in Path(f"/proc/{pid}/task").iterdir():
                waiting += map(int, (task / "children").read_text().split())
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def main(rounds: int, seconds: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        city = served(Path(folder))
        assert city.process is not None
        answered, dead = [], []

        def bombed() -> dict[str, Any]:
            bombs = Bombs(city)
            thread = threading.Thread(target=bombs.run)
            thread.start()
            time.sleep(0.3)
            figures = clients(city, seconds).figures()
            bombs.stop.set()
            thread.join()
            answered.extend(bombs.answered)
            dead.extend(bombs.dead)
            return {**figures, "bombs": dict(bombs.statuses)}

        clients(city, 2)
        memory = memory_mb([city.process.pid])
        done = paired({"quiet": lambda: clients(city, seconds).figures(), "bombed": bombed}, rounds)
        figures = {
            "records": len(city.records),
            "clients": CLIENTS,
            "deadline_s": DEADLINE,
            "p99_ratio": spread(
                each["bombed"]["p99_ms"] / each["quiet"]["p99_ms"] for each in done
            ),
            "p50_ratio": spread(
                each["bombed"]["p50_ms"] / each["quiet"]["p50_ms"] for each in done
            ),
            "quiet_p99_ms": spread(each["quiet"]["p99_ms"] for each in done),
            "bombed_p99_ms": spread(each["bombed"]["p99_ms"] for each in done),
            "answered_after_deadline_s": spread(answered),
            "dead_after_deadline_s": spread(dead),
            "bombs": len(answered),
            "statuses": sum(
                (Counter(side["statuses"]) for each in done for side in each.values()), Counter()
            ),
            "memory_growth_mb": round(memory_mb([city.process.pid]) - memory, 1),
        }
        city.process.terminate()
        city.process.wait()
    written("sparql-bombs", figures, done)


if __name__ == "__main__":
    main(
        int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS,
        float(sys.argv[2]) if len(sys.argv) > 2 else 9,
    )
