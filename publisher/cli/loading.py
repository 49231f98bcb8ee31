"""Verbs about files: sample, check, load, derive."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from exchange.commands import Manner, Watch, check
from exchange.domain.errors import Rejected, UsageError, VerificationFailed
from exchange.intake import check_file, generate, order_by_links
from exchange.model import derive, load_model
from publisher.cli.context import Choices, common, pass_choices

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exchange.intake import Receipt
    from publisher.cli.console import Console

_COUNTED = ("accepted", "revised", "unchanged", "suppressed", "rejected")


@click.command()
@click.option("--records", type=click.IntRange(min=1), default=1000, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("-o", "directory", type=click.Path(path_type=Path), required=True)
@common
@pass_choices
def sample(choices: Choices, *, records: int, seed: int, directory: Path) -> None:
    """生成样例文件。Write deterministic sample files with made-up subjects."""
    generate(records, seed, directory)
    expected = json.loads((directory / "expected.json").read_text(encoding="utf-8"))
    choices.console.say("sampled", directory=directory)
    choices.console.result({"directory": str(directory), "expected": expected})


def _reading(function: Any) -> Any:
    """Give a verb the files and how they are read."""
    for option in (
        click.option("--form", help="表式，如 2018 form of the columns"),
        click.option("--kind", help="类别，如 penalty kind of record"),
        click.argument("files", nargs=-1, required=True, metavar="FILE..."),
    ):
        function = option(function)
    return function


@click.command("check")
@_reading
@common
@pass_choices
def check_verb(
    choices: Choices, *, files: Sequence[str], kind: str | None, form: str | None
) -> int:
    """校验文件，不写入。Validate files, write nothing."""
    console = choices.console
    manner = Manner(kind, form)
    shown = [_check_one(choices, path, manner) for path in _paths(files)]
    console.result({"files": shown})
    return int(any(item["errors"] for item in shown))


def _check_one(choices: Choices, path: Path, manner: Manner) -> dict[str, Any]:
    console = choices.console
    try:
        found = check(path, choices.station.model, manner)
    except Rejected as error:
        _tell_findings(console, error)
        console.error(error)
        errors = len(error.details.get("findings", ())) or 1
        return {"file": path.name, "rows": 0, "accepted": 0, "rejected": 0, "errors": errors}
    for item in found:
        console.finding(item)
    tally, sheets = found.tally, found.sheets
    kind = sheets[0].book.kind
    console.say(
        "checked",
        file=path.name,
        kind=kind.label.zh if console.lang == "zh" else kind.label.en,
        rows=tally.rows,
        sound=tally.sound,
        rejected=tally.rejected,
        warnings=tally.warnings,
    )
    return {
        "file": path.name,
        "kind": kind.slug,
        "form": sheets[0].book.form,
        "encoding": sheets[0].encoding.label,
        "sheets": [sheet.origin.sheet for sheet in sheets if sheet.origin.sheet],
        "rows": tally.rows,
        "accepted": tally.sound,
        "rejected": tally.rejected,
        "errors": tally.errors,
        "warnings": tally.warnings,
    }


@click.command()
@_reading
@click.option("--source", metavar="USCC", help="报送单位代码 code of the delivering unit")
@click.option("--dry-run", is_flag=True, help="只校验 check, write nothing")
@common
@pass_choices
def load(  # noqa: PLR0913 - the options of the contract
    choices: Choices,
    *,
    files: Sequence[str],
    kind: str | None,
    form: str | None,
    source: str | None,
    dry_run: bool,
) -> int:
    """导入文件到账本。Stage, check, gate and append files; print a receipt."""
    console = choices.console
    manner = Manner(kind, form, source, dry_run)
    paths = _paths(files)
    if dry_run and not choices.station.has_ledger():
        receipts = [_dry(choices, path, manner) for path in paths]
    else:
        receipts = _load(choices, paths, manner)
    total = _total(receipts)
    if dry_run:
        console.say("dry-run")
    elif total["accepted"] or total["revised"]:
        console.say("next-publish")
    console.result(total)
    return int(total["rejected"] > 0)


def _load(choices: Choices, paths: list[Path], manner: Manner) -> list[dict[str, Any]]:
    console = choices.console
    receipts: list[dict[str, Any]] = []
    with choices.begun() as bench, console.progress() as move:
        label = console.text("loading", file=", ".join(path.name for path in paths))

        def progress(done: int, total: int) -> None:
            move(f"{label} ({len(receipts) + 1}/{len(paths)})", done, total)

        watch = Watch(progress, console.finding)
        names = iter(_ordered(choices, paths, manner))
        for receipt in bench.exchange().load(paths, manner, watch):
            # The bar counts the receipts written so far.
            receipts.append(_receipt(console, next(names).name, receipt, len(paths)))  # noqa: PERF401
    return receipts


def _ordered(choices: Choices, paths: list[Path], manner: Manner) -> list[Path]:
    return list(order_by_links(paths, choices.station.model, manner.kind))


def _dry(choices: Choices, path: Path, manner: Manner) -> dict[str, Any]:
    """Count a file where there is no ledger yet that could be asked."""
    found = check_file(
        path,
        choices.station.model,
        kind=manner.kind,
        form=manner.form,
        source=manner.source,
    )
    for item in found:
        choices.console.finding(item)
    counts = dict.fromkeys(_COUNTED, 0)
    counts |= {"accepted": found.tally.sound, "rejected": found.tally.rejected}
    return {"position": 0, **counts, "rejects": None}


def _receipt(console: Console, name: str, receipt: Receipt, files: int) -> dict[str, Any]:
    document = receipt.as_json()
    console.say("loaded", file=name, **{key: document[key] for key in _COUNTED})
    if receipt.rejects:
        console.say("rejects", path=receipt.rejects)
    if files > 1:
        console.note({"file": name, **document})
    return document


def _total(receipts: list[dict[str, Any]]) -> dict[str, Any]:
    """Return one receipt for all files; `rejects` is a list where several were written."""
    rejects = [item["rejects"] for item in receipts if item["rejects"]]
    return {
        "position": max(item["position"] for item in receipts),
        **{key: sum(item[key] for item in receipts) for key in _COUNTED},
        "rejects": rejects if len(rejects) > 1 else next(iter(rejects), None),
    }


def _tell_findings(console: Console, error: Rejected) -> None:
    for item in error.details.get("findings", ()):
        console.finding(item)


def _paths(files: Sequence[str]) -> list[Path]:
    for name in files:
        if "://" in name:
            raise UsageError(
                f"{name} is an address; only files can be read so far.",
                "Export the table to CSV or JSON and give the file.",
                zh=f"{name} 是数据库地址；目前只能读取文件。",
                zh_hint="请先导出为 CSV 或 JSON 文件。",
            )
    return [Path(name) for name in files]


@click.command("derive")
@click.option("--check", "only_check", is_flag=True, help="只比较 compare, write nothing")
@common
@pass_choices
def derive_verb(choices: Choices, *, only_check: bool) -> None:
    """由词表和形状生成派生文件。Write what follows from vocabulary and shapes."""
    model = load_model()
    if only_check:
        stale = derive.check(model)
        if stale:
            raise VerificationFailed(
                f"Derived files differ from their sources: {', '.join(stale)}.",
                "Run `credence derive` and commit the result.",
                zh=f"派生文件与来源不一致：{'、'.join(stale)}。",
                zh_hint="请运行 credence derive 并提交结果。",
            )
        choices.console.say("derive-same")
        choices.console.result({"changed": []})
        return
    changed = derive.write(model)
    choices.console.say("derived", count=len(changed))
    choices.console.result({"changed": list(changed)})


VERBS = (sample, check_verb, load, derive_verb)
