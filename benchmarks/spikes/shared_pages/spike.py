"""Measure whether npm `ldes-client` reads pages that two streams share.

Prints one JSON document; ends with 1 when the decided layout loses, repeats or
misplaces anything. Other layouts and the negative twins are only reported.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from build import CLOSED, KINDS, Layout, sample, write
from client import Client, Report, exact, install, inversions, names, report
from ledger import Ledger, Traffic, stamp
from serve import Server

FEEDS: dict[str, list[str]] = {"penalty": ["penalty"], "all": list(KINDS)}
REPEATS = 4
JITTER = 300  # milliseconds


class Bench:
    """One installed client, one server, and a fresh directory per question."""

    def __init__(self, home: Path) -> None:
        self.home, self.trees = home, 0
        self.version = install(home)
        self.server = Server(home)
        self.server.start()
        self.client = Client(home, self.server)

    def serve(self, ledger: Ledger, layout: Layout) -> Path:
        """Write the ledger to a new directory and serve that."""
        self.trees += 1
        root = self.home / f"tree{self.trees}"
        root.mkdir()
        write(ledger, root, self.server.base, layout)
        self.server.root = root
        return root

    def state(self, name: str) -> str:
        """A new directory for a client's saved state."""
        return str(self.home / f"state{self.trees}-{name}")

    def read(self, ledger: Ledger, feed: str, **options: object) -> Report:
        """Replicate a feed from nothing and compare it with the ledger."""
        wanted = {event.name for event in ledger.visible(FEEDS[feed])}
        run = self.client.run(feed, **options)
        return report(run, wanted, ledger, FEEDS[feed])


def layouts(bench: Bench) -> Report:
    """Read both feeds several times unordered and once ordered, in each layout."""
    found: Report = {}
    tried = {
        "chain": Layout(),
        "chain in N-Quads": Layout(media="nq"),
        "older node linked first": Layout(older_last=False),
        "flat": Layout(index="flat"),
        "tree of its own": Layout(index="own"),
        "shared tree": Layout(index="shared"),
    }
    for name, layout in tried.items():
        ledger = sample()[0]
        bench.serve(ledger, layout)
        for feed in FEEDS:
            runs = [bench.read(ledger, feed) for _ in range(REPEATS)]
            ordered = bench.read(ledger, feed, ordered="ascending")
            found[f"{name}: {feed}"] = {
                "members": len(ledger.visible(FEEDS[feed])),
                "lost": [run["lost"] for run in runs],
                "duplicates": sum(run["duplicates"] for run in runs),
                "requests": runs[0]["requests"],
                "out_of_order, ordered": ordered["out_of_order"],
                "live_wrong_by_arrival, ordered": ordered["live_wrong_by_arrival"],
                "exact": all(exact(run) for run in [*runs, ordered]),
            }
    return found


def closed_bytes(root: Path) -> dict[str, str]:
    """A digest of each closed page and index node."""
    table: dict[str, str] = json.loads((root / "headers.json").read_text())
    paths = (path for path, header in table.items() if header == CLOSED)
    return {p: hashlib.sha256((root / f"{p[1:]}.trig").read_bytes()).hexdigest() for p in paths}


def follow(bench: Bench) -> Report:
    """Ordered with saved state: load, append, nothing new, redaction; then a newcomer."""
    ledger, traffic = sample()
    root = bench.serve(ledger, Layout())
    old: dict[str, list[Report]] = {feed: [] for feed in FEEDS}
    known: dict[str, set[str]] = {feed: set() for feed in FEEDS}
    found: Report = {}
    changes: dict[str, Callable[[], None]] = {
        "load": lambda: None,
        "append": lambda: traffic.fill(ledger, {"penalty": 400, "licence": 300}),
        "idle": lambda: None,
        "redaction": lambda: redact(ledger, traffic.now),
    }
    for step, change in changes.items():
        before = closed_bytes(root)
        change()
        write(ledger, root, bench.server.base, Layout())
        after = closed_bytes(root)
        found[f"{step}: closed files changed"] = sum(after[p] != before[p] for p in before)
        for feed, kinds in FEEDS.items():
            visible = {event.name for event in ledger.visible(kinds)}
            run = bench.client.run(feed, ordered="ascending", state=bench.state(feed))
            wanted = visible - known[feed]
            found[f"{step}: {feed}"] = report(run, wanted, ledger, kinds, *old[feed])
            known[feed] |= visible
            old[feed].append(run)
    for feed in FEEDS:
        found[f"newcomer: {feed}"] = bench.read(ledger, feed)
    return found


def redact(ledger: Ledger, now: int) -> None:
    """Withdraw a few records of one kind and everything on a closed page of another."""
    live = ledger.live(KINDS)
    early = [e.record for e in ledger.of_kind("penalty") if e.page == 3 and e.record in live]
    whole = [e.record for e in ledger.of_kind("licence") if e.page == 2 and e.record in live]
    ledger.withdraw("penalty", list(dict.fromkeys(early))[:5], now)
    ledger.withdraw("licence", list(dict.fromkeys(whole)), now)


def overtaking(bench: Bench) -> Report:
    """Read while answers overtake each other, with 10 and with 1 at a time."""
    ledger, found = sample()[0], {}
    bench.server.jitter = JITTER
    for index in ("chain", "flat"):
        bench.serve(ledger, Layout(index=index))
        for feed in FEEDS:
            name = f"{index}: {feed}"
            found[f"{name}, unordered"] = bench.read(ledger, feed)
            for many in (10, 1):
                options = {"ordered": "ascending", "concurrent": many}
                found[f"{name}, ordered, {many} at a time"] = bench.read(ledger, feed, **options)
    bench.server.jitter = 0
    return found


