"""Verbs about the machine's clock, which ends publicity only while it is trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from exchange.domain.publicity_period import china_date, china_time
from publisher.cli.context import CliContext, common, pass_context

if TYPE_CHECKING:
    from publisher.wiring import OpenDeployment


@click.group()
@common
def clock() -> None:
    """本机时钟。The machine's clock."""


@clock.command()
@common
@pass_context
def show(context: CliContext) -> None:
    """显示本机时钟是否可信。Show the time and whether publicity may end by it."""
    with context.open() as opened:
        _print_clock(context, opened)


@clock.command()
@common
@pass_context
def confirm(context: CliContext) -> None:
    """确认本机时钟无误。Say that the clock is right, so that publicity ends by it again."""
    with context.open() as opened:
        context.deployment.heartbeat.confirm()
        _print_clock(context, opened)
    context.console.say("clock-next")


def _print_clock(context: CliContext, opened: OpenDeployment) -> None:
    deployment, console = context.deployment, context.console
    now, last, doubt = (
        deployment.clock(),
        deployment.heartbeat.trusted_time(),
        deployment.heartbeat.doubt(),
    )
    due = len(opened.exchange().expired_before(china_date(now)))
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
