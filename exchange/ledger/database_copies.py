"""Copies ledger and seals (SQLite) consistently while other processes write.

Seals are kept before the events that they open are committed, so seals that are copied after the
ledger open all of its events; an erasure in between destroys some, and the copy is made again.
Source: https://sqlite.org/backup.html. The driver is used as it is: SQLAlchemy has no word for it.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from exchange.domain.errors import EnvironmentFault, VerificationFailed

if TYPE_CHECKING:
    from pathlib import Path

_TRIES: Final = 5
_ERASURES: Final = "SELECT position FROM erasure"
_HEAD: Final = "SELECT position, epoch FROM head"
_ROOT: Final = "SELECT root FROM tree_head WHERE size = ?"
_LAST: Final = "SELECT max(position) FROM passage"


@dataclass(frozen=True, slots=True)
class CopiedLedger:
    """The state of a copied ledger: position, epoch, root, position of its last journal line."""

    position: int
    epoch: int
    root: bytes
    journal: int


def copy_databases(ledger: Path, seals: Path, target: Path, target_seals: Path) -> CopiedLedger:
    """Copy ledger and seals so that the copy passes `ledger verify`.

    Raises:
        EnvironmentFault: they cannot be read or written, or erasures come too fast.
        VerificationFailed: one of them is damaged.

    """
    for _ in range(_TRIES):
        copy_database(ledger, target)
        with closing(_reading(target)) as database:
            position, epoch = database.execute(_HEAD).fetchone()
            [root] = database.execute(_ROOT, (position,)).fetchone()
            [journal] = database.execute(_LAST).fetchone()
            erased = set(database.execute(_ERASURES))
        copy_database(seals, target_seals)
        with closing(_reading(ledger)) as database:
            if set(database.execute(_ERASURES)) == erased:
                return CopiedLedger(position, epoch, root, journal or 0)
    raise EnvironmentFault(
        "Records were erased again and again while the copy was made.",
        "Try again when no erasure is under way.",
        zh="制作备份期间不断有记录被删除。",
        zh_hint="请在没有删除操作时重试。",
    )


def copy_database(source: Path, target: Path) -> None:
    """Copy a SQLite file consistently; the copy has no write-ahead log.

    Raises:
        EnvironmentFault: it cannot be read or written.
        VerificationFailed: it is damaged.

    """
    try:
        result = _copied(source, target)
    except (OSError, sqlite3.Error) as error:
        raise EnvironmentFault(
            f"{source.name} could not be copied: {error}.",
            "Look at the disk space; remove what was begun and try again.",
            zh=f"复制 {source.name} 失败：{error}。",
            zh_hint="请检查磁盘空间，删除未完成的备份后重试。",
        ) from error
    if result != "ok":
        raise VerificationFailed(
            f"{source.name} is damaged: {result}.",
            "Run `credence ledger verify`, and take the newest sound backup.",
            zh=f"{source.name} 已损坏：{result}。",
            zh_hint="请运行 credence ledger verify，并使用最近一份完好的备份。",
        )


def _copied(source: Path, target: Path) -> str:
    target.unlink(missing_ok=True)
    os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o600))
    with closing(_reading(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)
        new.execute("PRAGMA journal_mode=DELETE")
        [result] = new.execute("PRAGMA quick_check(1)").fetchone()
    return str(result)


def _reading(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=30)
