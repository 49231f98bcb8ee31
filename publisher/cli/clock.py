"""Verbs about the machine's clock, which ends publicity only while it is trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from exchange.domain.publicity_period import china_date, china_time
from publisher.cli.context import Choices, common, pass_choices

if TYPE_CHECKING:
    from publisher.wiring import Bench


@click.group()
@common
def clock() -> None:
    """本机时钟。The machine's clock."""


@clock.command()
@common
@pass_choices
def show(choices: Choices) -> None:
    """显示本机时钟是否可信。Show the time and whether publicity may end by it."""
    with choices.opened() as bench:
        _tell(choices, bench)


@clock.command()
@common
@pass_choices
def confirm(choices: Choices) -> None:
    """确认本机时钟无误。Say that the clock is right, so that publicity ends by it again."""
    with choices.opened() as bench:
        choices.station.heartbeat.confirm()
        _tell(choices, bench)
    choices.console.say("clock-next")


def _tell(choices: Choices, bench: Bench) -> None:
    station, console = choices.station, choices.console
    now, last, doubt = station.clock(), station.heartbeat.trusted_time(), station.heartbeat.doubt()
    due = len(bench.exchange().expired_before(china_date(now)))
    console.say(
        "clock-doubtful" if doubt else "clock-trusted",
        now=china_time(now),
        last="-" if last is None else china_time(last),
        due=due,
        doubt=doubt,
    )
    console.result(
        {
            "time": china_time(now),
            "lastTrusted": last and china_time(last),
            "doubt": doubt,
            "due": due,
        }
    )


VERBS = (clock,)
