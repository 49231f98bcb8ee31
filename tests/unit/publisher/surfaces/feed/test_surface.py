"""What the feed shows, and what a takedown leaves of it.

Source: docs/design/surfaces.md "Removal from a feed".
"""

from __future__ import annotations

import gzip
import itertools
import re
import shutil
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox
import pytest

from exchange.domain.disclosure_levels import Tier
from exchange.domain.keys import key
from exchange.domain.record import Link, Submission
from publisher.surfaces.feed import FeedReader, FeedSurface

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PUBLIC = Tier.PUBLIC
TREE = "https://w3id.org/tree#"
DELETE = re.compile(rb"<[^>]+/event/\w+> a as:Delete ;[^\n]+")


@pytest.fixture
def feed(city: Any) -> Iterator[FeedSurface]:
    surface = FeedSurface(city.feed_config(PUBLIC))
    yield surface
    surface.close()


def follow(city: Any, feed: FeedSurface) -> None:
    while changes := city.ledger.changes(PUBLIC, feed.position(), 1_000):
        feed.apply(changes)
    feed.publish(at_head=True)


def documents(city: Any) -> dict[str, bytes]:
    """Return every document that readers have, unpacked, by its path."""
    current = city.feed_config(PUBLIC).directory / "current"
    paths = current.rglob("*.gz")
    return {str(p.relative_to(current)): gzip.decompress(p.read_bytes()) for p in paths}


def changed(before: dict[str, bytes], after: dict[str, bytes]) -> set[str]:
    return {name.split(".")[0] for name in before if before[name] != after[name]}


def linked(documents: dict[str, bytes], root: str) -> set[str]:
    """Return every path that hangs below a root; a link to nothing is a KeyError."""
    found, waiting = set[str](), [root]
    while waiting:
        text = documents[f"{waiting.pop()}.nq.gz"].decode()
        nodes = re.findall(rf"<{TREE}node> <https://credit.example.cn/([^>]+)>", text)
        waiting += [path for path in nodes if path not in found]
        found.update(nodes)
    return found


def test_a_feed_without_members_has_its_root(city: Any, feed: FeedSurface) -> None:
    assert set(documents(city)) == {f"feed/all.{form}.gz" for form in ("trig", "jsonld", "nq")}
    assert FeedReader(city.feed_config(PUBLIC)).position() == 0


def test_both_streams_reach_every_page_and_nothing_else(city: Any, feed: FeedSurface) -> None:
    city.publish(1_150)
    follow(city, feed)
    found = documents(city)
    pages = {name.split(".")[0] for name in found if "/p/" in name}
    assert len(pages) == 6
    for stream in ("all", "penalty"):
        below = linked(found, f"feed/{stream}")
        assert {path for path in below if "/p/" in path} == pages
        assert {path for path in below if "/i/" in path} == {
            f"feed/{stream}/i/1",
            f"feed/{stream}/i/2",
        }


def test_appending_changes_open_pages_and_roots_alone(city: Any, feed: FeedSurface) -> None:
    city.publish(450)
    follow(city, feed)
    before = documents(city)
    newest = f"feed/penalty/p/{city.ledger.changes(PUBLIC, 0, 999)[-1].page}"
    city.publish(1)
    follow(city, feed)
    assert changed(before, documents(city)) == {newest, "feed/penalty", "feed/all"}


def test_a_page_that_closes_without_a_new_member_says_so(city: Any, feed: FeedSurface) -> None:
    city.publish(10)
    follow(city, feed)
    assert b"immutable" not in documents(city)["feed/penalty/p/1.trig.gz"]
    while city.ledger.changes(PUBLIC, 0, 999)[-1].page == 1:
        follow(city, feed)
        city.publish(90)
    follow(city, feed)
    assert b"ldes:immutable true" in documents(city)["feed/penalty/p/1.trig.gz"]


def test_a_redaction_only_removes_and_moves_nothing(city: Any, feed: FeedSurface) -> None:
    gone, *_ = city.publish(450)
    follow(city, feed)
    before = documents(city)
    city.ledger.withdraw(gone, "repair")
    feed.redact([gone])
    feed.publish(at_head=False)
    after = documents(city)
    assert changed(before, after) == {"feed/penalty/p/1"}
    for form, media in (("nq", ox.RdfFormat.N_QUADS), ("trig", ox.RdfFormat.TRIG)):
        name = f"feed/penalty/p/1.{form}.gz"
        old, new = (set(map(str, ox.parse(texts[name], media))) for texts in (before, after))
        assert new < old
        assert all(gone in quad or "/event/" in quad for quad in old - new)


def test_nothing_of_a_withdrawn_version_is_left(city: Any, feed: FeedSurface) -> None:
    first, *_ = city.publish(3)
    follow(city, feed)
    [create] = [c for c in city.ledger.changes(PUBLIC, 0, 10) if c.iri == first]
    city.ledger.withdraw(first, "repair")
    follow(city, feed)
    said = [line for line in create.view.decode().split('"') if "文书" in line]
    for text in documents(city).values():
        assert create.event.encode() not in text
        assert not any(word.encode() in text for word in said)


