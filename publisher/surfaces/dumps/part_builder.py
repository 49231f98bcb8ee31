"""Builds parts from compressed segments, new and old, between head and tail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from publisher.surfaces.dumps.addresses import FORMS
from publisher.surfaces.dumps.dump_version import Part, PartForm, part_file
from publisher.surfaces.dumps.segments import TAILS
from publisher.surfaces.files.gzip_segments import HEADER, compress, total_size, trailer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from publisher.surfaces.dumps.dump_files import PartFiles
    from publisher.surfaces.dumps.dump_version import DumpVersion
    from publisher.surfaces.dumps.segments import Segment
    from publisher.surfaces.files.gzip_segments import SegmentSize


@dataclass(frozen=True, slots=True)
class CompressedSegment:
    """A compressed segment: number of records, and size and bytes in each of FORMS."""

    count: int
    pieces: tuple[tuple[SegmentSize, bytes], ...]

    @classmethod
    def of(cls, segment: Segment) -> CompressedSegment:
        """Return the segment compressed."""
        return cls(len(segment), tuple(compress(text) for text in segment.texts()))


@dataclass(frozen=True, slots=True)
class NewPart:
    """A part to write: its entry in the version, and the content of its files by name."""

    part: Part
    files: Mapping[str, bytes]


def build_part(
    dump: DumpVersion, number: int, changed: Mapping[int, CompressedSegment], part_files: PartFiles
) -> NewPart | None:
    """Return a part with these pages changed; None when no record is left in it."""
    pages = {**_old(dump, number, part_files), **changed}
    kept = {page: pages[page] for page in sorted(pages) if pages[page].count}
    if not kept:
        return None
    forms, files = dict[str, PartForm](), dict[str, bytes]()
    for place, form in enumerate(FORMS):
        pieces = [packed.pieces[place] for packed in kept.values()]
        made, content = _document(dump, number, form, pieces)
        forms[form] = made
        files[made.file] = content
    counts = tuple(packed.count for packed in kept.values())
    return NewPart(Part(number, tuple(kept), counts, forms), files)


def _old(dump: DumpVersion, number: int, part_files: PartFiles) -> dict[int, CompressedSegment]:
    part = next((part for part in dump.parts if part.number == number), None)
    if part is None:
        return {}
    pieces = [
        list(
            zip(
                part.forms[form].segments,
                part_files.compressed_segments(part.forms[form]),
                strict=True,
            )
        )
        for form in FORMS
    ]
    return {
        page: CompressedSegment(count, tuple(of_form[place] for of_form in pieces))
        for place, (page, count) in enumerate(zip(part.pages, part.counts, strict=True))
    }


def _document(
    dump: DumpVersion, number: int, form: str, pieces: list[tuple[SegmentSize, bytes]]
) -> tuple[PartForm, bytes]:
    head, tail = compress(dump.head(form)), compress(TAILS[form])
    everything = [head, *pieces, tail]
    extents = tuple(extent for extent, _ in pieces)
    body = total_size(extents)
    whole = total_size([head[0], body, tail[0]])
    name = part_file(dump.kind, number, form, whole)
    content = b"".join([HEADER, *(packed for _, packed in everything), trailer(whole)])
    return PartForm(name, len(HEADER) + head[0].packed, extents, body), content
