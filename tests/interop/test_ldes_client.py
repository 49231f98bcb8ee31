"""npm ldes-client replicates our feeds: complete, in every form, again, and through a repair."""

from __future__ import annotations

import csv
import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from exchange.domain.disclosure_levels import Tier
from exchange.domain.record import Activity
from exchange.model import load_model
from publisher.wiring import Deployment

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

KINDS = {slug: kind for slug, kind in load_model().kinds.items() if kind.max_tier is Tier.PUBLIC}
FEEDS = {"penalty": ["penalty"], "all": list(KINDS)}
KEYED = {"counterpart", "authority", "authorityName", "documentNumber"}


def members(city: Any, feed: str) -> set[str]:
    """Return the event of every member that the ledger says a feed shows."""
    with Deployment(city.root, {}).open() as opened:
        changes, after = [], 0
        while found := opened.ledger.changes(Tier.PUBLIC, after, 5_000):
            changes += found
            after = found[-1].seq
    return {
        change.event
        for change in changes
        if change.kind in FEEDS[feed]
        and (change.activity is Activity.DELETE or change.view is not None)
    }


def live(city: Any, feed: str) -> set[str]:
    found: set[str] = city.live(*(KINDS[slug].type_name for slug in FEEDS[feed]))
    return found


def more_rows(folder: Path, at: Path, count: int, mark: str) -> Path:
    """Write the first rows of the sample's penalties again, as other documents."""
    with (folder / "penalty.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    column = next(n for n, name in enumerate(rows[0]) if "决定书文号" in name)
    renamed = [
        [*row[:column], f"{row[column]}-{mark}", *row[column + 1 :]] for row in rows[1 : count + 1]
    ]
    return written(at / f"more-{mark}.csv", [rows[0], *renamed])


def repair_cases(city: Any, folder: Path, at: Path, iris: list[str], mark: str) -> Path:
    """Write granted repair cases about penalties, as a unit delivers them."""
    with (folder / "repair-case.csv").open(encoding="utf-8-sig", newline="") as file:
        head, *rows = list(csv.reader(file))
    pattern = next(row for row in rows if "行政处罚" in row and "准予修复" in row)
    made = [head]
    for number, iri in enumerate(iris):
        record = json.loads(city.get(iri.removeprefix(city.base), "application/ld+json"))
        said = dict(zip(head, pattern, strict=True)) | {
            "案件编号": f"示信修〔2026〕{mark}{number}号",
            "所涉记录的决定机关": record["authorityName"],
            "所涉记录的决定机关统一社会信用代码": record["authority"],
            "所涉记录的决定书文号": record["documentNumber"],
            "所涉行政相对人统一社会信用代码": record.get("counterpart", ""),
            "所涉自然人证件号码": "",
        }
        made.append(list(said.values()))
    return written(at / "repair-case.csv", made)


def written(path: Path, rows: list[list[str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def organisations(city: Any, count: int) -> list[str]:
    """Return live penalties of organisations, whose key needs no ID number."""
    found = []
    for iri in sorted(city.live("AdministrativePenalty")):
        record = json.loads(city.get(iri.removeprefix(city.base), "application/ld+json"))
        found += [iri] if record.keys() >= KEYED else []
        if len(found) == count:
            break
    return found


def settled(city: Any, feed: str, expected: set[str]) -> bool:
    """Wait until SPARQL says the same; its readers follow within the five seconds promised."""
    until = time.monotonic() + 5
    while live(city, feed) != expected:
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True


@pytest.mark.parametrize("feed", FEEDS)
@pytest.mark.parametrize("ordered", ["none", "ascending"])
def test_a_replica_is_complete_and_lives_as_sparql_says(
    city: Any, client: Any, feed: str, ordered: str
) -> None:
    replica = client(f"{city.base}/feed/{feed}", ordered=ordered)
    assert replica.failures == []
    assert sorted(replica.ids) == sorted(members(city, feed))
    assert settled(city, feed, replica.live())


def test_the_forms_carry_the_same_members(city: Any, client: Any) -> None:
    url = f"{city.base}/feed/all"
    said = {
        accept: {member["id"]: member["digest"] for member in client(url, accept=accept).members}
        for accept in ("application/trig", "application/n-quads", "application/ld+json")
    }
    one, *others = said.values()
    assert one.keys() == members(city, "all")
    assert all(other == one for other in others)


def test_the_shape_takes_no_member_away(city: Any, client: Any) -> None:
    url = f"{city.base}/feed/penalty"
    assert sorted(client(url).ids) == sorted(client(url, noShape=True).ids)


def test_resuming_emits_what_is_new_and_nothing_again(
    city: Any, client: Any, sample: Path, tmp_path: Path
) -> None:
    url, state = f"{city.base}/feed/all", str(tmp_path / "state")
    runs = [client(url, ordered="ascending", state=state)]
    assert set(runs[0].ids) == members(city, "all")

    runs.append(client(url, ordered="ascending", state=state))
    assert runs[-1].ids == []

    before = members(city, "all")
    city.run("load", more_rows(sample, tmp_path, 300, "again"))
    city.run("publish")  # waits for the server's own projector
    runs.append(client(url, ordered="ascending", state=state))
    assert sorted(runs[-1].ids) == sorted(members(city, "all") - before)
    assert settled(city, "all", runs[-1].live(*runs[:-1]))

    before, gone = members(city, "all"), organisations(city, 20)
    city.run("load", repair_cases(city, sample, tmp_path, gone, "甲"))
    city.run("publish")  # waits for the server's own projector
    runs.append(client(url, ordered="ascending", state=state))
    assert sorted(runs[-1].ids) == sorted(members(city, "all") - before)
    assert {member["type"] for member in runs[-1].members} == {"Delete"}
    assert {member["record"] for member in runs[-1].members} >= set(gone)
    assert not runs[-1].live(*runs[:-1]) & set(gone)
    assert settled(city, "all", runs[-1].live(*runs[:-1]))

    newcomer = client(url)
    assert sorted(newcomer.ids) == sorted(members(city, "all"))
    assert settled(city, "all", newcomer.live())


def test_a_follower_sees_a_load_and_a_repair_happen(
    city: Any, client: Any, sample: Path, tmp_path: Path
) -> None:
    end = tmp_path / "end"
    follower = client.start(f"{city.base}/feed/all", ordered="ascending", until=str(end))
    city.run("load", more_rows(sample, tmp_path, 200, "followed"))
    gone = organisations(city, 5)
    city.run("load", repair_cases(city, sample, tmp_path, gone, "乙"))
    city.run("publish")  # waits for the server's own projector
    whole = tmp_path / "whole"
    whole.write_text(str(len(members(city, "all"))), encoding="ascii")
    whole.rename(end)
    out, _ = follower.communicate(timeout=100)
    replica = client.replica(out)
    assert set(replica.ids) >= members(city, "all")
    assert settled(city, "all", replica.live())
    assert not replica.live() & set(gone)


@pytest.mark.parametrize("feed", FEEDS)
def test_our_own_linter_finds_nothing_over_http(city: Any, feed: str) -> None:
    document = city.run("verify", f"{city.base}/feed/{feed}")
    assert [report["findings"] for report in document["feeds"]] == [[], [], []]
    assert {report["members"] for report in document["feeds"]} == {len(members(city, feed))}
    assert {report["live"] for report in document["feeds"]} == {len(live(city, feed))}
