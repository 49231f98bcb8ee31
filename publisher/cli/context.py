"""The global options, accepted before and after the verb, and the objects they select."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import click

from publisher import settings
from publisher.cli.shell_output import Console
from publisher.wiring import Deployment, OpenDeployment

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from exchange.ledger import Genesis
    from exchange.use_cases import Exchange


F = TypeVar("F", bound="Callable[..., Any]")


class CliContext:
    """The global options; console and deployment are made at first use."""

    def __init__(self) -> None:
        self.directory: str | None = None
        self.lang = "zh"  # Chinese first (docs/design/overview.md "Taste")
        self.as_json = False
        self.quiet = False

    @property
    def root(self) -> Path:
        """The data directory."""
        return settings.data_directory(self.directory)

    @cached_property
    def console(self) -> Console:
        """The terminal output in the language and form that were chosen."""
        return Console(self.lang, as_json=self.as_json, quiet=self.quiet)

    @cached_property
    def deployment(self) -> Deployment:
        """The data directory with its settings. Raises UsageError, EnvironmentFault."""
        return Deployment(self.root, on_narrowed=self._report_narrowed)

    def open(self) -> AbstractContextManager[OpenDeployment]:
        """Open the ledger. Raises NotFound when there is none."""
        return self.deployment.open()

    def open_read_only(self) -> AbstractContextManager[OpenDeployment]:
        """Open the ledger for a verb that changes nothing; a read-only copy will do."""
        return self.deployment.open(reading=True)

    def open_or_create(self) -> AbstractContextManager[OpenDeployment]:
        """Open the ledger, or create one and report its genesis."""
        return self.deployment.open_or_create(self._report_created)

    def dry_run(self) -> AbstractContextManager[Exchange]:
        """Open the use cases for a dry run, which writes nothing."""
        return self.deployment.ledger_opener().dry_run()

    def _report_narrowed(self, count: int) -> None:
        self.console.warn(self.console.text("narrowed", count=count))

    def _report_created(self, genesis: Genesis) -> None:
        identity = {
            "base_url": genesis.base_url,
            "government_url": genesis.government_url,
            "did": genesis.did,
            "log_origin": genesis.log_origin,
        }
        self.console.say("genesis", **identity)
        self.console.note({"genesis": identity})


def _choose(name: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    def choose(context: click.Context, _: click.Parameter, value: Any) -> None:
        if value is not None:
            setattr(context.find_object(CliContext), name, value)

    return choose


_OPTIONS = (
    click.option(
        "-C",
        "directory",
        metavar="DIR",
        default=None,
        expose_value=False,
        callback=_choose("directory"),
        help="数据目录 data directory (./credence-data, CREDENCE_DATA)",
    ),
    click.option(
        "--json",
        is_flag=True,
        flag_value=True,
        default=None,
        expose_value=False,
        callback=_choose("as_json"),
        help="每行一个 JSON，结果在最后 one JSON document a line, the result last",
    ),
    click.option(
        "--quiet",
        is_flag=True,
        flag_value=True,
        default=None,
        expose_value=False,
        callback=_choose("quiet"),
        help="只报错误 errors only",
    ),
    click.option(
        "--lang",
        type=click.Choice(["zh", "en"]),
        default=None,
        expose_value=False,
        callback=_choose("lang"),
        help="语言 language (zh)",
    ),
)


def common(function: F) -> F:
    """Give a command the global options."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


pass_context = click.make_pass_decorator(CliContext)
