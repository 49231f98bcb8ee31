"""What every benchmark shares: paired rounds, whole-process figures, results as JSON.

Machines are shared and noisy, so a claim is a ratio: both sides run back to back within a round,
the side that begins changes from round to round, and the median of the rounds' ratios is quoted
beside its spread. `written` keeps everything that was measured in benchmarks/results/, with the
versions it was measured on and how busy others kept the machine meanwhile: figures of a crowded
hour are kept, but not quoted.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import machine_load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
ROUNDS = 5
# Options whose values are no part of the command that others would give.
PLACES = frozenset({"--base", "--folder", "--file", "--note"})
STARTED = machine_load.Moment.now()
# Of each round of `paired`, the share of the machine that others used; `written` keeps them.
ROUND_LOADS: list[float] = []
VERSIONED = ("pyoxigraph", "sqlalchemy", "flask", "granian", "jsonschema-rs", "python-calamine")


@dataclass(frozen=True)
class Usage:
    """A process that has ended: seconds of wall and processor, peak memory of it alone, MB."""

    wall: float
    cpu: float
    peak_mb: float
    exit: int
    said: str


def whole_process(command: Sequence[str | Path], env: Mapping[str, str] | None = None) -> Usage:
    """Run a command from the project's root to its end; its standard output comes back."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [str(part) for part in command],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **(env or {})},
        stdout=subprocess.PIPE,
        text=True,
    )
    said = process.stdout.read() if process.stdout else ""
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Usage(
        time.perf_counter() - start,
        used.ru_utime + used.ru_stime,
        used.ru_maxrss / 1024,
        process.returncode,
        said.strip(),
    )


def paired(sides: Mapping[str, Callable[[], Any]], rounds: int = ROUNDS) -> list[dict[str, Any]]:
    """Run every side once a round; the order turns round with each. One dict a round."""
    names, done = list(sides), []
    for number in range(rounds):
        order = names if number % 2 == 0 else names[::-1]
        begun = machine_load.Moment.now()
        done.append({name: sides[name]() for name in order})
        ROUND_LOADS.append(machine_load.others_share(begun))
        print(json.dumps({"round": number + 1, **_plain(done[-1])}), file=sys.stderr, flush=True)
    return done


def spread(values: Iterable[float]) -> dict[str, float]:
    """Return median, least and greatest."""
    found = sorted(values)
    return {
        "median": round(statistics.median(found), 4),
        "min": round(found[0], 4),
        "max": round(found[-1], 4),
    }


def memory_mb(pids: Iterable[int]) -> float:
    """Return the sum of PSS of these processes and all below them, in MB.

    Source: docs/design/scale.md "Memory".
    """
    total, waiting, seen = 0, list(pids), set()
    while waiting:
        pid = waiting.pop()
        if pid in seen:
            continue
        seen.add(pid)
        try:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
            for task in Path(f"/proc/{pid}/task").iterdir():
                waiting += map(int, (task / "children").read_text().split())
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue  # it ended while we looked
        total += sum(int(line.split()[1]) for line in rollup.splitlines() if line[:4] == "Pss:")
    return round(total / 1024, 1)


def cpu_seconds(pid: int) -> float:
    """Return processor seconds of a process, its ended children and all that run below it."""
    return machine_load.seconds_below(pid)


def written(name: str, figures: Mapping[str, Any], rounds: Sequence[Any] = ()) -> None:
    """Keep the figures under benchmarks/results/ and print them as one JSON document."""
    document = {
        "benchmark": name,
        "command": _command(),
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "machine": {"cores": os.cpu_count(), "architecture": platform.machine()},
        "load": {"others": machine_load.others_share(STARTED), "rounds": list(ROUND_LOADS)},
        "versions": {"python": platform.python_version(), **_versions()},
        "figures": dict(figures),
        "rounds": [_plain(each) for each in rounds],
    }
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps(document, indent=1, ensure_ascii=False)
    (RESULTS / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    print(json.dumps({"benchmark": name, **document["figures"]}, ensure_ascii=False))


def _command() -> str:
    """Return how this was started, without the places of this machine."""
    spec = sys.modules["__main__"].__spec__
    module = f"-m {spec.name}" if spec else str(Path(sys.argv[0]).resolve().relative_to(ROOT))
    kept, arguments = [], iter(sys.argv[1:])
    for part in arguments:
        if part in PLACES:
            next(arguments, None)
        else:
            kept.append(part)
    return " ".join(["python", module, *kept])


def _versions() -> dict[str, str]:
    found = {}
    for package in VERSIONED:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, Usage):
        return {key: value for key, value in asdict(value).items() if key != "said"}
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return round(value, 4) if isinstance(value, float) else value
