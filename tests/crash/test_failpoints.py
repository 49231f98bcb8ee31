"""kill -9 at every failpoint; each time a restart loses nothing and a rebuild changes nothing."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from exchange.domain.failpoints import RESERVED, Failpoint
from tests.conftest import SUMMARY
from tests.crash.checking import Tally, nothing_torn, picture, recovered
from tests.crash.killing import start
from tests.flows.conftest import Credence

# What passes each point: the directory it starts from, the verb, which pass.
LOAD, PUBLISH, REBUILD, ERASE, WITHDRAW, REVISE = [
    "load",
    "publish",
    "rebuild",
    "erase",
    "withdraw",
    "revise",
]
WHERE: dict[Failpoint, list[tuple[str, str, int]]] = {
    Failpoint.SECRET_MADE: [("empty", LOAD, 1)],
    Failpoint.TABLES_MADE: [("empty", LOAD, 1)],
    Failpoint.SEALS_WRITTEN: [("empty", LOAD, 1), ("empty", LOAD, 3), ("published", WITHDRAW, 1)],
    Failpoint.BEFORE_COMMIT: [("empty", LOAD, 1), ("empty", LOAD, 3), ("published", WITHDRAW, 1)],
    Failpoint.COMMITTED: [("empty", LOAD, 3), ("published", WITHDRAW, 1), ("published", ERASE, 1)],
    Failpoint.JOURNAL_WRITTEN: [("published", WITHDRAW, 1)],
    Failpoint.JOURNALLED: [("published", WITHDRAW, 1)],
    Failpoint.COPY_STAGED: [("empty", LOAD, 1)],
    Failpoint.REJECTS_WRITTEN: [("empty", LOAD, 1)],
    Failpoint.SCRUB_BEGUN: [("published", ERASE, 1)],
    Failpoint.HELD_MARKED: [("published", ERASE, 1)],
    Failpoint.SEALS_DESTROYED: [("published", ERASE, 1)],
    Failpoint.SCRUB_WRITTEN: [("published", ERASE, 1)],
    Failpoint.SCRUBBED: [("published", ERASE, 1)],
    Failpoint.SURFACES_REBUILT: [("published", ERASE, 1)],
    Failpoint.FILE_WRITTEN: [("loaded", PUBLISH, 1), ("loaded", PUBLISH, 4)],
    Failpoint.FILE_RENAMED: [("loaded", PUBLISH, 1), ("loaded", PUBLISH, 4)],
    Failpoint.VOCABULARY_LOADED: [("loaded", PUBLISH, 1)],
    Failpoint.CHUNK_LOADED: [("loaded", PUBLISH, 1)],
    Failpoint.GROUP_REPLACED: [("published", REVISE, 1)],
    Failpoint.CHUNK_APPLIED: [("loaded", PUBLISH, 1), ("loaded", PUBLISH, 2)],
    Failpoint.REDACTED: [("behind", WITHDRAW, 1)],
    Failpoint.GENERATION_COPIED: [("loaded", PUBLISH, 1), ("loaded", PUBLISH, 3)],
    Failpoint.GENERATION_NAMED: [("loaded", PUBLISH, 3)],
    Failpoint.WRITER_ASIDE: [("published", REBUILD, 1)],
    Failpoint.WRITER_SWAPPED: [("published", REBUILD, 1)],
    Failpoint.STAGE_SYNCED: [("published", WITHDRAW, 1)],
    Failpoint.STAGE_MARKED: [("published", WITHDRAW, 1)],
    Failpoint.DOCUMENT_MOVED: [("loaded", PUBLISH, 1), ("published", WITHDRAW, 2)],
    Failpoint.DOCUMENTS_SYNCED: [("published", WITHDRAW, 1)],
    Failpoint.MARK_REMOVED: [("published", WITHDRAW, 1)],
    Failpoint.TREE_LINKED: [("loaded", PUBLISH, 1), ("published", REBUILD, 1)],
    Failpoint.TREE_SERVED: [("published", REBUILD, 1)],
    Failpoint.INDEX_WRITTEN: [("loaded", PUBLISH, 1), ("published", WITHDRAW, 1)],
    Failpoint.INDEX_UNFORGOTTEN: [("published", WITHDRAW, 1)],
}
KILLS = [(point, *place) for point, places in WHERE.items() for place in places]
# From here on an event stands, so the restart must bring it to every surface.
_BEFORE = {
    Failpoint.SEALS_WRITTEN,
    Failpoint.BEFORE_COMMIT,
    Failpoint.SCRUB_BEGUN,
    Failpoint.HELD_MARKED,
}
# No row of these files is held: tests/flows/test_review.py kills there.
_ELSEWHERE = {Failpoint.HELD_KEPT, Failpoint.REVIEW_LOGGED}
_FINAL = set(WHERE) - _BEFORE


def test_every_failpoint_that_is_passed_is_killed_at() -> None:
    assert set(WHERE) == set(Failpoint) - RESERVED - _ELSEWHERE
    assert len(KILLS) == 48


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("point", "begin", "verb", "number"), KILLS, ids=["-".join(map(str, kill)) for kill in KILLS]
)
def test_a_kill_at_a_failpoint_loses_nothing_and_tears_nothing(  # noqa: PLR0913, PLR0917
    tmp_path: Path,
    small: dict[str, Path],
    small_files: Path,
    tally: Tally,
    record_property: Callable[[str, object], None],
    point: Failpoint,
    begin: str,
    verb: str,
    number: int,
) -> None:
    credence = Credence(tmp_path / "data")
    if begin != "empty":
        shutil.copytree(small[begin], credence.directory, symlinks=True)
    record = min(credence.records()) if begin in {"published", "behind"} else ""
    if verb == REVISE:
        credence("load", small_files / "revised1.csv", code=1)
    file = small_files / "files" / "penalty.csv"
    arguments = {
        LOAD: ["load", file],
        REVISE: ["publish"],
        WITHDRAW: ["withdraw", record, "--because", "repair"],
        ERASE: ["erase", record],
    }.get(verb, [verb])
    run = start(credence.directory, arguments, tmp_path / "said", f"{point}:{number}")
    assert run.was_killed(), f"{verb} ended without passing {point}: {run.said()}"
    record_property(SUMMARY, f"kill -9: {verb} at {point}, pass {number}")
    if verb == LOAD:
        credence("load", file, code=1)  # the sender's answer to a missing receipt
    recovered(credence.directory, tally)
    credence("publish")
    nothing_torn(credence.directory, random.Random(number), tally)
    credence.is_sound()
    before = picture(credence.directory)
    shown = credence.records()
    if verb in {WITHDRAW, ERASE}:
        assert (record not in shown) == (point in _FINAL)
    else:
        assert len(shown) == SHOWN
    credence("rebuild")
    assert picture(credence.directory) == before
    tally.kills[verb] += 1


SHOWN = 570  # of 600 penalties, what the sample says is accepted
