"""A follower with npm ldes-client: an older ledger was put back, and it ends equal."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.interop.test_ldes_client import live, more_rows, settled
from tests.serving import City

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def epoch_of(city: City) -> int:
    root = city.get("/feed/all", "application/n-quads").decode()
    [found] = re.findall(r'ns#epoch> "(\d+)"', root)
    return int(found)


def test_a_follower_that_starts_anew_with_the_epoch_ends_equal(
    client: Any, sample: Path, tmp_path: Path
) -> None:
    city = City(tmp_path / "data")
    url, state = f"{city.base}/feed/all", str(tmp_path / "state")
    city.run("load", sample / "penalty.csv")
    city.run("publish")
    city.run("backup", tmp_path / "backup")
    with city.served():
        runs = [client(url, ordered="ascending", state=state)]
        city.run("load", sample / "licence.csv")
        city.run("load", more_rows(sample, tmp_path, 100, "lost"))
        city.run("publish")
        gone = min(live(city, "penalty"))
        city.run("withdraw", gone, "--because", "repair")
        runs.append(client(url, ordered="ascending", state=state))
        assert settled(city, "all", runs[-1].live(*runs[:-1]))
        lost = live(city, "all")
    for path in city.root.glob("ledger.sqlite*"):
        path.unlink()
    done = city.run("restore", tmp_path / "backup")
    assert done["entered"] > 100
    with city.served():
        assert epoch_of(city) == 2
        anew = client(url, ordered="ascending", state=f"{state}-2")
        kept = runs[-1].live(*runs[:-1]) & anew.live() | anew.live()
        assert settled(city, "all", kept)
        assert kept < lost
        assert gone not in kept
        deleted = {one["record"] for one in anew.members if one["type"] == "Delete"}
        assert lost - kept <= deleted


def test_a_follower_that_goes_on_after_the_restore_ends_equal(
    client: Any, sample: Path, tmp_path: Path
) -> None:
    city = City(tmp_path / "data")
    url, state = f"{city.base}/feed/all", str(tmp_path / "state")
    city.run("load", sample / "penalty.csv")
    city.run("publish")
    city.run("backup", tmp_path / "backup")
    with city.served():
        runs = [client(url, ordered="ascending", state=state)]
        city.run("load", sample / "licence.csv")
        city.run("load", more_rows(sample, tmp_path, 400, "lost"))  # more than one page of them
        city.run("publish")
        city.run("withdraw", min(live(city, "penalty")), "--because", "repair")
        runs.append(client(url, ordered="ascending", state=state))
        assert settled(city, "all", runs[-1].live(*runs[:-1]))
    for path in city.root.glob("ledger.sqlite*"):
        path.unlink()
    city.run("restore", tmp_path / "backup")
    with city.served():
        runs.append(client(url, ordered="ascending", state=state))
        assert settled(city, "all", runs[-1].live(*runs[:-1]))
        city.run("load", more_rows(sample, tmp_path, 30, "after"))
        city.run("publish")
        runs.append(client(url, ordered="ascending", state=state))
        assert settled(city, "all", runs[-1].live(*runs[:-1]))
