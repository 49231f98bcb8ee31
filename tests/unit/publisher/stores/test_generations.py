from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from exchange.domain.errors import StoreUnavailable
from publisher.stores import generations as kept
from publisher.stores.embedded_store import EmbeddedStore
from publisher.stores.generations import Generations, Pointer, current_generation
from tests.syncs import noted_syncs

if TYPE_CHECKING:
    from pathlib import Path


class Clock:
    now = 1_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path) -> EmbeddedStore:
    return EmbeddedStore(tmp_path / "writer")


def standing(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "generations").iterdir())


def test_before_the_first_publication_readers_are_told_so(tmp_path: Path, clock: Clock) -> None:
    Generations(tmp_path, clock)
    with pytest.raises(StoreUnavailable) as problem:
        current_generation(tmp_path)
    assert "publish" in problem.value.hint


def test_the_pointer_names_generation_and_position(
    tmp_path: Path, clock: Clock, store: EmbeddedStore
) -> None:
    generations = Generations(tmp_path, clock)
    store.replace({}, 41)
    generations.publish(store)
    now = current_generation(tmp_path)
    assert (now.number, now.position) == (1, 41)
    assert now.path.is_dir()


def test_a_superseded_generation_goes_when_its_grace_is_over(
    tmp_path: Path, clock: Clock, store: EmbeddedStore
) -> None:
    generations = Generations(tmp_path, clock, grace=1_000)
    generations.publish(store)
    generations.publish(store)
    clock.now += 999
    generations.prune()
    assert standing(tmp_path) == ["1", "2"]
    clock.now += 1
    generations.prune()
    assert standing(tmp_path) == ["2"]


def test_dropping_leaves_the_current_one_only(
    tmp_path: Path, clock: Clock, store: EmbeddedStore
) -> None:
    generations = Generations(tmp_path, clock)
    for _ in range(3):
        generations.publish(store)
    generations.drop_old()
    assert standing(tmp_path) == ["3"]
    assert generations.publish(store).number == 4


def test_a_copy_never_announced_is_removed_at_the_next_start(
    tmp_path: Path, clock: Clock, store: EmbeddedStore
) -> None:
    generations = Generations(tmp_path, clock)
    generations.publish(store)
    store.backup(tmp_path / "generations" / "2")
    again = Generations(tmp_path, clock)
    assert standing(tmp_path) == ["1"]
    assert again.publish(store).number == 2


def test_generations_of_an_earlier_process_get_a_grace_of_their_own(
    tmp_path: Path, clock: Clock, store: EmbeddedStore
) -> None:
    generations = Generations(tmp_path, clock)
    generations.publish(store)
    generations.publish(store)
    again = Generations(tmp_path, clock, grace=500)
    again.prune()
    assert standing(tmp_path) == ["1", "2"]
    clock.now += 500
    again.prune()
    assert standing(tmp_path) == ["2"]


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\xff{",
        b"{",
        b"[]",
        b"[1, 2]",
        b"null",
        b"7",
        b"{}",
        b'{"generation": 1}',
        b'{"position": 1}',
        b'{"generation": null, "position": 1}',
        b'{"generation": 1, "position": "x"}',
        None,
    ],
)
def test_a_broken_pointer_is_unavailable_not_a_crash(
    tmp_path: Path, clock: Clock, text: bytes | None
) -> None:
    if text is None:
        (tmp_path / "current").mkdir()
    else:
        (tmp_path / "current").write_bytes(text)
    for read in (lambda: current_generation(tmp_path), lambda: Generations(tmp_path, clock)):
        with pytest.raises(StoreUnavailable, match="pointer") as caught:
            read()
        assert "credence rebuild" in caught.value.hint


def test_the_first_copy_is_removed_where_it_was_never_announced(
    tmp_path: Path, clock: Clock, store: EmbeddedStore
) -> None:
    (tmp_path / "generations").mkdir()
    for name in ("1", "2"):
        store.backup(tmp_path / "generations" / name)
    generations = Generations(tmp_path, clock)
    assert standing(tmp_path) == []
    assert generations.current() is None
    assert generations.publish(store).number == 1


def test_each_generation_has_a_grace_of_its_own(
    tmp_path: Path, clock: Clock, store: EmbeddedStore
) -> None:
    generations = Generations(tmp_path, clock, grace=1_000)
    for _ in range(3):
        generations.publish(store)
        clock.now += 300
    began = clock.now - 900
    for after, left in (
        (1_299, ["1", "2", "3"]),
        (1_300, ["2", "3"]),
        (1_599, ["2", "3"]),
        (1_600, ["3"]),
        (10**9, ["3"]),
    ):
        clock.now = began + after
        generations.prune()
        assert [name for name in standing(tmp_path) if name.isdecimal()] == left, after


def test_a_kept_pointer_follows_every_publication_and_reads_the_file_only_then(
    tmp_path: Path, clock: Clock, store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    pointer, generations = Pointer(tmp_path), Generations(tmp_path, clock)
    with pytest.raises(StoreUnavailable):
        pointer()
    for number in range(1, 6):
        generations.publish(store)
        assert pointer().number == current_generation(tmp_path).number == number
    monkeypatch.setattr(kept, "current_generation", None)
    assert pointer().number == 5
    (tmp_path / "current").unlink()
    monkeypatch.undo()
    with pytest.raises(StoreUnavailable):
        pointer()


def test_a_generation_is_on_the_disk_before_readers_are_led_to_it(
    tmp_path: Path, clock: Clock, store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept_generations = Generations(tmp_path, clock)
    synced = noted_syncs(monkeypatch)
    kept_generations.publish(store)
    folder, pointer, parent = synced
    assert folder == str(tmp_path / "generations")
    assert pointer.startswith(str(tmp_path / "current")) or "current" in pointer
    assert parent == str(tmp_path)
