"""What comparing every served file of both tiers with the ledger costs, in processor seconds.

`python -m benchmarks.surfaces.audit [--records N] [--rounds R] [--port P] [--folder DIR]`: the
sample is loaded and published into a new directory, or the data directory DIR is taken as it is;
then `credence audit` runs so many times, each a process of its own. The port is that of the
addresses in the data; nothing listens. `per_100000` is worked out from the records that stand,
`load` is how many processes wanted the machine's cores when a round began.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

from benchmarks.harness import spread, written
from benchmarks.surfaces.city import SEED, City
from exchange.sample import generate


def audits(made, rounds):
    """Run the verb so many times; return the figures of each."""
    found = []
    for _ in range(rounds):
        load = os.getloadavg()[0]
        used, report = made.run("audit")
        found.append({"used": used, "records": report["records"], "load": load})
    return found


def published(folder, records, port):
    """Load and publish the sample."""
    made = City(folder / "data", port)
    generate(records, SEED, folder / "sample")
    made.run("load", folder / "sample")
    made.run("publish")
    return made


def main():
    """Measure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        if given.folder:
            made = City(given.folder, given.port)
        else:
            made = published(Path(name), given.records, given.port)
        rounds = audits(made, given.rounds)
    figures = {
        "records": rounds[0]["records"],
        "exit": max(each["used"].exit for each in rounds),
        "cpu_seconds": spread(each["used"].cpu for each in rounds),
        "cpu_seconds_per_100000": spread(
            each["used"].cpu * 100_000 / each["records"] for each in rounds
        ),
        "memory_mb": spread(each["used"].peak_mb for each in rounds),
        "load": spread(each["load"] for each in rounds),
    }
    written("surfaces-audit", figures, rounds)


if __name__ == "__main__":
    main()
