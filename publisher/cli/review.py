"""The verb `review`: what waits for a person, and that person's decision."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from exchange.domain.errors import UsageError
from exchange.intake import Reviewer, was_appended
from publisher import settings
from publisher.cli.context import CliContext, common, pass_context
from publisher.cli.rescan import rescan_public

if TYPE_CHECKING:
    from exchange.intake import HeldItem, HeldRow
    from publisher.cli.shell_output import Console

_NUMBER = click.argument("number", metavar="ID")


def _deciding(function: Any) -> Any:
    """Give a verb the held row, the reason and the person."""
    for option in (
        click.option("--as", "actor", metavar="NAME", help="经办人 who decides (CREDENCE_ACTOR)"),
        click.option(
            "--because",
            metavar="TEXT",
            required=True,
            help="理由，不写个人信息 why; name no person",
        ),
        _NUMBER,
    ):
        function = option(function)
    return function


@click.group("review", invoke_without_command=True)
@click.option(
    "--rescan", is_flag=True, help="复查已公开的记录 look again at what is public already"
)
@common
@pass_context
@click.pass_context
def review(click_context: click.Context, context: CliContext, *, rescan: bool) -> int:
    """审核待审的行。Decide on the rows that only a person may let through."""
    if rescan == (click_context.invoked_subcommand is not None):
        raise UsageError(
            "Give either --rescan or one of list, show, accept, refuse.",
            "See `credence review --help`.",
            zh="请给出 --rescan，或 list、show、accept、refuse 之一。",
            zh_hint="参见 credence review --help。",
        )
    return rescan_public(context) if rescan else 0


@review.command("list")
@common
@pass_context
def list_verb(context: CliContext) -> None:
    """列出待审的行。List what waits, the oldest first."""
    console = context.console
    with context.open() as opened, opened.exchange().reviews() as reviews:
        shown = [_summary(item) for item in reviews.waiting()]
    if not shown:
        console.say("review-none")
    else:
        columns = console.text("review-columns").split("|")
        names = ("id", "since", "file", "row", "kind")
        rows = ([*(item[name] for name in names), item["why"][console.lang]] for item in shown)
        console.table(columns, rows)
    console.result({"items": shown})


@review.command("show")
@_NUMBER
@common
@pass_context
def show_verb(context: CliContext, *, number: str) -> None:
    """显示一行及待审的原因。Show a held row, its cells and why it is held."""
    console = context.console
    with context.open() as opened, opened.exchange().reviews() as reviews:
        item = reviews.show(number)
    _show(console, item)
    row = item.row
    document = {**_summary(item), "findings": list(row.findings), "cells": dict(row.cells)}
    console.result(document)


@review.command("accept")
@_deciding
@common
@pass_context
def accept_verb(context: CliContext, *, number: str, because: str, actor: str | None) -> None:
    """通过一行，使其入账。Let a held row through."""
    console = context.console
    reviewer = Reviewer(actor or settings.actor(), because)
    with context.open() as opened, opened.exchange().reviews() as reviews:
        item, result = reviews.accept(number, reviewer)
    if was_appended(result):
        console.say("review-accepted", id=item.id, iri=result.iri)
        console.say("next-publish")
    else:
        console.say("review-known", id=item.id, iri=result.iri)
    console.result({"id": item.id, "outcome": str(result.outcome), "record": result.iri})


@review.command("refuse")
@_deciding
@common
@pass_context
def refuse_verb(context: CliContext, *, number: str, because: str, actor: str | None) -> None:
    """不予通过，并销毁该行内容。Refuse a held row and destroy it."""
    reviewer = Reviewer(actor or settings.actor(), because)
    with context.open() as opened, opened.exchange().reviews() as reviews:
        item = reviews.refuse(number, reviewer)
    context.console.say("review-refused", id=item.id)
    context.console.result({"id": item.id, "outcome": "refused", "record": item.row.record})


def _summary(item: HeldItem) -> dict[str, Any]:
    row = item.row
    return {
        "id": item.id,
        "since": datetime.fromtimestamp(item.at / 1000, UTC).isoformat(timespec="seconds"),
        "file": row.file,
        "sheet": row.sheet,
        "row": row.submission.row,
        "kind": row.origin.kind,
        "form": row.origin.form,
        "source": row.origin.source,
        "delivery": row.delivery,
        "record": row.record,
        "rule": row.rule,
        "why": _why(row),
    }


def _why(row: HeldRow) -> dict[str, str]:
    """Return in both languages why a row is held, without its cells."""
    messages = [found["message"] for found in row.findings]
    return {
        "zh": "；".join(dict.fromkeys(each["zh"] for each in messages)),
        "en": "; ".join(dict.fromkeys(each["en"] for each in messages)),
    }


def _show(console: Console, item: HeldItem) -> None:
    row = item.row
    console.say("review-item", **_summary(item))
    console.say("review-revises" if row.record else "review-new", iri=row.record)
    for found in row.findings:
        place = " ".join(str(found[name]) for name in ("column", "code") if name in found)
        advice = " ".join(found[part][console.lang] for part in ("message", "hint"))
        console.line(f"  {place}: {advice}" if place else f"  {advice}")
    asked = {found.get("code") for found in row.findings}
    cells = ((("►" if code in asked else ""), code, text) for code, text in row.cells.items())
    console.table(console.text("review-cells").split("|"), cells)


VERBS = (review,)