def small() -> tuple[Ledger, Traffic]:
    """A feed of 600 members, for the twins."""
    ledger, traffic = Ledger(), Traffic(3)
    traffic.fill(ledger, {"penalty": 350, "licence": 250})
    return ledger, traffic


def twins(bench: Bench) -> Report:
    """What happens when a rule of the page is kept differently, or broken."""
    ledger, found = small()[0], {}
    cases: dict[str, tuple[Layout, Report]] = {
        "as decided": (Layout(), {}),
        "N-Quads": (Layout(media="nq"), {}),
        "page describes both streams, with tree:view": (Layout(described=True), {}),
        "page states the kind's membership only": (Layout(both=False), {}),
        "root is a view of both streams": (Layout(two_views=True), {}),
        "client is --loose": (Layout(), {"loose": True}),
    }
    for name, (layout, options) in cases.items():
        bench.serve(ledger, layout)
        for feed in FEEDS:
            found[f"{name}: {feed}"] = bench.read(ledger, feed, **options)
    found["two versions in one group: penalty"] = tied(bench)
    return found


def tied(bench: Bench) -> Report:
    """Create and Delete of fifty objects at one time: nobody can tell which is last."""
    ledger = Ledger()
    ledger.append("licence", [("0" * 32, "Create")], 0)
    for at in range(50):
        ledger.append("penalty", [(f"{at:032x}", "Create"), (f"{at:032x}", "Delete")], 0, False)
    bench.serve(ledger, Layout())
    return bench.read(ledger, "penalty", ordered="ascending")


def torn(bench: Bench, mixed: bool) -> Report:
    """Poll /feed/all after a batch wrote one kind's page and before the other's."""
    ledger, traffic = small()
    root, state = bench.serve(ledger, Layout()), bench.state("torn")
    bench.client.run("all", ordered="ascending", state=state)
    promised = ledger.last
    for kind in ("penalty", "licence", "penalty", "licence", "penalty"):
        ledger.append(kind, traffic.changes(kind, 20), traffic.now)
    if mixed:
        groups = {kind: traffic.changes(kind, 20) for kind in KINDS}
        ledger.append_mixed(groups, traffic.now)
    write(ledger, root, bench.server.base, Layout(), ("penalty",))
    first = bench.client.run("all", ordered="ascending", state=state)
    newest = max(member["published"] for member in first["members"])
    write(ledger, root, bench.server.base, Layout())
    second = bench.client.run("all", ordered="ascending", state=state)
    later = set(names(second))
    by_seen = set(names(bench.client.run("all", after=newest)))
    by_root = set(names(bench.client.run("all", after=stamp(promised))))
    new = {e.name for e in ledger.events if e.published > promised}
    return {
        "new": len(new),
        "seen in the torn poll": len(first["members"]),
        "lost with saved state": len(new - set(names(first)) - later),
        "out of order over both polls": inversions(
            {"members": first["members"] + second["members"]}
        )["out_of_order"],
        "lost by a mark of the newest time seen": len(later - by_seen),
        "lost by the root's completeUntil": len(new - by_root),
    }


def sizes(bench: Bench) -> Report:
    """Mean bytes of a page with one and two memberships, and of the mutable root."""
    found: Report = {}
    for name, both in (("one membership", False), ("two memberships", True)):
        root = bench.serve(sample()[0], Layout(both=both))
        pages = [p.read_bytes() for p in root.glob("feed/*/p/*.trig")]
        found[name] = {
            "bytes": sum(map(len, pages)) // len(pages),
            "gzip": sum(len(gzip.compress(p)) for p in pages) // len(pages),
        }
    for index in ("chain", "flat", "shared"):
        root = bench.serve(sample()[0], Layout(index=index))
        found[f"root of /feed/all, {index}"] = (root / "feed/all.trig").stat().st_size
    return found


def differences(found: Report) -> list[str]:
    """The expectations of the decision that did not hold."""
    decided = [k for k in found["layouts"] if k.startswith(("chain", "flat"))]
    wrong = [k for k in decided if not found["layouts"][k]["exact"]]
    runs = {**found["follow"], **found["overtaking"]}
    wrong += [k for k, v in runs.items() if isinstance(v, dict) and not exact(v)]
    for start in ("as decided", "N-Quads", "page describes"):
        wrong += [k for k, v in found["twins"].items() if k.startswith(start) and not exact(v)]
    wrong += [k for k in ("append", "idle") if found["follow"][f"{k}: closed files changed"]]
    torn_keys = ("lost with saved state", "lost by the root's completeUntil")
    return wrong + [key for key in torn_keys if found["torn batch"][key]]


def main() -> int:
    """Run everything in a temporary directory and print the figures."""
    home = Path(tempfile.mkdtemp(prefix="shared-pages-"))
    try:
        bench = Bench(home)
        found: Report = {"ldes-client": bench.version}
        found["layouts"] = layouts(bench)
        found["follow"] = follow(bench)
        found["overtaking"] = overtaking(bench)
        found["twins"] = twins(bench)
        found["torn batch"] = torn(bench, mixed=False)
        found["torn batch ending in a mixed group"] = torn(bench, mixed=True)
        found["page size"] = sizes(bench)
        found["differences"] = differences(found)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    print(json.dumps(found, indent=1))
    return 1 if found["differences"] else 0


if __name__ == "__main__":
    sys.exit(main())
