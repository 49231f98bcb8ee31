"""What stands where a ledger was: files that a new ledger must not be begun beside.

A lost ledger file is not a new beginning: the journal still knows what must stay withdrawn, the
seals open what a backup holds, and surfaces show records that a new ledger would not know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from exchange.domain.errors import EnvironmentFault
from exchange.ledger.database_engine import file_of
from exchange.ledger.journal import sync_folder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from exchange.ledger.context import Places


def begun_mark(places: Places) -> Path:
    """Return the file that stands while a genesis is being written."""
    return places.secret.with_name("genesis-begun")


def mark_begun(places: Places) -> None:
    """Note, on the disk, that a genesis is being written: what it leaves is no remainder.

    Raises:
        EnvironmentFault: it cannot be written.

    """
    mark = begun_mark(places)
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


def remains(places: Places) -> list[Path]:
    """Return the files of a ledger that stand without it: journal, seals and secret."""
    seals = file_of(places.seals_url)
    begun = [] if begun_mark(places).exists() else [seals, places.secret]
    return [path for path in (places.journal, *begun) if path and path.exists()]


def missing_ledger(places: Places, found: Sequence[Path]) -> EnvironmentFault:
    """Return the refusal of a ledger that is missing beside what belongs to it."""
    file = file_of(places.url)
    name = "The ledger" if file is None else f"The ledger {file}"
    state = "is empty" if file is not None and file.exists() else "is missing"
    paths = ", ".join(map(str, found))
    chinese = "、".join(map(str, found))
    return EnvironmentFault(
        f"{name} {state}, but what belongs to it is there: {paths}.",
        "Put the ledger back, or run `credence restore BACKUP` (with `--key-file FILE` where the "
        "backup is encrypted). Only if a new beginning is meant, "
        f"remove these first: {paths}.",
        zh=f"账本{'为空' if state == 'is empty' else '缺失'}，但与它配套的文件还在：{chinese}。",
        zh_hint="请放回账本，或运行 credence restore 备份目录（已加密则加 --key-file 密钥文件）。"
        f"只有确实要重新开始时，才先删除：{chinese}。",
        remains=[str(path) for path in found],
    )
