"""The segments that have changed since parts were last written.

Of each kind the newest page stays unpacked, for it gains records; the others are packed at once,
so that memory holds no more than one of them whatever is taken away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from publisher.surfaces.dumps.addresses import part_of
from publisher.surfaces.dumps.part_builder import CompressedSegment
from publisher.surfaces.dumps.segments import Segment
from publisher.surfaces.files.gzip_segments import decompress

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from exchange.domain.record import Change
    from publisher.surfaces.dumps.dump_files import PartFiles
    from publisher.surfaces.dumps.dump_version import DumpVersion
    from publisher.surfaces.dumps.segments import RecordSerialiser


class DirtySegments:
    """Segments changed since parts were last written; `dump` returns a kind's version on disk."""

    def __init__(
        self,
        part_files: PartFiles,
        dump: Callable[[str], DumpVersion],
        serialiser: Callable[[str], RecordSerialiser],
    ) -> None:
        self._part_files = part_files
        self._index = dump
        self._serialiser = serialiser
        self._newest: dict[str, tuple[int, Segment]] = {}
        self._dirty: set[str] = set()  # kinds whose newest segment changed
        self._packed: dict[tuple[str, int], CompressedSegment] = {}

    def rewrite(
        self, kind: str, page: int, gone: Collection[bytes], added: Sequence[Change]
    ) -> bool:
        """Remove records from a segment, then insert or replace others; return whether any left.

        `gone` are record IRIs, `added` the changes whose records belong to the page.
        """
        segment = self._segment(kind, page)
        removed = segment.remove(gone)
        for change in added:
            segment.put(change, self._serialiser(kind))
        if removed or added:
            self._keep(kind, page, segment)
        return removed

    def packed(self) -> dict[tuple[str, int], CompressedSegment]:
        """Return the segments changed since the last call, compressed, by kind and page."""
        for kind in self._dirty:
            page, segment = self._newest[kind]
            self._packed[kind, page] = CompressedSegment.of(segment)
        changed, self._packed = self._packed, {}
        self._dirty.clear()
        return changed

    def _segment(self, kind: str, page: int) -> Segment:
        newest = self._newest.get(kind)
        if newest is not None and newest[0] == page:
            return newest[1]
        waiting = self._packed.get((kind, page))
        if waiting is not None:
            pieces = [packed for _, packed in waiting.pieces]
            return Segment(tuple(decompress(piece) if piece else b"" for piece in pieces))
        number = part_of(page)
        for part in self._index(kind).parts:
            if part.number == number and page in part.pages:
                return Segment(self._part_files.segment(part, page))
        return Segment()

    def _keep(self, kind: str, page: int, segment: Segment) -> None:
        newest = self._newest.get(kind)
        if newest is not None and page < newest[0]:
            self._packed[kind, page] = CompressedSegment.of(segment)
            return
        if newest is not None and page > newest[0] and kind in self._dirty:
            self._packed[kind, newest[0]] = CompressedSegment.of(newest[1])
        # An older compressed segment of the page is out of date.
        self._packed.pop((kind, page), None)
        self._newest[kind] = page, segment
        self._dirty.add(kind)
