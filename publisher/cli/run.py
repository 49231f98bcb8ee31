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
from publisher.cli.context import CliContext, common, pass_context

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from publisher.surfaces.runtime.alarms import Alarm


class AlarmPrinter:
    """Prints the alarm of a failing surface, once for each message."""

    def __init__(self, context: CliContext) -> None:
        self._context = context
        self._printed: set[tuple[str, str]] = set()

    def __call__(self, alarm: Alarm) -> None:
        """Print the alarm unless it was printed before."""
        if (alarm.surface, alarm.message) not in self._printed:
            self._printed.add((alarm.surface, alarm.message))
            console = self._context.console
            message = alarm.message if console.lang == "en" else alarm.zh or alarm.message
            console.warn(console.text("alarm", surface=alarm.surface, message=message))


@click.command()
@click.option(
    "--at", type=click.DateTime(["%Y-%m-%d"]), help="按该日期计时 run the clock as of this day"
)
@click.option("--yes", is_flag=True, help="确认晚于明天的日期 confirm a day later than tomorrow")
@common
@pass_context
def publish(context: CliContext, *, at: datetime | None, yes: bool) -> None:
    """使各公开位置与账本一致。Bring every surface to the ledger's head."""
    console, day = context.console, _day(context, at, yes=yes)
    with context.open() as opened:
        context.deployment.clock_guard.beat()
        doubt = context.deployment.clock_guard.doubt()
        # Withdrawals must arrive whatever the clock says; only what it would end has to wait.
        expired = 0 if doubt else opened.exchange().expire(day)
        if expired:
            console.say("expired", count=expired)
        positions = opened.projector(AlarmPrinter(context)).publish()
    console.say("published", surfaces=_shown(positions))
    console.result({"surfaces": positions, "expired": expired, "clockDoubt": doubt})
    if doubt:
        raise ClockDoubtful(doubt)


def _day(context: CliContext, at: datetime | None, *, yes: bool) -> date:
    """Return the day to run the clock as of. Raises UsageError for a far day without `yes`."""
    today = china_date(context.deployment.clock())
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
@pass_context
def rebuild(context: CliContext, *, surfaces: Sequence[str]) -> None:
    """由账本重建公开位置。Build surfaces anew from the ledger, also beside a running service."""
    with context.open() as opened:
        positions = opened.projector(AlarmPrinter(context)).rebuild(surfaces)
    context.console.say("rebuilt", surfaces=_shown(positions))
    context.console.result({"surfaces": positions})


def _shown(positions: dict[str, int]) -> str:
    return ", ".join(f"{name} {position}" for name, position in positions.items())


@click.command(hidden=True)
@click.option("--parent", type=int, required=True)
@common
@pass_context
def project(context: CliContext, *, parent: int) -> None:
    """Run the projector until a signal ends it; `serve` starts this process."""
    stop = threading.Event()
    stop_on_signals(stop)
    follow_parent(parent, stop.set)
    with context.open() as opened:
        opened.projector(AlarmPrinter(context)).run(stop, opened.expiry_scheduler().run)


@click.command("project-helper", hidden=True)
@click.option("--pipe", type=int, required=True)
@common
@pass_context
def project_helper(context: CliContext, *, pipe: int) -> None:
    """Serve surface calls on an inherited pipe until the projector closes it."""
    # Signals of the whole process group are for the projector; this process ends with the pipe.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    context.deployment.also_kill(os.getppid())
    with context.open() as opened:
        opened.run_helper(Connection(pipe))


VERBS = (publish, rebuild, project, project_helper)
