"""Readers beside clients whose queries never end, and a real analysis on a busy machine.

`python -m benchmarks.sparql.fair [--rounds N] [--seconds S]` loads and serves a city of its own.
Each round goes through 0, 2, 4 and 30 heavy clients, all from the readers' own address; every
heavy query is a text of its own, of one shape or, in every second round, of a shape of its own.
Meanwhile one reader looks a record up by its code through `/sparql`, another reads its page.
Then, by turns, a query of about half a second of processor runs alone and beside two programs
that use all the processor they get; and once a query without end runs alone.
What else the machine did is told by its load: before the round, and at its end.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.harness import spread, written
from benchmarks.sparql.bombs import City, served

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DEADLINE = 30.0
HEAVY = (0, 2, 4, 30)
LOOPS = 2
HALF_SECOND = (0.35, 0.7)
NS = "PREFIX cr: <https://w3id.org/credence/ns#> "
CODES = NS + "SELECT ?code { ?r cr:uscc ?code ; cr:subjectName ?name } LIMIT 1"
LOOK_UP = NS + 'SELECT ?r ?name {{ ?r cr:uscc "{code}" ; cr:subjectName ?name }} # {number}'
ENDLESS = "SELECT (COUNT(*) AS ?n) {{ ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER({more}) }} # {number}"
ANALYSIS = (
    NS + "SELECT (COUNT(*) AS ?n) {{ VALUES ?k {{ {times} }} "
    "{{ SELECT ?a {{ ?a cr:uscc ?c }} LIMIT 400 }} {{ SELECT ?b {{ ?b cr:uscc ?d }} LIMIT 400 }} "
    "FILTER(?a != ?b && ?k >= 0) }} # {number}"
)
_numbers = count()


@dataclass(frozen=True)
class Wanted:
    """What the readers read: a subject by its code, a record by the path of its page."""

    code: str
    page: str


@dataclass
class Seen:
    """What one sort of reader saw: seconds of the answers, and statuses of all."""

    times: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)

    def figures(self) -> dict[str, Any]:
        times = sorted(self.times) or [0.0]
        return {
            "p50_s": times[len(times) // 2],
            "p95_s": times[int(len(times) * 0.95)],
            "max_s": times[-1],
            "statuses": dict(self.statuses),
        }


def load() -> dict[str, Any]:
    """Return what the machine does: mean of the last minute, and what runs at this moment."""
    one, _, _, running, _ = Path("/proc/loadavg").read_text().split()
    return {"minute": float(one), "running": int(running.partition("/")[0])}


def ask(city: City, path: str, query: str = "") -> tuple[str, bytes, float]:
    """Return status (with the problem's name), body and seconds of one request."""
    line = city.connect()
    line.timeout = 3 * DEADLINE
    began = time.perf_counter()
    if query:
        line.request("POST", path, query, {"Content-Type": "application/sparql-query"})
    else:
        line.request("GET", path)
    answer = line.getresponse()
    body = answer.read()
    line.close()
    seconds = time.perf_counter() - began
    status = str(answer.status)
    if answer.getheader("Content-Type", "").startswith("application/problem"):
        status += " " + json.loads(body)["type"].rpartition("/")[2]
    return status, body, seconds


def reading(
    city: City, seen: Seen, stop: threading.Event, make: Callable[[], tuple[str, ...]]
) -> None:
    while not stop.is_set():
        status, _, seconds = ask(city, *make())
        seen.statuses[status] += 1
        if status == "200":
            seen.times.append(seconds)
        stop.wait(0.3)


def heavy(city: City, seen: Seen, stop: threading.Event, *, alike: bool) -> None:
    while not stop.is_set():
        number = next(_numbers)
        more = "?c != ?i" if alike else " || ".join(["?c != ?i"] * (1 + number % 90))
        status, _, _ = ask(city, "/sparql", ENDLESS.format(more=more, number=number))
        seen.statuses[status] += 1
        if status != "200":
            stop.wait(0.5)


def beside(
    city: City, clients: int, seconds: float, wanted: Wanted, *, alike: bool
) -> dict[str, Any]:
    """Return what the readers saw beside that many heavy clients."""
    before = load()
    look_ups, pages, burden, stop = Seen(), Seen(), Seen(), threading.Event()
    threads = [
        threading.Thread(target=heavy, args=(city, burden, stop), kwargs={"alike": alike})
        for _ in range(clients)
    ]
    makes = {
        "look_up": (
            look_ups,
            lambda: ("/sparql", LOOK_UP.format(code=wanted.code, number=next(_numbers))),
        ),
        "page": (pages, lambda: (wanted.page,)),
    }
    threads += [
        threading.Thread(target=reading, args=(city, seen, stop, make))
        for seen, make in makes.values()
    ]
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    during = load()
    stop.set()
    for thread in threads:
        thread.join()
    found = {name: seen.figures() for name, (seen, _) in makes.items()}
    return {**found, "heavy": dict(burden.statuses), "load": {"before": before, "end": during}}


@contextmanager
def busy(loops: int) -> Iterator[None]:
    """Use all the processor that so many programs get."""
    running = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(loops)]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


