"""Verbs that move one record through its life by hand: withdraw, suspend, resume, ..."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from exchange.domain.disclosure_levels import Tier
from exchange.domain.errors import StoreUnavailable
from exchange.domain.identifiers import id_of, record_iri
from exchange.domain.record import Visibility
from publisher.cli.context import CliContext, common, pass_context
from publisher.cli.messages import TEXTS
from publisher.surfaces.port import label
from publisher.surfaces.text.timestamps import xsd_timestamp
from publisher.web.pages.dates import moment

if TYPE_CHECKING:
    from exchange.ledger.removals import Removal
    from publisher.cli.shell_output import Console
    from publisher.surfaces.port import SurfaceReader
    from publisher.wiring import OpenDeployment

_MOST: Final = 1000
_NAMED: Final = 5

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
@pass_context
def withdraw(context: CliContext, *, ref: str, because: str, decision: Path | None) -> None:
    """撤下一条记录。Take a record off every surface for good."""
    with context.open() as opened:
        iri = _iri(opened, ref)
        report = _TakedownReport(context.console, opened, iri)
        done = opened.exchange(report.print_cleared).withdraw(iri, because, decision)
        report.finish("withdrawn", {"id": iri, "position": done.position}, done.before)


@click.command()
@_ID
@_DECISION
@common
@pass_context
def suspend(context: CliContext, *, ref: str, decision: Path | None) -> None:
    """暂时屏蔽一条记录。Shield a record for a time."""
    with context.open() as opened:
        iri = _iri(opened, ref)
        report = _TakedownReport(context.console, opened, iri)
        done = opened.exchange(report.print_cleared).suspend(iri, decision)
        report.finish("suspended", {"id": iri, "position": done.position}, done.before)


@click.command()
@_ID
@_DECISION
@common
@pass_context
def resume(context: CliContext, *, ref: str, decision: Path | None) -> None:
    """恢复公示被屏蔽的记录。Show a suspended record again."""
    with context.open() as opened:
        iri = _iri(opened, ref)
        position = opened.exchange().resume(iri, decision)
    context.console.say("resumed", iri=iri)
    context.console.say("next-publish")
    context.console.result({"id": iri, "position": position})


@click.command()
@_ID
@click.option(
    "--decision",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    required=True,
    help="决定文书 the decision document",
)
@common
@pass_context
def reinstate(context: CliContext, *, ref: str, decision: Path) -> None:
    """凭决定重新公示，使用新网址。Publish a withdrawn record again under a new IRI."""
    with context.open() as opened:
        iri = opened.exchange().reinstate(_iri(opened, ref), decision)
    if iri:
        context.console.say("reinstated", iri=iri)
        context.console.say("next-publish")
    else:
        context.console.say("key-freed", ref=ref)
    context.console.result({"id": iri})


@click.command()
@_ID
@_DECISION
@common
@pass_context
def erase(context: CliContext, *, ref: str, decision: Path | None) -> None:
    """彻底删除一条记录的内容。Destroy a record's text everywhere; it cannot be undone."""
    with context.open() as opened:
        iri = _iri(opened, ref)
        report = _TakedownReport(context.console, opened, iri)
        done = opened.exchange(report.print_cleared).erase(iri, decision)
        held = [{"file": file, "row": row} for file, row in done.held]
        for place in held:
            context.console.say("erased-held", **place)
        found = {"id": done.iri, "scrubbed": done.scrubbed, "held": held}
        report.finish("erased", found, done.before, scrubbed=done.scrubbed)


def _iri(opened: OpenDeployment, ref: str) -> str:
    """Return the record's public IRI. Raises UsageError for an invalid identifier."""
    if "://" in ref:
        id_of(ref)
        return ref
    return record_iri(opened.ledger.genesis.base_url, id_of(ref))


class _TakedownReport:
    """Prints the progress of a takedown: each surface once it no longer shows the record."""

    def __init__(self, console: Console, opened: OpenDeployment, iri: str) -> None:
        self._console = console
        self._opened = opened
        self._iri = iri
        self._began = time.monotonic()
        self._head = opened.ledger.head(Tier.PUBLIC)
        console.say("parting", iri=iri)

    def print_cleared(self, surface: str) -> None:
        """Print one cleared surface."""
        tier, _, name = surface.partition("/")
        known = f"place-{name}" in TEXTS
        self._console.say(
            "surface-gone",
            tier=self._console.text(f"tier-{tier}"),
            surface=self._console.text(f"place-{name}") if known else name,
            seconds=f"{time.monotonic() - self._began:.1f}",
        )

    def finish(
        self, text: str, document: dict[str, Any], before: Removal | None, **values: object
    ) -> None:
        """Print the result, check every surface once more, and name dependents that left.

        `before` is what had taken the record away already.
        """
        console, others = self._console, self._dependents()
        if before is not None:
            text, values = "gone-before", removal_words(console, before)
            document = {**document, "already": removal_document(before)}
        if others:
            console.say("also-gone", count=len(others))
        for iri in others[:_NAMED]:
            console.line(f"    {iri}")
        console.say(text, iri=document["id"], **values)
        gone = {
            label(reader): _without(reader, document["id"]) for reader in self._opened.readers()
        }
        console.result({**document, "gone": gone})

    def _dependents(self) -> list[str]:
        """Return the public records that left at the same time: those that rested on this one."""
        ledger = self._opened.ledger
        left = (iri for _, iri in ledger.removals(Tier.PUBLIC, self._head, _MOST))
        return [
            iri
            for iri in dict.fromkeys(left)
            if iri != self._iri
            and ledger.visibility(Tier.PUBLIC, id_of(iri)) is not Visibility.LIVE
        ]


def removal_words(console: Console, removal: Removal) -> dict[str, object]:
    """Return the reason and time of a removal, for messages."""
    return {"what": console.text(f"removal-{removal.event}"), "since": moment(removal.at)}


def removal_document(removal: Removal) -> dict[str, str]:
    """Return the same for machines."""
    return {"event": removal.event.value, "since": xsd_timestamp(removal.at)}


def _without(reader: SurfaceReader, iri: str) -> bool:
    try:
        return not reader.contains(iri)
    except StoreUnavailable:
        return True  # nothing was ever published there


VERBS = (withdraw, suspend, resume, reinstate, erase)
