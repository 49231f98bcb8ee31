"""Puts the files of a backup into a data directory that has no ledger; the ledger comes last.

`restoring.json` stands from before the first file until the surfaces are rebuilt: a restore that
broke off is noticed by every verb, and is done again from the beginning.
"""

from __future__ import annotations

import json
import os
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from exchange.domain.errors import Conflict, EnvironmentFault, UsageError, VerificationFailed
from exchange.ledger.database_engine import file_of
from exchange.ledger.seal_trial import require_matching_seals
from exchange.ledger.withdrawal_journal import sync_folder
from publisher.backup import manifest
from publisher.backup.backup_writer import copy_file
from publisher.backup.encryption import decrypt
from publisher.backup.manifest import measured
from publisher.stores.atomic_files import replace_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from exchange.ledger import LedgerLocations
    from exchange.ledger.withdrawal_journal import Journal
    from publisher.backup.manifest import Manifest
    from publisher.layout import Layout

_LOGS = ("-wal", "-shm", "-journal")


def begin_restore(layout: Layout, source: str) -> None:
    """Note on the disk that a restore is under way, and from where."""
    layout.root.mkdir(parents=True, exist_ok=True)
    replace_file(layout.restoring, json.dumps({"from": source}, ensure_ascii=False).encode())


def end_restore(layout: Layout) -> None:
    """Take the note away."""
    layout.restoring.unlink(missing_ok=True)
    sync_folder(layout.root)


def require_room(places: LedgerLocations, layout: Layout) -> Path:
    """Return the file to which a backup's ledger is restored.

    Raises:
        UsageError: the settings name a database server.
        Conflict: there is a ledger already.

    """
    ledger = file_of(places.url)
    if ledger is None or file_of(places.seals_url) is None:
        raise UsageError(
            "The settings name a database server for ledger or seals.",
            "Put its own dump back, then run `credence restore --here`.",
            zh="设置中的账本或密封库在数据库服务器上。",
            zh_hint="请先用服务器自己的工具恢复，再运行 credence restore --here。",
        )
    if ledger.exists() and ledger.stat().st_size and not layout.restoring.exists():
        raise Conflict(
            f"There is a ledger here already: {ledger}.",
            "Nothing is overwritten: restore into another directory, or move this ledger away; "
            "`credence restore --here` takes on the one that is here.",
            zh=f"这里已有账本：{ledger}。",
            zh_hint="不会覆盖：请恢复到其他目录，或先移走现有账本；"
            "credence restore --here 可采用现有账本。",
        )
    return ledger


def find_journal(places: LedgerLocations, given: Path | None, backup: Path | None = None) -> Path:
    """Return the file of the newest withdrawal journal; `given` names it, or its directory.

    `backup` is the one that is restored, None where the ledger is there already.

    Raises:
        EnvironmentFault: there is none, or there are two.

    """
    named = given / places.journal.name if given is not None and given.is_dir() else given
    if named is not None and named.resolve() != places.journal.resolve():
        if places.journal.exists():
            raise EnvironmentFault(
                f"There is a withdrawal journal at {places.journal} already.",
                "Leave --journal out to use it, or move it away if it is the older one.",
                zh=f"{places.journal} 处已有撤下日志。",
                zh_hint="请不带 --journal 以使用它；若它较旧，请先移走。",
            )
        if not named.is_file():
            raise EnvironmentFault(
                f"There is no withdrawal journal in {given}: {named} is missing.",
                "Name the journal's file, or the directory that holds it.",
                zh=f"{given} 中没有撤下日志：缺少 {named}。",
                zh_hint="请给出撤下日志文件，或其所在目录。",
            )
        return named
    if not places.journal.exists():
        raise _missing_journal(places, backup)
    return places.journal


def _missing_journal(places: LedgerLocations, backup: Path | None) -> EnvironmentFault:
    kept = f"--journal {backup / manifest.JOURNAL}" if backup else "--journal FILE"
    return EnvironmentFault(
        f"The withdrawal journal is missing: {places.journal}.",
        "Put the newest one there, for it alone knows what left after the backup. If it is "
        f"lost, {kept} takes an older one; what left since is then known to surfaces at best.",
        zh=f"缺少撤下日志：{places.journal}。",
        zh_hint="请放回最新的日志：备份之后撤下了什么，只有它知道。如已丢失，可用 "
        f"{kept} 采用较旧的一份；其后的撤下最多只能从公开位置得知。",
    )


def place_journal(places: LedgerLocations, journal_file: Path) -> None:
    """Copy the journal to its place, unless it is there."""
    if journal_file.resolve() != places.journal.resolve():
        places.journal.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        copy_file(journal_file, places.journal)


def require_newest_journal(journal: Journal, made: Manifest) -> None:
    """Refuse a journal that ends before the backup does.

    Raises:
        VerificationFailed: it is older than the backup, or of another ledger.

    """
    last = max((line.position for line in journal.lines()), default=0)
    if last < made.journal:
        raise VerificationFailed(
            f"The withdrawal journal ends at position {last}, the backup at {made.journal}: it is "
            "not the newest.",
            "Put the newest journal in its place, and begin again.",
            zh=f"撤下日志止于位置 {last}，备份止于 {made.journal}：它不是最新的。",
            zh_hint="请放回最新的日志后重试。",
        )


