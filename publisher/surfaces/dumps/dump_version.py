"""A version of a dump: parts, segments, sizes, digests; and its manifest.

A version never names a file that is overwritten later: a part with other bytes has another name.
So a reader that has a version reads one consistent state.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from publisher.surfaces.dumps.addresses import FORMS, HEADERS, file_timestamp
from publisher.surfaces.dumps.segments import TAILS
from publisher.surfaces.files.gzip_segments import (
    HEADER,
    TRAILER_LENGTH,
    SegmentSize,
    compress,
    total_size,
)
from publisher.surfaces.text.timestamps import xsd_timestamp

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class PartForm:
    """A part in one form: its file, the size of each segment, the digest of its text.

    `begin` is the offset of the first segment in the file, `body` the size of all. The digest
    is of the document with head and tail; None until it is computed.
    """

    file: str
    begin: int
    segments: tuple[SegmentSize, ...]
    body: SegmentSize
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """A part: its pages, the number of records of each page, and its forms."""

    number: int
    pages: tuple[int, ...]
    counts: tuple[int, ...]
    forms: Mapping[str, PartForm]

    @property
    def records(self) -> int:
        """Number of records."""
        return sum(self.counts)


@dataclass(frozen=True, slots=True)
class WholeFile:
    """A whole dump in one form: size of its records, digest with its default first row."""

    body: SegmentSize
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class DumpVersion:
    """One version of the dump of a kind.

    `issued` is the time of its newest member in milliseconds, `heads` the text before the
    records, by form and, for CSV, kind of first row.
    """

    kind: str
    issued: int
    heads: Mapping[str, str]
    parts: tuple[Part, ...] = ()
    wholes: Mapping[str, WholeFile] = field(default_factory=dict)
    epoch: int = 1  # of the ledger

    @property
    def records(self) -> int:
        """Number of records."""
        return sum(part.records for part in self.parts)

    @property
    def version(self) -> str:
        """Name of the version: time of issue and a hash of its content.

        So equal content has the same name in every rebuild, and other content another.
        """
        made = [[form.body.crc, form.body.size] for form in self._forms()]
        # What is of the first epoch keeps the names that it had before there were epochs.
        later = [self.epoch] if self.epoch > 1 else []
        text = json.dumps([FORMAT, self.kind, dict(self.heads), made, *later])
        return f"{file_timestamp(self.issued)}-{hashlib.sha256(text.encode()).hexdigest()[:10]}"

    @property
    def undigested(self) -> list[str]:
        """Return the forms that miss a digest."""
        return [
            form
            for form in FORMS
            if (whole := self.wholes.get(form)) is None or whole.sha256 is None
        ]

    def _forms(self) -> Iterator[PartForm]:
        return (part.forms[form] for part in self.parts for form in FORMS)

    def head(self, form: str, names: str = HEADERS[0]) -> bytes:
        """Return the text before the records."""
        return self.heads[f"csv-{names}" if form == "csv" else form].encode()

    def size_of(self, form: str, names: str = HEADERS[0], part: Part | None = None) -> SegmentSize:
        """Return the size of a document; `packed` without the gzip header and trailer."""
        head, _ = compress(self.head(form, names))
        tail, _ = compress(TAILS[form])
        body = self.wholes[form].body if part is None else part.forms[form].body
        return total_size([head, body, tail])

    def with_sizes(self) -> DumpVersion:
        """Return the version with the sizes of its documents."""
        bodies = {form: total_size(part.forms[form].body for part in self.parts) for form in FORMS}
        return replace(self, wholes={form: WholeFile(body) for form, body in bodies.items()})

    def to_bytes(self) -> bytes:
        """Return the content of the version's file."""
        text = json.dumps(self.to_json(), ensure_ascii=False, separators=(",", ":"))
        return text.encode()

    def to_json(self) -> dict[str, Any]:
        """Return the version as a JSON object."""
        return {
            "format": FORMAT,
            "kind": self.kind,
            "issued": self.issued,
            "epoch": self.epoch,
            "heads": dict(self.heads),
            "parts": [_part_json(part) for part in self.parts],
            "wholes": {
                form: [*_extent_json(whole.body), whole.sha256]
                for form, whole in self.wholes.items()
            },
        }

    @classmethod
    def from_json(cls, stated: dict[str, Any]) -> DumpVersion:
        """Return the version that `to_json` has written."""
        return cls(
            stated["kind"],
            stated["issued"],
            stated["heads"],
            tuple(_part(item) for item in stated["parts"]),
            {
                form: WholeFile(SegmentSize(*item[:3]), item[3])
                for form, item in stated["wholes"].items()
            },
            stated.get("epoch", 1),
        )


def packed_size(extent: SegmentSize) -> int:
    """Return the length of the gzip file of a document."""
    return len(HEADER) + extent.packed + TRAILER_LENGTH


def _extent_json(extent: SegmentSize) -> list[int]:
    return [extent.size, extent.packed, extent.crc]


def _part_json(part: Part) -> dict[str, Any]:
    return {
        "number": part.number,
        "pages": list(part.pages),
        "counts": list(part.counts),
        "forms": {
            name: [
                form.file,
                form.begin,
                form.sha256,
                _extent_json(form.body),
                [_extent_json(extent) for extent in form.segments],
            ]
            for name, form in part.forms.items()
        },
    }


def _part(stated: dict[str, Any]) -> Part:
    forms = {
        name: PartForm(
            file, begin, tuple(SegmentSize(*one) for one in segments), SegmentSize(*body), sha256
        )
        for name, (file, begin, sha256, body, segments) in stated["forms"].items()
    }
    return Part(stated["number"], tuple(stated["pages"]), tuple(stated["counts"]), forms)


def part_file(kind: str, number: int, form: str, whole: SegmentSize) -> str:
    """Return the path of a part's file: other content has another name.

    So a reader of an older version never sees it.
    """
    return f"{kind}/{number:04d}-{whole.crc:08x}{whole.size:x}.{form}.gz"


def file_name(kind: str, form: str, part: Part | None = None) -> str:
    """Return the name of a document in the folder of its version."""
    return f"{kind}.{form}" if part is None else f"parts/{kind}-{part.number:04d}.{form}"


def manifest(dump: DumpVersion, media: Mapping[str, str]) -> dict[str, Any]:
    """Return the manifest; sizes in bytes, `gzip` is the size of the file with suffix .gz."""
    return {
        "kind": dump.kind,
        "version": dump.version,
        "issued": xsd_timestamp(dump.issued) if dump.issued else None,
        "epoch": dump.epoch,
        "records": dump.records,
        "files": [
            {
                "name": file_name(dump.kind, form),
                "mediaType": media[form],
                "bytes": dump.size_of(form).size,
                "gzip": packed_size(dump.size_of(form)),
                "sha256": dump.wholes[form].sha256,
            }
            for form in FORMS
        ],
        "parts": [
            {
                "number": part.number,
                "records": part.records,
                "files": [
                    {
                        "name": file_name(dump.kind, form, part),
                        "bytes": dump.size_of(form, part=part).size,
                        "sha256": part.forms[form].sha256,
                    }
                    for form in FORMS
                ],
            }
            for part in dump.parts
        ],
    }
