"""Which ledger a surface was built from, by size and root of the tree."""

from __future__ import annotations

import json
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from exchange.domain.disclosure_levels import Tier
from exchange.domain.errors import StoreUnavailable
from publisher.surfaces.runtime.alarms import Alarms
from publisher.surfaces.runtime.checkpoints import AHEAD, OTHER_EPOCH, OTHER_ROOT, Checkpoints
from publisher.surfaces.runtime.freshness_guard import SurfaceGuard
from publisher.surfaces.runtime.ledger_comparison import LedgerComparison
from publisher.surfaces.runtime.managed_surface import ManagedSurface
from publisher.surfaces.runtime.runner import Runner
from publisher.surfaces.runtime.runner_state import Pace
from publisher.surfaces.triples.surface import TriplesSurface


def checkpoints(city: Any) -> Checkpoints:
    return Checkpoints(city.root, city.ledger)


def followed(city: Any) -> Runner:
    runner = Runner(
        city.ledger,
        city.surfaces or city.open_surfaces(),
        Alarms(city.root, city.alarms.append),
        city.clock,
        Pace(pause=city.clock.pause),
        comparison=LedgerComparison(city.ledger, city.clock, checkpoints(city)),
    )
    assert runner.catch_up()
    return runner


def file_of(city: Any, tier: Tier = Tier.PUBLIC) -> Path:
    return Path(city.root) / tier.value / "triples" / "checkpoint.json"


def alter(city: Any, **values: object) -> None:
    path = file_of(city)
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_a_surface_that_followed_has_the_root_of_its_last_change(city: Any) -> None:
    city.publish(3)
    followed(city)
    kept = checkpoints(city).read(city.readers()[0])
    assert kept is not None
    point = city.ledger.tree_point(Tier.PUBLIC, 3)
    assert (kept.size, kept.root, kept.epoch) == (point.size, point.root.hex(), 1)
    assert checkpoints(city).difference(city.readers()[0]) is None


def test_the_ledger_may_grow_without_changing_what_was_built_from_it(city: Any) -> None:
    city.publish(3)
    followed(city)
    city.publish(2)
    assert checkpoints(city).difference(city.readers()[0]) is None


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"root": "00" * 32}, OTHER_ROOT),
        ({"size": 10_000}, OTHER_ROOT),
        ({"epoch": 2}, OTHER_EPOCH),
    ],
)
def test_another_root_size_or_epoch_is_another_history(
    city: Any, values: dict[str, object], reason: str
) -> None:
    city.publish(3)
    followed(city)
    alter(city, **values)
    assert checkpoints(city).difference(city.readers()[0]) == reason


def test_a_surface_ahead_of_the_ledger_is_told_by_its_position_alone(city: Any) -> None:
    city.publish(3)
    followed(city)
    file_of(city).unlink()

    class Older:
        def __getattr__(self, name: str) -> Any:
            return getattr(city.ledger, name)

        def head(self, _: Tier) -> int:
            return 2

    assert Checkpoints(city.root, Older()).difference(city.readers()[0]) == AHEAD


@pytest.mark.parametrize("text", ["", "{", "[]", '{"size": "1"}', '{"other": 1}', '{"root": 7}'])
def test_an_illegible_checkpoint_counts_as_none(city: Any, text: str) -> None:
    city.publish(3)
    followed(city)
    file_of(city).write_text(text)
    assert checkpoints(city).read(city.readers()[0]) is None
    assert checkpoints(city).is_unverified(city.readers()[0])


def test_a_rebuilt_surface_has_the_checkpoint_of_this_ledger_again(city: Any) -> None:
    city.publish(3)
    followed(city)
    alter(city, root="00" * 32)
    city.close_surfaces()
    runner = followed(city)
    assert not runner.rebuilding
    assert checkpoints(city).difference(city.readers()[0]) is None
    assert "another history" in city.alarms[0].message
    assert not list(city.root.glob("*/*/alarm.json"))


def test_a_comparison_that_finds_something_else_rebuilds(city: Any) -> None:
    city.publish(3)
    followed(city)
    [first, *_] = [iri for iri, _, _ in city.ledger.live(Tier.PUBLIC)]
    city.ledger.set_objection(first, open=True)
    followed(city)
    alter(city, root="")
    # What the store says is not what the ledger says, although the numbers agree.
    city.surfaces[0].redact([first])
    city.surfaces[0].publish(at_head=True)
    runner = followed(city)
    assert runner.verify_next()
    assert runner.rebuilding
    assert runner.catch_up()
    assert city.readers()[0].contains(first)


def guard(city: Any, now: int, ticks: list[float]) -> SurfaceGuard:
    readers = [reader for reader in city.readers() if reader.tier is Tier.PUBLIC]
    return SurfaceGuard(city.ledger, checkpoints(city), readers, lambda: now, lambda: ticks[0])


def test_a_surface_that_does_not_follow_a_removal_in_time_is_not_read(city: Any) -> None:
    [first, *_] = city.publish(3)
    followed(city)
    city.ledger.withdraw(first, "repair")
    ticks = [0.0]
    guard(city, city.clock.now + 4_000, ticks).require("triples")
    late = guard(city, city.clock.now + 6_000, ticks)
    with pytest.raises(StoreUnavailable, match="removal"):
        late.require("triples")
    followed(city)
    ticks[0] += 1
    late.require("triples")