def require_key(made: Manifest, key: bytes | None) -> None:
    """Raise UsageError where the backup is encrypted and there is no key."""
    if made.encrypted and key is None:
        raise UsageError(
            "The backup is encrypted.",
            "Give its key by --key-file.",
            zh="备份已加密。",
            zh_hint="请用 --key-file 给出密钥文件。",
        )


@dataclass(frozen=True, slots=True)
class StagedFile:
    """A file of the backup, written beside its target."""

    fresh: Path
    target: Path


@contextmanager
def staged_backup(
    made: Manifest, backup: Path, places: LedgerLocations, layout: Layout, key: bytes | None
) -> Iterator[list[StagedFile]]:
    """Give the files of a whole backup, written beside their places and tried; the ledger is last.

    What is not placed is gone when this ends.

    Raises:
        UsageError: ledger or seals are not in files.
        VerificationFailed: the key is another, or another secret stands here.
        EnvironmentFault: ledger and seals of the backup do not belong together.

    """
    ledger, seals = file_of(places.url), file_of(places.seals_url)
    if ledger is None or seals is None:
        raise UsageError("Ledger and seals must be files.", "Correct the settings.")
    targets = {manifest.SECRET: places.secret, manifest.SEALS: seals}
    if made.stored(manifest.HELD):
        targets[manifest.HELD] = layout.held / manifest.HELD.rpartition("/")[2]
    targets[manifest.LEDGER] = ledger
    new = [folder for folder in (layout.secret.parent, layout.held) if not folder.exists()]
    staged = {name: StagedFile(_beside(target), target) for name, target in targets.items()}
    try:
        for name, one in staged.items():
            _write_staged(made, backup, name, one, key)
        _require_same_secret(places.secret, staged[manifest.SECRET].fresh)
        urls = [f"sqlite:///{staged[name].fresh}" for name in (manifest.LEDGER, manifest.SEALS)]
        require_matching_seals(urls[0], urls[1])
        yield list(staged.values())
    finally:
        for one in staged.values():
            for ending in ("", *_LOGS):
                one.fresh.with_name(one.fresh.name + ending).unlink(missing_ok=True)
        remove_empty(new)


def remove_empty(folders: Iterable[Path]) -> None:
    """Remove those of the folders that are there and hold nothing."""
    for folder in folders:
        with suppress(OSError):
            folder.rmdir()


def place_backup(staged: Iterable[StagedFile], layout: Layout) -> list[Path]:
    """Move the staged files to their targets; return the files set aside for them."""
    aside = []
    for one in staged:
        aside.append(_set_aside(one.target, one.fresh))
        one.fresh.replace(one.target)
        sync_folder(one.target.parent)
    sync_folder(layout.root)
    return [path for path in aside if path is not None]


def _beside(target: Path) -> Path:
    return target.with_name(f".{target.name}.restored")


def _write_staged(
    made: Manifest, backup: Path, name: str, staged: StagedFile, key: bytes | None
) -> None:
    path = made.stored(name)
    if path is None:
        raise VerificationFailed(
            f"The backup lacks {name}.",
            "Take another backup.",
            zh=f"备份缺少 {name}。",
            zh_hint="请改用另一份备份。",
        )
    staged.fresh.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (backup / path).open("rb") as source:
        _write(staged.fresh, _text(source, path, key))


def _text(source: IO[bytes], path: str, key: bytes | None) -> Iterator[bytes]:
    if key is not None and path.endswith(manifest.ENCRYPTED):
        return decrypt(source, key, path)
    return iter(lambda: source.read(1024 * 1024), b"")


def _write(path: Path, pieces: Iterator[bytes]) -> None:
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    with path.open("wb") as file:
        for piece in pieces:
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())


def _set_aside(target: Path, fresh: Path) -> Path | None:
    """Rename an existing target and its database logs, unless it is equal."""
    moved = None
    for ending in _LOGS:
        beside = target.with_name(target.name + ending)
        if beside.exists():
            moved = _rename(beside)
    if not target.exists() or not target.stat().st_size or measured(target) == measured(fresh):
        return moved
    return _rename(target)


def _rename(path: Path) -> Path:
    number = 1
    while (aside := path.with_name(f"{path.name}.before-restore-{number}")).exists():
        number += 1
    path.rename(aside)
    return aside


def _require_same_secret(target: Path, fresh: Path) -> None:
    if target.exists() and target.read_bytes() != fresh.read_bytes():
        raise VerificationFailed(
            f"Another ledger secret stands here: {target}.",
            "Restore into a directory of its own, or move that secret away.",
            zh=f"这里有另一个账本的密钥：{target}。",
            zh_hint="请恢复到单独的目录，或先移走该密钥。",
        )
