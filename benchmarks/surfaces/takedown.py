"""How long a repaired record's text outlives its repair while a large load is being published.

`python -m benchmarks.surfaces.takedown [--rows N] [--repairs R] [--port P]`:
during a load of N rows,
repair cases for records published before are loaded one after the other. Seconds are counted from
the start of the command and from the commit (first 410 of the page) until page, SPARQL and feed
answer without the text. Bound: 5 s from the commit. Memory is the greatest sum of PSS of
all processes but this one until all is published.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from benchmarks.harness import spread, written
from benchmarks.surfaces.city import Memory, city, repairs, sample, until, written_rows
from exchange.domain.disclosure_levels import Tier

FIRST = 2_000
GONE = 410
BOUND = 60


def repair(made, folder, header, case, number):
    """Load one repair case; return how long each place went on showing the record."""
    path = written_rows(folder / f"repair-case-{number}.csv", header, [case])
    with made.open() as ledger:
        before = ledger.head(Tier.PUBLIC)
        start = time.perf_counter()
        loading = made.start("load", path)
        found = []

        def known():
            found[:] = ledger.removals(Tier.PUBLIC, before, 1)
            return bool(found)

        if until(known, BOUND) is None:
            loading.wait()
            return None
        committed = time.perf_counter()
        iri = found[0][1]
        pages = sorted(ledger.pages(Tier.PUBLIC, [iri]))
    record = f"\n<{iri}> ".encode()
    places = {
        "page": lambda: made.get(iri.removeprefix(made.base))[0] == GONE,
        "sparql": lambda: not made.ask(f"ASK {{ <{iri}> ?p ?o }}"),
        "feed": lambda: not any(record in made.page_of(*page) for page in pages),
    }
    seconds = {}
    while places and time.perf_counter() - committed < BOUND:
        for name in [name for name, gone in places.items() if gone()]:
            seconds[name] = time.perf_counter() - committed
            del places[name]
    loading.wait()
    whole = max(seconds.values()) if not places else None
    return {**seconds, "command": committed - start, "gone": whole}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--repairs", type=int, default=10)
    parser.add_argument("--port", type=int, default=8101)
    given = parser.parse_args()
    done = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        first, rest = sample(folder / "sample", given.rows, FIRST)
        header, cases = repairs(folder / "sample", first, given.repairs)
        with city(given.port, folder) as made:
            made.run("load", first)
            made.run("publish")
            with made.serving(), Memory() as memory:
                loading = made.start("load", rest)
                time.sleep(2)
                for number, case in enumerate(cases):
                    if loading.poll() is not None or len(done) == given.repairs:
                        break
                    taken = repair(made, folder, header, case, number)
                    done += [taken] if taken else []
                loading.stdout.read()
                loading.wait()
                made.run("publish")
                peak = memory.peak_mb
                audited, _ = made.run("audit")
    figures = {
        "rows": given.rows,
        "bound_seconds": 5,
        "repairs": len(done),
        "gone_seconds": spread(each["gone"] or BOUND for each in done),
        "command_seconds": spread(each["command"] for each in done),
        "memory_mb": peak,
        "audit_exit": audited.exit,
        "audit_seconds": round(audited.wall, 1),
    }
    written("surfaces-takedown", figures, done)


if __name__ == "__main__":
    main()
