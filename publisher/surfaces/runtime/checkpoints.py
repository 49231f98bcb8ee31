"""Which ledger each surface was built from, and which removals its readers have seen.

Beside a surface lies `checkpoint.json`: size and root of the ledger's tree at the newest change
that may stand in the surface, the epoch, and the number up to which removals were shown. It is
private: the root would let anybody test guesses about what the ledger holds. It is written before
changes are applied, so a killed process never leaves a surface ahead of its checkpoint.
A surface that is ahead of the ledger, or whose root the ledger does not have, was built from
another history: an older copy of the ledger was put back, or another ledger altogether.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol

from exchange.domain.errors import StoreUnavailable
from publisher.surfaces.port import label

if TYPE_CHECKING:
    from pathlib import Path

    from exchange.domain.disclosure_levels import Tier
    from exchange.ledger.tree_heads import EpochTreeHead
    from publisher.surfaces.port import SurfaceReader

_FILE: Final = "checkpoint.json"
AHEAD: Final = "ahead"
OTHER_ROOT: Final = "other-root"
OTHER_EPOCH: Final = "other-epoch"
REPLACED: Final = "replaced"
DAMAGED: Final = "damaged"
# reason -> (zh, en)
REASONS: Final = {
    AHEAD: ("比账本更新", "it is ahead of the ledger"),
    OTHER_ROOT: ("由另一份历史建成", "it was built from another history"),
    OTHER_EPOCH: ("属于另一纪元", "it belongs to another epoch"),
    REPLACED: ("文件被换成了另一副本", "another copy of its files was put in its place"),
    DAMAGED: ("文件已损坏", "its files are damaged"),
}


class Lineage(Protocol):
    """The ledger as its copies are compared with it (`exchange.ledger.Ledger`)."""

    def head(self, tier: Tier, /) -> int:
        """Last `seq` of the tier."""

    def tree_point(self, tier: Tier, seq: int, /) -> EpochTreeHead | None:
        """Return the tree after a member of the tier's sequence; None where there is none."""

    def root_at(self, size: int, /) -> bytes | None:
        """Return the root of the tree of a size; None where no transaction ended there."""

    def epoch(self) -> int:
        """Return the number of the ledger's epoch."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The checkpoint of one surface.

    `size` and `root` (hexadecimal, empty if unknown) are of the ledger's tree. `cleared` is the
    number in the tier's sequence up to which all removals are published. `taken_in` is the
    epoch that was opened with what this surface knew; it need not be read again.
    """

    size: int = 0
    root: str = ""
    epoch: int = 0
    cleared: int = 0
    taken_in: int = 0


class Checkpoints:
    """Reads and writes the checkpoints below `root` (the data directory's `surfaces`)."""

    def __init__(self, root: Path, ledger: Lineage) -> None:
        self._root = root
        self._ledger = ledger

    def read(self, surface: SurfaceReader) -> Checkpoint | None:
        """Return the checkpoint of a surface; None when it is missing or illegible."""
        try:
            return _parsed(self._path(surface).read_bytes())
        except FileNotFoundError:
            return None

    def difference(self, surface: SurfaceReader) -> str | None:
        """Return why a surface is not of this ledger (a key of REASONS); None when it is.

        Costs a small file and three look-ups by key. A surface without a root is compared by its
        position alone. Raises StoreUnavailable where the position cannot be read.
        """
        if reason := self._contradiction(self.read(surface)):
            return reason
        return AHEAD if surface.position() > self._ledger.head(surface.tier) else None

    def is_of_ledger(self, surface: SurfaceReader) -> bool:
        """Whether the checkpoint's root is the ledger's; the surface itself is not read."""
        kept = self.read(surface)
        return kept is not None and bool(kept.root) and self._contradiction(kept) is None

    def served(self, surface: SurfaceReader) -> tuple[int, int] | None:
        """Return inode and time of the link to the served files; None without one."""
        try:
            stated = (self._path(surface).parent / "current").lstat()
        except OSError:
            return None
        return stated.st_ino, stated.st_mtime_ns

    def is_unverified(self, surface: SurfaceReader) -> bool:
        """Whether the surface has content but no checkpoint with a root."""
        kept = self.read(surface)
        return (kept is None or not kept.root) and surface.position() > 0

    def advance(self, surface: SurfaceReader, seq: int) -> None:
        """Write the ledger's tree at a member, before changes up to it are applied."""
        point = self._ledger.tree_point(surface.tier, seq)
        if point is not None:
            kept = self.read(surface) or Checkpoint()
            root = point.root.hex()
            self._write(surface, replace(kept, size=point.size, root=root, epoch=point.epoch))

    def cleared(self, surface: SurfaceReader, seq: int) -> None:
        """Write that all removals up to a number are published."""
        kept = self.read(surface) or Checkpoint()
        if seq > kept.cleared:
            self._write(surface, replace(kept, cleared=seq))

    def take_in(self, surface: SurfaceReader, epoch: int) -> None:
        """Write that an epoch was opened with what only the surface knew."""
        self._write(surface, replace(self.read(surface) or Checkpoint(), taken_in=epoch))

    def restart(self, surface: SurfaceReader, position: int) -> None:
        """Write the checkpoint of a rebuilt surface that is published up to a position."""
        point = self._ledger.tree_point(surface.tier, position)
        if point is None:
            self._write(surface, Checkpoint(cleared=position))
        else:
            self._write(surface, Checkpoint(point.size, point.root.hex(), point.epoch, position))

    def _contradiction(self, kept: Checkpoint | None) -> str | None:
        if kept is None or not kept.root:
            return None
        root = self._ledger.root_at(kept.size)
        if root is None or root.hex() != kept.root:
            return OTHER_ROOT
        return OTHER_EPOCH if kept.epoch != self._ledger.epoch() else None

    def _write(self, surface: SurfaceReader, checkpoint: Checkpoint) -> None:
        """Replace the file. Not synced: one that a power cut takes is verified anew."""
        if checkpoint == self.read(surface):
            return
        path = self._path(surface)
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_suffix(".tmp")
        handle = os.open(aside, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(json.dumps(asdict(checkpoint)).encode())
        aside.replace(path)

    def _path(self, surface: SurfaceReader) -> Path:
        return self._root / surface.tier.value / surface.name / _FILE


def _parsed(text: bytes) -> Checkpoint | None:
    try:
        checkpoint = Checkpoint(**json.loads(text))
    except (ValueError, TypeError):
        return None
    numbers = (checkpoint.size, checkpoint.epoch, checkpoint.cleared, checkpoint.taken_in)
    sound = all(type(number) is int and number >= 0 for number in numbers)
    return checkpoint if sound and type(checkpoint.root) is str else None


def other_history_error(surface: SurfaceReader, reason: str) -> StoreUnavailable:
    """Return the error of a surface that is not of this ledger."""
    zh, en = REASONS[reason]
    return StoreUnavailable(
        f"{label(surface)} does not show this ledger: {en}.",
        "It is rebuilt from the ledger by itself; `credence publish` does it at once.",
        zh=f"{label(surface)} 与账本不符：{zh}。",
        zh_hint="系统会自动由账本重建；运行 credence publish 可立即重建。",
    )
