"""What the readers of a tier's dumps have: for audits, and for the service that hands them out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from exchange.domain.errors import StoreUnavailable
from exchange.domain.identity import id_of
from publisher.surfaces.dumps.addresses import FORMS, part_of
from publisher.surfaces.dumps.dump_files import Stored, index_at
from publisher.surfaces.dumps.dump_version import file_name, packed_size
from publisher.surfaces.dumps.inspection import DumpInspection
from publisher.surfaces.dumps.segments import records_in
from publisher.surfaces.files.staged_tree import state_of
from publisher.surfaces.files.tree_surface import current_tree
from publisher.surfaces.runtime.last_result import LastResult
from publisher.surfaces.set_digest import LineSum, ViewSum
from publisher.surfaces.triples.store_chunk import MARK

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from exchange.domain.disclosure import Tier
    from publisher.surfaces.audit.file_inspection import SharedWork
    from publisher.surfaces.dumps.addresses import Place
    from publisher.surfaces.dumps.dump_version import Index
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


@dataclass(frozen=True, slots=True)
class Shelf:
    """The dumps of one tree at one moment, which a rebuild does not change under a reader."""

    tree: Path

    def position(self) -> int:
        """Last change whose result stands. Raises StoreUnavailable."""
        return int(self._state()["position"])

    def kinds(self) -> dict[str, list[str]]:
        """Return the versions of every kind, the newest first. Raises StoreUnavailable."""
        kinds: dict[str, list[str]] = self._state()["kinds"]
        return kinds

    def index(self, kind: str, version: str | None = None) -> Index | None:
        """Return a version of a kind, the newest without a name; None where there is none."""
        names = self.kinds().get(kind, [])
        if version is not None and version not in names:
            return None
        return index_at((self.tree,), kind, version or names[0]) if names else None

    def _state(self) -> dict[str, Any]:
        state = state_of(self.tree)
        if state is None:
            raise StoreUnavailable(
                "No dump has been published yet.",
                "Run `credence publish`, or wait until the projector has started.",
                zh="批量下载文件尚未发布。",
                zh_hint="请运行 credence publish，或等发布进程启动。",
            )
        return state


class DumpReader:
    """The dumps that are served now. Raises StoreUnavailable when there are none yet."""

    name = "dumps"

    def __init__(self, place: Place) -> None:
        self.tier: Tier = place.tier
        self._place = place
        self._held = LastResult()

    def position(self) -> int:
        """Last change whose result stands in the state."""
        return self.shelf().position()

    def iris(self) -> Iterator[str]:
        """Every record with text in any form of any part."""
        return iris_in(self._newest(), Stored((self.shelf().tree,)))

    def known(self) -> Iterator[tuple[str, str]]:
        """Every record with text, with its kind."""
        texts = Stored((self.shelf().tree,))
        for index in self._newest():
            yield from ((iri, index.kind) for iri in iris_in([index], texts))

    def digest(self) -> str:
        """LineSum over what the N-Quads say of records, marks left out."""
        return digest_in(self._newest(), Stored((self.shelf().tree,)))

    def expecting(self) -> ViewSum:
        """Return what `digest` must be, once it has every view."""
        return ViewSum()

    def holds(self, iri: str) -> bool:
        """Whether a part where the record may be has text of it (IRI or its last part)."""
        shelf = self.shelf()
        now = tuple((kind, *versions[:1]) for kind, versions in sorted(shelf.kinds().items()))
        return self._held.get(
            (shelf, now, iri),
            lambda: holds_in(self._newest(), Stored((shelf.tree,)), self._place, iri),
        )

    def inspect(self, shared: SharedWork) -> DumpInspection:
        """Begin to compare every file of every version with the ledger."""
        return DumpInspection(replace(self._place, texts=shared.texts), self.shelf())

    def shelf(self) -> Shelf:
        """Return the dumps as they stand now."""
        return Shelf(current_tree(self._place.directory).resolve())

    def files(self, kind: str) -> list[DumpFile]:
        """Return the downloads of a kind, for a page that links them; none before the first."""
        try:
            index = self.shelf().index(kind)
        except StoreUnavailable:
            return []
        return [] if index is None else [_download(index, form) for form in FORMS]

    def _newest(self) -> list[Index]:
        shelf = self.shelf()
        found = [shelf.index(kind) for kind in sorted(shelf.kinds())]
        return [index for index in found if index is not None]


def _download(index: Index, form: str) -> DumpFile:
    whole = index.extent(form)
    path = f"/dump/{index.kind}/{index.version}/{file_name(index.kind, form)}"
    sha256 = index.wholes[form].sha256
    return DumpFile(form, path, whole.size, packed_size(whole), sha256, index.records)


def written(writer: Writer) -> list[Index]:
    """Return the indexes of a writer, what readers do not have yet included."""
    return [writer.index(kind) for kind in writer.kinds()]


def iris_in(indexes: Iterable[Index], texts: Stored) -> Iterator[str]:
    """Yield every record that has text in the versions, once."""
    for index in indexes:
        for part in index.parts:
            found = {
                iri
                for form in FORMS
                for text in texts.body(part.forms[form])
                for iri, _ in records_in(form, text)
            }
            yield from (iri.decode() for iri in sorted(found))


def digest_in(indexes: Iterable[Index], texts: Stored) -> str:
    """Return the digest of what the versions show."""
    total = LineSum(but_not=MARK)
    for index in indexes:
        for part in index.parts:
            for text in texts.body(part.forms["nq"]):
                total.write(text)
    return total.hex()


def holds_in(indexes: Iterable[Index], texts: Stored, place: Place, iri: str) -> bool:
    """Return whether text of the record is there, by the ledger's word where to look."""
    public_id = id_of(iri)
    named = public_id.encode()
    pages = set(place.pages([iri]))
    parts = {(kind, part_of(page)) for kind, page in pages}
    return any(
        id_of(found.decode()) == public_id
        for index in indexes
        for part in index.parts
        if (index.kind, part.number) in parts
        for form in FORMS
        for text in texts.body(part.forms[form])
        if named in text  # mostly not: who waits for it to go asks often
        for found, _ in records_in(form, text)
    )
