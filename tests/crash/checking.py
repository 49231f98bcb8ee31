"""What must hold after a kill: restarted soon, nothing acknowledged lost, nothing torn, agreed."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pyoxigraph import DefaultGraph, NamedNode, RdfFormat

from exchange.domain.disclosure_levels import PUBLISHED_TIERS, Tier
from publisher.stores.embedded_store import StoreReader
from publisher.stores.generations import current_generation
from publisher.surfaces.dumps import DumpReader
from publisher.surfaces.files.tree_surface import current_tree
from publisher.surfaces.index import IndexReader
from publisher.surfaces.port import label
from publisher.surfaces.runtime.projector_lock import ProjectorLock
from publisher.wiring import Deployment

if TYPE_CHECKING:
    import random
    from pathlib import Path

    from publisher.wiring import OpenDeployment

RECOVERY = 10.0  # seconds from a start until everything is open and settled
SAMPLED = 200  # records looked at whole after each kill
# How the three forms of a feed's document end when they are whole.
_ENDS = {"trig": b"\n", "jsonld": b"}\n", "nq": b" .\n"}


@dataclass
class Tally:
    """What the kills of one session came to."""

    kills: Counter[str] = field(default_factory=Counter)
    recovery: list[float] = field(default_factory=list)
    acknowledged: int = 0
    whole: int = 0

    def __str__(self) -> str:
        each = ", ".join(f"{name} {count}" for name, count in sorted(self.kills.items()))
        slowest = max(self.recovery, default=0.0)
        return (
            f"{self.kills.total()} kills ({each}); {self.acknowledged} rows acknowledged, 0 lost; "
            f"{self.whole} records looked at, 0 torn; slowest recovery {slowest:.2f} s"
        )


def recovered(directory: Path, tally: Tally) -> float:
    """Open everything as a restart does (heal, settle, publish a generation); return the seconds.

    The bound is for a machine of our own: on one that others use it grows with the queue.
    """
    began = time.monotonic()
    deployment = Deployment(directory, {})
    with deployment.open() as opened:
        opened.exchange()
        # The helper of the killed one has the lock until it has done what it was at.
        with ProjectorLock(deployment.layout.projector_lock, RECOVERY) as lock:
            surfaces = opened._open_surfaces(lambda _: None, lock.fileno())
            for surface in surfaces.surfaces:
                surface.position()  # opening the surface recovers it
            surfaces.close()
    took = time.monotonic() - began
    busy = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
    assert took < RECOVERY * busy, f"{took:.1f} s until everything was open"
    tally.recovery.append(took)
    return took


def nothing_torn(directory: Path, draw: random.Random, tally: Tally) -> None:
    """Records are in a generation whole or not at all; every document of the feed is whole."""
    deployment = Deployment(directory, {})
    with deployment.open() as opened:
        for tier in PUBLISHED_TIERS:
            _whole_records(opened, tier, draw, tally)
            _whole_documents(deployment.layout.feed(tier))


def _whole_records(opened: OpenDeployment, tier: Tier, draw: random.Random, tally: Tally) -> None:
    store = StoreReader(current_generation(opened.deployment.layout.triples(tier)).path)
    changes = opened.ledger.changes(tier, draw.randrange(max(opened.ledger.head(tier), 1)), SAMPLED)
    for change in changes:
        if change.view is None:
            continue
        found = store._store.quads_for_pattern(NamedNode(change.iri), None, None, DefaultGraph())
        held = sum(1 for _ in found)
        assert held in {0, change.view.count(b"\n")}, f"{change.iri} is torn in {tier}"
        tally.whole += 1


def _whole_documents(feed: Path) -> None:
    tree = current_tree(feed)
    for path in (tree / "feed").rglob("*.gz"):
        text = gzip.decompress(path.read_bytes())
        assert text.endswith(_ENDS[path.name.split(".")[-2]]), f"{path} is cut short"


def picture(directory: Path) -> dict[str, str]:
    """Return digests of all that is shown, however often it was built.

    Each file of the feeds byte for byte, the canonical dump of each store, the rows of each index,
    the statements of the dumps and the size of every download.
    """
    deployment = Deployment(directory, {})
    found: dict[str, str] = {}
    with deployment.open() as opened:
        for reader in opened.readers():
            if isinstance(reader, IndexReader | DumpReader):
                found[label(reader)] = reader.digest()
            if isinstance(reader, DumpReader):
                for kind in reader.snapshot().kinds():
                    for file in reader.files(kind):
                        # Its SHA-256 is worked out some time after a redaction.
                        said = f"{file.size} {file.records}"
                        found[f"{label(reader)}/{kind}.{file.form}"] = said
    for tier in PUBLISHED_TIERS:
        found |= _files(current_tree(deployment.layout.feed(tier)).resolve(), f"{tier}/feed")
        store = StoreReader(current_generation(deployment.layout.triples(tier)).path)
        text = store._store.dump(format=RdfFormat.N_TRIPLES, from_graph=DefaultGraph()) or b""
        lines = b"".join(sorted(text.splitlines(keepends=True)))
        found[f"{tier}/triples"] = hashlib.sha256(lines).hexdigest()
    return found


def _files(tree: Path, name: str) -> dict[str, str]:
    return {
        f"{name}/{path.relative_to(tree)}": hashlib.sha256(path.read_bytes()).hexdigest()
        for path in tree.rglob("*")
        if path.is_file()
    }


def receipts(output: str) -> list[dict[str, int]]:
    """Return the receipts that a killed load had printed."""
    return [
        json.loads(line)
        for line in output.splitlines()
        if line.startswith("{") and line.endswith("}") and '"accepted"' in line
    ]
