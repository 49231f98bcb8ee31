"""One file of a thousand repair cases, spread over every page of a large feed, until all is clean.

`python -m benchmarks.surfaces.repairs [--rows N] [--cases C] [--port P]`:
seconds from the start of
`load` until SPARQL, feed pages and record pages (asked over HTTP) show none of the records. Bound:
30 s.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from benchmarks.harness import spread, written
from benchmarks.surfaces.city import city, repairs, sample, until, written_rows
from exchange.domain.disclosure_levels import Tier

BOUND = 300
ASKED = 200  # records in one question
GONE = 410


def shown_by_sparql(made, iris):
    """Return whether a statement about any of the records is left."""
    parts = [iris[at : at + ASKED] for at in range(0, len(iris), ASKED)]
    return any(
        made.ask(f"ASK {{ VALUES ?r {{ {' '.join(f'<{iri}>' for iri in part)} }} ?r ?p ?o }}")
        for part in parts
    )


def dirty(made, pages):
    """Return the pages that still have text of their records."""
    return {
        page: records
        for page, records in pages.items()
        if any(f"\n<{iri}> ".encode() in made.page_of(*page) for iri in records)
    }


def cleaned(made, path):
    """Load the cases; return the seconds until each place was clean, and how many left."""
    with made.open() as ledger:
        before, start = ledger.head(Tier.PUBLIC), time.perf_counter()
        used, receipt = made.run("load", path)
        rows = ledger.removals(Tier.PUBLIC, before, 100_000)
        iris = [iri for _, iri in rows]
        pages = {}
        for iri in iris:
            for page in ledger.pages(Tier.PUBLIC, [iri]):
                pages.setdefault(page, []).append(iri)
    until(lambda: not shown_by_sparql(made, iris), BOUND)
    sparql = time.perf_counter() - start
    # One after the other: a page that is clean once stays so.
    while pages and time.perf_counter() - start < BOUND:
        pages = dirty(made, pages)
    feed = time.perf_counter() - start
    standing = [iri for iri in iris if made.get(iri.removeprefix(made.base))[0] != GONE]
    return {
        "load": used.wall,
        "sparql": sparql,
        "feed": feed,
        "clean": time.perf_counter() - start,
        "left": len(iris),
        "accepted": receipt["accepted"],
        "standing": len(standing) + len(pages),
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--cases", type=int, default=1_000)
    parser.add_argument("--port", type=int, default=8102)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        sample(folder / "sample", given.rows, 0)
        penalties = folder / "sample" / "penalty.csv"
        header, cases = repairs(folder / "sample", penalties, given.cases)
        step = max(len(cases) // given.cases, 1)
        path = written_rows(folder / "repair-case.csv", header, cases[::step][: given.cases])
        with city(given.port, folder) as made:
            made.run("load", penalties)
            made.run("publish")
            with made.serving():
                made.run("publish")
                done = cleaned(made, path)
                made.run("publish")
                audited, _ = made.run("audit")
    figures = {"rows": given.rows, "bound_seconds": 30, "audit_exit": audited.exit}
    figures |= {name: spread([value]) for name, value in done.items()}
    written("surfaces-repairs", figures, [done])


if __name__ == "__main__":
    main()
