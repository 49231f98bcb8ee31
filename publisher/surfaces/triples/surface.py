"""The triples surface: the store behind the SPARQL endpoint.

Directory of one tier: `writer` (never opened by readers), `generations/<n>`, `current`;
`writer.next` while a rebuild is under way. Position and data are one store, so a kill at any
point leaves a store to go on from.
Source: docs/design/surfaces.md "Triple stores".
"""

from __future__ import annotations

import hashlib
import shutil
from typing import TYPE_CHECKING

from exchange.domain.failpoints import Failpoint, no_failpoint
from publisher.stores.atomic_files import sync_directory
from publisher.stores.embedded_store import EmbeddedStore, StoreReader, as_stored
from publisher.stores.generations import GRACE, Generations, current_generation
from publisher.surfaces.runtime.memo import LastResult
from publisher.surfaces.set_digest import LineSetDigest
from publisher.surfaces.triples.change_coalescing import (
    OBJECTION_TRIPLE,
    SPAN,
    PendingInserts,
    net_effect,
)
from publisher.surfaces.triples.inspection import TripleInspection

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from exchange.domain.failpoints import FailpointHook
    from exchange.domain.record import Change
    from publisher.surfaces.audit.file_inspection import SharedWork
    from publisher.surfaces.triples.config import TriplesConfig

# From this many new records on, a bulk load is faster than a transaction.
BULK = 100
# Bytes of new records that are loaded at once: every load leaves files which the engine has to
# merge with all that is there, so few large ones cost it half of what many small ones do
# (docs/decisions/0015).
LOAD = 16 * 1024 * 1024
# Typed lines that go through the engine at once when the expected digest is computed.
_BATCH = 2_000


class TriplesReader:
    """Reads a tier's current generation; each call opens it.

    Used by audits and takedowns beside a running projector. `vocabulary` returns the N-Triples
    that must be stored beside the records. Raises StoreUnavailable.
    """

    name = "triples"

    def __init__(self, config: TriplesConfig, vocabulary: Callable[[], bytes] = bytes) -> None:
        self.tier = config.tier
        self._config = config
        self._vocabulary = vocabulary
        self._held = LastResult()

    def position(self) -> int:
        """Return the position of the current generation."""
        return current_generation(self._config.directory).position

    def iris(self) -> Iterator[str]:
        """Yield the IRI of every record with a type statement."""
        return self._reader().subjects(self._config.bases)

    def known(self) -> Iterator[tuple[str, str]]:
        """Yield every record with a type statement, and the IRI of its class."""
        return self._reader().types(self._config.bases)

    def digest(self) -> str:
        """Return the digest of the statements of records, without objection marks.

        Raises StoreUnavailable where any index of the store is damaged.
        """
        reader = self._reader()
        reader.require_whole()
        return _digest(reader, self._config.bases)

    def expected_digest(self) -> StoredViewDigest:
        """Return an accumulator of the digest; add every view that must be shown."""
        return StoredViewDigest()

    def contains(self, iri: str) -> bool:
        """Return whether any statement has the record (IRI or its last part) as subject."""
        now = current_generation(self._config.directory)
        return self._held.get(
            (now, iri), lambda: _holds(StoreReader(now.path), iri, self._config.bases)
        )

    def inspect(self, shared: SharedWork) -> TripleInspection:
        """Start to compare every statement with the ledger."""
        return TripleInspection(self._config, self._vocabulary, shared)

    def _reader(self) -> StoreReader:
        return StoreReader(current_generation(self._config.directory).path)