def analysis(city: City, times: int) -> tuple[str, float]:
    values = " ".join(map(str, range(times)))
    status, _, seconds = ask(city, "/sparql", ANALYSIS.format(times=values, number=next(_numbers)))
    return status, seconds


def calibrated(city: City) -> int:
    """Return how often the analysis must repeat to take about half a second when it is quiet."""
    times = 2
    while True:
        seconds = min(analysis(city, times)[1] for _ in range(3))
        if seconds >= HALF_SECOND[0] or times >= 400:
            return times
        times = min(400, max(times + 1, int(times * min(3, 0.5 / seconds))))


def half_second(city: City, times: int, rounds: int) -> dict[str, Any]:
    """Return the seconds of an analysis alone and beside busy programs, by turns."""
    quiet, loaded, statuses = [], [], Counter[str]()
    for _ in range(rounds):
        status, seconds = analysis(city, times)
        quiet.append(seconds)
        statuses[f"quiet {status}"] += 1
        with busy(LOOPS):
            time.sleep(0.5)
            status, seconds = analysis(city, times)
        loaded.append(seconds)
        statuses[f"beside {status}"] += 1
    return {
        "quiet_s": spread(quiet),
        "beside_s": spread(loaded),
        "times": spread(b / q for b, q in zip(loaded, quiet, strict=True)),
        "statuses": dict(statuses),
    }


def measured(city: City, rounds: int, seconds: float) -> tuple[dict[str, Any], list[Any]]:
    _, body, _ = ask(city, "/sparql", CODES)
    code = json.loads(body)["results"]["bindings"][0]["code"]["value"]
    wanted = Wanted(code, "/record/" + city.records[0].rpartition("/")[2])
    done = []
    for number in range(rounds):
        alike = number % 2 == 0
        found = {
            str(clients): beside(city, clients, seconds, wanted, alike=alike) for clients in HEAVY
        }
        done.append({"alike": alike, **found})
        print(json.dumps(done[-1]), file=sys.stderr, flush=True)
    before = load()
    status, _, cut = ask(city, "/sparql", ENDLESS.format(more="?c != ?h", number=next(_numbers)))
    half = half_second(city, calibrated(city), max(5, rounds))
    figures: dict[str, Any] = {"records": len(city.records), "deadline_s": DEADLINE}
    for clients in map(str, HEAVY):
        for reader in ("look_up", "page"):
            figures[f"{reader}_p95_s_{clients}_heavy"] = spread(
                each[clients][reader]["p95_s"] for each in done
            )
            figures[f"{reader}_not_answered_{clients}_heavy"] = sum(
                number
                for each in done
                for status_, number in each[clients][reader]["statuses"].items()
                if status_ != "200"
            )
    figures |= {
        "half_second_quiet_s": half["quiet_s"],
        "half_second_beside_two_loops_s": half["beside_s"],
        "half_second_times": half["times"],
        "half_second_statuses": half["statuses"],
        "endless_alone": status,
        "endless_alone_s": round(cut, 2),
        "load_before_half_second": before,
    }
    return figures, done


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=40)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        city = served(Path(folder), DEADLINE)
        assert city.process is not None
        try:
            figures, done = measured(city, options.rounds, options.seconds)
        finally:
            city.process.terminate()
            city.process.wait()
    written("sparql-fair", figures, done)


if __name__ == "__main__":
    main()
