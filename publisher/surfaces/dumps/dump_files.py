"""The files of a tier's dumps as readers have them, and texts read back from them.

`<kind>/<number>-<sum>.<form>.gz` are parts, whole documents each; `<kind>/<version>.json` is the
index of a version; the state names the newest version of every kind and those kept beside it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from publisher.surfaces.dumps.addresses import FORMS
from publisher.surfaces.dumps.dump_version import DumpVersion
from publisher.surfaces.files.gzip_segments import decompress

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from publisher.surfaces.dumps.dump_version import Part, PartForm
    from publisher.surfaces.files.gzip_segments import SegmentSize


def version_path(kind: str, version: str) -> str:
    """Return the path of a version's file below the tree."""
    return f"{kind}/{version}.json"


def read_version(folders: Sequence[Path], kind: str, version: str) -> DumpVersion | None:
    """Return a version; None when it was deleted."""
    content = read_first(folders, version_path(kind, version))
    return None if content is None else DumpVersion.from_json(json.loads(content))


def read_first(folders: Sequence[Path], name: str) -> bytes | None:
    """Return a file from the first folder that has it; None when none has."""
    for folder in folders:
        try:
            return (folder / name).read_bytes()
        except FileNotFoundError:
            continue
    return None


class PartFiles:
    """Reads the files of parts. Raises FileNotFoundError when a version was deleted."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = folders
        self._held: dict[str, bytes] = {}

    def preload(self, form: PartForm) -> None:
        """Read a part now, so that it stays available when its file is deleted."""
        self._held[form.file] = self.content(form)

    def content(self, form: PartForm) -> bytes:
        """Return the bytes of a part's file."""
        content = read_first(self._folders, form.file)
        if content is None:
            raise FileNotFoundError(form.file)
        return content

    def span(self, form: PartForm, start: int, size: int) -> bytes:
        """Return some bytes of a part's file."""
        if form.file in self._held:
            return self._held[form.file][start : start + size]
        for folder in self._folders:
            try:
                with (folder / form.file).open("rb") as file:
                    file.seek(start)
                    return file.read(size)
            except FileNotFoundError:
                continue
        raise FileNotFoundError(form.file)

    def compressed_segments(self, form: PartForm) -> Iterator[bytes]:
        """Yield the compressed segments of a part."""
        content = self.content(form)
        for start, extent in spans(form):
            yield content[start : start + extent.packed]

    def segments(self, form: PartForm) -> Iterator[bytes]:
        """Yield the text of the segments of a part."""
        return (decompress(piece) if piece else b"" for piece in self.compressed_segments(form))

    def segment(self, part: Part, page: int) -> tuple[bytes, ...]:
        """Return the texts of a page's records, one for each of FORMS."""
        position = part.pages.index(page)
        texts = []
        for form in FORMS:
            start, extent = list(spans(part.forms[form]))[position]
            piece = self.span(part.forms[form], start, extent.packed)
            texts.append(decompress(piece) if piece else b"")
        return tuple(texts)


def spans(form: PartForm) -> Iterator[tuple[int, SegmentSize]]:
    """Yield the offset of each segment in the part's file, and its size."""
    start = form.begin
    for extent in form.segments:
        yield start, extent
        start += extent.packed
