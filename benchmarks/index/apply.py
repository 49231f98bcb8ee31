"""What the index adds to the publish path: processor time a record, beside one bulk load.

`python benchmarks/index/apply.py [RECORDS] [ROUNDS]` makes an invented sample, checks it into views
outside the clock, and gives the same views to both sides, each in a process of its own: the index
surface in chunks of 5,000 as the runner does, and pyoxigraph's `bulk_load` of all at once.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

import pyoxigraph as ox

from benchmarks.harness import paired, spread, whole_process, written
from exchange.domain.disclosure_levels import Tier
from exchange.domain.record import Activity, Change
from exchange.domain.record_body import view
from exchange.intake import Checker, open_sheets
from exchange.model import load_model
from exchange.sample import generate
from publisher.surfaces.index import IndexConfig, IndexMapping, IndexSurface

BASE = "https://credit.example/record/"
EVENT = "https://credit.example/event/x"
CHUNK = 5_000


def made(folder, records):
    """Write the views of about `records` sound records of all public kinds, one a line."""
    generate(records, 7, folder)
    model, count, quads = load_model(), 0, 0
    with (folder / "views").open("w", encoding="utf-8") as out:
        for slug in ("subject", "measure", "penalty", "licence", "list-entry"):
            for sheet in open_sheets(folder / f"{slug}.csv", model):
                checker = Checker(sheet, model)
                for row in sheet.rows():
                    submission = checker.check(row).submission
                    if submission is None or submission.tier is not Tier.PUBLIC:
                        continue
                    count += 1
                    text = view(submission.body, f"{BASE}{count:026d}", Tier.PUBLIC).decode()
                    quads += text.count("\n")
                    out.write(json.dumps([slug, text]) + "\n")
    return count, quads


def changes(path):
    with path.open(encoding="utf-8") as lines:
        for seq, line in enumerate(lines, 1):
            kind, text = json.loads(line)
            iri = text[1 : text.index(">")]
            yield Change(
                seq, Activity.CREATE, iri, EVENT, kind, seq, 1, False, text.encode(), False
            )


def index(folder, path):
    """The index surface; reading the views is not counted."""
    plan = IndexMapping(load_model().kinds.values())
    surface = IndexSurface(IndexConfig(folder / "index", Tier.PUBLIC, (BASE,), plan))
    spent, chunk, count = 0.0, [], 0
    for change in changes(path):
        chunk.append(change)
        count += 1
        if len(chunk) == CHUNK:
            spent += applied(surface, chunk)
            chunk = []
    spent += applied(surface, chunk)
    surface.close()
    size = sum(file.stat().st_size for file in (folder / "index").rglob("*") if file.is_file())
    return spent, count, size


def applied(surface, chunk):
    start = time.process_time()
    surface.apply(chunk)
    surface.publish(at_head=False)
    return time.process_time() - start


def bulk(folder, path):
    """One bulk load of everything, with its background threads."""
    lines = b"".join(change.view for change in changes(path))
    start = time.process_time()
    store = ox.Store(str(folder / "store"))
    store.bulk_load(lines, ox.RdfFormat.N_QUADS)
    store.flush()
    return time.process_time() - start, 0, 0


def side(name, path):
    """Run one side in a process of its own; seconds of processor time, records and bytes."""
    with tempfile.TemporaryDirectory() as folder:
        used = whole_process([sys.executable, __file__, "--side", name, folder, path])
    return json.loads(used.said)


def main() -> None:
    if sys.argv[1:2] == ["--side"]:
        name, folder, path = sys.argv[2:]
        print(json.dumps({"index": index, "bulk": bulk}[name](Path(folder), Path(path))))
        return
    records, rounds = (int(each) for each in (sys.argv[1:] + ["40000", "5"][len(sys.argv) - 1 :]))
    with tempfile.TemporaryDirectory() as folder:
        count, quads = made(Path(folder), records)
        path = Path(folder) / "views"
        done = paired(
            {name: lambda name=name: side(name, path) for name in ("index", "bulk")}, rounds
        )
    figures = {
        "records": count,
        "quads": quads,
        "index_us_per_record": spread(1e6 * each["index"][0] / count for each in done),
        "bulk_us_per_record": spread(1e6 * each["bulk"][0] / count for each in done),
        "index_to_bulk_cpu": spread(each["index"][0] / each["bulk"][0] for each in done),
        "index_bytes_per_record": round(done[-1]["index"][2] / count),
    }
    written("index-apply", figures, done)


if __name__ == "__main__":
    main()
