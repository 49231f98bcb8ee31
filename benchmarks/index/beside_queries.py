"""Pages and short queries while strangers keep the query service busy.

`python -m benchmarks.index.beside_queries [RECORDS] [PORT] [DIRECTORY] [SECONDS]` makes a
deployment of about so many records (kept where a directory is given), serves it as `credence
serve` does, and asks for record pages in every form, a subject's data, lists and one record by its
code through `/sparql`: first alone, then beside 2, 4 and 30 clients with one heavy query each, sent
again when it ends. Clients have addresses of their own (127.0.1.x), as strangers have. Times are as
a reader sees them, in milliseconds; `of_quiet` is p95 beside them over p95 alone.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from itertools import count
from pathlib import Path
from urllib.parse import quote

from benchmarks.harness import ROOT, written
from benchmarks.index.pages import COMMAND, ask, build, drawn

HEAVY = 2, 4, 30
PAUSE = 0.02  # between two requests of the reader
QUERY = "SELECT (COUNT(*) AS ?n) {{?a ?b ?c . ?d ?e ?f . ?g ?h ?i}} #{}"
SHORT = 'PREFIX cr: <https://w3id.org/credence/ns#> SELECT ?r {{ ?r cr:uscc "{}" }} #{}'
PAGE = {"Accept": "text/html"}
DATA = {"Accept": "text/turtle"}
JSON = {"Accept": "application/sparql-results+json"}
NUMBERS = count()


def line_from(address, port):
    return HTTPConnection("127.0.0.1", port, timeout=90, source_address=(address, 0))


def heavy(address, port, ended, told):
    """Send the heavy query, each time with another text, until the end."""
    while not ended.is_set():
        line = line_from(address, port)
        try:
            line.request("GET", f"/sparql?query={quote(QUERY.format(next(NUMBERS)))}", headers=JSON)
            told[line.getresponse().status] += 1
        except (OSError, HTTPException):
            told["no answer"] += 1
        finally:
            line.close()
        ended.wait(0.2)


@contextmanager
def beside(clients, port):
    """Have so many clients at work; give the statuses that they are answered."""
    ended, told = threading.Event(), Counter()
    threads = [
        threading.Thread(target=heavy, args=(f"127.0.1.{number + 1}", port, ended, told))
        for number in range(clients)
    ]
    for thread in threads:
        thread.start()
    ended.wait(3 if clients else 0)  # until every one of them is waiting or at work
    try:
        yield told
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def reading(port, wanted, seconds):
    """Ask for each sort of address in turn; return milliseconds and statuses by sort."""
    line = line_from("127.0.2.1", port)
    took, told = {name: [] for name in wanted}, {name: Counter() for name in wanted}
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for name, (addresses, headers) in wanted.items():
            try:
                spent, status, _ = ask(line, next(addresses), headers)
            except (OSError, HTTPException):
                line.close()
                spent, status = 90_000.0, "no answer"
            took[name].append(spent)
            told[name][status] += 1
            time.sleep(PAUSE)
    line.close()
    return {
        name: {
            "p95_ms": round(sorted(times)[min(len(times) - 1, len(times) * 95 // 100)], 1),
            "median_ms": round(sorted(times)[len(times) // 2], 1),
            "worst_ms": round(max(times), 1),
            "asked": len(times),
            "statuses": {str(status): number for status, number in told[name].items()},
        }
        for name, times in took.items()
    }


def addresses(draw, named):
    """Return, by sort, endless addresses and the headers to ask with."""
    records = ["/record/" + iri.rpartition("/")[2] for iri, _, _ in named]
    codes = [code for _, code, _ in named]

    def of(items):
        while True:
            yield draw.choice(items)

    def short():
        while True:
            yield "/sparql?query=" + quote(SHORT.format(draw.choice(codes), next(NUMBERS)))

    return {
        "record": (of(records), PAGE),
        "record_data": (
            of([f"{path}.{form}" for path in records for form in ("ttl", "nq", "json")]),
            DATA,
        ),
        "subject_data": (of([f"/subject/{code}" for code in codes]), DATA),
        "list": (of(["/list/judgment-debtor", "/lists"]), PAGE),
        "short_query": (short(), JSON),
    }


def served(directory, port):
    server = subprocess.Popen(
        [*COMMAND, str(directory), "serve", "--port", str(port)],
        cwd=ROOT, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    line = HTTPConnection("127.0.0.1", port, timeout=30)
    while True:
        try:
            if ask(line, "/readyz")[1] == 200:
                return server
        except (OSError, HTTPException):
            line.close()
        time.sleep(0.2)


def main() -> None:
    given = sys.argv[1:]
    asked = [*given, *("10000", "8402", "", "20")[len(given) :]]
    port, seconds, draw = int(asked[1]), float(asked[3]), random.Random(7)
    with tempfile.TemporaryDirectory() as temporary:
        directory = Path(asked[2] or temporary) / "data"
        if not directory.exists():
            build(directory, int(asked[0]))
        total, named, _ = drawn(directory, draw)
        server = served(directory, port)
        try:
            wanted = addresses(draw, named)
            figures = {"records": total, "quiet": reading(port, wanted, seconds)}
            for clients in HEAVY:
                with beside(clients, port) as told:
                    found = reading(port, wanted, seconds)
                for name, times in found.items():
                    quiet = figures["quiet"][name]["p95_ms"]
                    times["of_quiet"] = round(times["p95_ms"] / quiet, 1)
                heavy_told = {str(status): number for status, number in told.items()}
                figures[f"beside_{clients}"] = {**found, "heavy": heavy_told}
        finally:
            server.terminate()
            server.wait()
    print(json.dumps(figures, indent=1), file=sys.stderr)
    written("pages-beside-queries", figures)


if __name__ == "__main__":
    main()
