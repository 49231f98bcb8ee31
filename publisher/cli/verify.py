"""The verb that checks what a service publishes, from outside: verify."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from exchange.domain.errors import UsageError, VerificationFailed
from publisher.cli.context import CliContext, common, pass_context
from publisher.verify import Folder, Limits, Web, roots_in, verify_feed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from publisher.verify import Report

_FORMS = ("trig", "jsonld", "nq")


@click.command()
@click.argument("target", metavar="URL|DIR")
@click.option("--form", type=click.Choice(_FORMS), help="只核对一种格式 check one form only")
@common
@pass_context
def verify(context: CliContext, *, target: str, form: str | None) -> int:
    """核对数据流。Check a feed by its root's address, or all in a directory; 4 on any fault."""
    console = context.console
    reports = []
    for report in _reports(target, (form,) if form else _FORMS):
        reports.append(report)
        console.say(
            "feed-valid" if report.valid else "feed-invalid",
            feed=report.feed,
            form=report.form,
            documents=report.documents,
            members=report.members,
            live=report.live,
            faults=report.counts.total(),
        )
        for finding in report.findings:
            console.line(finding.text(console.lang))
    valid = all(report.valid for report in reports)
    console.result({"valid": valid, "feeds": [report.to_json() for report in reports]})
    return 0 if valid else VerificationFailed.exit_code


def _reports(target: str, forms: tuple[str, ...]) -> Iterator[Report]:
    limits = Limits()
    if target.startswith(("http://", "https://")):
        for form in forms:
            yield verify_feed(Web(form, limits), target, limits)
        return
    folder = Path(target)
    if not folder.is_dir():
        raise UsageError(
            f"{target} is neither an address nor a directory.",
            "Give the address of a feed's root, or the directory that holds `feed/`.",
            zh=f"{target} 既不是网址也不是目录。",
            zh_hint="请给出数据流根文档的网址，或含有 feed/ 的目录。",
        )
    for path, form in roots_in(folder):
        if form in forms:
            yield _in_folder(folder, path, form, limits)


def _in_folder(folder: Path, path: str, form: str, limits: Limits) -> Report:
    base = Folder.base_of(folder, path, form, limits)
    return verify_feed(Folder(folder, base, form, limits), base + path, limits)


VERBS = (verify,)
