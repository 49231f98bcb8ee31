from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from exchange.domain.disclosure_levels import Tier
from exchange.domain.publicity_period import CHINA
from publisher.surfaces.audit.run import audit
from publisher.surfaces.runtime.maintenance import Maintenance, RebuildRequest

if TYPE_CHECKING:
    from pathlib import Path

HOUR = 3
DAY = 86_400_000
NIGHT = int(datetime(2026, 11, 25, HOUR, 30, tzinfo=CHINA).timestamp() * 1000)


class Counting:
    """A real runner that counts its rebuilds."""

    def __init__(self, city: Any) -> None:
        self.runner = city.runner()
        self.rebuilt: list[list[str]] = []

    def rebuild(self, names: list[str]) -> bool:
        self.rebuilt.append(sorted(names))
        return bool(self.runner.rebuild(names))


def maintenance_of(city: Any) -> Maintenance:
    return Maintenance(city.root, city.ledger, city.surfaces, city.clock, HOUR)


def on_disk(folder: Path, needle: str) -> bool:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    return any(needle.encode() in path.read_bytes() for path in files)


@pytest.fixture
def night(city: Any) -> tuple[Any, Counting, Maintenance]:
    """Return a city whose first night is over, its runner and its maintenance."""
    city.clock.now = NIGHT
    runner = Counting(city)
    city.publish(3)
    assert runner.runner.catch_up()
    maintenance = maintenance_of(city)
    maintenance(runner)  # type: ignore[arg-type]
    assert runner.rebuilt == []
    return city, runner, maintenance


def test_a_withdrawn_text_leaves_the_disk_in_the_next_night(
    night: tuple[Any, Counting, Maintenance],
) -> None:
    city, runner, maintenance = night
    [iri] = city.append([city.submission("独一无二的正文")])
    assert runner.runner.catch_up()
    city.ledger.withdraw(iri, "repair")
    assert runner.runner.catch_up()
    maintenance(runner)
    assert runner.rebuilt == []  # this night is over
    store = city.root / Tier.PUBLIC.value / "triples"
    assert on_disk(store, "独一无二的正文")
    city.clock.now += DAY
    maintenance(runner)
    maintenance(runner)
    assert runner.rebuilt == [["government/triples", "public/triples"]]
    assert not on_disk(store, "独一无二的正文")
    assert audit(city.ledger, city.readers()).ok


def test_a_night_after_a_day_without_withdrawals_rebuilds_nothing(
    night: tuple[Any, Counting, Maintenance],
) -> None:
    city, runner, maintenance = night
    city.publish(2)
    city.clock.now += DAY
    maintenance(runner)
    assert runner.rebuilt == []


def test_a_restart_knows_what_the_nights_before_it_did(
    night: tuple[Any, Counting, Maintenance],
) -> None:
    city, runner, maintenance = night
    [iri] = city.publish()
    city.ledger.withdraw(iri, "repair")
    city.clock.now += DAY
    maintenance(runner)
    maintenance_of(city)(runner)
    assert len(runner.rebuilt) == 1
    city.clock.now += DAY
    maintenance_of(city)(runner)
    assert len(runner.rebuilt) == 1  # nothing has left since


def test_a_rebuild_asked_for_is_done_and_taken_away(
    night: tuple[Any, Counting, Maintenance],
) -> None:
    city, runner, maintenance = night
    request = RebuildRequest(city.root)
    request.write(["triples"])
    maintenance(runner)
    assert runner.rebuilt == [["triples"]]
    assert not request.is_pending()


def test_a_rebuild_that_fails_stays_asked_for_and_waits(
    night: tuple[Any, Counting, Maintenance],
) -> None:
    city, runner, maintenance = night

    class Failing:
        tries = 0

        def rebuild(self, _: list[str]) -> bool:
            self.tries += 1
            return False

    failing, request = Failing(), RebuildRequest(city.root)
    request.write([])
    maintenance(failing)
    maintenance(failing)
    assert failing.tries == 1
    assert request.is_pending()
    city.clock.now += 600_000
    maintenance(failing)
    assert failing.tries == 2
    city.clock.now -= 24 * 3_600_000  # the machine's clock is set back
    maintenance(runner)
    assert not request.is_pending()


def test_a_request_that_cannot_be_read_asks_for_everything(city: Any) -> None:
    request = RebuildRequest(city.root)
    request.write(["triples"])
    [path] = city.root.glob("*.json")
    path.write_bytes(b"[")
    assert request.names() == []
