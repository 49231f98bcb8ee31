"""Verbs that copy a deployment and put a copy back: backup, restore."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from exchange.domain.errors import CredenceError, EnvironmentFault, NotFound, UsageError
from exchange.ledger import Ledger
from exchange.ledger.seal_trial import require_matching_seals
from exchange.ledger.withdrawal_journal import Journal
from publisher.backup import manifest
from publisher.backup.backup_writer import copy_deployment, copy_file
from publisher.backup.encryption import read_key
from publisher.backup.manifest import read_manifest
from publisher.backup.restore_files import (
    begin_restore,
    end_restore,
    find_journal,
    place_backup,
    place_journal,
    remove_empty,
    require_key,
    require_newest_journal,
    require_room,
    staged_backup,
)
from publisher.backup.restore_recovery import known_to_journal
from publisher.cli.context import CliContext, common, pass_context
from publisher.cli.run import AlarmPrinter
from publisher.layout import CONFIG, RESTORING
from publisher.stores.atomic_files import owner_only
from publisher.surfaces.runtime.alarms import standing_alarms
from publisher.surfaces.runtime.projector_lock import ProjectorLock
from publisher.surfaces.text.timestamps import xsd_timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from exchange.domain.restore_reconciliation import Recovered
    from publisher.surfaces.runtime.alarms import Alarm
    from publisher.wiring import OpenDeployment

_KEY = click.option(
    "--key-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="加密密封库和密钥的密钥文件 key that encrypts what opens the ledger",
)


@click.command()
@click.argument("target", metavar="DIR", type=click.Path(path_type=Path))
@_KEY
@common
@pass_context
def backup(context: CliContext, *, target: Path, key_file: Path | None) -> None:
    """备份到新目录，服务不停。Copy the ledger and what opens it into DIR, also while serving."""
    console, deployment = context.console, context.deployment
    key = read_key(key_file) if key_file else None
    with context.open() as opened:
        made = copy_deployment(
            opened.ledger,
            deployment.places,
            deployment.layout,
            target,
            made=xsd_timestamp(deployment.clock()),
            key=key,
        )
    console.say("backed-up", path=target, position=made.position, files=len(made.files))
    for name in made.files:
        console.line(f"  {name}")
    console.say("backup-leaves", names=", ".join(made.left_out))
    if key is None:
        console.warn(console.text("backup-open", path=target / "private"))
    console.result({"directory": str(target), **asdict(made)})


@click.command()
@click.argument("source", metavar="[BACKUP]", required=False, type=click.Path(path_type=Path))
@click.option("--here", is_flag=True, help="采用现有账本 take on the ledger that is here")
@click.option(
    "--journal",
    type=click.Path(path_type=Path, exists=True),
    help="最新的撤下日志（文件或其目录） the newest withdrawal journal (its file or directory), "
    "where it is not in its place",
)
@_KEY
@common
@pass_context
def restore(
    context: CliContext,
    *,
    source: Path | None,
    here: bool,
    journal: Path | None,
    key_file: Path | None,
) -> None:
    """恢复备份，不使已撤下的记录重现。Put a backup back; what left since stays gone."""
    if here is (source is not None):
        raise UsageError(
            "Name a backup, or say --here.",
            "`credence restore BACKUP`, or `credence restore --here` for the ledger that is here.",
            zh="请指定备份目录，或使用 --here。",
            zh_hint="credence restore 备份目录；或用 credence restore --here 采用现有账本。",
        )
    console = context.console
    with _leaving_nothing(context.root), _alone(context):
        if source is not None:
            _place(context, source, journal, key_file)
        else:
            _take_on(context, journal)
        with context.deployment.open(restoring=True) as opened:
            done = _recover(opened)
        end_restore(context.deployment.layout)
    console.say("restored", **asdict(done))
    if done.unplaced:
        console.warn(console.text("restore-unplaced", count=done.unplaced))
    with context.open() as opened, _alarms_that_stay(context) as on_alarm:
        positions = opened.projector(on_alarm).rebuild(())
    shown = ", ".join(f"{name} {position}" for name, position in positions.items())
    console.say("rebuilt", surfaces=shown)
    console.result({**asdict(done), "surfaces": positions})


@contextmanager
def _alone(context: CliContext) -> Iterator[None]:
    """Keep the projector out meanwhile. Raises EnvironmentFault where one runs."""
    context.root.mkdir(parents=True, exist_ok=True)
    lock = ProjectorLock(context.root / "projector.lock")
    if not lock.try_acquire():
        raise EnvironmentFault(
            "A service is running on this directory.",
            "Stop `credence serve` first.",
            zh="本目录上有服务正在运行。",
            zh_hint="请先停止 credence serve。",
        )
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _leaving_nothing(root: Path) -> Iterator[None]:
    """Remove the files of a restore that was refused before it placed a ledger."""
    names = ("projector.lock", CONFIG)
    made = [root / name for name in names if not (root / name).exists()]
    fresh = not root.exists()
    try:
        yield
    except CredenceError:
        if not (root / RESTORING).exists():
            for path in made:
                path.unlink(missing_ok=True)
            remove_empty([root] if fresh else [])
        raise


@contextmanager
def _alarms_that_stay(context: CliContext) -> Iterator[Callable[[Alarm], None]]:
    """Collect alarms; print those that are still raised after every surface was rebuilt."""
    heard: list[Alarm] = []
    ended = False
    try:
        yield heard.append
        ended = True
    finally:
        standing = {one.surface for one in standing_alarms(context.deployment.layout.surfaces)}
        tell = AlarmPrinter(context)
        for alarm in heard:
            if not ended or alarm.surface in standing:
                tell(alarm)


def _take_on(context: CliContext, journal: Path | None) -> None:
    """Begin the restore of the ledger that is here, once it is known to open."""
    places = context.deployment.places
    journal_file = find_journal(places, journal)
    if not Ledger.exists(places, read_only=True):
        raise NotFound(
            f"There is no ledger in {context.root}.",
            "Name a backup to restore; give its key by --key-file if it is encrypted.",
            zh=f"{context.root} 中没有账本。",
            zh_hint="请指定要恢复的备份；如已加密，请用 --key-file 给出密钥文件。",
        )
    _require_legible(context, journal_file)
    require_matching_seals(places.url, places.seals_url)
    place_journal(places, journal_file)
    begin_restore(context.deployment.layout, "here")


def _place(context: CliContext, source: Path, journal: Path | None, key_file: Path | None) -> None:
    """Put the files of the backup in their places, once all of them are known to be good."""
    made = read_manifest(source)
    made.require_whole(source)
    key = read_key(key_file) if key_file else None
    require_key(made, key)
    if manifest.CONFIG in made.files and not (context.root / CONFIG).exists():
        copy_file(source / manifest.CONFIG, context.root / CONFIG)  # before it is read
    deployment = context.deployment
    places, layout = deployment.places, deployment.layout
    require_room(places, layout)
    journal_file = find_journal(places, journal, source)
    require_newest_journal(Journal(journal_file), made)
    _require_legible(context, journal_file)
    with staged_backup(made, source, places, layout, key) as staged:
        place_journal(places, journal_file)
        begin_restore(layout, str(source))
        for aside in place_backup(staged, layout):
            context.console.say("set-aside", path=aside)


def _require_legible(context: CliContext, path: Path) -> None:
    """Read the whole journal before anything is begun; say so where its last line was cut.

    Raises EnvironmentFault for a line that cannot be read.
    """
    journal = Journal(path)
    count = sum(1 for _ in journal.lines())
    if journal.is_torn():
        context.console.warn(context.console.text("journal-torn", count=count))


def _recover(opened: OpenDeployment) -> Recovered:
    """Let the ledger take over what journal and surfaces know, in a new epoch."""
    ledger, recovery, readers = opened.ledger, opened.recovery(), opened.readers()
    known, journal_epoch = known_to_journal(ledger.unknown_lines())
    for public_id, one in recovery.known().items():
        before = known.get(public_id)
        known[public_id] = before.merged(one) if before else one
    epoch = max(journal_epoch, recovery.epoch(readers))
    done = ledger.recover(known.values(), epoch, reason="restore", force=True)
    with owner_only():  # where there are no surfaces, their folders begin here
        recovery.note(readers, done.epoch)
    ledger.catch_up_journal()
    return done


VERBS = (backup, restore)
