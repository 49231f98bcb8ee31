"""Reads the published dumps of a tier: for audits, and for the download service."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from exchange.domain.errors import StoreUnavailable
from exchange.domain.identifiers import id_of
from publisher.surfaces.dumps.addresses import FORMS, part_of
from publisher.surfaces.dumps.dump_files import PartFiles
from publisher.surfaces.dumps.dump_version import file_name, packed_size
from publisher.surfaces.dumps.inspection import DumpInspection
from publisher.surfaces.dumps.segments import records_in
from publisher.surfaces.dumps.snapshot import DumpSnapshot
from publisher.surfaces.files.tree_surface import current_tree
from publisher.surfaces.runtime.memo import LastResult
from publisher.surfaces.set_digest import LineSetDigest, ViewSetDigest
from publisher.surfaces.triples.change_coalescing import OBJECTION_TRIPLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from exchange.domain.disclosure_levels import Tier
    from publisher.surfaces.audit.file_inspection import SharedWork
    from publisher.surfaces.dumps.addresses import DumpConfig
    from publisher.surfaces.dumps.dump_version import DumpVersion
    from publisher.surfaces.dumps.writer import Writer


@dataclass(frozen=True, slots=True)
class DumpFile:
    """A download: its form, the path of its newest version from the site's root, bytes.

    `sha256` is of the file unpacked; None for the moment in which it is worked out anew.
    """

    form: str
    path: str
    size: int
    gzip: int
    sha256: str | None
    records: int


class DumpReader:
    """Reads the dumps that are served. Raises StoreUnavailable when there are none yet."""

    name = "dumps"

    def __init__(self, config: DumpConfig) -> None:
        self.tier: Tier = config.tier
        self._config = config
        self._held = LastResult()

    def position(self) -> int:
        """Return the number of the last change that the state shows."""
        return self.snapshot().position()

    def iris(self) -> Iterator[str]:
        """Yield every record with text in any form of any part."""
        return iris_in(self._newest(), PartFiles((self.snapshot().tree,)))

    def known(self) -> Iterator[tuple[str, str]]:
        """Yield every record with text, with its kind."""
        part_files = PartFiles((self.snapshot().tree,))
        for dump in self._newest():
            yield from ((iri, dump.kind) for iri in iris_in([dump], part_files))

    def digest(self) -> str:
        """Return the digest of the N-Quads, without objection marks."""
        return digest_in(self._newest(), PartFiles((self.snapshot().tree,)))

    def expected_digest(self) -> ViewSetDigest:
        """Return an accumulator of the digest; add every view that must be shown."""
        return ViewSetDigest()

    def contains(self, iri: str) -> bool:
        """Return whether a part that may have the record (IRI or last part) has text of it."""
        snapshot = self.snapshot()
        now = tuple((kind, *versions[:1]) for kind, versions in sorted(snapshot.kinds().items()))
        return self._held.get(
            (snapshot, now, iri),
            lambda: contained_in(self._newest(), PartFiles((snapshot.tree,)), self._config, iri),
        )

    def inspect(self, shared: SharedWork) -> DumpInspection:
        """Start to compare every file of every version with the ledger."""
        return DumpInspection(replace(self._config, serialiser=shared.serialiser), self.snapshot())

    def snapshot(self) -> DumpSnapshot:
        """Return the dumps of the tree that is served now."""
        return DumpSnapshot(current_tree(self._config.directory).resolve())

    def files(self, kind: str) -> list[DumpFile]:
        """Return the downloads of a kind, for a page that links them; none before the first."""
        try:
            dump = self.snapshot().version(kind)
        except StoreUnavailable:
            return []
        return [] if dump is None else [_download(dump, form) for form in FORMS]

    def _newest(self) -> list[DumpVersion]:
        snapshot = self.snapshot()
        found = [snapshot.version(kind) for kind in sorted(snapshot.kinds())]
        return [dump for dump in found if dump is not None]


def _download(dump: DumpVersion, form: str) -> DumpFile:
    whole = dump.size_of(form)
    path = f"/dump/{dump.kind}/{dump.version}/{file_name(dump.kind, form)}"
    sha256 = dump.wholes[form].sha256
    return DumpFile(form, path, whole.size, packed_size(whole), sha256, dump.records)


def unpublished_versions(writer: Writer) -> list[DumpVersion]:
    """Return a writer's versions, including those not yet published."""
    return [writer.version_of(kind) for kind in writer.kinds()]


def iris_in(dumps: Iterable[DumpVersion], part_files: PartFiles) -> Iterator[str]:
    """Yield every record that has text in the versions, once."""
    for dump in dumps:
        for part in dump.parts:
            found = {
                iri
                for form in FORMS
                for text in part_files.segments(part.forms[form])
                for iri, _ in records_in(form, text)
            }
            yield from (iri.decode() for iri in sorted(found))


def digest_in(dumps: Iterable[DumpVersion], part_files: PartFiles) -> str:
    """Return the digest of the N-Quads of the versions, without objection marks."""
    total = LineSetDigest(but_not=OBJECTION_TRIPLE)
    for dump in dumps:
        for part in dump.parts:
            for text in part_files.segments(part.forms["nq"]):
                total.write(text)
    return total.hex()


def contained_in(
    dumps: Iterable[DumpVersion], part_files: PartFiles, config: DumpConfig, iri: str
) -> bool:
    """Return whether a part that the ledger names for the record has text of it."""
    public_id = id_of(iri)
    named = public_id.encode()
    pages = set(config.pages([iri]))
    parts = {(kind, part_of(page)) for kind, page in pages}
    return any(
        id_of(found.decode()) == public_id
        for dump in dumps
        for part in dump.parts
        if (dump.kind, part.number) in parts
        for form in FORMS
        for text in part_files.segments(part.forms[form])
        if named in text  # mostly not, and a waiting takedown asks often
        for found, _ in records_in(form, text)
    )
