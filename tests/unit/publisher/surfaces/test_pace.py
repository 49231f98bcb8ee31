"""How fast the runner goes: chunks, what works apart, what is shown when."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from exchange.domain.disclosure_levels import Tier
from publisher.stores.generations import current_generation
from publisher.surfaces.port import INLINE
from publisher.surfaces.triples.surface import TriplesSurface

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exchange.domain.record import Change


def test_slow_steps_get_smaller_chunks_and_quick_ones_larger(city: Any) -> None:
    sizes = []

    class Slow(TriplesSurface):
        seconds = 3.0

        def apply(self, changes: Sequence[Change]) -> None:
            sizes.append(len(changes))
            city.clock.pause(self.seconds)
            super().apply(changes)

    slow = Slow(city.triples_config(Tier.PUBLIC), b"", city.clock)
    city.surfaces = [slow]
    city.publish(3_500)
    runner = city.runner(chunk=2_000)
    for _ in range(3):
        runner.step()
    slow.seconds = 0
    assert runner.catch_up()
    assert sizes == [1_000, 500, 500, 500, 1_000]


class Waiting(TriplesSurface):
    """Goes on only once a surface beside it has applied."""

    name = "waiting"
    other = threading.Event()

    def apply(self, changes: Sequence[Change]) -> None:
        assert self.other.wait(20), "nothing went on beside it"
        super().apply(changes)


class Telling(TriplesSurface):
    """Works in the interpreter and says that it did."""

    name = "telling"
    lane = INLINE

    def apply(self, changes: Sequence[Change]) -> None:
        super().apply(changes)
        Waiting.other.set()


def test_what_works_outside_the_interpreter_is_not_waited_for(city: Any) -> None:
    Waiting.other.clear()
    city.surfaces = [
        Waiting(city.triples_config(Tier.PUBLIC), b"", city.clock),
        Telling(city.triples_config(Tier.GOVERNMENT), b"", city.clock),
    ]
    city.publish(3)
    assert city.runner().catch_up()
    assert [surface.position() for surface in city.surfaces] == [3, 3]


def test_a_load_that_goes_on_is_shown_by_time_and_not_step_by_step(city: Any) -> None:
    class Growing(TriplesSurface):
        name = "growing"
        more = 3

        def apply(self, changes: Sequence[Change]) -> None:
            super().apply(changes)
            if self.more:
                self.more -= 1
                city.publish(1)

    growing = Growing(city.triples_config(Tier.PUBLIC), b"", city.clock)
    city.surfaces = [growing]
    city.publish(1)
    runner, shown = city.runner(), []
    while runner.step():
        shown.append(current_generation(growing._directory).position)
    assert shown == [1, 1, 1, 4]


def test_a_withdrawal_is_shown_at_once_while_a_load_goes_on(city: Any) -> None:
    class Growing(TriplesSurface):
        name = "growing"

        def apply(self, changes: Sequence[Change]) -> None:
            super().apply(changes)
            city.publish(1)

    growing = Growing(city.triples_config(Tier.PUBLIC), b"", city.clock)
    city.surfaces = [growing]
    (iri,) = city.publish(1)
    runner = city.runner()
    for _ in range(2):
        runner.step()
    city.ledger.withdraw(iri, "repair")
    before = current_generation(growing._directory).position
    runner.step()
    assert current_generation(growing._directory).position > before
    assert not city.readers()[0].contains(iri)


def test_a_chunk_is_doubled_below_and_halved_above_its_bounds(city: Any) -> None:
    runner = city.runner(chunk=9_000)

    def sizes(*took: int) -> list[int]:
        found = []
        for milliseconds in took:
            runner._adapt(milliseconds)
            found.append(runner._chunk)
        return found

    assert runner._chunk == 1_000
    assert sizes(0, 599, 600, 1_500) == [2_000, 4_000, 4_000, 4_000]
    assert sizes(1_501, 9_999, 1_501, 1_501) == [2_000, 1_000, 500, 500]
    assert sizes(1, 1, 1, 1, 1, 1) == [1_000, 2_000, 4_000, 8_000, 9_000, 9_000]
    small = city.runner(chunk=300)
    assert small._chunk == 300
    small._adapt(2_000)
    assert small._chunk == 300


def test_a_deadline_is_over_at_its_very_millisecond(city: Any) -> None:
    city.publish(1)
    city.open_surfaces()
    runner = city.runner()
    now = [1_700_000_000_000]
    runner._clock = lambda: now[0]
    for surface in city.surfaces:
        surface.apply = lambda _: (_ for _ in ()).throw(OSError(5, "broken"))
    began = now[0]
    pauses = []
    runner._pace = replace(runner._pace, pause=lambda seconds: pauses.append(seconds) or end())

    def end() -> None:
        now[0] += 1_000

    assert not runner.catch_up(began)
    assert pauses == []
    assert not runner.catch_up(began + 1_000)
    assert pauses == [0.5]
