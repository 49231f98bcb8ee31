from __future__ import annotations

import itertools
import os
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from pyoxigraph import Store

from exchange.domain.disclosure_levels import Tier
from exchange.domain.errors import UsageError
from publisher.stores.generations import current_generation
from publisher.surfaces.audit.run import audit
from publisher.surfaces.runtime.alarms import Alarms, standing_alarms
from publisher.surfaces.runtime.runner import NEAR, Runner
from publisher.surfaces.triples.change_coalescing import OBJECTION
from publisher.surfaces.triples.surface import TriplesSurface

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from exchange.domain.record import Change


class Faulty(TriplesSurface):
    """A real surface whose next steps can be made to fail."""

    name = "faulty"
    fault: Exception | None = None

    def apply(self, changes: Sequence[Change]) -> None:
        if self.fault is not None:
            raise self.fault
        super().apply(changes)


class Unshown(Faulty):
    """A real surface that cannot show what it has, as often as it is told."""

    failing = 0

    def publish(self, *, at_head: bool) -> None:
        if self.failing:
            self.failing -= 1
            raise OSError(28, "No space left on device")
        super().publish(at_head=at_head)


class Withdrawing:
    """The real ledger, in which a record leaves as soon as its text was read."""

    def __init__(self, ledger: Any, iri: str) -> None:
        self._ledger = ledger
        self._iri = iri

    def changes(self, tier: Tier, after: int, limit: int) -> Sequence[Change]:
        found: Sequence[Change] = self._ledger.changes(tier, after, limit)
        if self._iri:
            self._ledger.withdraw(self._iri, "repair")
            self._iri = ""
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)


class Stuck(TriplesSurface):
    """Takes changes and forgets them."""

    name = "stuck"

    def apply(self, _: Sequence[Change]) -> None:
        return


def with_faulty(city: Any) -> Faulty:
    faulty = Faulty(city.triples_config(Tier.PUBLIC), b"", city.clock)
    city.surfaces = [faulty, TriplesSurface(city.triples_config(Tier.GOVERNMENT), b"", city.clock)]
    return faulty


def on_disk(folder: Path, needle: str) -> list[str]:
    """Search every file; those that the engine's compaction removes meanwhile are gone."""
    found = []
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError, IsADirectoryError):
            if needle.encode() in path.read_bytes():
                found.append(str(path.relative_to(folder)))
    return found


def public_reader(city: Any) -> Any:
    return city.readers()[0]


def test_every_surface_is_brought_to_the_head(city: Any) -> None:
    city.publish(150)
    city.publish(1, tier=Tier.GOVERNMENT)
    assert city.runner(chunk=100).catch_up()
    report = audit(city.ledger, city.readers())
    assert report.ok, report.to_json()
    assert report.records == 151
    positions = {name: found.position for name, found in report.surfaces.items()}
    assert positions == {"public/triples": 150, "government/triples": 151}


def test_an_empty_ledger_is_caught_up_with(city: Any) -> None:
    runner = city.runner()
    assert runner.catch_up()
    assert not runner.step()
    assert runner.positions() == {"public/triples": 0, "government/triples": 0}


def test_a_withdrawal_is_seen_ahead_of_a_long_backlog(city: Any) -> None:
    [withdrawn] = city.publish()
    runner = city.runner(chunk=100)
    assert runner.catch_up()
    city.publish(NEAR + 200)
    city.ledger.withdraw(withdrawn, "repair")
    assert runner.step()
    assert not public_reader(city).contains(withdrawn)
    assert city.surfaces[0].position() < city.ledger.head(Tier.PUBLIC) - NEAR
    assert runner.catch_up()
    assert audit(city.ledger, city.readers()).ok


def test_a_withdrawal_near_the_head_takes_one_generation(city: Any) -> None:
    [withdrawn, kept] = city.publish(2)
    runner = city.runner()
    assert runner.catch_up()
    before = current_generation(city.triples_config(Tier.PUBLIC).directory).number
    city.ledger.withdraw(withdrawn, "repair")
    assert runner.step()
    assert not public_reader(city).contains(withdrawn)
    assert public_reader(city).contains(kept)
    assert current_generation(city.triples_config(Tier.PUBLIC).directory).number == before + 1


def test_what_leaves_while_its_chunk_is_read_is_never_shown(city: Any) -> None:
    kept, withdrawn = city.publish(2)
    city.open_surfaces()
    ledger = Withdrawing(city.ledger, withdrawn)
    runner = Runner(ledger, city.surfaces, Alarms(city.root, city.alarms.append), city.clock)
    assert runner.step()
    assert public_reader(city).contains(kept)
    assert not public_reader(city).contains(withdrawn)
    assert not city.surfaces[0].contains(withdrawn)


