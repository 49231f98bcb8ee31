"""A document of a version as a run of pieces of known length, read only when it is their turn."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from publisher.surfaces.dumps.addresses import HEADERS
from publisher.surfaces.dumps.dump_files import spans
from publisher.surfaces.dumps.segments import TAILS
from publisher.surfaces.files.gzip_segments import HEADER, compress, decompress, trailer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from publisher.surfaces.dumps.dump_files import PartFiles
    from publisher.surfaces.dumps.dump_version import DumpVersion, Part, PartForm
    from publisher.surfaces.files.gzip_segments import SegmentSize


@dataclass(frozen=True, slots=True)
class Piece:
    """Some bytes of a document: their number, and a function that reads them."""

    size: int
    read: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Document:
    """A dump in one form, or one part of it; `header` is the kind of a CSV's first row."""

    dump: DumpVersion
    form: str
    header: str = HEADERS[0]
    part: Part | None = None

    def pieces(self, part_files: PartFiles, *, packed: bool) -> list[Piece]:
        """Return the pieces of the document, or of its gzip file.

        The newest part is read now, since it may be deleted while the document is sent.
        Raises FileNotFoundError when the version has been deleted already.
        """
        parts = self.dump.parts if self.part is None else (self.part,)
        forms = [part.forms[self.form] for part in parts]
        if forms:
            part_files.preload(forms[-1])
        return self._packed(forms, part_files) if packed else self._plain(forms, part_files)

    def _packed(self, forms: Sequence[PartForm], part_files: PartFiles) -> list[Piece]:
        whole = self.dump.size_of(self.form, self.header, self.part)
        head = HEADER + compress(self.dump.head(self.form, self.header))[1]
        tail = compress(TAILS[self.form])[1] + trailer(whole)
        middle = [
            Piece(form.body.packed, partial(part_files.span, form, form.begin, form.body.packed))
            for form in forms
        ]
        return [_piece(head), *middle, _piece(tail)]

    def _plain(self, forms: Sequence[PartForm], part_files: PartFiles) -> list[Piece]:
        middle = [
            Piece(extent.size, partial(_unpacked, part_files, form, start, extent))
            for form in forms
            for start, extent in spans(form)
        ]
        head = _piece(self.dump.head(self.form, self.header))
        return [head, *middle, _piece(TAILS[self.form])]


def part_between(pieces: Sequence[Piece], start: int, stop: int) -> Iterator[bytes]:
    """Yield the bytes from `start` up to `stop`; pieces outside are not read."""
    at = 0
    for piece in pieces:
        if at < stop and at + piece.size > start:
            yield piece.read()[max(0, start - at) : stop - at]
        at += piece.size


def _piece(content: bytes) -> Piece:
    return Piece(len(content), lambda: content)


def _unpacked(part_files: PartFiles, form: PartForm, start: int, extent: SegmentSize) -> bytes:
    return decompress(part_files.span(form, start, extent.packed)) if extent.packed else b""
