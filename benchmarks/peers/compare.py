"""Ours against morph-kgc, and morph-kgc followed by pySHACL: whole processes, by turns.

    python benchmarks/peers/compare.py --rows 10000 --pairs 1 --shacl
    python benchmarks/peers/compare.py --rows 100000 --pairs 2

Prints one JSON line a run and one with the ratios of processor seconds (medians of pairs).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent.parent


def environment(name: str) -> str:
    """Make the peer's own environment where it is missing; return its interpreter."""
    folder = HERE / f".venv-{name}"
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        wanted = HERE / f"{name}.txt"
        subprocess.run([python, "-m", "pip", "install", "-q", "-r", wanted], check=True)
    return str(python)


def measured(name: str, command: list[str | Path]) -> dict[str, object]:
    """Run a command to its end; return processor seconds and peak memory of the process."""
    inherited = dict(os.environ, PYTHONPATH=str(ROOT))
    process = subprocess.Popen(
        [str(item) for item in command], cwd=ROOT, env=inherited, stdout=subprocess.PIPE, text=True
    )
    said = process.stdout.read() if process.stdout else ""
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    run = {
        "run": name,
        "cpu_seconds": round(used.ru_utime + used.ru_stime, 2),
        "peak_mb": round(used.ru_maxrss / 1024, 1),
        "exit": process.returncode,
        "said": said.strip().splitlines()[-1:],
    }
    print(json.dumps(run), flush=True)
    return run


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--pairs", type=int, default=1)
    parser.add_argument("--shacl", action="store_true", help="pySHACL after the mapping, too")
    chosen = parser.parse_args()
    morph = environment("morph")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = ["sample", "--records", str(chosen.rows), "--seed", "3", "-o", folder / "in"]
        subprocess.run(
            [sys.executable, "-m", "publisher.cli", "--quiet", *made], check=True, cwd=ROOT
        )
        source = folder / "in" / "penalty.csv"
        inherited = dict(os.environ, PYTHONPATH=str(ROOT))
        rml = [sys.executable, HERE / "rml.py", source, folder]
        subprocess.run(rml, check=True, cwd=ROOT, env=inherited)
        ours_command = [sys.executable, "benchmarks/intake/ours.py", source, folder / "ours.nt"]
        ratios, with_shacl = [], []
        for _ in range(chosen.pairs):
            theirs = measured("morph-kgc", [morph, "-m", "morph_kgc", folder / "morph.ini"])
            ours = measured("ours", ours_command)
            ratios.append(theirs["cpu_seconds"] / ours["cpu_seconds"])
            if chosen.shacl:
                shacl = measured(
                    "pySHACL",
                    [
                        environment("pyshacl"),
                        HERE / "check_shapes.py",
                        folder / "ours.nt",
                        folder / "shape.ttl",
                    ],
                )
                both = theirs["cpu_seconds"] + shacl["cpu_seconds"]
                with_shacl.append(both / ours["cpu_seconds"])
    print(
        json.dumps(
            {
                "rows": chosen.rows,
                "times_morph_kgc": round(statistics.median(ratios), 2),
                "times_morph_kgc_and_pyshacl": round(statistics.median(with_shacl), 1)
                if with_shacl
                else None,
                "our_peak_mb": ours["peak_mb"],
            }
        )
    )


if __name__ == "__main__":
    main()
