"""`load --watch DIR`: what appears in a folder is loaded until the process is told to end."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from exchange.domain.errors import CredenceError, UsageError
from exchange.intake import FolderWatcher
from exchange.intake.findings import printable
from exchange.use_case_types import LoadObserver, LoadOptions
from publisher.child_processes import stop_on_signals
from publisher.cli.receipts import COUNTED, receipt_of, tell_findings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from publisher.cli.context import CliContext


def watch_folder(
    context: CliContext, folder: Path, options: LoadOptions, files: Sequence[str]
) -> int:
    """Load what appears in a folder until SIGINT or SIGTERM; print a receipt for each file."""
    if files or options.dry_run:
        raise UsageError(
            "--watch takes a folder only: no files beside it and no --dry-run.",
            "Load the files by a command of their own.",
            zh="--watch 只接受目录，不能同时给出文件或 --dry-run。",
            zh_hint="请另用一条命令导入这些文件。",
        )
    console = context.console
    stop = threading.Event()
    stop_on_signals(stop)
    counts = dict.fromkeys(("files", "refused", *COUNTED), 0)
    with context.open_or_create() as opened:
        deployment = context.deployment
        watcher = FolderWatcher(folder, deployment.layout.watched, deployment.clock)
        console.say("watching", folder=folder)
        observer = LoadObserver(None, console.finding)
        for path, outcome in opened.exchange().watch_folder(watcher, options, observer, stop.wait):
            counts["files"] += 1
            if isinstance(outcome, CredenceError):
                counts["refused"] += 1
                tell_findings(console, outcome)
                console.error(outcome)
                continue
            receipt = receipt_of(console, printable(path.name), outcome, 2)
            for name in COUNTED:
                counts[name] += receipt[name]
    console.say("watched", files=counts["files"], refused=counts["refused"])
    console.result(counts)
    return 0
