"""Load and publish of this checkout against another one, paired.

`python -m benchmarks.surfaces.two_releases --base DIR [--rows N] [--rounds R]`: DIR is a checkout
of the other release (`git worktree add DIR REVISION`). Each round loads the same penalties into an
empty ledger and publishes them, with both, back to back; the one that begins changes from round to
round. Ratio: seconds of the other / ours, of processor (all processes) and of wall. The share
of the machine that others used in each round stands in the result.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks import machine_load
from benchmarks.harness import ROOT, ROUND_LOADS, spread, written

VERBS = ("load", "publish")


def verb(tree: Path, data: Path, *arguments: str) -> dict[str, float]:
    """Run a verb with the code of a tree; return seconds of wall and processor."""
    dropped = {"PYTHONDONTWRITEBYTECODE"}  # who installs a program keeps its byte code
    kept = {
        name: value
        for name, value in os.environ.items()
        if "CREDENCE" not in name and name not in dropped
    }
    command = [sys.executable, "-m", "publisher.cli", "-C", str(data), "--quiet", *arguments]
    before, began = os.times(), os.times().elapsed
    subprocess.run(command, check=False, cwd=tree, env={**kept, "PYTHONPATH": str(tree)})
    after = os.times()
    used = after.children_user + after.children_system
    return {
        "wall": after.elapsed - began,
        "cpu": used - before.children_user - before.children_system,
    }


def once(tree: Path, folder: Path, file: Path) -> dict[str, dict[str, float]]:
    """Load and publish the file with the code of a tree; return the figures of each verb."""
    data = folder / "data"
    figures = {
        "load": verb(tree, data, "load", str(file)),
        "publish": verb(tree, data, "publish"),
    }
    for path in folder.iterdir():
        shutil.rmtree(path)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    trees = {"base": chosen.base.absolute(), "ours": ROOT}
    rounds = []
    with tempfile.TemporaryDirectory() as made:
        sample, folder = Path(made) / "sample", Path(made) / "run"
        folder.mkdir()
        verb(trees["base"], sample, "sample", "--records", str(chosen.rows), "-o", str(sample))
        for number in range(chosen.rounds):
            order = list(trees) if number % 2 else list(reversed(trees))
            begun = machine_load.Moment.now()
            rounds.append(
                {name: once(trees[name], folder, sample / "penalty.csv") for name in order}
            )
            ROUND_LOADS.append(machine_load.others_share(begun))
            print(rounds[-1], ROUND_LOADS[-1], flush=True)
    ratios = {
        f"{name} {unit}": [one["base"][name][unit] / one["ours"][name][unit] for one in rounds]
        for name in VERBS
        for unit in ("cpu", "wall")
    }
    for name, found in ratios.items():
        print(f"{name}: {statistics.median(found):.2f}x [{min(found):.2f}-{max(found):.2f}]")
    shown = {name: spread(found) for name, found in ratios.items()}
    written("surfaces-two-releases", {"rows": chosen.rows, "ratios": shown}, rounds)


if __name__ == "__main__":
    main()
