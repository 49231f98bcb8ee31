"""The files of the parts of a kind: each read once, unpacked, cut into records and compared."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from publisher.surfaces.dumps.addresses import FORMS, part_of
from publisher.surfaces.dumps.dump_version import PartForm, part_file
from publisher.surfaces.dumps.segments import TAILS, records_in
from publisher.surfaces.files.gzip_segments import (
    HEADER,
    TRAILER_LENGTH,
    SegmentSize,
    total_size,
    trailer,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from publisher.surfaces.audit.file_inspection import Faults
    from publisher.surfaces.dumps.dump_version import DumpVersion, Part

# Bytes kept of a text: some of its SHA-256, then its length.
_DIGEST: Final = 16
_KEPT: Final = _DIGEST + 4
# Page of the sequence -> record -> what is kept of its texts, in the order in which they stand.
Pages = dict[int, dict[str, bytes]]


Record = tuple[str, bytes]  # IRI, what is kept of its text in one form


def text_digests(texts: Iterable[bytes]) -> bytes:
    """Return what is kept of a record's texts, for each of FORMS one after the other."""
    return b"".join([_text_digest(text) for text in texts])


def _text_digest(text: bytes) -> bytes:
    return hashlib.sha256(text).digest()[:_DIGEST] + len(text).to_bytes(4)


class Damaged(Exception):
    """The file is not what its index says."""


@dataclass(slots=True)
class _Run:
    """The hash of a form's whole text up to some part, and what was met after it."""

    sha: Any
    after: dict[str, _Run] = field(default_factory=dict)


class PartComparison:
    """Compares the parts of the versions of one kind, the newest version first."""

    def __init__(self, tree: Path, faults: Faults, pages: Pages) -> None:
        self._tree = tree
        self._faults = faults
        self._pages = pages
        self._newest = True
        self._runs: dict[tuple[str, bytes], _Run] = {}
        self._sound: dict[str, PartForm] = {}  # by file, as worked out from it
        self.names: set[str] = set()
        self.lost: set[str] = set()
        self.extra: set[str] = set()

    def compare(self, dump: DumpVersion, path: str) -> None:
        """Compare every part of a version in every form, and what the index at `path` says.

        An older version may lack what came since, and nothing else.
        """
        if self._newest:
            self._compare_layout(dump, path)
        bodies = dump.with_sizes().wholes
        for form in FORMS:
            digest, stated = self._compare_form(dump, form, path), dump.wholes.get(form)
            said = None if stated is None else (stated.body, stated.sha256 or digest)
            if said != (bodies[form].body, digest):
                self._faults.differs(f"current/{path}")
        self._newest = False

    def _compare_layout(self, dump: DumpVersion, path: str) -> None:
        """Compare which pages of records the version has with those that it must have."""
        wanted = {page: len(records) for page, records in self._pages.items() if records}
        stated = {
            page: count
            for part in dump.parts
            for page, count in zip(part.pages, part.counts, strict=False)
            if part_of(page) == part.number
        }
        if stated != wanted:
            self._faults.differs(f"current/{path}")
        for page in wanted.keys() - stated.keys():
            self.lost |= self._pages[page].keys()

    def _compare_form(self, dump: DumpVersion, form: str, path: str) -> str:
        """Return the digest of the whole text in a form."""
        head = dump.head(form)
        run = self._runs.setdefault((form, head), _Run(hashlib.sha256(head)))
        for part in dump.parts:
            stated = part.forms[form]
            self.names.add(stated.file)
            if stated.file not in run.after:
                run.after[stated.file] = _Run(self._read(part, form, head, run.sha.copy()))
            run = run.after[stated.file]
            name = part_file(dump.kind, part.number, form, dump.size_of(form, part=part))
            sound = self._sound.get(stated.file, stated)
            if (
                stated.file != name
                or replace(stated, sha256=stated.sha256 or sound.sha256) != sound
            ):
                self._faults.differs(f"current/{path}")
        sha = run.sha.copy()
        sha.update(TAILS[form])
        return str(sha.hexdigest())

    def _read(self, part: Part, form: str, head: bytes, whole: Any) -> Any:
        """Compare a file; return the hash `whole` with the file's text after it."""
        stated = part.forms[form]
        shown = f"current/{stated.file}"
        try:
            texts = unpacked((self._tree / stated.file).read_bytes(), stated, head, form)
            found = {
                page: [
                    (iri.decode(), _text_digest(record)) for iri, record in records_in(form, text)
                ]
                for page, text in zip(part.pages, texts, strict=False)
                if not _is_made_of(text, self._wanted(page, form))
            }
        except OSError as problem:
            self._lose(shown, part, problem)
        except (Damaged, ValueError, IndexError) as problem:
            self._lose(shown, part, problem)
        else:
            for text in texts:
                whole.update(text)
            self._sound[stated.file] = replace(stated, sha256=_digest(head, texts, form))
            self._compare_records(shown, form, found)
        return whole

    def _lose(self, shown: str, part: Part, problem: Exception) -> None:
        if isinstance(problem, OSError):
            self._faults.raised(shown, problem)
        else:
            self._faults.damaged(shown)
        for page in part.pages:
            self.lost |= self._pages.get(page, {}).keys()

    def _compare_records(self, shown: str, form: str, pages: dict[int, list[Record]]) -> None:
        """Compare the records of pages that differ with those that must stand there."""
        same = True
        for page, found in pages.items():
            wanted = self._wanted(page, form)
            extra = dict(found).keys() - dict(wanted).keys()
            same = same and not self._newest and not extra and set(found) <= set(wanted)
            self.extra |= extra
            if self._newest:
                self.lost |= dict(wanted).keys() - dict(found).keys()
        if not same:
            self._faults.differs(shown)

    def _wanted(self, page: int, form: str) -> list[Record]:
        start = FORMS.index(form) * _KEPT
        records = self._pages.get(page, {})
        return [(iri, texts[start : start + _KEPT]) for iri, texts in records.items()]