class TriplesSurface:
    """Writes one tier's triple store; the caller holds the projector's lock.

    `vocabulary` is N-Triples and is stored beside the records; `clock` and `grace` (how long a
    superseded generation is kept) are milliseconds. Opening publishes a generation.
    New records are kept in memory until a load is worth while, or until a read or `publish`.
    Raises StoreUnavailable when the directory cannot be opened, OSError when it is full.
    """

    name = "triples"
    lane = "engine"  # the engine loads in threads of its own

    def __init__(
        self,
        config: TriplesConfig,
        vocabulary: bytes,
        clock: Callable[[], int],
        grace: int = GRACE,
        failpoint: FailpointHook = no_failpoint,
    ) -> None:
        self.tier = config.tier
        self._directory = config.directory
        self._bases = config.bases
        self._vocabulary = vocabulary
        self._failpoint = failpoint
        self._open_writer: EmbeddedStore | None = None
        self._next: EmbeddedStore | None = None
        self._rebuilding = False
        self._purge = False
        self._pending: PendingInserts | None = None
        # Up to here a load that was killed or failed may be stored without its position.
        self._unsure: int | None = None
        # A kill may have come between a redaction and its generation, so one is due.
        self._dirty = True
        self._directory.mkdir(parents=True, exist_ok=True)
        self._generations = Generations(self._directory, clock, grace, failpoint)
        self.publish(at_head=False)

    # Reading: the writer's own state, ahead of the generation by what is not yet published.

    def position(self) -> int:
        """Return the number of the last change applied; of the new store during a rebuild."""
        return self._pending.reached if self._pending else self._target().position()

    def iris(self) -> Iterator[str]:
        """Yield every record with a type statement; drop the iterator before `reset`."""
        return self._flushed_store().subjects(self._bases)

    def digest(self) -> str:
        """Return the digest of the statements of records, without objection marks."""
        return _digest(self._flushed_store(), self._bases)

    def expected_digest(self) -> StoredViewDigest:
        """Return an accumulator of the digest; add every view that must be shown."""
        return StoredViewDigest()

    def contains(self, iri: str) -> bool:
        """Return whether any statement has the record (IRI or its last part) as subject."""
        return _holds(self._flushed_store(), iri, self._bases)

    def generation(self) -> Path:
        """Return the directory of the current generation."""
        return current_generation(self._directory).path

    # Writing.

    def choose_lane(self, backlog: int) -> None:
        """Do nothing: this surface never changes its lane."""

    def apply(self, changes: Sequence[Change]) -> None:
        """Apply the changes; readers see them after `publish`.

        New records are collected for a load; a change of a stored record flushes them first.
        After a kill the store continues from its own position.
        """
        if not changes:
            return
        net, created = net_effect(changes)
        if self._pending and self._pending.must_flush(net, changes[-1].seq):
            self._flush()
        store = self._target()
        waiting = self._pending = self._pending or PendingInserts(store.position())
        if self._unsure is None:
            self._unsure = waiting.after + SPAN
        # What was never there need not be looked for.
        held = store.known(net.keys() - created if changes[0].seq > self._unsure else net)
        waiting.records |= {
            iri: statements for iri, statements in net.items() if statements and iri not in held
        }
        waiting.reached = changes[-1].seq
        if held or waiting.size >= LOAD:
            self._flush({iri: net[iri] for iri in held})

    def redact(self, iris: Collection[str]) -> None:
        """Remove the records from the store, and from the one being rebuilt."""
        if self._pending:
            self._pending.drop(iris)
        for store in (self._writer(), self._next):
            if store is not None and (held := store.known(iris)):
                store.remove(held)
                self._failpoint(Failpoint.REDACTED)
                self._dirty = True

    def publish(self, *, at_head: bool) -> None:
        """Swap in a finished rebuild, then publish a generation if anything changed."""
        self._flush()
        if self._rebuilding and at_head:
            self._swap()
        if self._dirty:
            self._generations.publish(self._writer())
            self._dirty = False
        if self._purge:
            self._generations.drop_old()
            self._purge = False
        self._generations.prune()

    def reset(self) -> None:
        """Start a new store; the swap removes the old one with every generation.

        Nothing is copied, so no byte of a removed record reaches the new files.
        """
        self._drop_pending()
        self._close_next()
        self._rebuilding = True
        self._target()

    def close(self) -> None:
        """Close the stores; an unfinished rebuild is discarded at the next start."""
        self._drop_pending()
        self._close_next()
        self._close_writer()

    def _flush(self, replaced: Mapping[str, bytes] | None = None) -> None:
        """Store pending records, then removals, replacements and the position.

        New records are loaded first, in bulk, the others in a transaction. After a kill in
        between the store has some records too early, but none in part.
        """
        waiting, unsure = self._pending, self._unsure
        if waiting is None:
            return
        store, new, rest = self._target(), waiting.records, dict(replaced or {})
        self._drop_pending()  # before anything can fail: what fails is applied again
        if len(new) >= BULK:
            store.load_chunk(b"".join(new.values()))
        else:
            rest |= new
        store.replace(rest, waiting.reached)
        self._failpoint(Failpoint.CHUNK_APPLIED)
        self._unsure = unsure
        self._dirty = self._dirty or not self._rebuilding

    def _drop_pending(self) -> None:
        """Drop the pending records; they are applied again from the store's position."""
        self._pending = self._unsure = None

    def _flushed_store(self) -> EmbeddedStore:
        self._flush()
        return self._target()

    def _target(self) -> EmbeddedStore:
        """Return the store of new changes: the new one during a rebuild."""
        writer = self._writer()  # first, since opening it clears what a swap left behind
        if not self._rebuilding:
            return writer
        if self._next is None:
            aside = self._directory / "writer.next"
            if aside.exists():
                shutil.rmtree(aside)
            self._next = self._open(aside)
        return self._next

    def _writer(self) -> EmbeddedStore:
        """Return the store that generations are made of; it is reopened after a swap."""
        if self._open_writer is None:
            self._recover_directories()
            self._open_writer = self._open(self._directory / "writer")
        return self._open_writer

    def _open(self, path: Path) -> EmbeddedStore:
        store = EmbeddedStore(path, self._failpoint)
        digest = hashlib.sha256(self._vocabulary).hexdigest()
        if store.vocabulary() != digest:
            store.load_vocabulary(self._vocabulary, digest, self._bases)
        return store

    def _swap(self) -> None:
        """Replace the writer by the rebuilt store; after a failure the rebuild is repeated.

        Both are closed first, since the engine opens its files by path.
        """
        self._close_next()
        self._close_writer()
        writer, aside = self._directory / "writer", self._directory / "writer.next"
        writer.rename(self._directory / "writer.old")
        self._failpoint(Failpoint.WRITER_ASIDE)
        aside.rename(writer)
        self._failpoint(Failpoint.WRITER_SWAPPED)
        self._writer()
        self._rebuilding = False
        self._dirty = self._purge = True

    def _close_next(self) -> None:
        if self._next is not None:
            self._next.close()
            self._next = None

    def _close_writer(self) -> None:
        if self._open_writer is not None:
            self._open_writer.close()
            self._open_writer = None

    def _recover_directories(self) -> None:
        """Finish an interrupted swap, discard an interrupted rebuild."""
        writer, aside = self._directory / "writer", self._directory / "writer.next"
        if aside.exists() and not writer.exists():
            aside.rename(writer)
        for leftover in (aside, self._directory / "writer.old"):
            if leftover.exists():
                shutil.rmtree(leftover)
        sync_directory(self._directory)


class StoredViewDigest:
    """Digest of views in the spelling in which the engine writes them back."""

    def __init__(self) -> None:
        self._total = LineSetDigest()
        # Only typed and tagged literals may come back in another spelling.
        self._typed: list[bytes] = []

    def add(self, view: bytes, /) -> None:
        """Add the view of one record."""
        for line in view.splitlines(keepends=True):
            if line.endswith((b'" .\n', b"> .\n")) and b'"^^<' not in line:
                self._total.add(line)
            else:
                self._typed.append(line)
        if len(self._typed) >= _BATCH:
            self._flush()

    def hex(self) -> str:
        """Return the digest so far."""
        self._flush()
        return self._total.hex()

    def _flush(self) -> None:
        self._total.write(as_stored(b"".join(self._typed)))
        self._typed.clear()


def _digest(store: StoreReader, bases: tuple[str, ...]) -> str:
    total = LineSetDigest(tuple(b"<" + base.encode() for base in bases), OBJECTION_TRIPLE)
    store.dump(total)
    return total.hex()


def _holds(store: StoreReader, iri: str, bases: tuple[str, ...]) -> bool:
    names = [iri] if ":" in iri else [base + iri for base in bases]
    return any(store.contains(name) for name in names)
