"""Verbs that project: publish, rebuild; hidden: the projector of `serve` and its helper."""

from __future__ import annotations

import os
import signal
import threading
from datetime import timedelta
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

import click

from exchange.domain.errors import ClockDoubtful, UsageError
from exchange.domain.publicity_period import china_date
from publisher.child_processes import follow_parent, stop_on_signals
from publisher.cli.context import Choices, common, pass_choices

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from publisher.surfaces.runtime.alarms import Alarm


class AlarmTeller:
    """Tells people of a failing surface, once for each message."""

    def __init__(self, choices: Choices) -> None:
        self._choices = choices
        self._told: set[tuple[str, str]] = set()

    def __call__(self, alarm: Alarm) -> None:
        """Tell of the alarm."""
        if (alarm.surface, alarm.message) not in self._told:
            self._told.add((alarm.surface, alarm.message))
            console = self._choices.console
            said = alarm.message if console.lang == "en" else alarm.zh or alarm.message
            console.warn(console.text("alarm", surface=alarm.surface, message=said))


@click.command()
@click.option(
    "--at", type=click.DateTime(["%Y-%m-%d"]), help="按该日期计时 run the clock as of this day"
)
@click.option("--yes", is_flag=True, help="确认晚于明天的日期 confirm a day later than tomorrow")
@common
@pass_choices
def publish(choices: Choices, *, at: datetime | None, yes: bool) -> None:
    """使各公开位置与账本一致。Bring every surface to the ledger's head."""
    console, day = choices.console, _day(choices, at, yes=yes)
    with choices.opened() as bench:
        choices.station.clock_guard.beat()
        doubt = choices.station.clock_guard.doubt()
        # Withdrawals must arrive whatever the clock says; only what it would end has to wait.
        expired = 0 if doubt else bench.exchange().expire(day)
        if expired:
            console.say("expired", count=expired)
        positions = bench.projector(AlarmTeller(choices)).publish()
    console.say("published", surfaces=_shown(positions))
    console.result({"surfaces": positions, "expired": expired, "clockDoubt": doubt})
    if doubt:
        raise ClockDoubtful(doubt)


def _day(choices: Choices, at: datetime | None, *, yes: bool) -> date:
    """Return the day to run the clock as of. Raises UsageError for a far day without `yes`."""
    today = china_date(choices.station.clock())
    if at is None:
        return today
    if at.date() > today + timedelta(days=1) and not yes:
        raise UsageError(
            f"{at.date()} is later than tomorrow; what ends by it comes back by a decision only.",
            "Give an earlier day, or add --yes if that day is meant.",
            zh=f"{at.date()} 晚于明天；据此终止的公示只能凭决定逐条恢复。",
            zh_hint="请改用较早的日期；确属有意，请加 --yes。",
        )
    return at.date()


@click.command()
@click.argument("surfaces", nargs=-1, metavar="[SURFACE]...")
@common
@pass_choices
def rebuild(choices: Choices, *, surfaces: Sequence[str]) -> None:
    """由账本重建公开位置。Build surfaces anew from the ledger, also beside a running service."""
    with choices.opened() as bench:
        positions = bench.projector(AlarmTeller(choices)).rebuild(surfaces)
    choices.console.say("rebuilt", surfaces=_shown(positions))
    choices.console.result({"surfaces": positions})


def _shown(positions: dict[str, int]) -> str:
    return ", ".join(f"{name} {position}" for name, position in positions.items())


@click.command(hidden=True)
@click.option("--parent", type=int, required=True)
@common
@pass_choices
def project(choices: Choices, *, parent: int) -> None:
    """Run the projector until told to stop; `serve` starts it."""
    stop = threading.Event()
    stop_on_signals(stop)
    follow_parent(parent, stop.set)
    with choices.opened() as bench:
        bench.projector(AlarmTeller(choices)).run(stop, bench.midnight().run)


@click.command(hidden=True)
@click.option("--line", type=int, required=True)
@common
@pass_choices
def assist(choices: Choices, *, line: int) -> None:
    """Write what the projector asks for by the pipe `line`, which it started us with."""
    # What the whole group is told is the projector's to obey; we end with the pipe.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    choices.station.falls_with(os.getppid())
    with choices.opened() as bench:
        bench.work_beside(Connection(line))


VERBS = (publish, rebuild, project, assist)