def unpacked(content: bytes, stated: PartForm, head: bytes, form: str) -> list[bytes]:
    """Return the texts of a file's segments. Raises Damaged where it is not as its index says."""
    start, texts = stated.begin, list[bytes]()
    _require(content.startswith(HEADER))
    _require(_inflated(content[len(HEADER) : start], len(head)) == head)
    for extent in stated.segments:
        text = _inflated(content[start : start + extent.packed], extent.size)
        _require(len(text) == extent.size and zlib.crc32(text) == extent.crc)
        start += extent.packed
        texts.append(text)
    tail = TAILS[form]
    _require(_inflated(content[start:-TRAILER_LENGTH], len(tail)) == tail)
    _require(total_size(stated.segments) == stated.body)
    whole = total_size([_extent(head), stated.body, _extent(tail)])
    _require(content[-TRAILER_LENGTH:] == trailer(whole))
    return texts


def _inflated(piece: bytes, most: int) -> bytes:
    if not piece:
        return b""
    machine = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        text = machine.decompress(piece, most + 1)
    except zlib.error as problem:
        raise Damaged from problem
    _require(not machine.unused_data)
    return text


def _extent(text: bytes) -> SegmentSize:
    """Return the extent of a text; what it is packed to does not enter the file's ending."""
    return SegmentSize(len(text), 0, zlib.crc32(text))


def _require(sound: bool) -> None:  # noqa: FBT001 - reads as an assertion
    if not sound:
        raise Damaged


def _digest(head: bytes, texts: list[bytes], form: str) -> str:
    sha = hashlib.sha256(head)
    for text in texts:
        sha.update(text)
    sha.update(TAILS[form])
    return sha.hexdigest()


def _is_made_of(text: bytes, records: list[Record]) -> bool:
    """Return whether a text is that of these records one after the other."""
    start = 0
    for _, wanted in records:
        end = start + int.from_bytes(wanted[_DIGEST:])
        if _text_digest(text[start:end]) != wanted:
            return False
        start = end
    return start == len(text)
