from __future__ import annotations

import os

import pytest

from exchange.domain.errors import UsageError
from exchange.intake import FolderWatcher, split_by_kind_known


class Clock:
    """A clock that a test moves."""

    now = 1_000_000

    def __call__(self):
        return self.now


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


@pytest.fixture
def watch(folder, tmp_path):
    clock = Clock()
    return clock, lambda: FolderWatcher(folder, tmp_path / "memory", clock)


def look(watcher, clock, after=2_000):
    clock.now += after
    return [path.name for path in watcher.ready_files()]


def test_a_file_is_due_when_it_has_stood_still(folder, watch):
    clock, begin = watch
    watcher = begin()
    path = folder / "penalty.csv"
    path.write_text("a")
    assert look(watcher, clock) == []  # seen for the first time
    path.write_text("ab")
    assert look(watcher, clock) == []  # grown since
    assert look(watcher, clock, 1_999) == []
    assert look(watcher, clock, 1) == ["penalty.csv"]


def test_a_file_is_reported_once_until_it_changes_also_after_a_restart(folder, watch):
    clock, begin = watch
    watcher = begin()
    path = folder / "penalty.csv"
    path.write_text("a")
    look(watcher, clock)
    (due,) = look(watcher, clock)
    watcher.mark_done(folder / due)
    again = begin()
    for one in (watcher, again):
        look(one, clock)
        assert look(one, clock) == []
    path.write_text("changed")
    look(again, clock)
    assert look(again, clock) == ["penalty.csv"]


def test_a_memory_cut_short_by_a_crash_forgets_only_its_last_line(folder, watch, tmp_path):
    clock, begin = watch
    watcher = begin()
    for name in ("a.csv", "b.csv"):
        (folder / name).write_text(name)
    look(watcher, clock)
    for name in look(watcher, clock):
        watcher.mark_done(folder / name)
    (memory,) = (tmp_path / "memory").iterdir()
    memory.write_bytes(memory.read_bytes()[:-5])
    again = begin()
    look(again, clock)
    assert look(again, clock) == ["b.csv"]


def test_files_that_left_the_folder_are_forgotten(folder, watch, tmp_path):
    clock, begin = watch
    watcher = begin()
    (folder / "a.csv").write_text("a")
    look(watcher, clock)
    for name in look(watcher, clock):
        watcher.mark_done(folder / name)
    (folder / "a.csv").unlink()
    begin()
    (memory,) = (tmp_path / "memory").iterdir()
    assert memory.read_bytes() == b""


def test_only_whole_visible_files_of_known_formats_count(folder, watch):
    clock, begin = watch
    for name in (".hidden.csv", "~$penalty.xlsx", "notes.txt", "penalty.csv.part", "penalty.CSV"):
        (folder / name).write_text("x")
    os.mkfifo(folder / "pipe.csv")
    (folder / "sub.csv").mkdir()
    watcher = begin()
    look(watcher, clock)
    assert look(watcher, clock) == ["penalty.CSV"]


def test_a_folder_means_the_deliveries_in_it(folder, model, table, make):
    (folder / "august.csv").write_text(table([make(1)]))
    (folder / "expected.json").write_text('{"penalty": {"rows": 1}}')
    (folder / "penalty-broken.csv").write_text("x")
    found, other = split_by_kind_known(folder, model)
    assert [path.name for path in found] == ["august.csv", "penalty-broken.csv"]
    assert [path.name for path in other] == ["expected.json"]
    with pytest.raises(UsageError, match="no folder"):
        split_by_kind_known(folder / "none", model)
