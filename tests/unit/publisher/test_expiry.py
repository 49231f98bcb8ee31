from __future__ import annotations

import threading
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from exchange.domain.disclosure_levels import Tier
from exchange.domain.publicity_period import CHINA
from exchange.use_case_types import LoadObserver, LoadOptions
from publisher.expiry import STAGING, ExpiryScheduler

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from publisher.wiring import Deployment

DAY = 86_400_000
NEW_YEAR = int(datetime(2099, 1, 1, tzinfo=CHINA).timestamp() * 1000)


class Town:
    """What a midnight is handed: records with the last day of their publicity."""

    def __init__(self, ends: dict[str, date], now: int) -> None:
        self.ends = ends
        self.now = now
        self.said: list[str] = []

    def due(self, day: date) -> list[str]:
        self.said.append(f"due {day}")
        return [iri for iri, end in self.ends.items() if end < day]

    def end(self, iris: Sequence[str]) -> int:
        left = [iri for iri in iris if self.ends.pop(iri, None)]
        self.said.append(f"end {len(left)}")
        return len(left)

    def expiry_scheduler(self) -> ExpiryScheduler:
        return ExpiryScheduler(self.due, self.end, lambda: self.now)


def test_what_ended_while_nobody_ran_leaves_at_the_first_look() -> None:
    town = Town({"a": date(2098, 12, 30), "b": date(2098, 12, 31)}, NEW_YEAR - DAY // 2)
    assert town.expiry_scheduler().tick() == 1
    assert set(town.ends) == {"b"}  # its last day is shown to the end


def test_what_ends_tonight_is_gathered_before_and_leaves_first() -> None:
    town = Town({"a": date(2098, 12, 31), "b": date(2099, 1, 1)}, NEW_YEAR - DAY // 2)
    scheduler = town.expiry_scheduler()
    scheduler.tick()
    town.now = NEW_YEAR - STAGING * 1000 + 1
    assert scheduler.tick() == scheduler.tick() == 0
    town.ends["late"] = date(2098, 12, 31)  # loaded after the gathering
    town.now = NEW_YEAR - 1
    assert scheduler.tick() == 0
    town.said.clear()
    town.now = NEW_YEAR
    assert scheduler.tick() == 2
    assert town.said == ["end 1", "due 2099-01-01", "end 1"]
    assert set(town.ends) == {"b"}


def test_a_clock_set_back_ends_nothing_before_its_day() -> None:
    town = Town({"a": date(2098, 12, 31)}, NEW_YEAR - 1000)
    scheduler = town.expiry_scheduler()
    scheduler.tick()
    scheduler.tick()  # gathered for the new year
    town.now -= DAY
    assert scheduler.tick() == 0
    assert set(town.ends) == {"a"}
    town.now += 2 * DAY
    assert scheduler.tick() == 1


@pytest.mark.parametrize("step", [timedelta(hours=1), timedelta(days=1)])
def test_a_clock_that_jumps_ahead_ends_what_it_passed(step: timedelta) -> None:
    town = Town({"a": date(2098, 12, 31)}, NEW_YEAR - 1000)
    scheduler = town.expiry_scheduler()
    scheduler.tick()
    town.now += int(step.total_seconds() * 1000)
    assert scheduler.tick() == 1


def test_nothing_ends_while_the_clock_is_doubtful_and_all_that_is_due_afterwards() -> None:
    town = Town({"a": date(2098, 12, 31)}, NEW_YEAR - 1000)
    trusted = True
    scheduler = ExpiryScheduler(town.due, town.end, lambda: town.now, lambda: trusted)
    assert scheduler.tick() == 0
    trusted = False
    town.now += 2 * DAY
    assert scheduler.tick() == 0
    assert set(town.ends) == {"a"}
    trusted = True
    assert scheduler.tick() == 1


def test_records_of_a_real_ledger_leave_with_their_day(
    own: Deployment, sample: Path, tmp_path: Path
) -> None:
    text = (sample / "penalty.csv").read_text(encoding="utf-8-sig")
    file = tmp_path / "penalty.csv"
    file.write_text(text.replace("9999-09-09", "2098-12-31"), encoding="utf-8")
    with own.open() as opened:
        exchange = opened.exchange()
        list(exchange.load([file], LoadOptions(), LoadObserver()))
        before = len(list(opened.ledger.live(Tier.GOVERNMENT)))
        scheduler = ExpiryScheduler(
            exchange.expired_before, exchange.expire_records, lambda: NEW_YEAR
        )
        ended = scheduler.tick()
        assert ended > 0
        assert len(list(opened.ledger.live(Tier.GOVERNMENT))) <= before - ended
        assert scheduler.tick() == 0
        opened.ledger.verify()


def test_what_fails_beside_the_projector_ends_it(own: Deployment) -> None:
    class Failed(Exception):
        pass

    def work(_: threading.Event) -> None:
        raise Failed

    stop = threading.Event()
    with own.open() as opened, pytest.raises(Failed):
        opened.projector(lambda _: None).run(stop, work)
    assert stop.is_set()


def test_the_projector_and_the_clock_end_together(own: Deployment) -> None:
    stop, looked = threading.Event(), threading.Event()

    def work(until: threading.Event) -> None:
        looked.set()
        until.wait(30)

    with own.open() as opened:
        projector = opened.projector(lambda _: None)
        running = threading.Thread(target=projector.run, args=(stop, work))
        running.start()
        assert looked.wait(30)
        stop.set()
        running.join(30)
    assert not running.is_alive()


def test_every_look_counts_those_that_left_and_gathers_once() -> None:
    """At the last minutes of a day it gathers, at midnight it ends what it gathered, then all."""
    day = date(2098, 12, 31)
    town = Town({}, NEW_YEAR - STAGING * 1000 - 1_000)
    scheduler = town.expiry_scheduler()
    assert scheduler.tick() == 0
    assert town.said == ["due 2098-12-31", "end 0"]
    town.said.clear()
    assert scheduler.tick() == 0
    assert town.said == [], "nothing is gathered as yet"
    town.ends = {"a": day, "b": day}
    for moment in (STAGING, STAGING, 1):
        town.now = NEW_YEAR - moment * 1000
        assert scheduler.tick() == 0
    assert town.said == ["due 2099-01-01"]
    town.said.clear()
    town.ends |= {"c": day}
    town.now = NEW_YEAR
    assert scheduler.tick() == 3
    assert town.said == ["end 2", "due 2099-01-01", "end 1"]
    town.said.clear()
    town.now += DAY
    assert scheduler.tick() == 0
    assert town.said == ["due 2099-01-02", "end 0"], "what was gathered is used once"


def test_what_was_gathered_waits_while_the_clock_stands_before_its_day() -> None:
    town = Town({"a": date(2098, 12, 31)}, NEW_YEAR - DAY // 2)
    scheduler = town.expiry_scheduler()
    scheduler.tick()
    town.now = NEW_YEAR - 1_000
    scheduler.tick()
    town.now = NEW_YEAR - 2 * DAY
    town.said.clear()
    assert scheduler.tick() == 0
    assert town.said == ["due 2098-12-30", "end 0"]
    town.now = NEW_YEAR + DAY
    town.said.clear()
    assert scheduler.tick() == 1
    assert town.said[0] == "end 1", "a later day than it was gathered for will do"