def test_a_removal_that_ran_ahead_of_the_backlog_counts_as_followed(city: Any) -> None:
    [first, *_] = city.publish(3)
    followed(city)
    city.ledger.withdraw(first, "repair")
    late = city.clock.now + 60_000
    with pytest.raises(StoreUnavailable):
        guard(city, late, [0.0]).require("triples")
    # As a runner notes it that took the record away before it works off what came earlier.
    checkpoints(city).cleared(city.readers()[0], 4)
    guard(city, late, [0.0]).require("triples")


def test_a_runner_notes_up_to_where_removals_were_shown(city: Any) -> None:
    [first, *_] = city.publish(3)
    runner = followed(city)
    city.ledger.withdraw(first, "repair")
    kept = checkpoints(city).read(city.readers()[0])
    assert kept is not None
    assert kept.cleared == 3
    runner.step()
    kept = checkpoints(city).read(city.readers()[0])
    assert kept is not None
    assert kept.cleared == 4


def test_a_surface_of_another_history_is_not_read_and_an_answer_is_kept_for_a_moment(
    city: Any,
) -> None:
    city.publish(3)
    followed(city)
    ticks = [0.0]
    asked = guard(city, city.clock.now, ticks)
    asked.require("triples")
    alter(city, root="00" * 32)
    asked.require("triples")
    ticks[0] += 1
    with pytest.raises(StoreUnavailable, match="another history"):
        asked.require("triples")


def test_a_removal_that_was_applied_but_could_not_be_shown_does_not_count_as_followed(
    city: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    [first, *_] = city.publish(3)
    runner = followed(city)
    city.ledger.withdraw(first, "repair")
    store = city.surfaces[0]

    def unable(**_: object) -> None:
        raise OSError("the disk cannot be written")

    with monkeypatch.context() as patched:
        patched.setattr(store, "publish", unable)
        runner.step()
        runner.step()
    assert store.position() == city.ledger.head(Tier.PUBLIC)
    late = guard(city, city.clock.now + 6_000, [0.0])
    with pytest.raises(StoreUnavailable, match="removal"):
        late.require("triples")
    assert runner.catch_up(city.clock.now + 60_000)
    guard(city, city.clock.now + 60_000, [0.0]).require("triples")


def triples_of(city: Any) -> Path:
    return file_of(city).parent


def opened_on_demand(city: Any) -> Runner:
    """Return a runner over the public triple store as the projector opens it."""
    site = city.triples_config(Tier.PUBLIC)
    make = partial(TriplesSurface, site, b"", city.clock)
    city.surfaces = [ManagedSurface("triples", Tier.PUBLIC, site.directory, make)]
    return followed(city)


def was_told(city: Any, text: str) -> bool:
    return any(text in alarm.message for alarm in city.alarms)


def test_an_older_copy_put_over_a_surface_is_not_read_and_is_rebuilt_at_the_next_step(
    city: Any, tmp_path: Path
) -> None:
    [first, *_] = city.publish(3)
    runner = opened_on_demand(city)
    shutil.copytree(triples_of(city), tmp_path / "older")
    city.ledger.withdraw(first, "repair")
    assert runner.catch_up()
    shutil.rmtree(triples_of(city))
    shutil.copytree(tmp_path / "older", triples_of(city))
    watch = guard(city, city.clock.now + 6_000, [0.0])
    assert not watch.is_fit("triples")
    assert city.readers()[0].contains(first)
    runner.step()
    assert was_told(city, "another copy")
    assert runner.catch_up()
    assert not city.readers()[0].contains(first)
    assert guard(city, city.clock.now + 60_000, [0.0]).is_fit("triples")


def test_a_surface_seen_to_go_back_is_given_no_time_to_follow(city: Any, tmp_path: Path) -> None:
    [first, *_] = city.publish(3)
    runner = opened_on_demand(city)
    shutil.copytree(triples_of(city), tmp_path / "older")
    city.ledger.withdraw(first, "repair")
    assert runner.catch_up()
    ticks = [0.0]
    watch = guard(city, city.clock.now, ticks)
    assert watch.is_fit("triples")
    city.close_surfaces()
    shutil.rmtree(triples_of(city))
    shutil.copytree(tmp_path / "older", triples_of(city))
    ticks[0] += 1
    assert not watch.is_fit("triples")


def test_a_pointer_set_back_alone_is_noticed_at_the_next_step(city: Any) -> None:
    [first, *_] = city.publish(3)
    runner = opened_on_demand(city)
    current = triples_of(city) / "current"
    older = current.read_bytes()
    city.ledger.withdraw(first, "repair")
    assert runner.catch_up()
    current.unlink()
    current.write_bytes(older)
    runner.step()
    assert was_told(city, "another copy")
    assert runner.catch_up()
    assert not city.readers()[0].contains(first)


def test_a_surface_that_lost_its_checkpoint_under_the_projector_is_rebuilt(city: Any) -> None:
    city.publish(3)
    runner = opened_on_demand(city)
    file_of(city).unlink()
    runner.step()
    assert was_told(city, "another copy")
    assert runner.catch_up()
    assert file_of(city).exists()


def test_a_store_whose_files_were_removed_is_rebuilt_without_being_asked_for(city: Any) -> None:
    [first, second, _] = city.publish(3)
    runner = opened_on_demand(city)
    for path in (triples_of(city) / "writer").iterdir():
        if path.name.startswith("MANIFEST") or path.suffix == ".sst":
            path.unlink()
    city.ledger.withdraw(first, "repair")
    assert runner.catch_up(city.clock.now + 30_000)
    assert was_told(city, "damaged")
    assert not list(city.root.glob("*/*/alarm.json"))
    assert city.readers()[0].contains(second)
    assert not city.readers()[0].contains(first)
