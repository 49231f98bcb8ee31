"""Every file of the downloads, in every form, compared with what the ledger's sequence gives.

Every record is written anew in each form, and of each text a digest is kept at the place where the
record must stand; then the files of every version that is kept are read and compared record by
record. What an index says of its files (spans, checksums, digests, its own name) is worked out
from the files and compared, for manifests, SHA256SUMS and ranges are answered from it.
"""

from __future__ import annotations

import json
from itertools import chain
from typing import TYPE_CHECKING, Final

from exchange.domain.record import Activity
from publisher.surfaces.audit.file_inspection import Faults, Inspected
from publisher.surfaces.dumps.dump_files import version_path
from publisher.surfaces.dumps.dump_version import DumpVersion
from publisher.surfaces.dumps.part_reader import PartComparison, text_digests
from publisher.surfaces.dumps.segments import RecordSerialiser
from publisher.surfaces.files.staged_tree import STATE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exchange.domain.record import Change
    from publisher.surfaces.dumps.addresses import DumpConfig
    from publisher.surfaces.dumps.part_reader import Pages
    from publisher.surfaces.dumps.snapshot import DumpSnapshot

_STAGE: Final = "stage/"  # what the next state is put together in; never handed out


class DumpInspection:
    """Inspects the versions on a shelf, which are those of one moment."""

    def __init__(self, config: DumpConfig, snapshot: DumpSnapshot) -> None:
        self._config = config
        self._snapshot = snapshot
        self._position = snapshot.position()
        self._versions = snapshot.kinds()
        self._kinds = {kind: _Kind(config, kind) for kind in config.kinds}

    def position(self) -> int:
        """Last change whose result stands in these versions."""
        return self._position

    def take(self, changes: Sequence[Change]) -> None:
        """Take the next changes."""
        for change in changes:
            self._kind(change.kind).take(change)

    def finish(self) -> Inspected:
        """Compare every version of every kind, and look for what belongs to none."""
        faults = Faults(self._config.directory)
        lost, extra, names = set[str](), set[str](), {STATE}
        for kind in sorted(self._kinds.keys() | self._versions.keys()):
            files = PartComparison(self._snapshot.tree, faults, self._kind(kind).pages)
            self._compare(kind, files, faults)
            names |= files.names
            lost |= files.lost
            extra |= files.extra
        self._compare_names(names, faults)
        shown = {iri for kind in self._kinds.values() for iri in kind.shown()}
        return Inspected(shown, lost, extra, faults)

    def close(self) -> None:
        """Nothing is held open."""

    def _kind(self, kind: str) -> _Kind:
        if kind not in self._kinds:
            self._kinds[kind] = _Kind(self._config, kind)
        return self._kinds[kind]

    def _compare(self, kind: str, files: PartComparison, faults: Faults) -> None:
        """Compare the versions of a kind, the newest first."""
        names = self._versions.get(kind, [])
        if not names:
            faults.add(f"current/{kind}", "没有任何版本。", "There is no version of it.")
            files.lost |= set(self._kind(kind).shown())
        for version in names:
            path = version_path(kind, version)
            files.names.add(path)
            dump = self._index(path, faults)
            if dump is None:
                continue
            if version == names[0]:
                self._compare_newest(dump, path, faults)
            if dump.version != version:
                faults.differs(f"current/{path}")
            files.compare(dump, path)

    def _index(self, path: str, faults: Faults) -> DumpVersion | None:
        shown = f"current/{path}"
        try:
            stated = json.loads((self._snapshot.tree / path).read_bytes())
            dump = DumpVersion.from_json(stated)
            # An older program wrote fewer keys.
            same = {name: dump.to_json()[name] for name in stated} == stated
        except OSError as problem:
            faults.raised(shown, problem)
            return None
        except Exception:  # noqa: BLE001 - an altered document may raise anything on its way
            # into an index, all of which says one thing.
            faults.damaged(shown)
            return None
        if not same:
            faults.damaged(shown)
        return dump

    def _compare_newest(self, dump: DumpVersion, path: str, faults: Faults) -> None:
        known = self._kind(dump.kind)
        if (dump.issued, dump.epoch) != (known.issued, self._config.epoch()):
            faults.differs(f"current/{path}")
        if dict(dump.heads) != known.serialiser.heads():
            faults.add(
                f"current/{path}",
                "表头或上下文不是本版程序所写。",
                "Its first rows or context are not those that this program writes.",
            )

    def _compare_names(self, names: set[str], faults: Faults) -> None:
        tree = self._snapshot.tree
        for path in sorted(tree.rglob("*")):
            name = path.relative_to(tree).as_posix()
            if not (path.is_dir() or name in names or name.startswith(_STAGE)):
                faults.foreign(f"current/{name}")


class _Kind:
    """Where each record of a kind must stand, and the digests of what must stand there."""

    def __init__(self, config: DumpConfig, slug: str) -> None:
        address = f"{config.base}/dataset/{slug}"
        self.serialiser = RecordSerialiser(
            config.kinds.get(slug), config.tier, address, config.serialiser
        )
        self.issued = 0
        self.pages: Pages = {}
        self._created: dict[str, int] = {}  # on which page each record was created last

    def take(self, change: Change) -> None:
        """Let a record come, change, or go (see `dumps.writer` for the order)."""
        iri, self.issued = change.iri, change.published
        shows = bool(change.view) and change.activity is not Activity.DELETE
        if change.retracts_text or not shows:
            self.pages.get(self._created.get(iri, 0), {}).pop(iri, None)
        if change.activity is Activity.CREATE:
            self._created[iri] = change.page
        if shows:
            texts = self.serialiser.serialise(
                iri.encode(), change.view or b"", objection=change.objection
            )
            page = self.pages.setdefault(self._created[iri], {})
            page[iri] = text_digests(texts)

    def shown(self) -> chain[str]:
        """Return the records that must stand somewhere."""
        return chain.from_iterable(self.pages.values())
