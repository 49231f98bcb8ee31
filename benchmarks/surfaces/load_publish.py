"""Load and publish, to the last record served, against one bulk load of the same statements.

`python -m benchmarks.surfaces.load_publish [--rows N] [--rounds R] [--port P]`:
a server is up over a small ledger; `load` and `publish` run as a person runs them, until every
surface is at the head and HTTP serves the last record. The other side is
`pyoxigraph.Store.bulk_load(path=)` of the public N-Quads of that ledger into a new store on the
same disk, in a process of its own. Memory is the sum of PSS over server, projector, helper,
workers and verbs; the audit's time and memory stand apart. Ratio: bulk seconds / ours.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import pyoxigraph as ox

from benchmarks.harness import paired, spread, whole_process, written
from benchmarks.surfaces.city import Memory, city, cpu_seconds, sample
from exchange.domain.disclosure_levels import Tier

FIRST = 60  # rows of the small ledger


def ours(folder, first, rest, port):
    """Load the rest of the rows beside a server; return the figures."""
    with city(port, folder) as made:
        made.run("load", first)
        made.run("publish")
        with made.serving(), Memory() as memory:
            before, start = cpu_seconds(made.server.pid), time.perf_counter()
            loading, receipt = made.run("load", rest)
            publishing, _ = made.run("publish")
            with made.open() as ledger:
                last = ledger.changes(Tier.PUBLIC, ledger.head(Tier.PUBLIC) - 1, 1)[-1].iri
            served = made.get(last.removeprefix(made.base))[0] == 200
            found = made.ask(f"ASK {{ <{last}> ?p ?o }}")
            wall = time.perf_counter() - start
            projecting = cpu_seconds(made.server.pid) - before
            peak = memory.peak_mb
            if not (served and found):
                raise SystemExit("the last record is not served")
            statements, auditing = folder / "public.nq", None
            if not statements.exists():  # once: neither belongs to what is compared
                dump(made, statements)
                auditing, _ = made.run("audit")
        disk = sum(path.stat().st_size for path in made.root.rglob("*") if path.is_file())
        return {
            "wall": wall,
            "load_wall": loading.wall,
            "publish_wall": publishing.wall,
            "load_cpu": loading.cpu,
            "publish_cpu": publishing.cpu,
            "server_cpu": projecting,
            "memory_mb": peak,
            "disk_mb": disk / 1e6,
            "accepted": receipt["accepted"],
            "audit": auditing,
        }


def audit_of(rounds):
    """Return the figures of the one audit there was."""
    (used,) = [each["audit"] for each in rounds if each["audit"]]
    return {"exit": used.exit, "seconds": round(used.wall, 1), "mb": round(used.peak_mb)}


def dump(made, path):
    """Write the public view of every record that stands."""
    with made.open() as ledger, path.open("wb") as out:
        for _, _, view in ledger.live(Tier.PUBLIC):
            out.write(view)


def bulk(folder):
    """Load the statements into a new store in a process of its own."""
    with tempfile.TemporaryDirectory(dir=folder) as store:
        command = [sys.executable, "-m", "benchmarks.surfaces.load_publish", "--bulk"]
        used = whole_process([*command, folder / "public.nq", store])
        return {"wall": float(used.said), "cpu": used.cpu, "peak_mb": used.peak_mb}


def load_in_bulk(statements, directory):
    """Print the seconds of the load alone."""
    store = ox.Store(directory)
    start = time.perf_counter()
    store.bulk_load(path=statements, format=ox.RdfFormat.N_QUADS)
    print(time.perf_counter() - start)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--port", type=int, default=8100)
    parser.add_argument("--bulk", nargs=2)
    given = parser.parse_args()
    if given.bulk:
        load_in_bulk(*given.bulk)
        return
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        first, rest = sample(folder / "sample", given.rows, FIRST)
        sides = {
            "ours": lambda: ours(folder, first, rest, given.port),
            "bulk_load": lambda: bulk(folder),
        }
        rounds = paired(sides, given.rounds)
    own = [each["ours"] for each in rounds]
    cpu = [each["load_cpu"] + each["publish_cpu"] + each["server_cpu"] for each in own]
    figures = {
        "rows": given.rows,
        "ratio_wall": spread(r["bulk_load"]["wall"] / r["ours"]["wall"] for r in rounds),
        "ratio_cpu": spread(r["bulk_load"]["cpu"] / c for r, c in zip(rounds, cpu, strict=True)),
        "wall_seconds": spread(each["wall"] for each in own),
        "cpu_seconds": spread(cpu),
        "bulk_load_seconds": spread(each["bulk_load"]["wall"] for each in rounds),
        "memory_mb": spread(each["memory_mb"] for each in own),
        "audit": audit_of(own),
    }
    written("surfaces-load-publish", figures, rounds)


if __name__ == "__main__":
    main()
