"""The verb that serves; apart, since only it needs the web framework and the server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from publisher.cli.context import CliContext, common, pass_context
from publisher.listener import Address, listening
from publisher.serve import Reports, serve

if TYPE_CHECKING:
    from collections.abc import Callable

    from publisher.cli.shell_output import Console


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), default=8080, show_default=True)
@common
@pass_context
def serve_verb(context: CliContext, *, host: str, port: int) -> None:
    """启动服务。Serve the public pages and queries."""
    address = Address(host, port)
    console = context.console
    if context.deployment.layout.holds(context.deployment.places.journal):
        console.warn(console.text("journal-inside", path=context.deployment.places.journal))

    def started() -> None:
        console.say("serving", url=address.url)
        console.result({"url": address.url})

    with listening(address) as held:
        serve(context.root, address, held, reports(console, started))
    console.say("stopped")


def reports(console: Console, started: Callable[[], None]) -> Reports:
    """Return callbacks that print the service's state."""
    return Reports(
        started,
        lambda text: console.warn(console.text("projector-fell", text=text)),
        lambda url: console.warn(console.text("serving-beside", url=url)),
        console.lang,
    )


VERBS = (serve_verb,)
