"""Verbs about files: sample, check, load, derive."""

from __future__ import annotations

import json
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from exchange.domain.errors import (
    CredenceError,
    EnvironmentFault,
    Rejected,
    UsageError,
    VerificationFailed,
)
from exchange.domain.publicity_period import china_date
from exchange.intake import (
    DatabaseTable,
    FileCheck,
    LoadReceipt,
    is_table_address,
    parse_source_code,
    parse_table_address,
    require_file,
    require_kind,
    split_by_kind_known,
)
from exchange.intake.findings import printable
from exchange.model import derived_files, load_model
from exchange.sample import generate
from exchange.use_case_types import LoadObserver, LoadOptions
from exchange.use_cases import check
from publisher.cli.context import CliContext, common, pass_context
from publisher.cli.receipts import receipt_of, refusal_of, total_of
from publisher.cli.watch import watch_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from exchange.use_cases import Exchange
    from publisher.cli.shell_output import Console


@click.command()
@click.option("--records", type=click.IntRange(min=1), default=1000, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("-o", "directory", type=click.Path(path_type=Path), required=True)
@common
@pass_context
def sample(context: CliContext, *, records: int, seed: int, directory: Path) -> None:
    """生成样例文件。Write deterministic sample files with made-up subjects."""
    generate(records, seed, directory)
    expected = json.loads((directory / "expected.json").read_text(encoding="utf-8"))
    context.console.say("sampled", directory=directory)
    context.console.result({"directory": str(directory), "expected": expected})


def _reading(function: Any) -> Any:
    """Give a verb the files and how they are read."""
    for option in (
        click.option("--form", help="表式，如 2018 form of the columns"),
        click.option("--kind", help="类别，如 penalty kind of record"),
        click.argument("files", nargs=-1, metavar="FILE..."),
    ):
        function = option(function)
    return function


@click.command("check")
@_reading
@click.option(
    "--marked",
    type=click.Path(path_type=Path, dir_okay=False),
    help="写出标注问题的工作簿 write a workbook with the wrong cells marked",
)
@common
@pass_context
def check_verb(
    context: CliContext,
    *,
    files: Sequence[str],
    kind: str | None,
    form: str | None,
    marked: Path | None,
) -> int:
    """校验文件，不写入。Validate files, write nothing."""
    console = context.console
    options = LoadOptions(kind, form)
    sources = _sources(context, files, options)
    paths = [item for item in sources if isinstance(item, Path)]
    if len(paths) < len(sources) or (marked and len(paths) > 1):
        raise UsageError(
            "Only files can be checked, and only one at a time with --marked.",
            "Use `credence load --dry-run` for tables; mark one file after the other.",
            zh="只能校验文件；使用 --marked 时一次只能一个文件。",
            zh_hint="数据库表请用 credence load --dry-run；文件请逐个标注。",
        )
    shown = [_check_one(context, path, options, marked, len(paths)) for path in paths]
    console.result({"files": shown})
    return int(any(item["errors"] or item["held"] for item in shown))


def _check_one(
    context: CliContext, path: Path, options: LoadOptions, marked: Path | None, files: int
) -> dict[str, Any]:
    """Print the findings and the summary of a file; return the summary."""
    console = context.console
    console.begin_file()
    try:
        found = check(path, context.deployment.model, options, marked, today=_today(context))
    except (Rejected, UsageError, EnvironmentFault) as error:
        if files == 1 and not isinstance(error, Rejected):
            raise
        refused = refusal_of(console, printable(path.name), error, files)
        counts = dict.fromkeys(("rows", "accepted", "held", "rejected"), 0)
        errors = len(error.details.get("findings", ())) or 1
        return {"file": printable(path.name), **counts, "errors": errors, **refused}
    for item in found:
        console.finding(item)
    summary = _summary(console, path, found, marked)
    if files > 1:
        console.note(summary)
    return summary


def _today(context: CliContext) -> date:
    return china_date(context.deployment.clock())


def _summary(console: Console, path: Path, found: FileCheck, marked: Path | None) -> dict[str, Any]:
    tally, sheets = found.summary, found.sheets
    kind = sheets[0].form_columns.kind
    console.say(
        "checked",
        file=printable(path.name),
        kind=kind.label.zh if console.lang == "zh" else kind.label.en,
        rows=tally.rows,
        sound=tally.sound,
        held=tally.held,
        rejected=tally.rejected,
        warnings=tally.warnings,
    )
    refusal = found.refusal
    if refusal is not None:
        what = refusal.message.en if console.lang == "en" else refusal.message.zh
        console.say("refused", file=printable(path.name), what=what, hint="")
    if marked:
        console.say("marked", path=marked)
    return {
        "file": printable(path.name),
        "kind": kind.slug,
        "form": sheets[0].form_columns.form,
        "encoding": sheets[0].encoding.label,
        "sheets": [sheet.origin.sheet for sheet in sheets if sheet.origin.sheet],
        "rows": tally.rows,
        "accepted": tally.sound,
        "held": tally.held,
        "rejected": tally.rejected,
        "errors": tally.errors,
        "warnings": tally.warnings,
        **({"refused": refusal.message.en} if refusal is not None else {}),
    }


@click.command()
@_reading
@click.option("--source", metavar="USCC", help="报送单位代码 code of the delivering unit")
@click.option(
    "--watch",
    "folder",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="持续导入该目录中出现的文件 load what appears in this folder, until stopped",
)
@click.option(
    "--allow-older",
    is_flag=True,
    help="较旧的数据也写入 apply rows though their records were changed since",
)
@click.option("--dry-run", is_flag=True, help="试运行，不写入 tell what a load would do")
@common
@pass_context
def load(  # noqa: PLR0913 - the options of the contract
    context: CliContext,
    *,
    files: Sequence[str],
    kind: str | None,
    form: str | None,
    source: str | None,
    folder: Path | None,
    dry_run: bool,
    allow_older: bool,
) -> int:
    """导入文件、目录或数据库表到账本。Load files, folders or tables; print a receipt."""
    console = context.console
    options = LoadOptions(kind, form, source, dry_run, allow_older)
    if folder is not None:
        return watch_folder(context, folder, options, files)
    sources = _sources(context, files, options)
    context.deployment.ledger_opener().require_ledger()
    receipts = _load(context, sources, options)
    taken = [item for item in receipts if item is not None]
    total = total_of(taken)
    if len(taken) < len(receipts):
        total["refused"] = len(receipts) - len(taken)
    if dry_run:
        console.say("dry-run", position=total["position"])
    elif total["accepted"] or total["revised"]:
        console.say("next-publish")
    console.result(total)
    return 1 if "refused" in total else max(receipt.exit_code for receipt in taken)


def _load(
    context: CliContext, sources: list[Path | DatabaseTable], options: LoadOptions
) -> list[LoadReceipt | None]:
    """Load one file after the other; return their receipts, None for a file that was refused."""
    console = context.console
    receipts: list[LoadReceipt | None] = []
    with _exchange(context, options) as exchange, console.progress() as move:
        label = console.text("loading", file=", ".join(printable(item.name) for item in sources))

        def progress(done: int, total: int) -> None:
            move(f"{label} ({len(receipts) + 1}/{len(sources)})", done, total)

        observer = LoadObserver(progress, console.finding)
        for source, outcome in exchange.load_each(sources, options, observer):
            # The bar counts the receipts written so far.
            receipts.append(_told(console, printable(source.name), outcome, len(sources), options))
            console.begin_file()
    return receipts


@contextmanager
def _exchange(context: CliContext, options: LoadOptions) -> Iterator[Exchange]:
    if options.dry_run:
        with context.dry_run() as exchange:
            yield exchange
        return
    with context.open_or_create() as opened:
        yield opened.exchange()


def _told(
    console: Console,
    name: str,
    outcome: LoadReceipt | CredenceError,
    files: int,
    options: LoadOptions,
) -> LoadReceipt | None:
    """Print the outcome of a file; the error of a single file is raised."""
    if isinstance(outcome, LoadReceipt):
        receipt_of(console, name, outcome, files, dry_run=options.dry_run)
        return outcome
    if files == 1:
        raise outcome
    refusal_of(console, name, outcome, files, told=True)
    return None


def _sources(
    context: CliContext, names: Sequence[str], options: LoadOptions
) -> list[Path | DatabaseTable]:
    """Return the files and tables named; a folder stands for the deliveries in it.

    What is wrong with the call itself is said before any of them is read.
    """
    require_kind(context.deployment.model, options.kind, options.form)
    parse_source_code(options.source)
    found: list[Path | DatabaseTable] = []
    for name in names:
        if is_table_address(name):
            found.append(parse_table_address(name))
        elif Path(name).is_dir():
            inside, other = split_by_kind_known(Path(name), context.deployment.model)
            for path in other:
                context.console.say("passed-over", file=printable(path.name))
            found += inside
        else:
            require_file(Path(name))
            found.append(Path(name))
    if not found:
        raise UsageError(
            "There is nothing to read.",
            "Name files, or folders that hold CSV, XLSX or JSON.",
            zh="没有可读取的文件。",
            zh_hint="请给出文件，或含有 CSV、XLSX、JSON 文件的目录。",
        )
    return found


@click.command("derive")
@click.option("--check", "only_check", is_flag=True, help="只比较 compare, write nothing")
@common
@pass_context
def derive_verb(context: CliContext, *, only_check: bool) -> None:
    """由词表和形状生成派生文件。Write what follows from vocabulary and shapes."""
    model = load_model()
    if only_check:
        stale = derived_files.stale_files(model)
        if stale:
            raise VerificationFailed(
                f"Derived files differ from their sources: {', '.join(stale)}.",
                "Run `credence derive` and commit the result.",
                zh=f"派生文件与来源不一致：{'、'.join(stale)}。",
                zh_hint="请运行 credence derive 并提交结果。",
            )
        context.console.say("derive-same")
        context.console.result({"changed": []})
        return
    changed = derived_files.write_derived_files(model)
    context.console.say("derived", count=len(changed))
    context.console.result({"changed": list(changed)})


VERBS = (sample, check_verb, load, derive_verb)
