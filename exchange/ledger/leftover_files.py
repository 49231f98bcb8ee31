"""Finds files of a lost ledger, beside which no new ledger may be created.

The journal of a lost ledger lists the removed records, its seals open the bodies in a backup,
and surfaces show records that a new ledger would not know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from exchange.domain.errors import EnvironmentFault
from exchange.ledger.database_engine import file_of
from exchange.ledger.withdrawal_journal import sync_folder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from exchange.ledger.context import LedgerLocations


def genesis_marker(locations: LedgerLocations) -> Path:
    """Return the path of the file that exists while a genesis is being written."""
    return locations.secret.with_name("genesis-begun")


def place_genesis_marker(locations: LedgerLocations) -> None:
    """Create the marker that a genesis is being written: files beside it are no leftovers.

    Raises:
        EnvironmentFault: it cannot be written.

    """
    mark = genesis_marker(locations)
    try:
        mark.touch(mode=0o600)
        sync_folder(mark.parent)
    except OSError as error:
        raise EnvironmentFault(
            f"The folder of the ledger secret cannot be written: {error.strerror}.",
            "Correct its permissions.",
            zh=f"无法写入账本密钥所在目录：{error.strerror}。",
            zh_hint="请更正该目录的权限。",
        ) from error


def leftover_files(locations: LedgerLocations) -> list[Path]:
    """Return the existing files of a ledger without its database: journal, seals, secret."""
    seals = file_of(locations.seals_url)
    begun = [] if genesis_marker(locations).exists() else [seals, locations.secret]
    return [path for path in (locations.journal, *begun) if path and path.exists()]


def missing_ledger(locations: LedgerLocations, leftovers: Sequence[Path]) -> EnvironmentFault:
    """Return the error for a ledger that is missing beside its leftover files."""
    file = file_of(locations.url)
    name = "The ledger" if file is None else f"The ledger {file}"
    state = "is empty" if file is not None and file.exists() else "is missing"
    paths = ", ".join(map(str, leftovers))
    chinese = "、".join(map(str, leftovers))
    return EnvironmentFault(
        f"{name} {state}, but what belongs to it is there: {paths}.",
        "Put the ledger back, or run `credence restore BACKUP` (with `--key-file FILE` where the "
        "backup is encrypted). Only if a new beginning is meant, "
        f"remove these first: {paths}.",
        zh=f"账本{'为空' if state == 'is empty' else '缺失'}，但与它配套的文件还在：{chinese}。",
        zh_hint="请放回账本，或运行 credence restore 备份目录（已加密则加 --key-file 密钥文件）。"
        f"只有确实要重新开始时，才先删除：{chinese}。",
        remains=[str(path) for path in leftovers],
    )
