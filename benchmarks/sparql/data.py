"""The data all servers hold: penalties loaded and published by ourselves, and their N-Triples.

Made once in a folder of one's choice and reused; nothing of it is kept in the project.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from pyoxigraph import DefaultGraph, RdfFormat, Store

from benchmarks.harness import ROOT

# The sample plants faults in one row of twenty, so 20/19 rows make the records asked for.
SOUND = 19 / 20


@dataclass(frozen=True)
class Data:
    """Our data directory, the public statements as a file, and how many records they tell of."""

    ours: Path
    triples: Path
    records: int


def credence(*arguments: str | Path) -> str:
    """Run our command; return its last line."""
    command = [sys.executable, "-m", "publisher.cli", "--quiet", "--json", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode not in {0, 1}:  # 1: the planted faults
        raise RuntimeError(done.stderr[-500:])
    return done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""


def prepare(folder: Path, records: int) -> Data:
    """Return the data below `folder`, made where they are missing."""
    ours, triples, noted = folder / "ours", folder / "public.nt", folder / "records.json"
    if not noted.exists():
        files = folder / "in"
        credence("sample", "--records", str(round(records / SOUND)), "--seed", "7", "-o", files)
        receipt = json.loads(credence("-C", ours, "load", files / "penalty.csv"))
        credence("-C", ours, "publish")
        with triples.open("wb") as out:
            generation(ours).dump(out, format=RdfFormat.N_TRIPLES, from_graph=DefaultGraph())
        noted.write_text(json.dumps(receipt["accepted"]))
    return Data(ours, triples, json.loads(noted.read_text()))


def generation(ours: Path) -> Store:
    """Open the generation that readers see."""
    folder = ours / "surfaces" / "public" / "triples"
    number = json.loads((folder / "current").read_text())["generation"]
    return Store.read_only(str(folder / "generations" / str(number)))
