"""One bit flipped in each kind of file: found by `ledger verify` or `audit`, or it changed nothing.

What is truth (ledger, seals, journal) is found and never mended by itself; what is projected is
mended by `rebuild`.
"""

from __future__ import annotations

import contextlib
import io
import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from publisher.cli import main
from publisher.stores.generations import current_generation
from tests.flows.conftest import Credence

# Real processes and files, each for some seconds.
pytestmark = pytest.mark.slow

FLIPS = 25  # in each database
# What has no second copy in the ledger and enters nothing that has, so that nothing can tell: a
# feed event's random name, and by what a row that comes again is known to be unchanged.
ALONE = {("member", "event"), ("record", "content_mac")}


def flip(path: Path, at: int, bit: int = 4) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1 << bit
    # In place: hard links of a generation stay what they are.
    with path.open("r+b") as stream:
        stream.write(data)


def tables(path: Path) -> dict[str, str]:
    """Return what to select from each table: all that something else in the ledger depends on."""
    connection = sqlite3.connect(path)
    try:
        found = {}
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'"):
            names = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            kept = [name for name in names if (table, name) not in ALONE]
            found[table] = f"SELECT {', '.join(kept)} FROM {table}"
        return found
    finally:
        connection.close()


def content(path: Path, wanted: dict[str, str]) -> list[object]:
    """Return what SQLite and the tables say, or that they cannot be read."""
    connection = sqlite3.connect(path)
    try:
        said: list[object] = connection.execute("PRAGMA integrity_check(1)").fetchall()
        for query in wanted.values():
            # An empty blob is no, as 0 is; one bit of a row's header makes one of the other.
            said += [tuple(0 if v == b"" else v for v in row) for row in connection.execute(query)]
    except sqlite3.DatabaseError as error:
        return [str(error)]
    else:
        return said
    finally:
        connection.close()


@pytest.mark.parametrize("name", ["ledger.sqlite", "seals.sqlite"])
def test_a_flipped_bit_of_a_database_is_found_or_changed_nothing(
    credence: Credence, tmp_path: Path, name: str
) -> None:
    path, sound, draw = credence.directory / name, tmp_path / "sound", random.Random(name)
    credence("ledger", "verify")
    shutil.copy(path, sound)
    wanted = tables(sound)
    before, found, missed = content(sound, wanted), 0, []
    assert len(before) > 100
    for _ in range(FLIPS):
        at, bit = draw.randrange(path.stat().st_size), draw.randrange(8)
        flip(path, at, bit)
        same = content(path, wanted) == before
        code = verified(credence)
        found += code != 0
        if code == 0 and not same:
            missed.append((at, bit))
        shutil.copy(sound, path)
        for rest in credence.directory.glob(f"{name}-*"):
            rest.unlink()
    assert not missed
    assert found >= FLIPS // 5
    credence("ledger", "verify")


def verified(credence: Credence) -> int:
    """Return the exit code of `ledger verify`; 3 or 4 both name what is wrong."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = main(["-C", str(credence.directory), "--json", "ledger", "verify"])
    assert code in {0, 3, 4}, said.getvalue()
    return code


def test_a_flipped_bit_of_the_journal_is_found(credence: Credence) -> None:
    folder = credence.directory.with_name(f"{credence.directory.name}.journal")
    journal = folder / "withdrawals.jsonl"
    credence("ledger", "verify")  # writes the journal of this copy
    size = journal.stat().st_size
    sound = journal.read_bytes()
    for at in range(0, size - 1, 7):
        flip(journal, at)
        assert verified(credence) in {3, 4}, sound[at : at + 1]
        journal.write_bytes(sound)
    credence("ledger", "verify")


def largest(folder: Path, pattern: str) -> Path:
    return max(folder.glob(pattern), key=lambda path: path.stat().st_size)


# Of the first word of a kind; the rest are triples.
SURFACE = {"feed": "feed", "index": "index", "dump": "dumps"}


def generation(root: Path) -> Path:
    return current_generation(root / TRIPLES).path


FEED = "surfaces/public/feed/current"
TRIPLES = "surfaces/public/triples"
DUMPS = "surfaces/public/dumps/current"
KINDS: dict[str, Callable[[Path], Path]] = {
    **{
        f"feed page {form}": lambda root, form=form: largest(root, f"{FEED}/feed/*/p/*.{form}.gz")  # type: ignore[misc]
        for form in ("trig", "jsonld", "nq")
    },
    "feed root": lambda root: largest(root, f"{FEED}/feed/*.nq.gz"),
    "feed state": lambda root: root / FEED / "state.json",
    "generation pointer": lambda root: root / TRIPLES / "current",
    "generation data": lambda root: largest(generation(root), "*.sst"),
    "generation manifest": lambda root: largest(generation(root), "MANIFEST*"),
    "index": lambda root: largest(root, "surfaces/public/index/current/*"),
    "dump part": lambda root: largest(root, f"{DUMPS}/**/*.nq*"),
    "dump state": lambda root: root / DUMPS / "state.json",
    "store data": lambda root: largest(root, f"{TRIPLES}/writer/*.sst"),
    "store manifest": lambda root: largest(root, f"{TRIPLES}/writer/MANIFEST*"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_flipped_bit_of_a_surface_is_found_and_mended_by_rebuild(
    credence: Credence, kind: str
) -> None:
    credence.is_sound()
    path = KINDS[kind](credence.directory)
    flip(path, path.stat().st_size // 2)
    if kind not in {"store data", "store manifest"}:  # readers have the generation
        report = credence("audit", code=4).result["surfaces"]
        wrong = {name for name, found in report.items() if not sound(found)}
        assert wrong == {f"public/{SURFACE.get(kind.split(maxsplit=1)[0], 'triples')}"}
    credence("rebuild")
    credence.is_sound()


def sound(found: dict[str, object]) -> bool:
    return not (found["missing"] or found["leftover"] or found["behind"]) and (
        found["digest"] == "same" and "problem" not in found
    )


def test_every_kind_of_projected_file_is_tried(credence: Credence) -> None:
    assert len(KINDS) == 13
    for find in KINDS.values():
        assert find(credence.directory).is_file()
