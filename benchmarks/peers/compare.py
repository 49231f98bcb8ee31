"""Ours against morph-kgc, and against morph-kgc followed by pySHACL, on one file in one run.

    python benchmarks/peers/compare.py --rows 10000 --shacl
    python benchmarks/peers/compare.py --rows 100000

Whole processes by turns (benchmarks/harness.py); the figures are ratios of processor seconds
(user and system), kept as benchmarks/results/intake-ROWS.json. Exits 1 where a target is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT))
from benchmarks.harness import ROUNDS, Usage, paired, spread, whole_process, written  # noqa: E402 (a script is run by its path)
from benchmarks.peers.environments import environment  # noqa: E402 (likewise)

WITH_SHACL, ALONE = 15, 4  # times the processor seconds of ours, at least


def prepared(folder: Path, rows: int) -> Path:
    """Write the sample and the peers' mapping, shape and configuration; return the file."""
    inherited = dict(os.environ, PYTHONPATH=str(ROOT))
    made = ["sample", "--records", str(rows), "--seed", "3", "-o", folder / "in"]
    run = [sys.executable, "-m", "publisher.cli", "--quiet", *made]
    subprocess.run(run, check=True, cwd=ROOT, env=inherited, stdout=subprocess.DEVNULL)
    source = folder / "in" / "penalty.csv"
    mapping = [sys.executable, HERE / "rml.py", source, folder]
    subprocess.run(mapping, check=True, cwd=ROOT, env=inherited)
    return source


def runs(*command: str | Path) -> Callable[[], Usage]:
    """Return what runs the command to a good end."""

    def run() -> Usage:
        used = whole_process(command)
        if used.exit:
            raise SystemExit(f"{command[0]} ended with {used.exit}.")
        return used

    return run


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--shacl", action="store_true", help="pySHACL after the mapping, too")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = prepared(folder, chosen.rows)
        quads = folder / "ours.nt"
        sides = {
            "morph-kgc": runs(environment("morph"), "-m", "morph_kgc", folder / "morph.ini"),
            "ours": runs(sys.executable, "benchmarks/intake/ours.py", source, quads),
        }
        sides["ours"]()  # pySHACL needs our N-Quads even where it goes first
        if chosen.shacl:
            check = HERE / "check_shapes.py"
            sides["pySHACL"] = runs(environment("pyshacl"), check, quads, folder / "shape.ttl")
        rounds = paired(sides, chosen.rounds)
    alone = spread(each["morph-kgc"].cpu / each["ours"].cpu for each in rounds)
    figures = {
        "rows": chosen.rows,
        "rounds": len(rounds),
        "times_morph_kgc": alone,
        "our_rows_per_cpu_second": json.loads(rounds[-1]["ours"].said)["rows_per_cpu_second"],
        "our_peak_mb": spread(each["ours"].peak_mb for each in rounds),
    }
    reached = chosen.shacl or alone["median"] >= ALONE
    if chosen.shacl:
        both = spread(
            (each["morph-kgc"].cpu + each["pySHACL"].cpu) / each["ours"].cpu for each in rounds
        )
        figures["times_morph_kgc_and_pyshacl"] = both
        reached = both["median"] >= WITH_SHACL
    figures["target"] = WITH_SHACL if chosen.shacl else ALONE
    figures["reached"] = reached
    written(f"intake-{chosen.rows}", figures, rounds)
    raise SystemExit(0 if reached else 1)


if __name__ == "__main__":
    main()
