"""What a backup says of itself: `manifest.json`, written last, so that a part is never taken."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

from exchange.domain.errors import UsageError, VerificationFailed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FILE: Final = "manifest.json"
FORMAT: Final = 1
LEDGER: Final = "ledger.sqlite"
JOURNAL: Final = "withdrawals.jsonl"
SEALS: Final = "private/seals.sqlite"
SECRET: Final = "private/ledger.key"  # noqa: S105 (a path)
HELD: Final = "private/held.sqlite"
CONFIG: Final = "credence.toml"
ENCRYPTED: Final = ".encrypted"  # at the end of a file's name
# What a backup does not hold, and why that is no loss.
LEFT_OUT: Final = {
    "surfaces": "rebuilt from the ledger",
    "rejects": "its senders have the rows",
    "staging": "files at work",
    "watched": "files of watched folders are loaded again, without a change",
    "clock.json": "belongs to the machine",
}


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of the backup."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """Content of a backup: position and identity of the ledger, and its files by path.

    `made` is an xsd:dateTime, `root` that of the tree, `journal` the position at which the
    withdrawal journal ended.
    """

    made: str
    base_url: str
    position: int
    root: str
    epoch: int
    journal: int
    encrypted: bool
    files: Mapping[str, StoredFile]
    left_out: Mapping[str, str]
    format: int = FORMAT

    def write(self, folder: Path) -> None:
        """Write it into the folder."""
        text = json.dumps(asdict(self), ensure_ascii=False, indent=1)
        handle = os.open(folder / FILE, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode() + b"\n")

    def stored(self, name: str) -> str | None:
        """Return the path of a file in the backup; None if it is missing."""
        return next((path for path in (name, name + ENCRYPTED) if path in self.files), None)

    def require_whole(self, folder: Path) -> None:
        """Compare every file with its digest.

        Raises:
            VerificationFailed: one is missing, or is not what was written.

        """
        for path, stored in self.files.items():
            if not (folder / path).is_file() or measured(folder / path) != stored:
                raise VerificationFailed(
                    f"{path} of the backup is missing or is not what was written.",
                    "Take another backup.",
                    zh=f"备份中的 {path} 缺失，或已不是当初写入的内容。",
                    zh_hint="请改用另一份备份。",
                )


def measured(path: Path) -> StoredFile:
    """Return size and digest of a file."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return StoredFile(path.stat().st_size, digest)


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a backup.

    Raises:
        UsageError: the folder holds no whole backup.

    """
    try:
        found = json.loads((folder / FILE).read_bytes())
        files = {path: StoredFile(**stored) for path, stored in found.pop("files").items()}
        made = Manifest(**found, files=files)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise _no_backup(folder) from error
    inside = all(not path.startswith("/") and ".." not in path.split("/") for path in files)
    if made.format != FORMAT or not inside:
        raise _no_backup(folder)
    return made


def _no_backup(folder: Path) -> UsageError:
    return UsageError(
        f"{folder} holds no whole backup that this program can read.",
        "Name the directory that `credence backup` wrote; one that broke off has no manifest.json.",
        zh=f"{folder} 中没有本程序能读取的完整备份。",
        zh_hint="请指定 credence backup 写出的目录；中途中断的备份没有 manifest.json。",
    )
