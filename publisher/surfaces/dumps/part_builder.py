"""Puts parts together: packed segments, new and old, between head and tail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from publisher.surfaces.dumps.addresses import FORMS
from publisher.surfaces.dumps.dump_version import Part, PartForm, part_file
from publisher.surfaces.dumps.segments import TAILS
from publisher.surfaces.files.gzip_segments import HEADER, ending, joined, squeezed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from publisher.surfaces.dumps.dump_files import Stored
    from publisher.surfaces.dumps.dump_version import Index
    from publisher.surfaces.dumps.segments import Segment
    from publisher.surfaces.files.gzip_segments import Extent


@dataclass(frozen=True, slots=True)
class Packed:
    """A segment ready for its part: how many records, and a piece for each of FORMS."""

    count: int
    pieces: tuple[tuple[Extent, bytes], ...]

    @classmethod
    def of(cls, segment: Segment) -> Packed:
        """Return the segment packed; its records stay as they are."""
        return cls(len(segment), tuple(squeezed(text) for text in segment.texts()))


@dataclass(frozen=True, slots=True)
class NewPart:
    """A part to write: its entry in the index and the content of its files by name."""

    part: Part
    files: Mapping[str, bytes]


def assembled(
    index: Index, number: int, changed: Mapping[int, Packed], texts: Stored
) -> NewPart | None:
    """Return a part with these pages changed; None when no record is left in it."""
    pages = {**_old(index, number, texts), **changed}
    kept = {page: pages[page] for page in sorted(pages) if pages[page].count}
    if not kept:
        return None
    forms, files = dict[str, PartForm](), dict[str, bytes]()
    for place, form in enumerate(FORMS):
        pieces = [packed.pieces[place] for packed in kept.values()]
        made, content = _document(index, number, form, pieces)
        forms[form] = made
        files[made.file] = content
    counts = tuple(packed.count for packed in kept.values())
    return NewPart(Part(number, tuple(kept), counts, forms), files)


def _old(index: Index, number: int, texts: Stored) -> dict[int, Packed]:
    part = next((part for part in index.parts if part.number == number), None)
    if part is None:
        return {}
    pieces = [
        list(zip(part.forms[form].segments, texts.packed(part.forms[form]), strict=True))
        for form in FORMS
    ]
    return {
        page: Packed(count, tuple(of_form[place] for of_form in pieces))
        for place, (page, count) in enumerate(zip(part.pages, part.counts, strict=True))
    }


def _document(
    index: Index, number: int, form: str, pieces: list[tuple[Extent, bytes]]
) -> tuple[PartForm, bytes]:
    head, tail = squeezed(index.head(form)), squeezed(TAILS[form])
    everything = [head, *pieces, tail]
    extents = tuple(extent for extent, _ in pieces)
    body = joined(extents)
    whole = joined([head[0], body, tail[0]])
    name = part_file(index.kind, number, form, whole)
    content = b"".join([HEADER, *(packed for _, packed in everything), ending(whole)])
    return PartForm(name, len(HEADER) + head[0].packed, extents, body), content
