"""Spike: bulk_load in chunks with redactions in between (rate, memory, generations, atomicity).

Purpose: choose the projection's chunk size and learn what a crash, a redaction and a generation
cost. Prints one JSON document; progress goes to stderr. Every measured load runs in a process of
its own, so that peak memory and CPU seconds belong to that load alone, and the variants of one
round run back to back: only ratios within a round are meant to be read.

Run: python benchmarks/spikes/bulk_load_chunks.py [--records N] [--rounds R] [--chunks a,b,c]
"""

import argparse
import json
import multiprocessing
import os
import random
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, RdfFormat, Store

QUADS_PER_RECORD = 20
POSITION_GRAPH = NamedNode("urn:credence:projection")
POSITION = NamedNode("urn:credence:position")
Figures = dict[str, Any]

READER = """
import sys, time
from pyoxigraph import NamedNode, Store
store = Store.read_only(sys.argv[1])
gone = next(store.quads_for_pattern(NamedNode(sys.argv[2]), None, None), None) is None
print("gone" if gone else "held", flush=True)
"""


def subject(index: int) -> str:
    """The IRI of one record; scattered like the random identifiers of production."""
    return f"https://credit.example.cn/record/{(index * 2654435761) % 2**32:08x}{index:06x}"


def record_quads(index: int) -> str:
    """Twenty statements about one record; shared authorities and codes, own texts and dates."""
    iri = f"<{subject(index)}>"
    lines = [
        f"{iri} <urn:t:p{field}> <urn:t:code/{index * 31 % (7 + field * 13)}> .\n"
        for field in range(8)
    ]
    lines += [
        f'{iri} <urn:t:q{field}> "文书{index}号 secret-{index}-{field}" .\n' for field in range(10)
    ]
    day = f"20{index % 26:02d}-{index % 12 + 1:02d}-{index % 28 + 1:02d}"
    lines.append(f'{iri} <urn:t:on> "{day}"^^<http://www.w3.org/2001/XMLSchema#date> .\n')
    lines.append(f'{iri} <urn:t:sum> "{index}.50"^^<http://www.w3.org/2001/XMLSchema#decimal> .\n')
    return "".join(lines)


def position_quad(value: int) -> str:
    """The quad that says how far the projection came; loaded in the same file as its chunk."""
    number = f'"{value}"^^<http://www.w3.org/2001/XMLSchema#integer>'
    return f"<urn:credence:store> {POSITION} {number} {POSITION_GRAPH} .\n"


def write_chunk(path: Path, start: int, stop: int) -> None:
    """Write records [start, stop) and the position `stop` as one N-Quads file."""
    with path.open("w", encoding="utf-8") as out:
        out.writelines(record_quads(index) for index in range(start, stop))
        out.write(position_quad(stop))


def prepare(folder: Path, records: int, chunk: int) -> list[Path]:
    """Write the chunk files before the clock starts; generating text is not the store's cost."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for start in range(0, records, chunk):
        path = folder / f"{start:09d}.nq"
        write_chunk(path, start, min(start + chunk, records))
        files.append(path)
    return files


def disk_bytes(*folders: Path) -> int:
    """Bytes on disk, every hard-linked file counted once."""
    seen = {
        (stat.st_dev, stat.st_ino): stat.st_blocks * 512
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file()
        for stat in [path.stat()]
    }
    return sum(seen.values())


def own_memory() -> dict[str, float]:
    """Peak RSS and present PSS in MB; ru_maxrss would carry the parent's peak over an exec."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    lines += Path("/proc/self/smaps_rollup").read_text(encoding="ascii").splitlines()
    fields = dict(line.split(":", 1) for line in lines if ":" in line)
    return {name: round(int(fields[name].split()[0]) / 1024, 1) for name in ("VmHWM", "Pss")}


