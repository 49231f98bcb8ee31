"""The versions kept of each kind, and the files that they need."""

from __future__ import annotations

from typing import TYPE_CHECKING

from publisher.surfaces.dumps.addresses import KEPT
from publisher.surfaces.dumps.dump_files import read_version, version_path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from publisher.surfaces.dumps.dump_version import DumpVersion
    from publisher.surfaces.files.staged_tree import StagedTree


class KeptVersions:
    """The versions below `root`, by kind the newest first."""

    def __init__(self, root: Path, kept: Mapping[str, Sequence[str]]) -> None:
        self._root = root
        self._kept = {kind: list(names) for kind, names in kept.items()}
        self._files: dict[tuple[str, str], frozenset[str]] = {}
        self.sweep()

    def kinds(self) -> set[str]:
        """Return the kinds that have a version."""
        return set(self._kept)

    def newest(self, kind: str) -> str | None:
        """Return the name of the newest version of a kind."""
        return next(iter(self._kept.get(kind, ())), None)

    def to_json(self) -> dict[str, list[str]]:
        """Return the version names by kind for the state file."""
        return self._kept

    def forget(self, kind: str) -> None:
        """Keep none of the present versions, since text was removed."""
        self._kept[kind] = []

    def put(self, tree: StagedTree, dump: DumpVersion) -> None:
        """Write a version's file; it is the newest from now on."""
        kind, version = dump.kind, dump.version
        tree.put(version_path(kind, version), dump.to_bytes())
        older = [name for name in self._kept.get(kind, ()) if name != version]
        self._kept[kind] = [version, *older[:KEPT]]
        self._files[kind, version] = _files(dump)

    def sweep(self) -> None:
        """Remove the files that no kept version needs."""
        for folder in self._root.iterdir() if self._root.is_dir() else ():
            if folder.is_dir() and folder.name != "stage":
                self._sweep(folder)

    def _sweep(self, folder: Path) -> None:
        kind = folder.name
        needed = {
            name for version in self._kept.get(kind, ()) for name in self._needed(kind, version)
        }
        for path in folder.iterdir():
            if f"{kind}/{path.name}" not in needed:
                path.unlink()

    def _needed(self, kind: str, version: str) -> frozenset[str]:
        if (kind, version) not in self._files:
            dump = read_version((self._root,), kind, version)
            self._files[kind, version] = _files(dump) if dump else frozenset()
        return self._files[kind, version]


def _files(dump: DumpVersion) -> frozenset[str]:
    parts = (form.file for part in dump.parts for form in part.forms.values())
    return frozenset([*parts, version_path(dump.kind, dump.version)])
