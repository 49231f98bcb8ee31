"""Surfaces in a process beside the projector's: what is asked there, and how it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from exchange.domain.disclosure_levels import Tier
from exchange.domain.errors import EnvironmentFault
from publisher.surfaces.index import IndexSurface
from publisher.surfaces.port import digest_of
from publisher.surfaces.runtime import helper_process as lanes
from publisher.surfaces.runtime.helper_process import HelperProcess, SurfaceProxy
from publisher.surfaces.runtime.managed_surface import MANY, ManagedSurface
from publisher.surfaces.runtime.projector_lock import ProjectorLock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HELPER = """
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path
from exchange.domain.disclosure_levels import Tier
from publisher.surfaces.index import IndexConfig, IndexMapping, IndexSurface
from publisher.surfaces.runtime.helper_process import serve_surfaces

def broken():
    raise OSError(28, "No space left on device")

folder = Path(sys.argv[2])
config = IndexConfig(folder, Tier.PUBLIC, ("https://credit.example.cn/record/",), IndexMapping(()))
makers = {
    "public/index": lambda: IndexSurface(config),
    "public/broken": broken,
    "public/stuck": lambda: time.sleep(60),
}
serve_surfaces(Connection(int(sys.argv[1])), makers)
"""


class Helpers:
    """Starts real processes and remembers them; `inherited` are further open files they get."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.started: list[subprocess.Popen[bytes]] = []
        self.inherited: list[int] = []

    def __call__(self, line: int) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", HELPER, str(line), str(self.folder)]
        self.started.append(subprocess.Popen(command, pass_fds=(line, *self.inherited)))
        return self.started[-1]


@pytest.fixture
def helpers(tmp_path: Path) -> Iterator[Helpers]:
    made = Helpers(tmp_path / "surfaces" / "public" / "index")
    yield made
    for process in made.started:
        process.kill()
        process.wait()


def test_a_surface_works_in_another_process_that_ends_with_it(city: Any, helpers: Helpers) -> None:
    surface = SurfaceProxy(HelperProcess(helpers), "index", Tier.PUBLIC)
    (process,) = helpers.started
    city.surfaces = [surface]
    iris = city.publish(3)
    assert city.runner().catch_up()
    assert sorted(surface.iris()) == sorted(iris)
    assert surface.contains(iris[0])
    views = [view for _, _, view in city.ledger.live(Tier.PUBLIC)]
    assert surface.digest() == digest_of(surface, views)
    assert process.poll() is None
    surface.close()
    assert process.poll() == 0
    city.surfaces = []


def test_what_a_surface_raises_there_is_a_fault_here_and_the_process_stays(
    helpers: Helpers,
) -> None:
    lane = HelperProcess(helpers)
    surface = SurfaceProxy(lane, "index", Tier.PUBLIC)
    with pytest.raises(EnvironmentFault, match="OSError: No space left on device"):
        SurfaceProxy(lane, "broken", Tier.PUBLIC)
    assert surface.position() == 0
    surface.close()
    assert len(helpers.started) == 1


def test_a_process_that_is_killed_is_an_alarm_and_the_next_try_starts_another(
    city: Any, helpers: Helpers
) -> None:
    lane = HelperProcess(helpers)
    directory = city.index_config(Tier.PUBLIC).directory
    away = ManagedSurface(
        "index", Tier.PUBLIC, directory, lambda: SurfaceProxy(lane, "index", Tier.PUBLIC)
    )
    city.surfaces = [away]
    runner = city.runner()
    city.publish(2)
    assert runner.catch_up()
    os.kill(helpers.started[0].pid, signal.SIGKILL)
    city.publish(2)
    assert not runner.catch_up()
    assert [alarm.surface for alarm in city.alarms] == ["public/index"]
    city.clock.pause(60)
    assert runner.catch_up()
    assert (away.position(), len(helpers.started)) == (4, 2)
    away.close()
    city.surfaces = []


def test_a_process_that_does_not_answer_is_killed(
    helpers: Helpers, monkeypatch: pytest.MonkeyPatch
) -> None:
    lane = HelperProcess(helpers)
    SurfaceProxy(lane, "index", Tier.PUBLIC)
    monkeypatch.setattr(lanes, "_LONGEST_SECONDS", 0.3)
    monkeypatch.setattr(lanes, "_END_SECONDS", 0.1)
    with pytest.raises(EnvironmentFault, match="did not answer"):
        SurfaceProxy(lane, "stuck", Tier.PUBLIC)
    assert helpers.started[0].poll() == -signal.SIGKILL


def test_what_a_dead_process_had_open_is_not_asked_of_the_next_one(helpers: Helpers) -> None:
    lane = HelperProcess(helpers)
    first = SurfaceProxy(lane, "index", Tier.PUBLIC)
    os.kill(helpers.started[0].pid, signal.SIGKILL)
    for _ in range(2):
        with pytest.raises(EnvironmentFault, match="feeds and downloads ended or"):
            first.position()
    again = SurfaceProxy(lane, "index", Tier.PUBLIC)
    assert (again.position(), len(helpers.started)) == (0, 2)
    again.close()
    first.close()


def test_nobody_else_projects_while_the_helper_of_a_dead_projector_lives(
    tmp_path: Path, helpers: Helpers
) -> None:
    ours, next_one = (ProjectorLock(tmp_path / "projector.lock") for _ in range(2))
    assert ours.try_acquire()
    helpers.inherited.append(ours.fileno())
    surface = SurfaceProxy(HelperProcess(helpers), "index", Tier.PUBLIC)
    ours.release()
    assert not next_one.try_acquire()
    surface.close()
    assert next_one.try_acquire()
    next_one.release()


def test_many_waiting_changes_move_a_surface_and_a_minute_of_rest_brings_it_back(
    city: Any, helpers: Helpers
) -> None:
    lane, site = HelperProcess(helpers), city.index_config(Tier.PUBLIC)
    surface = ManagedSurface(
        "index",
        Tier.PUBLIC,
        site.directory,
        lambda: IndexSurface(site),
        open_in_helper=lambda: SurfaceProxy(lane, "index", Tier.PUBLIC),
    )
    surface.choose_lane(MANY)
    assert (surface.position(), surface.lane, helpers.started) == (0, "inline", [])
    surface.choose_lane(MANY + 1)
    assert (surface.position(), surface.lane) == (0, "beside")
    surface.choose_lane(1)
    for _ in range(299):
        surface.choose_lane(0)
    assert (surface.position(), surface.lane) == (0, "beside")
    surface.choose_lane(0)
    assert (surface.position(), surface.lane) == (0, "inline")
    assert helpers.started[0].poll() == 0
    surface.close()
