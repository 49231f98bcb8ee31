"""What happens when an older ledger is put back beside surfaces that knew more."""

from __future__ import annotations

import contextlib
import gzip
import json
import re
import shutil
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from exchange.domain.disclosure_levels import Tier
from publisher.wiring import Deployment

if TYPE_CHECKING:
    from tests.flows.conftest import Credence

MEMBER = re.compile(
    r"activitystreams#(\w+)> \.\n<[^>]+> <[^>]+#object> <([^>]+)> \.\n"
    r'<[^>]+> <[^>]+#published> "([^"]+)"\^\^<[^>]+> \.\n<[^>]+> <[^>]+#seq> "(\d+)"'
)
LEDGER = ("ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm", "seals.sqlite")


def keep_ledger(directory: Path, at: Path) -> None:
    """Copy the ledger with its seals aside, as a backup of the two databases would."""
    at.mkdir()
    for name in LEDGER:
        if (directory / name).exists():
            shutil.copy2(directory / name, at / name)


def put_ledger_back(directory: Path, kept: Path) -> None:
    for name in LEDGER:
        (directory / name).unlink(missing_ok=True)
        if (kept / name).exists():
            shutil.copy2(kept / name, directory / name)


def penalties(credence: Credence) -> list[str]:
    """Return the penalties that the ledger says are public."""
    with Deployment(credence.directory, {}).open() as opened:
        return sorted(iri for iri, kind, _ in opened.ledger.live(Tier.PUBLIC) if kind == "penalty")


def status_of(url: str, accept: str = "application/json") -> tuple[int, bytes, dict[str, str]]:
    try:
        with urlopen(Request(url, headers={"Accept": accept}), timeout=20) as answer:
            return answer.status, answer.read(), dict(answer.headers)
    except HTTPError as error:
        return error.code, error.read(), dict(error.headers)


