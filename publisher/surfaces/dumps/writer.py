"""Writes the dumps of a tier; readers see nothing before `commit`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from exchange.domain.failpoints import no_failpoint
from exchange.domain.record import Activity
from publisher.surfaces.dumps.addresses import part_of
from publisher.surfaces.dumps.changed_segments import DirtySegments
from publisher.surfaces.dumps.dump_files import PartFiles, read_version
from publisher.surfaces.dumps.dump_version import FORMAT, DumpVersion
from publisher.surfaces.dumps.file_digests import FileDigests
from publisher.surfaces.dumps.kept_versions import KeptVersions
from publisher.surfaces.dumps.part_builder import build_part
from publisher.surfaces.dumps.segments import RecordSerialiser
from publisher.surfaces.files.staged_tree import StagedTree, read_state

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from exchange.domain.failpoints import FailpointHook
    from exchange.domain.record import Change
    from publisher.surfaces.dumps.addresses import DumpConfig
    from publisher.surfaces.dumps.part_builder import CompressedSegment


class Writer:
    """Writes the dumps below `root`. After an error, open another writer."""

    def __init__(
        self, config: DumpConfig, root: Path, failpoint: FailpointHook = no_failpoint
    ) -> None:
        self._config = config
        self.tree = StagedTree(root, failpoint)
        self.part_files = PartFiles((self.tree.stage, root))
        self._serialisers: dict[str, RecordSerialiser] = {}
        self._pages = DirtySegments(self.part_files, self.version_of, self._serialiser)
        self._digests = FileDigests()
        state: dict[str, Any] = read_state(root) or {"position": -1, "kinds": {}}
        self._committed = int(state["position"])
        self._position: int = max(self._committed, 0)
        self._versions = KeptVersions(root, state["kinds"])
        self._indexes: dict[str, DumpVersion] = {}
        # Kinds whose newest version is not what memory has; of which text was taken away.
        self._changed = config.kinds.keys() - self._versions.kinds()
        self._left: set[str] = set()

    @property
    def position(self) -> int:
        """Sequence number of the last change applied."""
        return self._position

    @property
    def outdated(self) -> bool:
        """Whether the model's first rows or context differ from those published."""
        return any(
            self.version_of(kind).heads != self._serialiser(kind).heads() for kind in self.kinds()
        )

    @property
    def leaving(self) -> bool:
        """Whether text was removed that is still published."""
        return bool(self._left)

    def kinds(self) -> list[str]:
        """Return the kinds that have a dump, including those not yet published."""
        return sorted({*self._versions.kinds(), *self._indexes, *self._changed})

    def version_of(self, kind: str) -> DumpVersion:
        """Return the newest version of a kind, including one not yet published."""
        if kind not in self._indexes:
            version = self._versions.newest(kind)
            read = read_version((self.tree.root,), kind, version) if version else None
            self._indexes[kind] = read or self._begun(kind)
        return self._indexes[kind]

    def _begun(self, kind: str) -> DumpVersion:
        return DumpVersion(kind, 0, self._serialiser(kind).heads(), epoch=self._config.epoch())

    def apply(self, changes: Sequence[Change]) -> None:
        """Apply the changes; those up to `position` are skipped."""
        fresh = [change for change in changes if change.seq > self._position]
        net, gone, homes = _net_effect(fresh)
        unknown = [iri for iri, change in net.items() if iri not in homes and change.view]
        homes |= self._config.created(unknown) if unknown else {}
        puts: dict[tuple[str, int], list[Change]] = {}
        for iri, change in net.items():
            if change.view and change.activity is not Activity.DELETE:
                puts.setdefault((change.kind, homes[iri]), []).append(change)
        self._rewrite(gone, puts)
        for change in fresh:
            self._touch(change.kind, change.published)
            self._position = change.seq

    def redact(self, iris: Collection[str]) -> None:
        """Remove all text of the records."""
        self._rewrite(iris, {})

    def flush(self) -> None:
        """Write changed parts to the stage; readers do not see them yet."""
        parts: dict[tuple[str, int], dict[int, CompressedSegment]] = {}
        for (kind, page), packed in sorted(self._pages.packed().items()):
            parts.setdefault((kind, part_of(page)), {})[page] = packed
        for (kind, number), pages in parts.items():
            self._write_part(kind, number, pages)

    def commit(self) -> None:
        """Publish what was written; `complete` adds digests."""
        self.flush()
        if self._changed or self._position != self._committed:
            self._publish()

    def complete(self, most: int | None = None) -> bool:
        """Compute missing digests; return whether none is left.

        With `most`, compute those of at most so many parts of one file. Digests of a version are
        published when all are there.
        """
        for kind, forms in self._undigested()[: None if most is None else 1]:
            wanted = forms if most is None else forms[:1]
            made = self._digests.completed(self.version_of(kind), self.part_files, wanted, most)
            self._indexes[kind] = made
            if not made.undigested:
                self._versions.put(self.tree, made)
        if self.tree.dirty:
            self._commit()
        return not self._undigested()

    def _undigested(self) -> list[tuple[str, list[str]]]:
        """Return the kinds that miss digests, and their forms."""
        missing = [(kind, self.version_of(kind).undigested) for kind in self.kinds()]
        return [(kind, forms) for kind, forms in missing if forms]

    def _rewrite(
        self, gone: Collection[str], puts: Mapping[tuple[str, int], Sequence[Change]]
    ) -> None:
        leaving = {iri.encode() for iri in gone}
        touched = set(self._config.pages(gone)) if gone else set[tuple[str, int]]()
        for kind, page in sorted(touched | puts.keys()):
            added = puts.get((kind, page), ())
            removed = self._pages.rewrite(kind, page, leaving, added)
            if removed or added:
                self._changed.add(kind)
            # What an older version has and this one has not must not be had from it.
            if removed or any(change.activity is Activity.UPDATE for change in added):
                self._left.add(kind)

    def _touch(self, kind: str, published: int) -> None:
        dump = self.version_of(kind)
        self._indexes[kind] = replace(dump, issued=published, wholes={})
        self._changed.add(kind)

    def _write_part(self, kind: str, number: int, pages: Mapping[int, CompressedSegment]) -> None:
        dump = self.version_of(kind)
        made = build_part(dump, number, pages, self.part_files)
        parts = {part.number: part for part in dump.parts if part.number != number}
        if made is not None:
            parts[number] = made.part
            for name, content in made.files.items():
                self.tree.put(name, content)
        kept = tuple(parts[number] for number in sorted(parts))
        self._indexes[kind] = replace(dump, parts=kept, wholes={})

    def _publish(self) -> None:
        for kind in sorted(self._changed):
            self._indexes[kind] = self.version_of(kind).with_sizes()
            if kind in self._left:
                self._versions.forget(kind)
            self._versions.put(self.tree, self._indexes[kind])
        self._commit()
        self._changed.clear()
        self._left.clear()

    def _commit(self) -> None:
        kinds = self._versions.to_json()
        self.tree.commit({"format": FORMAT, "position": self._position, "kinds": kinds})
        self._committed = self._position
        self._versions.sweep()

    def _serialiser(self, kind: str) -> RecordSerialiser:
        if kind not in self._serialisers:
            config = self._config
            address = f"{config.base}/dataset/{kind}"
            self._serialisers[kind] = RecordSerialiser(
                config.kinds.get(kind), config.tier, address, config.serialiser
            )
        return self._serialisers[kind]


def _net_effect(
    changes: Sequence[Change],
) -> tuple[dict[str, Change], set[str], dict[str, int]]:
    """Return the last change of each record, the records to remove first, pages of Creates.

    Records are in the order in which they were inserted after their last removal, so the order
    does not depend on whether they were redacted ahead.
    """
    net: dict[str, Change] = {}
    gone, homes = set[str](), dict[str, int]()
    for change in changes:
        if change.retracts_text or change.activity is not Activity.UPDATE:
            net.pop(change.iri, None)
        if change.retracts_text or not change.view:
            gone.add(change.iri)
        if change.activity is Activity.CREATE:
            homes[change.iri] = change.page
        net[change.iri] = change
    return net, gone, homes
