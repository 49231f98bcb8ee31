"""The index: chains whose nodes never change, bounds that hold for all below (decision 0003)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from publisher.surfaces.feed.addresses import ALL, page_path
from publisher.surfaces.feed.page_index import FeedState, Link, NewNode

if TYPE_CHECKING:
    from collections.abc import Iterator

FAN = 3
# Kind and members of each page, in the order in which pages begin.
histories = st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 3)), max_size=40)


def run(history: list[tuple[str, int]]) -> Iterator[tuple[FeedState, list[NewNode]]]:
    """Let members in, page by page, and yield the index after each."""
    index, pages, time, nodes = FeedState(), {"a": 0, "b": 0}, 0, list[NewNode]()
    index.add_streams([ALL, "a", "b"])
    for kind, members in history:
        pages[kind] += 1
        for _ in range(members):
            time += 10
            nodes += index.add_member(kind, pages[kind], time, FAN)
        yield index, nodes


def below(path: str, nodes: dict[str, NewNode]) -> list[str]:
    """Return the pages below a document, in the order of a reader that takes the newest first."""
    if path not in nodes:
        return [path]
    return [page for link in nodes[path].links for page in below(link.path, nodes)]


@given(histories)
def test_every_page_hangs_below_the_root_exactly_once(history: list[tuple[str, int]]) -> None:
    for index, made in run(history):
        nodes = {node.path: node for node in made}
        for name in (ALL, "a", "b"):
            found = [page for link in index.links(name) for page in below(link.path, nodes)]
            wanted = [
                page_path(kind, number)
                for kind, page in index.open.items()
                if name in (kind, ALL)
                for number in range(1, page.number + 1)
            ]
            assert sorted(found) == sorted(wanted)


@given(histories)
def test_a_node_is_full_links_closed_pages_and_the_older_node_last(
    history: list[tuple[str, int]],
) -> None:
    for _, made in run(history):
        assert len({node.path for node in made}) == len(made), "a node is written once"
        for node in made:
            stream, number = node.path.split("/")[1], int(node.path.rpartition("/")[2])
            pages, older = node.links[:FAN], node.links[FAN:]
            assert all("/p/" in link.path and link.high is not None for link in pages)
            assert [link.path for link in older] == (
                [f"feed/{stream}/i/{number - 1}"] if number > 1 else []
            )


@given(histories)
def test_bounds_hold_for_all_below(history: list[tuple[str, int]]) -> None:
    for index, made in run(history):
        nodes = {node.path: node for node in made}
        links = [link for node in made for link in node.links] + index.links(ALL)
        for link in links:
            for inner in nodes[link.path].links if link.path in nodes else ():
                assert link.low <= inner.low
                assert inner.high is not None
                assert link.high is not None
                assert inner.high <= link.high


@given(histories)
def test_it_is_the_same_after_it_was_written_down(history: list[tuple[str, int]]) -> None:
    for index, _ in run(history):
        assert FeedState.from_json(json.loads(json.dumps(index.to_json()))) == index


def test_only_an_open_page_has_no_upper_bound() -> None:
    *_, (index, _) = run([("a", 2), ("a", 1), ("b", 1)])
    assert index.links(ALL) == [
        Link("feed/a/p/1", 10, 21),
        Link("feed/a/p/2", 30, None),
        Link("feed/b/p/1", 40, None),
    ]
    assert [index.streams[name].until for name in ("a", "b", ALL)] == [30, 40, 40]