@contextlib.contextmanager
def served(credence: Credence) -> Iterator[str]:
    """Serve the directory; yields its address once it says that it is ready."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = credence.start("serve", "--port", str(port))
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["url"]
    finally:
        process.terminate()
        process.communicate(timeout=60)


@pytest.fixture
def set_back(published: Credence, sample: Path, tmp_path: Path) -> Credence:
    """Return a deployment whose ledger is older than its surfaces: licences came in between."""
    keep_ledger(published.directory, tmp_path / "kept")
    published("load", sample / "licence.csv", code=1)
    published("publish")
    put_ledger_back(published.directory, tmp_path / "kept")
    return published


def test_audit_and_status_name_surfaces_that_know_more_than_the_ledger(set_back: Credence) -> None:
    told = set_back("audit", code=4).result
    assert all("history" in found["problem"] for found in told["surfaces"].values())
    assert "another history" in set_back("query", "ASK { ?s ?p ?o }", code=3).err
    shown = set_back("status").result
    assert all("history" in found["alarm"] for found in shown["surfaces"].values())


def test_publish_rebuilds_what_is_of_another_history_and_says_so(set_back: Credence) -> None:
    told = set_back("publish")
    assert "another history" in told.err
    set_back.is_sound()


def test_a_withdrawal_over_surfaces_of_another_history_is_seen_everywhere(
    set_back: Credence,
) -> None:
    gone = min(penalties(set_back))
    set_back("withdraw", gone, "--because", "repair")
    set_back.is_sound()
    assert gone not in set_back.records()


@pytest.mark.slow
def test_a_service_over_another_history_rebuilds_before_it_answers(set_back: Credence) -> None:
    with served(set_back) as url:
        assert status_of(f"{url}/readyz")[0] == 200
        set_back.apart("audit")
        gone = min(penalties(set_back))
        begun = time.monotonic()
        set_back.apart("withdraw", gone, "--because", "repair")
        assert time.monotonic() - begun < 30
    set_back.is_sound()


def test_a_missing_checkpoint_is_taken_after_a_comparison_and_is_no_fault(
    published: Credence,
) -> None:
    found = sorted(published.directory.glob("surfaces/*/*/checkpoint.json"))
    assert len(found) == 8
    for path in found:
        path.unlink()
    assert not published("publish").err
    assert sorted(published.directory.glob("surfaces/*/*/checkpoint.json")) == found
    assert all(json.loads(path.read_text())["root"] for path in found)
    assert all(path.stat().st_mode & 0o077 == 0 for path in found)


def test_a_surface_without_checkpoint_that_shows_something_else_is_rebuilt(
    published: Credence, sample: Path, tmp_path: Path
) -> None:
    published("load", sample / "licence.csv", code=1)
    published("publish")
    feed = published.directory / "surfaces/public/feed"
    shutil.copytree(feed, tmp_path / "feed", symlinks=True)
    first = min(published.records())
    published("withdraw", first, "--because", "repair")
    shutil.rmtree(feed)
    shutil.copytree(tmp_path / "feed", feed, symlinks=True)
    (feed / "checkpoint.json").unlink()
    published("publish")
    published.is_sound()


def test_withdrawing_again_succeeds_and_says_since_when(published: Credence) -> None:
    gone = min(penalties(published))
    published("withdraw", gone, "--because", "repair")
    again = published("withdraw", gone, "--because", "repair").result
    assert again["already"]["event"] == "withdraw"
    assert again["already"]["since"].startswith("20")
    assert all(again["gone"].values())
    assert "already" not in published("suspend", penalties(published)[0]).result
    told = published("audit", gone).result
    assert told["removed"] == again["already"]
    assert published("suspend", gone, code=1).err


def feed_members(credence: Credence) -> list[tuple[str, int, str, str]]:
    """Return (time, activity, record) of every member of the public feed, in order."""
    pages = credence.directory.glob("surfaces/public/feed/current/feed/*/p/*.nq.gz")
    found = []
    for page in pages:
        text = gzip.decompress(page.read_bytes()).decode()
        found += MEMBER.findall(text)
    return sorted((time, int(seq), kind, record) for kind, record, time, seq in found)


def followed(members: list[tuple[str, int, str, str]], shown: set[str]) -> set[str]:
    """Return what a follower shows that read these members after what it had."""
    for _, _, activity, record in members:
        shown = shown - {record} if activity == "Delete" else shown | {record}
    return shown


def epoch_of(credence: Credence) -> int:
    root = credence.directory / "surfaces/public/feed/current/feed/all.trig.gz"
    [found] = re.findall(r'cr:epoch "(\d+)"', gzip.decompress(root.read_bytes()).decode())
    return int(found)


def live(credence: Credence) -> set[str]:
    query = "SELECT ?r { ?r <https://w3id.org/credence/ns#sourceName> ?x }"
    return {row["r"] for row in credence.bindings(query)}


def test_followers_of_a_lost_history_end_equal_by_the_deletes_of_a_new_epoch(
    published: Credence, sample: Path, tmp_path: Path
) -> None:
    assert epoch_of(published) == 1
    keep_ledger(published.directory, tmp_path / "kept")
    revised = tmp_path / "penalty.csv"
    text = (sample / "penalty.csv").read_text(encoding="utf-8-sig")
    published("load", sample / "licence.csv", code=1)
    revised.write_text(text.replace("罚款", "罚款及"), encoding="utf-8")
    published("load", revised, "--kind", "penalty", code=1)
    published("publish")
    ahead = feed_members(published)
    copy = followed(ahead, set())
    put_ledger_back(published.directory, tmp_path / "kept")
    published("publish")
    new = [one for one in feed_members(published) if one[0] > ahead[-1][0]]
    assert len(new) > 20
    assert followed(new, copy) == live(published)
    assert epoch_of(published) == 2
    assert published("status").result["ledger"]["epoch"] == 2
    published("load", sample / "licence.csv", code=1)
    published("publish")
    assert epoch_of(published) == 2


def test_a_takedown_that_only_a_feed_remembers_is_ordered_again(
    published: Credence, tmp_path: Path
) -> None:
    keep_ledger(published.directory, tmp_path / "kept")
    gone, erased, *_ = penalties(published)
    published("withdraw", gone, "--because", "repair")
    published("erase", erased)
    put_ledger_back(published.directory, tmp_path / "kept")
    shutil.rmtree(published.directory.with_name("data.journal"))
    published("publish")
    assert not {gone, erased} & set(penalties(published))
    assert published("audit", gone).result["removed"]["event"] == "withdraw"


def test_a_rebuild_asked_for_by_hand_takes_in_what_surfaces_know_first(
    set_back: Credence,
) -> None:
    before = followed(feed_members(set_back), set())
    set_back("rebuild")
    gone = {record for _, _, activity, record in feed_members(set_back) if activity == "Delete"}
    assert before - live(set_back) <= gone
    assert set_back("status").result["ledger"]["epoch"] == 2
