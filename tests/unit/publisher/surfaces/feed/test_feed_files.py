"""A tree of documents is whole at every moment, whatever a crash leaves behind."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from exchange.domain.errors import StoreUnavailable
from publisher.surfaces.feed.feed_files import FeedTree

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ("feed/a.trig", "feed/a/p/1.trig", "feed/a/i/1.trig", "feed/all.trig")


def filled(root: Path, text: bytes) -> FeedTree:
    tree = FeedTree(root)
    for name in NAMES:
        tree.write(name, text)
    return tree


def shown(tree: FeedTree) -> set[bytes | None]:
    return {tree.read(name) for name in NAMES}


def test_nothing_is_seen_before_the_commit(tmp_path: Path) -> None:
    tree = filled(tmp_path, b"old")
    tree.commit({"position": 1})
    tree.write(NAMES[0], b"new")
    assert (tree.read(NAMES[0]), tree.dirty) == (b"new", True)
    again = FeedTree(tmp_path)
    assert (shown(again), again.state()) == ({b"old"}, {"position": 1})


def test_a_crash_at_any_move_is_finished_at_the_next_start(tmp_path: Path) -> None:
    filled(tmp_path / "new", b"new").commit({"position": 2})
    for done in range(len(NAMES) + 2):
        root = tmp_path / str(done)
        filled(root, b"old").commit({"position": 1})
        shutil.copytree(tmp_path / "new", root / "stage")
        (root / "stage" / "complete").touch()
        files = [path for path in sorted((root / "stage").rglob("*.gz")) if path.is_file()]
        for path in [*files, root / "stage" / "state.json"][:done]:
            path.replace(root / path.relative_to(root / "stage"))
        tree = FeedTree(root)
        assert (shown(tree), tree.state()) == ({b"new"}, {"position": 2})
        assert not (root / "stage").exists()


def test_a_crash_before_the_stage_is_complete_changes_nothing(tmp_path: Path) -> None:
    filled(tmp_path, b"old").commit({"position": 1})
    shutil.copytree(tmp_path / "feed", tmp_path / "stage" / "feed")
    (tmp_path / "stage" / "state.json").write_text('{"position": 2}')
    tree = FeedTree(tmp_path)
    assert (shown(tree), tree.state()) == ({b"old"}, {"position": 1})


def test_a_page_is_moved_before_the_next_one_of_its_kind(tmp_path: Path) -> None:
    tree = FeedTree(tmp_path)
    names = [f"feed/b/p/{number}.trig.gz" for number in (9, 10, 11, 99, 100)]
    last = ["feed/b/i/9.trig.gz", "feed/b/i/10.trig.gz", "feed/all.trig.gz", "feed/b.trig.gz"]
    assert sorted([*last, *names], key=tree.order) == [*names, *last]


def test_pages_of_both_sides_of_a_commit_are_listed_in_number_order(tmp_path: Path) -> None:
    tree = FeedTree(tmp_path)
    for number in (2, 10):
        tree.write(f"feed/b/p/{number}.nq", b"")
    tree.commit({})
    tree.write("feed/a/p/1.nq", b"")
    assert list(tree.pages()) == [("a", 1), ("b", 2), ("b", 10)]


def test_the_same_text_is_packed_to_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        filled(tmp_path / name, b"text" * 1000).commit({})
    one, two = ((tmp_path / name / "feed/all.trig.gz").read_bytes() for name in ("one", "two"))
    assert one == two


def test_what_is_not_there_is_none(tmp_path: Path) -> None:
    tree = FeedTree(tmp_path)
    assert (tree.read("feed/a.nq"), tree.state()) == (None, None)


@pytest.mark.parametrize("at", [0, 3, 14, 40])
def test_an_altered_state_or_document_is_an_error_and_never_believed(
    tmp_path: Path, at: int
) -> None:
    filled(tmp_path, b"text" * 100).commit({"position": 17})
    for name in ("state.json", f"{NAMES[0]}.gz"):
        sound = (tmp_path / name).read_bytes()
        altered = bytearray(sound)
        altered[at if name.endswith("json") else -1 - at % 8] ^= 1
        (tmp_path / name).write_bytes(altered)
        shelf = FeedTree(tmp_path)
        with pytest.raises(StoreUnavailable, match="damaged"):
            assert (shelf.state(), shelf.read(NAMES[0])) == ({"position": 17}, b"text" * 100)
        (tmp_path / name).write_bytes(sound)
