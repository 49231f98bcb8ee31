"""What the dumps add to publishing: processor time a record beside bulk_load of the same views.

The views are those of the sample's penalties; changes are made of them, so that no ledger is
measured. Sides of a round: `bulk` loads them into an empty store, `dumps` applies and publishes
them as the runner would, in chunks, digests at the end.

    python benchmarks/dumps/publish.py --records 20000 --rounds 3
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from functools import cache, partial
from pathlib import Path

import pyoxigraph as ox

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.harness import paired, spread, written
from exchange.domain.disclosure_levels import Tier
from exchange.domain.record import Activity, Change
from exchange.domain.record_body import view
from exchange.intake.checker import Checker
from exchange.intake.file_reader import open_sheets
from exchange.model import Kind, load_model
from exchange.sample.generator import generate
from publisher.surfaces.dumps import DumpConfig, DumpSurface
from publisher.surfaces.text.serialisation_cache import SerialisationCache

BASE = "https://credit.example.cn"
PAGE = 200  # two groups of 100 members
CHUNK = 5_000


@cache
def load_kind() -> Kind:
    """Return the kind that is measured."""
    return load_model().kinds["penalty"]


def changes(records: int, folder: Path) -> list[Change]:
    """Return Creates of that many penalties, as the ledger's sequence would have them."""
    model = load_model()
    generate(records, 7, folder)
    made: list[Change] = []
    for sheet in open_sheets(folder / "penalty.csv", model):
        checker = Checker(sheet, model)
        for row in sheet.rows():
            submission = checker.check(row).submission
            if submission is None or submission.tier is not Tier.PUBLIC:
                continue
            number = len(made) + 1
            iri = f"{BASE}/record/{number:026d}"
            text = view(submission.body, iri, Tier.PUBLIC)
            event, page = f"{BASE}/event/{number:026d}", (number - 1) // PAGE + 1
            made.append(
                Change(number, Activity.CREATE, iri, event, "penalty", number, page, False, text)
            )
    return made


def dumps(made: list[Change], *, shared: bool) -> float:
    """Return processor seconds of applying and publishing.

    `shared`: feeds have written the records' Turtle and JSON before, as in the projector.
    """
    texts = SerialisationCache(most=1 << 30)
    for change in made if shared else ():
        texts.serialise(load_kind(), change.iri.encode(), change.view or b"")
    folder = Path(tempfile.mkdtemp())
    kinds = {"penalty": load_kind()}
    place = DumpConfig(folder, Tier.PUBLIC, BASE, kinds, lambda _: (), lambda _: {}, texts)
    surface = DumpSurface(place)
    start = time.process_time()
    for at in range(0, len(made), CHUNK):
        surface.apply(made[at : at + CHUNK])
        surface.publish(at_head=at + CHUNK >= len(made))
    took = time.process_time() - start
    surface.close()
    shutil.rmtree(folder)
    return took


def bulk(text: bytes) -> float:
    """Return processor seconds of loading the views into an empty store."""
    folder = Path(tempfile.mkdtemp())
    start = time.process_time()
    store = ox.Store(str(folder / "store"))
    store.bulk_load(text, format=ox.RdfFormat.N_QUADS)
    store.flush()
    took = time.process_time() - start
    del store
    shutil.rmtree(folder)
    return took


def main() -> None:
    """Measure and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        made = changes(asked.records, Path(folder))
    text = b"".join(change.view or b"" for change in made)
    sides = {
        "alone": partial(dumps, made, shared=False),
        "shared": partial(dumps, made, shared=True),
        "bulk": partial(bulk, text),
    }
    rounds = paired(sides, asked.rounds)
    each = 1_000_000 / len(made)
    figures = {
        f"{side}_us_per_record": spread(one[side] * each for one in rounds) for side in sides
    }
    ratios = {
        f"{side}_over_bulk": spread(one[side] / one["bulk"] for one in rounds)
        for side in ("alone", "shared")
    }
    written(
        "dumps-publish",
        {"records": len(made), "bytes_of_views": len(text), **figures, **ratios},
        rounds,
    )


if __name__ == "__main__":
    main()
