"""Writes the dumps of a tier: changes in, parts out; nothing is seen before `commit`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from exchange.domain.failpoints import no_failpoint
from exchange.domain.record import Activity
from publisher.surfaces.dumps.addresses import part_of
from publisher.surfaces.dumps.changed_segments import OpenPages
from publisher.surfaces.dumps.dump_files import Stored, index_at
from publisher.surfaces.dumps.dump_version import FORMAT, Index
from publisher.surfaces.dumps.file_digests import Digests
from publisher.surfaces.dumps.kept_versions import Versions
from publisher.surfaces.dumps.part_builder import assembled
from publisher.surfaces.dumps.segments import Recorder
from publisher.surfaces.files.staged_tree import StagedTree, state_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from exchange.domain.failpoints import FailpointHook
    from exchange.domain.record import Change
    from publisher.surfaces.dumps.addresses import Place
    from publisher.surfaces.dumps.part_builder import Packed


class Writer:
    """The dumps below `root`. A writer that has raised is of no use any more: open another."""

    def __init__(self, place: Place, root: Path, failpoint: FailpointHook = no_failpoint) -> None:
        self._place = place
        self.tree = StagedTree(root, failpoint)
        self.texts = Stored((self.tree.stage, root))
        self._recorders: dict[str, Recorder] = {}
        self._pages = OpenPages(self.texts, self.index, self._recorder)
        self._digests = Digests()
        state: dict[str, Any] = state_of(root) or {"position": -1, "kinds": {}}
        self._committed = int(state["position"])
        self._position: int = max(self._committed, 0)
        self._versions = Versions(root, state["kinds"])
        self._indexes: dict[str, Index] = {}
        # Kinds whose newest version is not what memory has; of which text was taken away.
        self._changed = place.kinds.keys() - self._versions.kinds()
        self._left: set[str] = set()

    @property
    def position(self) -> int:
        """Last change taken."""
        return self._position

    @property
    def outdated(self) -> bool:
        """Whether the model writes other heads than those of what readers have."""
        return any(self.index(kind).heads != self._recorder(kind).heads() for kind in self.kinds())

    @property
    def leaving(self) -> bool:
        """Whether text was taken away that readers still have."""
        return bool(self._left)

    def kinds(self) -> list[str]:
        """Return the kinds that have a dump, what is not yet committed included."""
        return sorted({*self._versions.kinds(), *self._indexes, *self._changed})

    def index(self, kind: str) -> Index:
        """Return the newest index of a kind, what is not yet committed included."""
        if kind not in self._indexes:
            version = self._versions.newest(kind)
            read = index_at((self.tree.root,), kind, version) if version else None
            self._indexes[kind] = read or self._begun(kind)
        return self._indexes[kind]

    def _begun(self, kind: str) -> Index:
        return Index(kind, 0, self._recorder(kind).heads(), epoch=self._place.epoch())

    def apply(self, changes: Sequence[Change]) -> None:
        """Take the changes; those it has are passed over."""
        fresh = [change for change in changes if change.seq > self._position]
        net, gone, homes = _net_effect(fresh)
        unknown = [iri for iri, change in net.items() if iri not in homes and change.view]
        homes |= self._place.created(unknown) if unknown else {}
        puts: dict[tuple[str, int], list[Change]] = {}
        for iri, change in net.items():
            if change.view and change.activity is not Activity.DELETE:
                puts.setdefault((change.kind, homes[iri]), []).append(change)
        self._rewrite(gone, puts)
        for change in fresh:
            self._touch(change.kind, change.published)
            self._position = change.seq

    def redact(self, iris: Collection[str]) -> None:
        """Take away all text of the records."""
        self._rewrite(iris, {})

    def flush(self) -> None:
        """Write the parts that have changed beside those that readers have."""
        parts: dict[tuple[str, int], dict[int, Packed]] = {}
        for (kind, page), packed in sorted(self._pages.packed().items()):
            parts.setdefault((kind, part_of(page)), {})[page] = packed
        for (kind, number), pages in parts.items():
            self._write_part(kind, number, pages)

    def commit(self) -> None:
        """Let readers see it; digests come with `complete`."""
        self.flush()
        if self._changed or self._position != self._committed:
            self._publish()

    def complete(self, most: int | None = None) -> bool:
        """Work out digests that are missing; whether none is left.

        With `most` only of one file, so many of its parts. Readers see the digests of a version
        when all are there.
        """
        for kind, forms in self._undigested()[: None if most is None else 1]:
            wanted = forms if most is None else forms[:1]
            made = self._digests.completed(self.index(kind), self.texts, wanted, most)
            self._indexes[kind] = made
            if not made.undigested:
                self._versions.put(self.tree, made)
        if self.tree.dirty:
            self._commit()
        return not self._undigested()

    def _undigested(self) -> list[tuple[str, list[str]]]:
        """Return the kinds that miss digests, and their forms."""
        missing = [(kind, self.index(kind).undigested) for kind in self.kinds()]
        return [(kind, forms) for kind, forms in missing if forms]

    def _rewrite(
        self, gone: Collection[str], puts: Mapping[tuple[str, int], Sequence[Change]]
    ) -> None:
        leaving = {iri.encode() for iri in gone}
        touched = set(self._place.pages(gone)) if gone else set[tuple[str, int]]()
        for kind, page in sorted(touched | puts.keys()):
            added = puts.get((kind, page), ())
            removed = self._pages.rewrite(kind, page, leaving, added)
            if removed or added:
                self._changed.add(kind)
            # What an older version has and this one has not must not be had from it.
            if removed or any(change.activity is Activity.UPDATE for change in added):
                self._left.add(kind)

    def _touch(self, kind: str, published: int) -> None:
        index = self.index(kind)
        self._indexes[kind] = replace(index, issued=published, wholes={})
        self._changed.add(kind)

    def _write_part(self, kind: str, number: int, pages: Mapping[int, Packed]) -> None:
        index = self.index(kind)
        made = assembled(index, number, pages, self.texts)
        parts = {part.number: part for part in index.parts if part.number != number}
        if made is not None:
            parts[number] = made.part
            for name, content in made.files.items():
                self.tree.put(name, content)
        kept = tuple(parts[number] for number in sorted(parts))
        self._indexes[kind] = replace(index, parts=kept, wholes={})

    def _publish(self) -> None:
        for kind in sorted(self._changed):
            self._indexes[kind] = self.index(kind).with_wholes()
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

    def _recorder(self, kind: str) -> Recorder:
        if kind not in self._recorders:
            place = self._place
            address = f"{place.base}/dataset/{kind}"
            self._recorders[kind] = Recorder(
                place.kinds.get(kind), place.tier, address, place.texts
            )
        return self._recorders[kind]


def _net_effect(
    changes: Sequence[Change],
) -> tuple[dict[str, Change], set[str], dict[str, int]]:
    """Return the last change of each record, what has to leave first, and pages of Creates.

    The order is that in which records came to stand after the last time they had to leave, so
    it is the same whether or not they were redacted ahead.
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
