"""Every statement of a generation compared with what the ledger's sequence gives.

The quick way asks the engine for each statement that must be there and counts those that are: it
holds all of them and no other. The close way reads a dump and names the records that differ; it is
taken once the quick one has found something, and where the engine's files cannot be relied on.

The engine keeps a statement in three orders and writes them together; either way reads one of them.
That the files of the others are as the engine wrote them is seen by their digests, which are kept
with each generation; one without digests is read in all three orders instead, as slow as that is.
"""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING, Final

from exchange.domain.errors import StoreUnavailable
from exchange.domain.record import Activity
from publisher.stores.embedded_store import StoreReader, as_stored
from publisher.stores.generation_checksums import differing_files
from publisher.stores.generations import current_generation
from publisher.surfaces.audit.file_inspection import Faults, Inspected
from publisher.surfaces.triples.change_coalescing import OBJECTION_TRIPLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from exchange.domain.record import Change
    from publisher.stores.generation_checksums import Differing
    from publisher.surfaces.audit.file_inspection import SharedWork
    from publisher.surfaces.triples.config import TriplesConfig

_REMEMBERED: Final = 50_000  # typed values
_DIGEST: Final = 16  # bytes kept of a SHA-256
_PROBE: Final = b"<urn:credence:value> "
_PLAIN: Final = (b'" .', b"> .")  # ends of a statement with a plain text, or with a name
_USE: Final = "triples"


class TripleInspection:
    """Inspects the generation that is current when it is made; `vocabulary` is N-Triples."""

    def __init__(
        self, config: TriplesConfig, vocabulary: Callable[[], bytes], shared: SharedWork
    ) -> None:
        self._config = config
        self._shared = shared
        self._vocabulary = vocabulary
        self._generation = current_generation(config.directory)
        self._faults = Faults(config.directory)
        self._store = self._opened()
        self._values = _Values()
        self._expected: dict[str, bytes] = {}
        self._counts: _Counts | None = None
        if self._store is not None and self._files_known and not shared.closely:
            self._counts = _Counts(self._store)

    def position(self) -> int:
        """Position of the generation."""
        return self._generation.position

    def take(self, changes: Sequence[Change]) -> None:
        """Take the next changes."""
        for change in changes:
            view = b"" if change.activity is Activity.DELETE else change.view or b""
            mark = b"<%b>%b" % (change.iri.encode(), OBJECTION_TRIPLE) if change.objection else b""
            if self._counts is not None:
                self._counts.take(change.iri, view and view + mark)
            elif view:
                digest = partial(self._digest, view + mark)
                self._expected[change.iri] = self._shared.memoise(_USE, view + mark, digest)
            else:
                self._expected.pop(change.iri, None)

    def _digest(self, statements: bytes) -> bytes:
        return _digest(self._values.as_stored(statements.split(b"\n")[:-1]))

    def finish(self) -> Inspected:
        """Compare every statement."""
        if self._counts is not None and self._store is not None:
            same = self._counts.complete(self._vocabulary())
            same = same and self._store.position() == self._generation.position
            return Inspected(self._counts.records, (), (), self._faults, named=same)
        subjects = _Subjects(self._config.bases, self._expected)
        try:
            self._compare(subjects)
        except StoreUnavailable as problem:
            self._faults.raised(self._shown(), problem)
        return Inspected(self._expected.keys(), subjects.lost, subjects.extra, self._faults)

    def close(self) -> None:
        """Let go of the generation."""
        if self._store is not None:
            self._store.close()

    def _opened(self) -> StoreReader | None:
        """Compare the files, then open the store if it can be."""
        wrong = differing_files(self._generation.path)
        self._files_known = wrong is not None and wrong.none
        if wrong is not None:
            self._compare_files(wrong)
        try:
            store = StoreReader(self._generation.path)
            if wrong is None:
                store.require_whole()
        except StoreUnavailable as problem:
            self._faults.raised(self._shown(), problem)
            return None
        return store

    def _compare(self, subjects: _Subjects) -> None:
        if self._store is None:
            return
        self._store.dump(subjects)
        subjects.flush()
        if subjects.different or subjects.lost or subjects.extra:
            self._faults.add(self._shown(), *_said(subjects))
        self._compare_vocabulary(subjects)
        if self._store.position() != self._generation.position:
            self._faults.differs("current")

    def _shown(self) -> str:
        return f"generations/{self._generation.number}"

    def _compare_files(self, wrong: Differing) -> None:
        for name in wrong.missing:
            self._faults.missing(f"{self._shown()}/{name}")
        for name in wrong.altered:
            self._faults.damaged(f"{self._shown()}/{name}")
        for name in wrong.foreign:
            self._faults.foreign(f"{self._shown()}/{name}")

    def _compare_vocabulary(self, subjects: _Subjects) -> None:
        stored = as_stored(self._vocabulary()).splitlines()
        named = {line for line in stored if not line.startswith(b"_:")}
        wanted = named, len(stored) - len(named)
        if (subjects.others, subjects.blank) != wanted:
            self._faults.add(
                self._shown(),
                "词表内容与本版程序不符。",
                "Its vocabulary is not the one of this program.",
            )


