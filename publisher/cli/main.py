"""The entry point: global options, the verbs, and errors turned into exit codes."""

from __future__ import annotations

import gc
import os
import sys
import traceback
from importlib import import_module
from typing import TYPE_CHECKING, Final

import click

from exchange.domain.errors import CredenceError, EnvironmentFault, UsageError
from publisher.cli.context import CliContext, common

if TYPE_CHECKING:
    from collections.abc import Sequence

    from publisher.cli.shell_output import Console

OK = 0
USAGE = UsageError.exit_code
ENVIRONMENT = EnvironmentFault.exit_code
_INTERRUPTED = 130
# Objects made before the collector looks for cycles, and how often it looks at older ones.
_SELDOM = (50_000, 50, 100)
# The verbs by the module of this folder that has them.
VERBS: Final = {
    "load": ("sample", "check", "load", "derive"),
    "lifecycle": ("withdraw", "suspend", "resume", "reinstate", "erase"),
    "review": ("review",),
    "run": ("publish", "rebuild", "project", "project-helper"),
    "serve": ("serve",),
    "inspect_records": ("query", "audit", "status", "ledger", "config"),
    "downloads": ("dump",),
    "verify": ("verify",),
    "backup": ("backup", "restore"),
    "demo": ("demo",),
    "clock": ("clock",),
}


class Verbs(click.Group):
    """Imports the module of a verb when it is called.

    So no command waits for what only others need: `serve` has a web framework, `verify` a client.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all verbs."""
        del ctx  # click's signature
        return sorted(name for names in VERBS.values() for name in names)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the verb of a name; None for an unknown name."""
        del ctx  # click's signature
        for module, names in VERBS.items():
            if cmd_name in names:
                verbs: tuple[click.Command, ...] = import_module(f"publisher.cli.{module}").VERBS
                return next(verb for verb in verbs if verb.name == cmd_name)
        return None


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@common
def credence() -> None:
    """公共信用信息的公开与交换。Publish and exchange public-credit records."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code (docs/design/interface.md "Command line")."""
    # Rows, events and changes hold no cycles; looking for some took a twelfth of a load.
    gc.set_threshold(*_SELDOM)
    context = CliContext()
    try:
        code = credence.main(
            None if arguments is None else list(arguments),
            prog_name="credence",
            standalone_mode=False,
            obj=context,
        )
    except (click.ClickException, click.Abort, CredenceError, OSError, KeyboardInterrupt) as error:
        return _told(error, context.console)
    except Exception:  # noqa: BLE001 - the outermost frame: Python would end with 1, which
        # here says that the data are invalid; a fault of ours must not be taken for that.
        traceback.print_exc()
        return ENVIRONMENT
    return int(code or OK)


def _told(error: BaseException, console: Console) -> int:
    """Print an error to stderr; return the exit code."""
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
