"""How soon a repaired record has left the downloads of a large deployment.

`python -m benchmarks.dumps.takedown [--rows N] [--repairs R] [--port P]`: N penalties are loaded,
published and served; repair cases are loaded one after the other. Seconds are counted from the
commit (first sight in the ledger) until `latest` leads to a version without the record; then
every form is downloaded and searched. Bound: 5 s at 100,000 records.
"""

from __future__ import annotations

import argparse
import gzip
import json
import tempfile
import time
from pathlib import Path
from urllib.request import urlopen

from benchmarks.harness import spread, written
from benchmarks.surfaces.city import city, repairs, sample, until, written_rows
from exchange.domain.disclosure_levels import Tier

FORMS = ("csv", "nq", "jsonld", "ttl")
BOUND = 60


def version(made):
    """Return the newest version, as its manifest tells it."""
    return json.loads(made.get("/dump/penalty/latest/manifest.json")[1])["version"]


def contains(made, form, iri):
    """Whether the newest download of a form names the record."""
    with urlopen(f"{made.base}/dump/penalty/latest.{form}.gz", timeout=BOUND) as answer:
        return iri.encode() in gzip.decompress(answer.read())


def repair(made, folder, header, case, number):
    """Load one repair case; return the seconds from commit to the version without the record."""
    path = written_rows(folder / f"repair-case-{number}.csv", header, [case])
    before = version(made)
    with made.open() as ledger:
        head, found = ledger.head(Tier.PUBLIC), []
        loading = made.start("load", path)

        def known():
            found[:] = ledger.removals(Tier.PUBLIC, head, 1)
            return bool(found)

        if until(known, BOUND) is None:
            loading.wait()
            return None
    committed = time.perf_counter()
    if until(lambda: version(made) != before, BOUND) is None:
        raise SystemExit("the download kept its version")
    seconds = time.perf_counter() - committed
    loading.wait()
    left = [form for form in FORMS if contains(made, form, found[0][1])]
    return {"gone": seconds, "left_in": left}


def main():
    """Measure and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--repairs", type=int, default=5)
    parser.add_argument("--port", type=int, default=8350)
    given = parser.parse_args()
    done = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        first, rest = sample(folder / "sample", given.rows, 2_000)
        header, cases = repairs(folder / "sample", first, given.repairs)
        with city(given.port, folder) as made:
            made.run("load", first)
            made.run("load", rest)
            published, _ = made.run("publish")
            with made.serving():
                for number, case in enumerate(cases[: given.repairs]):
                    taken = repair(made, folder, header, case, number)
                    done += [taken] if taken else []
            audited, _ = made.run("audit")
    written(
        f"dumps-takedown-{given.rows}",
        {
            "rows": given.rows,
            "bound_seconds": 5,
            "repairs": len(done),
            "gone_seconds": spread(each["gone"] for each in done),
            "left_in": sorted({form for each in done for form in each["left_in"]}),
            "publish_wall_seconds": round(published.wall, 1),
            "audit_exit": audited.exit,
        },
        done,
    )


if __name__ == "__main__":
    main()