class _Counts:
    """How many statements each record must have; None where the store lacks one of them."""

    def __init__(self, store: StoreReader) -> None:
        self._store = store
        self.records: dict[str, int | None] = {}

    def take(self, iri: str, statements: bytes) -> None:
        """Let a record have these statements, or none any more."""
        if statements:
            self.records[iri] = self._held(statements)
        else:
            self.records.pop(iri, None)

    def complete(self, vocabulary: bytes) -> bool:
        """Return whether the store holds these statements and the vocabulary, and no others."""
        total = 0
        for count in (*self.records.values(), self._held(as_stored(vocabulary))):
            if count is None:
                return False
            total += count
        return total == self._store.count()

    def _held(self, statements: bytes) -> int | None:
        try:
            return self._store.count_held(statements)
        except StoreUnavailable:  # the close way says what cannot be read
            return None


class _Values:
    """Statements as the engine writes them back: numbers and dates by value, not by spelling."""

    def __init__(self) -> None:
        self._known: dict[bytes, bytes] = {}

    def as_stored(self, lines: list[bytes]) -> list[bytes]:
        """Return a record's statements as the engine has them."""
        start, changed = lines[0].index(b" ") + 1, False
        for at, line in enumerate(lines):
            # Plain texts and names come back as they are.
            if b'"^^<' in line or line[-3:] not in _PLAIN:
                value = line[start:]
                lines[at] = line[:start] + (self._known.get(value) or self._learn(value))
                changed = True
        # Two spellings of one value are one statement.
        return list(set(lines)) if changed else lines

    def _learn(self, value: bytes) -> bytes:
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        [stored] = as_stored(b"%b%b\n" % (_PROBE, value)).splitlines()
        self._known[value] = stored[len(_PROBE) :]
        return self._known[value]


class _Subjects:
    """Takes a dump, in which the statements of a subject follow each other, and compares it."""

    def __init__(self, bases: tuple[str, ...], expected: dict[str, bytes]) -> None:
        self._starts = tuple(b"<" + base.encode() for base in bases)
        self._expected = expected
        self._unseen = set(expected)
        self._rest = b""
        self._subject = b"\0"
        self._lines: list[bytes] = []
        self.different: set[str] = set()
        self.extra: set[str] = set()
        self.others: set[bytes] = set()
        self.blank = 0

    @property
    def lost(self) -> set[str]:
        """Records of which no statement was met."""
        return self._unseen

    def write(self, data: bytes, /) -> int:
        """Take the next piece, cut anywhere."""
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()
        for line in lines:
            if not line.startswith(self._subject):
                self._end()
                self._subject = line[: line.index(b" ") + 1]
            self._lines.append(line)
        return len(data)

    def flush(self) -> None:
        """End the last subject."""
        self._end()

    def _end(self) -> None:
        lines, self._lines = self._lines, []
        if not self._subject.startswith(self._starts):
            self.blank += len(lines) if self._subject.startswith(b"_:") else 0
            self.others |= set() if self._subject.startswith(b"_:") else set(lines)
            return
        iri = self._subject[1:-2].decode()
        if not lines:
            return
        self._unseen.discard(iri)
        wanted = self._expected.get(iri)
        if wanted is None:
            self.extra.add(iri)
        elif wanted != _digest(lines):
            self.different.add(iri)


def _digest(lines: Iterable[bytes]) -> bytes:
    return hashlib.sha256(b"\n".join(sorted(lines))).digest()[:_DIGEST]


def _said(subjects: _Subjects) -> tuple[str, str]:
    named = [*sorted(subjects.different), *sorted(subjects.lost), *sorted(subjects.extra)]
    return (
        f"{len(named)} 条记录的内容与账本不符，例如 {named[0]}。",
        f"{len(named)} records differ from the ledger, for instance {named[0]}.",
    )
