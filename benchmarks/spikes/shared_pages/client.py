"""Install ldes-client outside the checkout, run it, and count what it emits."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger import Ledger
from serve import Server

HERE = Path(__file__).parent
Run = dict[str, Any]
Report = dict[str, Any]


def install(target: Path) -> str:
    """Copy the runner and install the pinned client; return its version."""
    for name in ("package.json", "run.mjs"):
        shutil.copy(HERE / name, target / name)
    command = ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--silent"]
    subprocess.run(command, cwd=target, check=True, capture_output=True, timeout=300)
    found = json.loads((target / "node_modules/ldes-client/package.json").read_text())
    return str(found["version"])


@dataclass
class Client:
    """The installed client against one server."""

    home: Path
    server: Server

    def run(self, feed: str, **options: object) -> Run:
        """Replicate once; options are those of run.mjs."""
        self.server.take()
        given = {"url": f"{self.server.base}feed/{feed}", **options}
        done = subprocess.run(
            ["node", "run.mjs", json.dumps(given)],
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=240,
            check=True,
        )
        found: Run = json.loads(done.stdout)
        asked = self.server.take()
        found["requests"] = len(asked)
        found["not_found"] = sum(status != 200 for _, status, _ in asked)
        return found


def names(run: Run) -> list[str]:
    """The events in the order of emission."""
    return [member["id"].rsplit("/", 1)[1] for member in run["members"]]


def inversions(run: Run) -> dict[str, int]:
    """Members emitted after a later one: over the feed, and within one object."""
    newest, of, over, within = "", dict[str, str](), 0, 0
    for member in run["members"]:
        moment, record = member["published"], member["record"]
        over += moment < newest
        within += moment < of.get(record, "")
        newest, of[record] = max(newest, moment), max(of.get(record, ""), moment)
    return {"out_of_order": over, "out_of_order_in_object": within}


def live_by_arrival(runs: list[Run]) -> set[str]:
    """What a naive consumer holds: the last emission wins."""
    state = {m["record"]: m["type"] for run in runs for m in run["members"]}
    return {record.rsplit("/", 1)[1] for record, kind in state.items() if kind != "Delete"}


def live_by_time(runs: list[Run]) -> set[str]:
    """What a sound consumer holds: the last `as:published` wins."""
    members = sorted((m for run in runs for m in run["members"]), key=lambda m: m["published"])
    return live_by_arrival([{"members": members}])


def report(run: Run, wanted: set[str], ledger: Ledger, kinds: list[str], *old: Run) -> Report:
    """Compare a run, after older runs with the same state, with the ledger."""
    got = names(run)
    live, runs = ledger.live(kinds), [*old, run]
    before = {name for past in old for name in names(past)}
    return {
        "emitted": len(got),
        "duplicates": len(got) - len(set(got)),
        "re_emitted": len(set(got) & before),
        "lost": len(wanted - set(got)),
        "unexpected": len(set(got) - wanted),
        **inversions(run),
        "live": len(live),
        "live_wrong_by_time": len(live ^ live_by_time(runs)),
        "live_wrong_by_arrival": len(live ^ live_by_arrival(runs)),
        "requests": run["requests"],
        "not_found": run["not_found"],
        "failures": run["failures"],
        "stray_quads": sum(member["foreign"] for member in run["members"]),
    }


def exact(found: Report) -> bool:
    """Whether the consumer ended with exactly what the ledger says."""
    keys = ("duplicates", "re_emitted", "lost", "unexpected", "live_wrong_by_time")
    return not any(found[key] for key in (*keys, "not_found", "failures", "stray_quads"))