def test_tombstones_are_alike_for_every_cause(city: Any, feed: FeedSurface) -> None:
    repaired, revoked, expired, erased, shielded = city.publish(5)
    city.ledger.withdraw(repaired, "repair")
    city.ledger.withdraw(revoked, "revocation", "d")
    city.ledger.expire(expired)
    city.ledger.erase(erased)
    city.ledger.suspend(shielded)
    follow(city, feed)
    found = DELETE.findall(documents(city)["feed/penalty/p/1.trig.gz"])
    assert len(found) == 5
    opaque = {re.sub(rb"(record|event)/\w+|seq \d+|\"[^\"]+\"", b"_", text) for text in found}
    assert len(opaque) == 1


def test_a_reissued_record_leaves_no_earlier_version(city: Any, feed: FeedSurface) -> None:
    names = [next(city.numbers) for _ in range(2)]
    bases = city.append([city.submission(f"依据{name}") for name in names])
    entry = city.submission("列入", kind="list-entry")
    links = tuple(Link("basis", "penalty", key("penalty", [f"依据{name}"])) for name in names)
    [listed] = city.append(
        [Submission("list-entry", entry.key, entry.body, tier=entry.tier, links=links)]
    )
    follow(city, feed)
    city.ledger.withdraw(bases[0], "repair")
    follow(city, feed)
    changes = [c for c in city.ledger.changes(PUBLIC, 0, 99) if c.iri == listed]
    assert [(c.activity, c.view is None, c.retracts_text) for c in changes] == [
        ("Create", True, False),
        ("Update", False, True),
    ]
    page = documents(city)["feed/list-entry/p/1.nq.gz"]
    assert changes[0].event.encode() not in page
    assert changes[1].event.encode() in page
    assert feed.contains(listed)


def test_chunks_and_rebuilds_make_the_same_bytes(city: Any, feed: FeedSurface) -> None:
    gone, *_ = city.publish(460)
    follow(city, feed)
    city.ledger.withdraw(gone, "repair")
    city.publish(300)
    while changes := city.ledger.changes(PUBLIC, feed.position(), 50):
        feed.apply(changes)
        feed.publish(at_head=False)
    before = documents(city)
    feed.reset()
    follow(city, feed)
    assert documents(city) == before
    assert len(list((city.feed_config(PUBLIC).directory / "trees").iterdir())) == 1


def test_after_a_failure_it_goes_on_from_what_readers_have(city: Any, feed: FeedSurface) -> None:
    city.publish(3)
    follow(city, feed)
    city.publish(300)
    stage: Path = city.feed_config(PUBLIC).directory / "current" / "stage"
    stage.write_bytes(b"in the way")
    with pytest.raises(OSError, match="stage"):
        follow(city, feed)
    stage.unlink()
    assert feed.position() == 3
    follow(city, feed)
    assert feed.position() == 303
    live = sorted(iri for iri, _, _ in city.ledger.live(PUBLIC))
    assert sorted(feed.iris()) == live


def test_times_never_go_back_and_roots_say_how_far_they_go(city: Any, feed: FeedSurface) -> None:
    city.publish(350)
    follow(city, feed)
    found = documents(city)
    time = re.compile(rb'as:published "([^"]+)"')
    times = [
        moment
        for number in (1, 2)
        for moment in time.findall(found[f"feed/penalty/p/{number}.trig.gz"])
    ]
    assert len(times) == 350
    assert all(one <= two for one, two in itertools.pairwise(times))
    assert f'cr:completeUntil "{times[-1].decode()}"' in found["feed/all.trig.gz"].decode()


def test_the_government_feed_has_its_own_address_and_events(city: Any) -> None:
    city.publish(1, tier=Tier.GOVERNMENT)
    surface = FeedSurface(city.feed_config(Tier.GOVERNMENT))
    surface.apply(city.ledger.changes(Tier.GOVERNMENT, 0, 10))
    surface.publish(at_head=True)
    current = city.feed_config(Tier.GOVERNMENT).directory / "current"
    page = gzip.decompress((current / "feed/penalty/p/1.nq.gz").read_bytes()).decode()
    assert "<https://gov.credit.example.cn/event/" in page
    assert "<https://credit.example.cn/event/" not in page


def test_a_copy_that_lost_its_link_begins_anew(city: Any, feed: FeedSurface) -> None:
    city.publish(3)
    follow(city, feed)
    current = city.feed_config(PUBLIC).directory / "current"
    tree = current.resolve()
    current.unlink()
    shutil.copytree(tree, current)
    again = FeedSurface(city.feed_config(PUBLIC))
    assert again.position() == 0
    follow(city, again)
    assert len(list(again.iris())) == 3
