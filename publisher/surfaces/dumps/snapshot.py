"""The dumps of one tree: its position, its kinds and their versions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from exchange.domain.errors import StoreUnavailable
from publisher.surfaces.dumps.dump_files import read_version
from publisher.surfaces.files.staged_tree import read_state

if TYPE_CHECKING:
    from pathlib import Path

    from publisher.surfaces.dumps.dump_version import DumpVersion


@dataclass(frozen=True, slots=True)
class DumpSnapshot:
    """The dumps of one tree, which a rebuild does not change while they are read."""

    tree: Path

    def position(self) -> int:
        """Return the number of the last change shown. Raises StoreUnavailable."""
        return int(self._state()["position"])

    def kinds(self) -> dict[str, list[str]]:
        """Return the versions of every kind, the newest first. Raises StoreUnavailable."""
        kinds: dict[str, list[str]] = self._state()["kinds"]
        return kinds

    def version(self, kind: str, version: str | None = None) -> DumpVersion | None:
        """Return a version of a kind, the newest without a name; None where there is none."""
        names = self.kinds().get(kind, [])
        if version is not None and version not in names:
            return None
        return read_version((self.tree,), kind, version or names[0]) if names else None

    def _state(self) -> dict[str, Any]:
        state = read_state(self.tree)
        if state is None:
            raise StoreUnavailable(
                "No dump has been published yet.",
                "Run `credence publish`, or wait until the projector has started.",
                zh="批量下载文件尚未发布。",
                zh_hint="请运行 credence publish，或等发布进程启动。",
            )
        return state
