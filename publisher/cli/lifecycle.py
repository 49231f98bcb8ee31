"""Verbs that move one record through its life by hand: withdraw, suspend, resume, ..."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from exchange.domain.errors import StoreUnavailable
from exchange.domain.identity import id_of, record_iri
from publisher.cli.context import Choices, common, pass_choices
from publisher.surfaces.port import label

if TYPE_CHECKING:
    from publisher.wiring import Bench

_DECISION = click.option(
    "--decision",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="决定文书 the decision document",
)
_ID = click.argument("ref", metavar="ID")


@click.command()
@_ID
@click.option(
    "--because",
    type=click.Choice(["repair", "correction", "revocation"]),
    required=True,
    help="信用修复、更正或撤销",
)
@_DECISION
@common
@pass_choices
def withdraw(choices: Choices, *, ref: str, because: str, decision: Path | None) -> None:
    """撤下一条记录。Take a record off every surface for good."""
    with choices.opened() as bench:
        iri = _iri(bench, ref)
        position = bench.exchange().withdraw(iri, because, decision)
        _left(choices, bench, "withdrawn", {"id": iri, "position": position})


@click.command()
@_ID
@_DECISION
@common
@pass_choices
def suspend(choices: Choices, *, ref: str, decision: Path | None) -> None:
    """暂时屏蔽一条记录。Shield a record for a time."""
    with choices.opened() as bench:
        iri = _iri(bench, ref)
        position = bench.exchange().suspend(iri, decision)
        _left(choices, bench, "suspended", {"id": iri, "position": position})


@click.command()
@_ID
@_DECISION
@common
@pass_choices
def resume(choices: Choices, *, ref: str, decision: Path | None) -> None:
    """恢复公示被屏蔽的记录。Show a suspended record again."""
    with choices.opened() as bench:
        iri = _iri(bench, ref)
        position = bench.exchange().resume(iri, decision)
    choices.console.say("resumed", iri=iri)
    choices.console.say("next-publish")
    choices.console.result({"id": iri, "position": position})


@click.command()
@_ID
@click.option(
    "--decision",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    required=True,
    help="决定文书 the decision document",
)
@common
@pass_choices
def reinstate(choices: Choices, *, ref: str, decision: Path) -> None:
    """凭决定重新公示，使用新网址。Publish a withdrawn record again under a new IRI."""
    with choices.opened() as bench:
        iri = bench.exchange().reinstate(_iri(bench, ref), decision)
    choices.console.say("reinstated", iri=iri)
    choices.console.say("next-publish")
    choices.console.result({"id": iri})


@click.command()
@_ID
@_DECISION
@common
@pass_choices
def erase(choices: Choices, *, ref: str, decision: Path | None) -> None:
    """彻底删除一条记录的内容。Destroy a record's text everywhere; it cannot be undone."""
    with choices.opened() as bench:
        done = bench.exchange().erase(_iri(bench, ref), decision)
        _left(
            choices,
            bench,
            "erased",
            {"id": done.iri, "scrubbed": done.scrubbed},
            scrubbed=done.scrubbed,
        )


def _iri(bench: Bench, ref: str) -> str:
    """Return the record's IRI as the public knows it; raises UsageError for what names none."""
    if "://" in ref:
        id_of(ref)
        return ref
    return record_iri(bench.ledger.genesis.base_url, id_of(ref))


def _left(
    choices: Choices, bench: Bench, text: str, document: dict[str, Any], **values: object
) -> None:
    """Tell that a record left, and ask every surface whether it did."""
    console = choices.console
    console.say(text, iri=document["id"], **values)
    surfaces = {}
    for reader in bench.readers():
        try:
            surfaces[label(reader)] = not reader.holds(document["id"])
        except StoreUnavailable:
            surfaces[label(reader)] = True  # nothing was ever published there
        if surfaces[label(reader)]:
            console.say("surface-gone", surface=label(reader))
    console.result({**document, "gone": surfaces})


VERBS = (withdraw, suspend, resume, reinstate, erase)
