"""Copies a deployment while it is served: the ledger, and apart from it what opens it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from exchange.domain.errors import EnvironmentFault, UsageError, VerificationFailed
from exchange.ledger.database_copies import copy_database, copy_databases
from exchange.ledger.database_engine import file_of
from exchange.ledger.withdrawal_journal import sync_folder
from publisher.backup import manifest
from publisher.backup.encryption import encrypt
from publisher.backup.manifest import Manifest, measured

if TYPE_CHECKING:
    from exchange.ledger import Ledger, LedgerLocations
    from exchange.ledger.database_copies import CopiedLedger
    from publisher.layout import Layout


def copy_deployment(  # noqa: PLR0913 (the verb calls it once)
    ledger: Ledger,
    places: LedgerLocations,
    layout: Layout,
    target: Path,
    *,
    made: str,
    key: bytes | None,
) -> Manifest:
    """Copy ledger, seals, secret, journal, held rows and settings into an empty directory.

    `made` is the time as an xsd:dateTime; with `key`, what opens the ledger is encrypted.

    Raises:
        UsageError: the target is not empty, or the ledger is not in files.
        EnvironmentFault: it cannot be read or written.
        VerificationFailed: the copy is not that of the ledger.

    """
    files = _files(places)
    _make(target)
    try:
        # What opens the ledger lies in the clear where it lies already, never on the target.
        with TemporaryDirectory(prefix=".backup-", dir=layout.root) as folder:
            private = Path(folder)
            copied = copy_databases(
                *files, target / manifest.LEDGER, private / _name(manifest.SEALS)
            )
            _require_same(ledger, copied)
            ledger.catch_up_journal()
            _copy_rest(places, layout, target, private)
            for path in sorted(private.iterdir()):
                _put(path, target / "private", key)
        names = sorted(
            path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file()
        )
        written = Manifest(
            made,
            ledger.genesis.base_url,
            copied.position,
            copied.root.hex(),
            copied.epoch,
            copied.journal,
            key is not None,
            {name: measured(target / name) for name in names},
            manifest.LEFT_OUT,
        )
        _sync(target)
        written.write(target)
        _sync(target)
    except OSError as error:
        raise EnvironmentFault(
            f"The backup could not be written: {error}.",
            "Look at the disk space; remove what was begun and try again.",
            zh=f"备份写入失败：{error}。",
            zh_hint="请检查磁盘空间，删除未完成的备份后重试。",
        ) from error
    return written


def _files(places: LedgerLocations) -> tuple[Path, Path]:
    """Return the files of ledger and seals. Raises UsageError for a server's database."""
    ledger, seals = file_of(places.url), file_of(places.seals_url)
    if ledger is None or seals is None:
        raise UsageError(
            "Ledger or seals are on a database server, which makes its own backups.",
            "Dump the ledger first and the seals after it (`pg_dump LEDGER_DB`, then `pg_dump "
            "SEALS_DB`), copy secrets/ledger.key and the newest withdrawal journal apart, and "
            "after putting them back run `credence restore --here` (docs/operate.md).",
            zh="账本或密封库在数据库服务器上，应由服务器自行备份。",
            zh_hint="请先导出账本、再导出密封库（依次 pg_dump），另存 secrets/ledger.key 和最新的"
            "撤下日志；恢复后运行 credence restore --here（见 docs/operate.md）。",
        )
    return ledger, seals


def _make(target: Path) -> None:
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise UsageError(
            f"{target} is not an empty directory.",
            "Name a new one for each backup; nothing is overwritten.",
            zh=f"{target} 不是空目录。",
            zh_hint="每次备份请用新目录；不会覆盖已有内容。",
        )
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    target.chmod(0o700)
    (target / "private").mkdir(mode=0o700)


def _require_same(ledger: Ledger, copied: CopiedLedger) -> None:
    if ledger.root_at(copied.position) != copied.root:
        raise VerificationFailed(
            "The copy has another root than the ledger.",
            "Run `credence ledger verify`.",
            zh="副本与账本的根不一致。",
            zh_hint="请运行 credence ledger verify。",
        )


def _copy_rest(places: LedgerLocations, layout: Layout, target: Path, private: Path) -> None:
    held = layout.held / _name(manifest.HELD)
    if held.exists():
        copy_database(held, private / held.name)
    copy_file(places.secret, private / _name(manifest.SECRET))
    for source, name in ((places.journal, manifest.JOURNAL), (layout.config, manifest.CONFIG)):
        if source.exists():
            copy_file(source, target / name)


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def copy_file(source: Path, target: Path) -> None:
    """Copy a file for its owner alone. Raises OSError."""
    handle = os.open(target, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with source.open("rb") as old, os.fdopen(handle, "wb") as new:
        shutil.copyfileobj(old, new)
        new.flush()
        os.fsync(new.fileno())


def _put(path: Path, folder: Path, key: bytes | None) -> None:
    """Put a file that opens the ledger into the backup, encrypted where there is a key."""
    if key is None:
        copy_file(path, folder / path.name)
        return
    sealed = folder / (path.name + manifest.ENCRYPTED)
    handle = os.open(sealed, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with path.open("rb") as old, os.fdopen(handle, "wb") as new:
        encrypt(old, new, key)


def _sync(target: Path) -> None:
    for path in (target, *target.rglob("*")):
        if path.is_dir():
            sync_folder(path)
        else:
            with path.open("rb") as file:
                os.fsync(file.fileno())
