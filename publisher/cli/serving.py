"""The verb that serves; apart, since only it needs the web framework and the server."""

from __future__ import annotations

import click

from publisher.cli.context import Choices, common, pass_choices
from publisher.serve import Address, serve


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), default=8080, show_default=True)
@common
@pass_choices
def serve_verb(choices: Choices, *, host: str, port: int) -> None:
    """启动服务。Serve the public pages and queries."""
    address = Address(host, port)
    console = choices.console

    def started() -> None:
        console.say("serving", url=address.url)
        console.result({"url": address.url})

    serve(
        choices.root,
        address,
        lambda text: console.warn(console.text("projector-fell", text=text)),
        started,
    )


VERBS = (serve_verb,)