def test_a_redaction_that_could_not_be_shown_is_shown_with_the_next_try(city: Any) -> None:
    unshown = Unshown(city.triples_config(Tier.PUBLIC), b"", city.clock)
    city.surfaces = [unshown]
    [withdrawn] = city.publish()
    runner = city.runner(chunk=100)
    assert runner.catch_up()
    city.publish(NEAR + 200)
    city.ledger.withdraw(withdrawn, "repair")
    unshown.failing, unshown.fault = 1, ValueError()  # nothing but the redaction can be shown
    runner.step()
    assert public_reader(city).contains(withdrawn)
    city.clock.pause(1)
    runner.step()
    assert not public_reader(city).contains(withdrawn)


def test_a_failing_surface_keeps_its_place_and_the_others_go_on(city: Any) -> None:
    faulty = with_faulty(city)
    city.publish(3)
    faulty.fault = OSError(28, "No space left on device")
    runner = city.runner()
    assert not runner.catch_up()
    assert runner.positions() == {"public/faulty": 0, "government/triples": 3}
    [alarm] = standing_alarms(city.root)
    assert (alarm.surface, alarm.message) == (
        "public/faulty",
        "OSError: No space left on device",
    )
    assert city.alarms[-1] == alarm


def test_a_failing_surface_is_tried_again_and_its_alarm_ends(city: Any) -> None:
    faulty = with_faulty(city)
    city.publish(3)
    faulty.fault = ValueError("text of a record")
    runner = city.runner()
    for _ in range(3):
        runner.step()
        city.clock.pause(60)
    [alarm] = standing_alarms(city.root)
    assert (alarm.message, alarm.attempts) == ("ValueError", 3)
    assert alarm.since == city.alarms[0].since
    faulty.fault = None
    assert runner.catch_up()
    assert standing_alarms(city.root) == []
    assert faulty.position() == 3


def test_a_failing_surface_waits_longer_each_time_but_never_for_ever(city: Any) -> None:
    faulty = with_faulty(city)
    city.publish(1)
    faulty.fault = ValueError()
    runner = city.runner()
    times = []
    while len(times) < 9:
        told = len(city.alarms)
        runner.step()
        if len(city.alarms) > told:
            times.append(city.clock.now)
        city.clock.pause(0.1)
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert gaps == sorted(gaps)
    assert gaps[0] < 1_000
    assert 30_000 <= gaps[-1] < 31_000


def test_a_record_leaves_even_a_surface_that_cannot_apply(city: Any) -> None:
    faulty = with_faulty(city)
    [withdrawn] = city.publish()
    runner = city.runner()
    assert runner.catch_up()
    faulty.fault = ValueError()
    city.ledger.withdraw(withdrawn, "revocation")
    runner.step()
    city.clock.pause(1)
    runner.step()
    assert not faulty.contains(withdrawn)
    assert not public_reader(city).contains(withdrawn)
    assert faulty.position() == 1


def test_a_surface_that_does_not_move_raises_an_alarm(city: Any) -> None:
    city.surfaces = [Stuck(city.triples_config(Tier.PUBLIC), b"", city.clock)]
    city.publish(1)
    assert not city.runner().catch_up()
    assert "did not move" in city.alarms[0].message


def test_an_alarm_of_an_earlier_process_ends_with_the_first_success(city: Any) -> None:
    left = city.root / "public" / "triples" / "alarm.json"
    city.open_surfaces()
    left.write_text('{"message": "x", "since": 1, "attempts": 1}')
    assert city.runner().catch_up()
    assert not left.exists()


def test_catching_up_ends_at_its_deadline(city: Any) -> None:
    faulty = with_faulty(city)
    city.publish(1)
    faulty.fault = ValueError()
    start = city.clock.now
    assert not city.runner().catch_up(deadline=start + 5_000)
    assert 5_000 <= city.clock.now - start < 7_000


def test_marks_shielding_and_reinstatement_reach_the_readers(city: Any) -> None:
    [marked, shielded, withdrawn] = city.publish(3)
    runner = city.runner()
    city.ledger.set_objection(marked, True)
    city.ledger.suspend(shielded)
    city.ledger.withdraw(withdrawn, "revocation")
    assert runner.catch_up()
    store = Store.read_only(str(city.surfaces[0].generation()))
    assert store.query(f"ASK {{ <{marked}> <{OBJECTION}> true }}")
    assert [public_reader(city).contains(iri) for iri in (shielded, withdrawn)] == [False, False]
    city.ledger.set_objection(marked, False)
    city.ledger.resume(shielded)
    again = city.ledger.reinstate(withdrawn, "decision 1")
    assert runner.catch_up()
    assert sorted(public_reader(city).iris()) == sorted([marked, shielded, again])
    assert audit(city.ledger, city.readers()).ok


