"""What a takedown costs the dumps surface alone, at the size of the bound.

N penalties are applied and published; then records are taken away one after the other, spread
over all parts. Seconds of wall: until readers have every form without the record, and until the
digests of whole files stand again. The ledger and the other surfaces are not measured here.

    python benchmarks/dumps/redact.py --records 100000 --repairs 7
"""

from __future__ import annotations

import argparse
import gzip
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.dumps.publish import BASE, CHUNK, changes, load_kind
from benchmarks.harness import spread, written
from exchange.domain.disclosure_levels import Tier
from publisher.surfaces.dumps import DumpConfig, DumpSurface


def contains(folder: Path, iri: str) -> bool:
    """Whether any part of any form that readers have names the record."""
    files = (folder / "current").glob("*/*.gz")
    return any(iri.encode() in gzip.decompress(file.read_bytes()) for file in files)


def main() -> None:
    """Measure and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--repairs", type=int, default=7)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        made = changes(asked.records, Path(name))
        pages = {change.iri: ("penalty", change.page) for change in made}
        folder = Path(name) / "dumps"
        surface = DumpSurface(
            DumpConfig(
                folder,
                Tier.PUBLIC,
                BASE,
                {"penalty": load_kind()},
                lambda iris: {pages[iri] for iri in iris},
                lambda _: {},
            )
        )
        for at in range(0, len(made), CHUNK):
            surface.apply(made[at : at + CHUNK])
            surface.publish(at_head=at + CHUNK >= len(made))
        done = []
        for number in range(asked.repairs):
            iri = made[number * len(made) // asked.repairs].iri
            start = time.perf_counter()
            surface.redact([iri])
            surface.publish(at_head=True)
            shown = time.perf_counter()
            surface.publish(at_head=True)
            digested = time.perf_counter()
            done.append({"shown": shown - start, "digested": digested - shown})
        left = contains(folder, made[0].iri)
        surface.close()
    written(
        f"dumps-redact-{asked.records}",
        {
            "records": len(made),
            "shown_seconds": spread(one["shown"] for one in done),
            "digested_seconds": spread(one["digested"] for one in done),
            "left": left,
        },
        done,
    )


if __name__ == "__main__":
    main()
