"""A document of a version as a run of pieces of known length, read only when it is their turn."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from publisher.surfaces.dumps.addresses import HEADERS
from publisher.surfaces.dumps.dump_files import spans
from publisher.surfaces.dumps.segments import TAILS
from publisher.surfaces.files.gzip_segments import HEADER, ending, squeezed, unsqueezed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from publisher.surfaces.dumps.dump_files import Stored
    from publisher.surfaces.dumps.dump_version import Index, Part, PartForm
    from publisher.surfaces.files.gzip_segments import Extent


@dataclass(frozen=True, slots=True)
class Piece:
    """Some bytes of a document: how many, and what gives them."""

    size: int
    read: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Document:
    """A dump in one form, or one part of it; `names` is the kind of a CSV's first row."""

    index: Index
    form: str
    names: str = HEADERS[0]
    part: Part | None = None

    def pieces(self, texts: Stored, *, packed: bool) -> list[Piece]:
        """Return its pieces, or those of its gzip file.

        What may be swept while the document is on its way, its newest part, is read now.
        Raises FileNotFoundError when the version has gone already.
        """
        parts = self.index.parts if self.part is None else (self.part,)
        forms = [part.forms[self.form] for part in parts]
        if forms:
            texts.hold(forms[-1])
        return self._packed(forms, texts) if packed else self._plain(forms, texts)

    def _packed(self, forms: Sequence[PartForm], texts: Stored) -> list[Piece]:
        whole = self.index.extent(self.form, self.names, self.part)
        head = HEADER + squeezed(self.index.head(self.form, self.names))[1]
        tail = squeezed(TAILS[self.form])[1] + ending(whole)
        middle = [
            Piece(form.body.packed, partial(texts.span, form, form.begin, form.body.packed))
            for form in forms
        ]
        return [_piece(head), *middle, _piece(tail)]

    def _plain(self, forms: Sequence[PartForm], texts: Stored) -> list[Piece]:
        middle = [
            Piece(extent.size, partial(_unpacked, texts, form, start, extent))
            for form in forms
            for start, extent in spans(form)
        ]
        head = _piece(self.index.head(self.form, self.names))
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


def _unpacked(texts: Stored, form: PartForm, start: int, extent: Extent) -> bytes:
    return unsqueezed(texts.span(form, start, extent.packed)) if extent.packed else b""