def test_only_the_named_surfaces_are_rebuilt(city: Any) -> None:
    city.publish(3)
    runner = city.runner()
    assert runner.catch_up()
    numbers = [current_generation(reader._config.directory).number for reader in city.readers()]
    assert runner.rebuild(["government/triples"])
    public, government = (
        current_generation(reader._config.directory).number for reader in city.readers()
    )
    assert public == numbers[0]
    assert government > numbers[1]
    assert runner.rebuild(["triples"])
    assert audit(city.ledger, city.readers()).ok


def test_a_surface_nobody_has_is_not_rebuilt(city: Any) -> None:
    with pytest.raises(UsageError, match="moon") as refusal:
        city.runner().rebuild(["moon"])
    assert "public/triples" in refusal.value.hint


def test_an_erasure_is_done_when_no_byte_is_left_in_any_store(city: Any) -> None:
    secret = os.urandom(32).hex()
    [erased] = city.append([city.submission(secret)])
    city.publish(120)
    runner = city.runner()
    assert runner.catch_up()
    assert on_disk(city.root, secret)
    city.ledger.erase(erased, "decision 7")
    assert runner.catch_up()
    assert city.ledger.unfinished_erasures()
    assert runner.finish_erasures()
    assert city.ledger.unfinished_erasures() == []
    assert on_disk(city.root, secret) == []
    assert audit(city.ledger, city.readers()).ok


def with_an_erasure_that_failed(city: Any) -> tuple[Any, Any]:
    faulty = with_faulty(city)
    [erased, _] = city.publish(2)
    runner = city.runner()
    assert runner.catch_up()
    city.ledger.erase(erased)
    faulty.fault = ValueError()
    assert not runner.finish_erasures()
    return runner, faulty


def test_text_that_was_read_ahead_is_let_go_before_an_erasure_is_tried(city: Any) -> None:
    faulty = with_faulty(city)
    [erased] = city.append([city.submission("秘密文字")])
    city.publish(250)
    runner = city.runner(chunk=100)
    runner.step()  # the first group has the text, the rest is still to come
    assert "秘密文字" in held_in_memory(runner)
    city.ledger.erase(erased)
    faulty.fault = ValueError()
    city.surfaces[1].close()
    assert not runner.finish_erasures()
    assert "秘密文字" not in held_in_memory(runner)


def held_in_memory(runner: Runner) -> str:
    """Return the text of every change that the runner keeps for its surfaces."""
    return "".join(
        (change.view or b"").decode()
        for held in runner._changes._held.values()
        for window in held
        for change in window.changes
    )


def test_an_erasure_stays_unfinished_while_a_surface_fails(city: Any) -> None:
    runner, faulty = with_an_erasure_that_failed(city)
    assert not runner.finish_erasures()
    assert city.ledger.unfinished_erasures()
    faulty.fault = None
    city.clock.pause(60)
    assert runner.finish_erasures()
    assert city.ledger.unfinished_erasures() == []


def test_the_loop_projects_until_it_is_told_to_stop(city: Any) -> None:
    class StopsWhenIdle(threading.Event):
        def wait(self, _: float | None = None) -> bool:
            self.set()
            return True

    city.publish(2)
    city.ledger.erase(city.publish()[0])
    city.runner().run(StopsWhenIdle(), lambda _: None)
    assert audit(city.ledger, city.readers()).ok
    assert city.ledger.unfinished_erasures() == []


def test_a_failing_surface_is_tried_again_after_the_clock_was_set_back(city: Any) -> None:
    faulty = with_faulty(city)
    city.publish(2)
    runner = city.runner()
    faulty.fault = ValueError()
    assert not runner.catch_up()
    faulty.fault = None
    city.clock.pause(-86_400)
    assert runner.catch_up()


def test_an_erasure_that_failed_is_tried_again_however_often_it_is_asked(city: Any) -> None:
    runner, faulty = with_an_erasure_that_failed(city)
    faulty.fault = None
    for _ in range(20):  # more often than the pause between two tries
        city.clock.pause(0.1)
        if runner.finish_erasures():
            return
    pytest.fail("the erasure was never tried again")
