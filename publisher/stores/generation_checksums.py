"""Digests of a generation's files, kept beside it when it is made.

Purpose: the engine keeps what it holds in several orders; whether the files of all of them are
still as it wrote them is seen by reading them once, without opening any. Tables never change once
written and generations share them by hard links, so each is hashed once.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_FOLDER: Final = "sums"  # beside the folder of the generations
_TABLE: Final = ".sst"
_Sum = tuple[int, int, int, str]  # inode, nanoseconds, bytes, SHA-256


@dataclass(frozen=True, slots=True)
class Differing:
    """Names of files that are not as they were when the generation was made."""

    missing: list[str]
    altered: list[str]
    foreign: list[str]

    @property
    def none(self) -> bool:
        """Whether all are."""
        return not (self.missing or self.altered or self.foreign)


def sums_path(generation: Path) -> Path:
    """Return the file that has the digests of a generation."""
    return generation.parents[1] / _FOLDER / f"{generation.name}.json"


def write_sums(generation: Path, previous: Path | None) -> None:
    """Hash the files of a generation; tables that `previous` has are taken from its digests.

    Not synced: a generation whose digests a power cut took is read as a whole. Raises OSError.
    """
    known = (_read(previous) if previous else None) or {}
    found = {path.name: _sum_of(path, known.get(path.name)) for path in generation.iterdir()}
    sums_path(generation).parent.mkdir(exist_ok=True)
    sums_path(generation).write_text(json.dumps(found), encoding="ascii")


def differing_files(generation: Path) -> Differing | None:
    """Compare a generation's files with their digests; None where it has none that can be read."""
    sums = _read(generation)
    if sums is None:
        return None
    there = {path.name for path in generation.iterdir()}
    return Differing(
        sorted(sums.keys() - there),
        sorted(name for name in sums.keys() & there if _hash(generation / name) != sums[name][3]),
        sorted(there - sums.keys()),
    )


def _sum_of(path: Path, known: _Sum | None) -> _Sum:
    stated = path.stat()
    identity = stated.st_ino, stated.st_mtime_ns, stated.st_size
    if known is not None and path.suffix == _TABLE and known[:3] == identity:
        return known
    return (*identity, _hash(path))


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read(generation: Path) -> Mapping[str, _Sum] | None:
    try:
        stated = json.loads(sums_path(generation).read_bytes())
        return {
            str(name): (int(inode), int(changed), int(size), str(digest))
            for name, (inode, changed, size, digest) in stated.items()
        }
    except (OSError, ValueError, TypeError, AttributeError):
        return None