def load_here(target: Path, files: list[Path]) -> Figures:
    """Load all files one after the other and say what this process spent on it."""
    before = resource.getrusage(resource.RUSAGE_SELF)
    memory_before = own_memory()["VmHWM"]
    start = time.perf_counter()
    store = Store(str(target))
    for path in files:
        store.bulk_load(path=str(path), format=RdfFormat.N_QUADS)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return {
        "wall_s": wall,
        "cpu_s": cpu,
        "peak_rss_mb": own_memory()["VmHWM"],
        "peak_rss_before_mb": memory_before,
        "pss_at_end_mb": own_memory()["Pss"],
        "files": len(list(target.glob("*.sst"))),
        "disk_mb": disk_bytes(target) / 1e6,
    }


def in_child(function: Callable[..., Figures], *arguments: object) -> Figures:
    """Run in a fresh interpreter, so that peak memory starts from nothing."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(function, arguments)


def rate(work: Path, records: int, chunks: list[int], rounds: int) -> Figures:
    """Chunked loads against one load of everything, back to back in every round."""
    runs: dict[str, list[Figures]] = {}
    variants = [("whole", records), *((str(chunk), chunk) for chunk in chunks)]
    inputs = {name: prepare(work / f"in-{name}", records, size) for name, size in variants}
    for number in range(rounds):
        order = variants[number % len(variants) :] + variants[: number % len(variants)]
        for name, _ in order:
            target = work / "rate"
            runs.setdefault(name, []).append(in_child(load_here, target, inputs[name]))
            shutil.rmtree(target)
            print(f"round {number} {name}: {runs[name][-1]}", file=sys.stderr)
    for name in inputs:
        shutil.rmtree(work / f"in-{name}")
    return {name: summary(figures, runs["whole"], records) for name, figures in runs.items()}


def summary(figures: list[Figures], whole: list[Figures], records: int) -> Figures:
    """Medians over rounds; ratios are taken within a round before the median."""
    quads = records * QUADS_PER_RECORD

    def middle(key: str) -> float:
        return round(statistics.median(float(run[key]) for run in figures), 2)

    def ratio(key: str) -> list[float]:
        values = [run[key] / base[key] for run, base in zip(figures, whole, strict=True)]
        return [round(v, 2) for v in (statistics.median(values), min(values), max(values))]

    return {
        "rounds": len(figures),
        "wall_s": middle("wall_s"),
        "cpu_s": middle("cpu_s"),
        "quads_per_s": round(quads / middle("wall_s")),
        "quads_per_cpu_s": round(quads / middle("cpu_s")),
        "wall_ratio_to_whole_median_min_max": ratio("wall_s"),
        "cpu_ratio_to_whole_median_min_max": ratio("cpu_s"),
        "peak_rss_mb": middle("peak_rss_mb"),
        "peak_rss_before_load_mb": middle("peak_rss_before_mb"),
        "pss_at_end_mb": middle("pss_at_end_mb"),
        "disk_mb": middle("disk_mb"),
        "sst_files": middle("files"),
    }


def loader_forever(target: str, folder: str, chunk: int) -> None:
    """Load chunk after chunk until killed; each chunk carries its own position quad."""
    store = Store(target)
    position = stored_position(store)
    while True:
        path = Path(folder) / "chunk.nq"
        write_chunk(path, position, position + chunk)
        store.bulk_load(path=str(path), format=RdfFormat.N_QUADS)
        position += chunk


def stored_position(store: Store) -> int:
    """The highest position in the store; every chunk adds one and none is taken away."""
    found = store.quads_for_pattern(None, POSITION, None, POSITION_GRAPH)
    return max((int(q.object.value) for q in found if isinstance(q.object, Literal)), default=0)


def kill_test(work: Path, rounds: int, chunk: int) -> Figures:
    """kill -9 at random moments; afterwards records and position must agree exactly."""
    torn, survived = 0, []
    target, folder = work / "killed", work / "killed-in"
    folder.mkdir()
    for _ in range(rounds):
        child = multiprocessing.get_context("spawn").Process(
            target=loader_forever, args=(str(target), str(folder), chunk)
        )
        child.start()
        time.sleep(0.8 + random.random() * 1.5)
        os.kill(child.pid or 0, signal.SIGKILL)
        child.join()
        store = Store(str(target))
        quads = sum(1 for _ in store.quads_for_pattern(None, None, None, DefaultGraph()))
        position = stored_position(store)
        torn += quads != position * QUADS_PER_RECORD
        survived.append(position)
        del store
    shutil.rmtree(target)
    return {"rounds": rounds, "chunk": chunk, "torn": torn, "positions_after_kill": survived}


def quads_of(store: Store, indexes: list[int]) -> Iterator[Quad]:
    """Every statement of the given records."""
    for index in indexes:
        yield from store.quads_for_pattern(NamedNode(subject(index)), None, None, None)


def delete_text(indexes: list[int]) -> str:
    """One SPARQL update that removes all statements of the records."""
    values = " ".join(f"<{subject(index)}>" for index in indexes)
    return f"DELETE {{ ?s ?p ?o }} WHERE {{ VALUES ?s {{ {values} }} ?s ?p ?o }}"


def time_of(action: Callable[[], object]) -> float:
    """Milliseconds of one call."""
    start = time.perf_counter()
    action()
    return round((time.perf_counter() - start) * 1000, 2)


def redact_and_swap(store: Store, work: Path, indexes: list[int], name: str) -> Figures:
    """Delete, back up, open elsewhere: the way from a redaction to readers that do not see it."""
    start = time.perf_counter()
    delete = time_of(lambda: store.update(delete_text(indexes)))
    generation = work / "generations" / name
    backup = time_of(lambda: store.backup(str(generation)))
    answer = subprocess.run(
        [sys.executable, "-c", READER, str(generation), subject(indexes[0])],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    return {
        "records": len(indexes),
        "delete_ms": delete,
        "backup_ms": backup,
        "until_another_process_read_it_ms": round((time.perf_counter() - start) * 1000, 1),
        "reader_says": answer,
    }


def generations(work: Path, records: int, chunk: int) -> Figures:
    """One growing store, a generation after every chunk, redactions in between."""
    store = Store(str(work / "growing"))
    (work / "generations").mkdir()
    backups, disk, redactions = [], [], []
    sizes = [1, 100, 1000]
    for number, path in enumerate(prepare(work / "in-generations", records, chunk)):
        store.bulk_load(path=str(path), format=RdfFormat.N_QUADS)
        target = work / "generations" / f"g{number}"
        backups.append(time_of(partial(store.backup, str(target))))
        if number in (1, 2, 3, 5, 6, 7):
            first = (number - 1) * chunk
            size = sizes[(number - 1) % 4]
            redactions.append(
                redact_and_swap(store, work, [*range(first, first + size)], f"r{number}")
            )
        disk.append(round(disk_bytes(work / "growing", work / "generations") / 1e6, 1))
    writer_mb = round(disk_bytes(work / "growing") / 1e6, 1)
    return {
        "chunk": chunk,
        "backup_ms_median_max": [statistics.median(backups), max(backups)],
        "redactions": redactions,
        "disk_mb_all_generations_kept": disk,
        "disk_mb_writer_alone": writer_mb,
        "leftover": leftovers(store, work),
        "atomic_calls": atomicity(store),
        "removed_directory": removed_directory(work),
    }


def holds_text(folder: Path, needle: bytes) -> bool:
    """Search the bytes of every file; the needle must be random, or compression splits it."""
    return any(needle in path.read_bytes() for path in folder.rglob("*") if path.is_file())


def leftovers(store: Store, work: Path) -> Figures:
    """Where the text of a record stays after deletion, step by step until a rebuild."""
    index = 10**6
    needle = os.urandom(32).hex().encode()
    chunk = work / "leftover.nq"
    chunk.write_bytes(f'<{subject(index)}> <urn:t:name> "'.encode() + needle + b'" .\n')
    store.bulk_load(path=str(chunk), format=RdfFormat.N_QUADS)
    store.flush()
    before = work / "generations" / "with-secret"
    store.backup(str(before))
    store.update(delete_text([index]))
    store.flush()
    found: Figures = {"writer_after_delete": holds_text(work / "growing", needle)}
    after = work / "generations" / "after-delete"
    store.backup(str(after))
    found["older_generation"] = holds_text(before, needle)
    found["generation_made_after_the_delete"] = holds_text(after, needle)
    dump = work / "rebuild.nq"
    store.dump(str(dump), format=RdfFormat.N_QUADS)
    rebuilt = Store(str(work / "rebuilt"))
    took = time_of(partial(rebuilt.bulk_load, path=str(dump), format=RdfFormat.N_QUADS))
    del rebuilt
    found["rebuilt_directory"] = holds_text(work / "rebuilt", needle)
    optimize = time_of(store.optimize)
    found["writer_after_optimize"] = holds_text(work / "growing", needle)
    return {**found, "rebuild_ms": took, "optimize_ms": optimize}


def atomicity(store: Store) -> Figures:
    """Whether a call that fails half-way leaves anything behind."""
    probe = NamedNode("urn:t:atomic")

    def left() -> int:
        return sum(1 for _ in store.quads_for_pattern(probe, None, None))

    def failing() -> Iterator[Quad]:
        for number in range(50_000):
            yield Quad(probe, POSITION, Literal(number))
        raise ValueError

    update = "INSERT DATA { <urn:t:atomic> <urn:p> 1 } ; LOAD <file:///nothing/here>"
    found: Figures = {}
    calls: list[tuple[str, Callable[[], None]]] = [
        ("update_with_failing_second_operation", partial(store.update, update)),
        ("extend_with_failing_iterator", lambda: store.extend(failing())),
    ]
    for name, action in calls:
        try:
            action()
        except (ValueError, OSError, RuntimeError) as problem:
            found[name] = {"error": type(problem).__name__, "quads_left": left()}
    found["remove_in_bulk"] = "no such call: Store.remove takes one quad, so use one update"
    return found


def removed_directory(work: Path) -> Figures:
    """A generation whose directory is removed while a reader has it open."""
    source, target = work / "generations" / "g0", work / "generations" / "doomed"
    shutil.copytree(source, target)
    reader = Store.read_only(str(target))
    shutil.rmtree(target)
    found: Figures = {}
    for name, indexes in (("first_read", [0, 1]), ("scattered_reads", [*range(0, 1500, 7)])):
        try:
            rows = sum(1 for _ in quads_of(reader, indexes))
            found[name] = {"rows": rows, "expected": len(indexes) * QUADS_PER_RECORD}
        except OSError as problem:
            found[name] = {"error": str(problem)[:120]}
    try:
        Store.read_only(str(target))
        found["reopen"] = "opened"
    except OSError as problem:
        found["reopen"] = f"OSError: {str(problem)[:80]}"
    return found


def main() -> None:
    """Run all parts in a scratch directory and print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--chunks", default="2000,5000,20000")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--kills", type=int, default=8)
    parser.add_argument("--generation-chunk", type=int, default=5000)
    options = parser.parse_args()
    chunks = [int(size) for size in options.chunks.split(",")]
    with tempfile.TemporaryDirectory(prefix="bulk-load-") as folder:
        work = Path(folder)
        figures = {
            "records": options.records,
            "quads": options.records * QUADS_PER_RECORD,
            "generations": generations(work, options.records, options.generation_chunk),
            "kill": kill_test(work, options.kills, 2000),
            "rate": rate(work, options.records, chunks, options.rounds),
        }
    print(json.dumps(figures, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
