"""Pages over HTTP with the service up: subjects, search, home; and a repair until it is gone.

`python benchmarks/index/pages.py [RECORDS] [PORT] [DIRECTORY]` makes a deployment of about so many
records (kept where a directory is given), serves it as `credence serve` does, asks from this
process over one connection, and withdraws records by the command while it is served.
"""

from __future__ import annotations

import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote

from benchmarks.harness import ROOT, memory_mb, spread, written
from exchange.domain.disclosure_levels import Tier
from publisher.stores.surface_sqlite import Readers
from publisher.surfaces.files.tree_surface import current_tree
from publisher.surfaces.index.schema import FILE
from publisher.wiring import Deployment

ASKED = 400
WITHDRAWN = 10
FILES = ("subject", "measure", "penalty", "licence", "list-entry")
COMMAND = (sys.executable, "-m", "publisher.cli", "-C")
BROWSER = {"Accept": "text/html"}


def credence(directory, *words, check=True):
    command = [
        *COMMAND,
        str(directory),
        "--json",
        *map(str, words),
    ]
    return subprocess.run(command, cwd=ROOT, check=check, capture_output=True, text=True).stdout


def build(directory, records):
    """Load and publish about `records` records; the sample has twice as many as penalties."""
    sample = directory.parent / "sample"
    credence(directory, "sample", "--records", records * 12 // 25, "--seed", 7, "-o", sample)
    credence(directory, "load", *(sample / f"{name}.csv" for name in FILES), check=False)
    credence(directory, "publish")


def ask(line, path, headers=BROWSER):
    start = time.perf_counter()
    line.request("GET", path, headers=headers)
    answer = line.getresponse()
    body = answer.read()
    return 1000 * (time.perf_counter() - start), answer.status, body


def timed(line, paths):
    took, size = [], 0
    for path in paths:
        spent, status, body = ask(line, path)
        assert status == 200, (path, status)
        took.append(spent)
        size = max(size, len(body))
    return {
        "p95_ms": round(statistics.quantiles(took, n=20)[-1], 2),
        "median_ms": round(statistics.median(took), 2),
        "worst_ms": round(max(took), 2),
        "largest_kb": round(size / 1024, 1),
    }


def drawn(directory, draw):
    """Codes, names and records to ask for; how many records there are."""
    with Deployment(directory).open() as opened:
        folder = current_tree(opened.deployment.layout.index(Tier.PUBLIC)).resolve()
        with Readers(lambda: folder / FILE).reading() as connection:
            rows = connection.execute("SELECT iri, code, name FROM record").fetchall()
            busiest = connection.execute(
                "SELECT code FROM mention GROUP BY code ORDER BY count(*) DESC LIMIT 20"
            ).fetchall()
    named = [row for row in draw.sample(rows, ASKED * 2) if row[1] and row[2]][:ASKED]
    return len(rows), named, [code for (code,) in busiest]


def until_gone(directory, line, iri, name):
    """Seconds from the command's start until the search, and the index itself, have it no more."""
    start, path = time.perf_counter(), f"/search?q={quote(name)}"
    process = subprocess.Popen(
        [*COMMAND, str(directory), "--json", "withdraw", iri,
         "--because", "repair"], cwd=ROOT, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    while iri.encode() in ask(line, path, {"Accept": "application/json"})[2]:
        time.sleep(0.02)
    searched = time.perf_counter() - start
    assert process.wait() == 0, "the withdrawal failed"
    with Deployment(directory).open() as opened:
        index = opened.index(Tier.PUBLIC)
        while index.contains(iri):
            time.sleep(0.02)
    return searched, time.perf_counter() - start


def main() -> None:
    given = sys.argv[1:]
    asked = [*given, *("100000", "8401", "")[len(given) :]]
    records, port, kept = int(asked[0]), int(asked[1]), asked[2]
    draw = random.Random(7)
    with tempfile.TemporaryDirectory() as temporary:
        directory = Path(kept or temporary) / "data"
        if not directory.exists():
            build(directory, records)
        count, named, busiest = drawn(directory, draw)
        server = subprocess.Popen(
            [*COMMAND, str(directory), "serve", "--port", str(port)],
            cwd=ROOT, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            line = HTTPConnection("127.0.0.1", port, timeout=30)
            while True:
                try:
                    if ask(line, "/readyz")[1] == 200:
                        break
                except OSError:
                    line.close()
                time.sleep(0.2)
            texts = [name[start : start + 2 + start % 3] for _, _, name in named for start in (1,)]
            figures = {
                "records": count,
                "subject": timed(line, [f"/subject/{code}" for _, code, _ in named]),
                "busiest_subjects": timed(line, [f"/subject/{code}" for code in busiest * 3]),
                "search": timed(line, [f"/search?q={quote(text)}" for text in texts]),
                "home": timed(line, ["/"] * 40),
                "datasets": timed(line, ["/datasets"] * 40),
                "status": timed(line, ["/status"] * 40),
                "memory_mb": memory_mb([server.pid]),
            }
            gone = [until_gone(directory, line, iri, name) for iri, _, name in named[:WITHDRAWN]]
            figures["withdrawn_until_search_s"] = spread(one for one, _ in gone)
            figures["withdrawn_until_index_s"] = spread(other for _, other in gone)
        finally:
            server.terminate()
            server.wait()
    print(json.dumps(figures), file=sys.stderr)
    written("index-pages", figures)


if __name__ == "__main__":
    main()
