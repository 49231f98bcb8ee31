"""What the ledger does in a second: rows appended, verified, withdrawn, erased, opened.

`python benchmarks/ledger/append.py [ROWS]` makes an invented sample, checks it outside the clock,
appends it in batches as a load does, and prints one line a figure.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

from exchange.intake import Checker, open_sheets
from exchange.ledger import Genesis, Ledger, LedgerLocations
from exchange.model import load_model
from exchange.sample import generate

GENESIS = Genesis("https://credit.example", "https://gov.example", "did:web:x", "x/log")
TRIES = 20


def now() -> int:
    return time.time_ns() // 1_000_000


def submissions(folder, model, rows):
    generate(rows, 7, folder)
    found = []
    for sheet in open_sheets(folder / "penalty.csv", model):
        checker = Checker(sheet, model)
        found += [c.submission for row in sheet.rows() if (c := checker.check(row)).submission]
    return found


def timed(name, amount, do):
    wall, cpu = time.perf_counter(), time.process_time()
    result = do()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"{name}: {amount / wall:,.0f}/s wall, {amount / cpu:,.0f}/s CPU ({wall:.2f} s)")
    return result


def latencies(name, do, iris):
    took = []
    for iri in iris:
        start = time.perf_counter()
        do(iri)
        took.append(1000 * (time.perf_counter() - start))
    print(f"{name}: median {statistics.median(took):.1f} ms, worst {max(took):.1f} ms")


def append_all(ledger, rows):
    delivery = ledger.open_delivery(source=None, name="x", digest="", kind="penalty", form="2018")
    done, worst = [], 0.0
    while rest := rows[len(done) : len(done) + 1000]:
        start = time.perf_counter()
        done += ledger.append(delivery, rest)
        worst = max(worst, time.perf_counter() - start)
    ledger.close_delivery(delivery, {})
    print(f"longest transaction: {1000 * worst:.0f} ms")
    return done


def main(rows: int) -> None:
    model = load_model()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        given = submissions(folder / "files", model, rows)
        file = f"sqlite:///{folder}/ledger.sqlite"
        locations = LedgerLocations(
            file, f"sqlite:///{folder}/seals.sqlite", folder / "j", folder / "key"
        )
        ledger = Ledger.create(locations, GENESIS, model.link_rules, now)
        results = timed("append", len(given), lambda: append_all(ledger, given))
        iris = [result.iri for result in results if result.iri]
        ledger.close()
        ledger = timed("open", 1, lambda: Ledger.open(locations, model.link_rules, now))
        size = sum(path.stat().st_size for path in folder.glob("*.sqlite*"))
        print(f"on disk: {size / len(iris):,.0f} bytes a record, {len(iris):,} records")
        latencies("withdraw", lambda iri: ledger.withdraw(iri, "repair"), iris[:TRIES])
        latencies("erase", ledger.erase, iris[TRIES : 2 * TRIES])
        timed("verify", len(iris), ledger.verify)
        ledger.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
