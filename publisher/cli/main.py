"""The entry point: global options, the verbs, and errors turned into exit codes."""

from __future__ import annotations

import gc
import os
import sys
import traceback
from typing import TYPE_CHECKING

import click

from exchange.domain.errors import CredenceError, EnvironmentFault, UsageError
from publisher.cli import asking, demo, dumping, lifecycle, loading, running, verifying
from publisher.cli.context import Choices, common

if TYPE_CHECKING:
    from collections.abc import Sequence

    from publisher.cli.console import Console

OK = 0
USAGE = UsageError.exit_code
ENVIRONMENT = EnvironmentFault.exit_code
_INTERRUPTED = 130
# Objects made before the collector looks for cycles, and how often it looks at older ones.
_SELDOM = (50_000, 50, 100)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@common
def credence() -> None:
    """公共信用信息的公开与交换。Publish and exchange public-credit records."""


for module in (loading, lifecycle, running, asking, dumping, verifying, demo):
    for verb in module.VERBS:
        credence.add_command(verb)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code (CONTRACT "Command line")."""
    # Rows, events and changes hold no cycles; looking for some took a twelfth of a load.
    gc.set_threshold(*_SELDOM)
    choices = Choices()
    try:
        code = credence.main(
            None if arguments is None else list(arguments),
            prog_name="credence",
            standalone_mode=False,
            obj=choices,
        )
    except (click.ClickException, click.Abort, CredenceError, OSError, KeyboardInterrupt) as error:
        return _told(error, choices.console)
    except Exception:  # noqa: BLE001 - the outermost frame: Python would end with 1, which
        # here says that the data are invalid; a fault of ours must not be taken for that.
        traceback.print_exc()
        return ENVIRONMENT
    return int(code or OK)


def _told(error: BaseException, console: Console) -> int:
    """Say what went wrong on stderr; return the exit code."""
    match error:
        case CredenceError():
            console.error(error)
            return error.exit_code
        case click.ClickException():
            error.show()
            return USAGE
        case BrokenPipeError():
            # The reader went away (`| head`); what Python still holds must not be written either.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return ENVIRONMENT
        case OSError():
            console.error(EnvironmentFault(str(error), "Look at the disk and permissions."))
            return ENVIRONMENT
    console.warn(console.text("interrupted"))
    return _INTERRUPTED
