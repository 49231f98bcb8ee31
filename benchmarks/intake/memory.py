"""Peak memory of the real `credence load`: flat in rows, and at most 200 MB.

    python benchmarks/intake/memory.py --rows 10000 100000

Each round loads a file of each size into a ledger of its own, in whole processes
(benchmarks/harness.py); kept as benchmarks/results/intake-memory.json. Two rounds are enough:
memory does not depend on what else the machine does. Exits 1 where a target is missed.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))
from benchmarks.harness import paired, spread, whole_process, written  # noqa: E402 (a script is run by its path)

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.harness import Usage

MOST_MB = 200
FLAT = 1.25  # the peak of the largest file over that of the smallest, at most
CREDENCE = (sys.executable, "-m", "publisher.cli", "--quiet", "--json")


def loads(source: Path, folder: Path) -> Callable[[], Usage]:
    """Return what loads the file into a new data directory, and tells the process's usage."""

    def run() -> Usage:
        with tempfile.TemporaryDirectory(dir=folder) as data:
            used = whole_process([*CREDENCE, "-C", data, "load", source])
        receipt = json.loads(used.said.splitlines()[-1])
        if not receipt["accepted"]:
            raise SystemExit(f"Nothing was loaded: {receipt}.")
        return used

    return run


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--rounds", type=int, default=2)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder, sides = Path(name), {}
        for rows in sorted(chosen.rows):
            made = ["sample", "--records", str(rows), "--seed", "3", "-o", folder / str(rows)]
            whole_process([*CREDENCE, *made])
            sides[str(rows)] = loads(folder / str(rows) / "penalty.csv", folder)
        rounds = paired(sides, chosen.rounds)
    peaks = {rows: spread(each[rows].peak_mb for each in rounds) for rows in sides}
    least, most = (peaks[rows]["median"] for rows in (min(sides, key=int), max(sides, key=int)))
    figures = {
        "rounds": len(rounds),
        "peak_mb": peaks,
        "cpu_seconds": {rows: spread(each[rows].cpu for each in rounds) for rows in sides},
        "largest_over_smallest": round(most / least, 3),
        "target": {"peak_mb": MOST_MB, "largest_over_smallest": FLAT},
        "reached": most <= MOST_MB and most / least <= FLAT,
    }
    written("intake-memory", figures, rounds)
    raise SystemExit(0 if figures["reached"] else 1)


if __name__ == "__main__":
    main()
