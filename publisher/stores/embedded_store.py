"""The embedded triple store of one tier: one writer, atomic steps, a position inside.

Data stand in the default graph. The projection's own notes (position, digest of the
vocabulary) stand in the named graph PROJECTION; readers query with `named_graphs=[]`, so they
never see it. Measurements behind the choices: docs/design/queries.md "The engine".
"""

from __future__ import annotations

from contextlib import contextmanager
from itertools import islice
from typing import IO, TYPE_CHECKING, Protocol, cast

from pyoxigraph import DefaultGraph, Literal, NamedNode, RdfFormat, Store, parse

from exchange.domain.errors import StoreUnavailable
from exchange.domain.failpoints import Failpoint, no_failpoint

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    from pyoxigraph import Quad, QuerySolutions

    from exchange.domain.failpoints import FailpointHook

PROJECTION = NamedNode("urn:credence:projection")
_POSITION = NamedNode("urn:credence:position")
_VOCABULARY = NamedNode("urn:credence:vocabulary")
_TYPE = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
_DATA = DefaultGraph()
# Patterns that the engine answers from the index by subject, by predicate and by object.
_BY_INDEX = (
    "?s ?p ?o",
    "{ SELECT DISTINCT ?p { ?x ?p ?y } } ?s ?p ?o",
    "{ SELECT DISTINCT ?o { ?x ?y ?o } } ?s ?p ?o",
)
# Records per transaction: bounds the update text (some 1.5 MB at 20 statements a record).
GROUP = 500


class Sink(Protocol):
    """Anything that takes bytes in pieces."""

    def write(self, data: bytes, /) -> int:
        """Take the piece and return its length."""

    def flush(self) -> None:
        """End the output; called once."""


class StoreReader:
    """Reading side of a store directory that nobody writes to (a generation).

    Raises StoreUnavailable when the directory cannot be opened.
    """

    def __init__(self, directory: Path) -> None:
        try:
            self._store = self._open(directory)
        except (OSError, RuntimeError) as problem:
            raise StoreUnavailable(
                f"The triple store {directory.name} cannot be opened: {problem}.",
                "Free the disk or end the other writer; `credence rebuild` makes it anew.",
                zh=f"无法打开三元组库 {directory.name}。",
                zh_hint="请腾出磁盘或结束另一个写入进程；credence rebuild 可重建。",
            ) from problem

    def _open(self, directory: Path) -> Store:
        return Store.read_only(str(directory))

    def position(self) -> int:
        """Last change of the tier's own sequence that the store holds; 0 before the first."""
        return int(self._note(_POSITION) or 0)

    def vocabulary(self) -> str | None:
        """Return the digest noted with the vocabulary that was loaded."""
        return self._note(_VOCABULARY)

    def contains(self, iri: str) -> bool:
        """Whether any statement has the IRI as its subject."""
        with _readable():
            found = self._store.quads_for_pattern(NamedNode(iri), None, None, _DATA)
            return next(found, None) is not None

    def subjects(self, bases: tuple[str, ...]) -> Iterator[str]:
        """Every subject that has a type and begins with one of the bases.

        The iterator keeps the store open: use it up or drop it before `close`.
        """
        with _readable():
            for quad in self._store.quads_for_pattern(None, _TYPE, None, _DATA):
                subject = quad.subject
                if isinstance(subject, NamedNode) and subject.value.startswith(bases):
                    yield subject.value

    def types(self, bases: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        """Every subject that `subjects` gives, with its type."""
        with _readable():
            for quad in self._store.quads_for_pattern(None, _TYPE, None, _DATA):
                subject, found = quad.subject, quad.object
                if isinstance(subject, NamedNode) and subject.value.startswith(bases):
                    yield subject.value, found.value if isinstance(found, NamedNode) else ""

    def count_held(self, nquads: bytes) -> int | None:
        """Return the number of statements (one a line) if the store has all of them; else None.

        Compared as the engine keeps them, by value; a blank node is never held.
        """
        with _readable():
            # Lenient: what comes from the ledger was checked when it was taken in.
            quads = parse(nquads, format=RdfFormat.N_QUADS, lenient=True)
            return nquads.count(b"\n") if all(map(self._store.__contains__, quads)) else None

    def count(self) -> int:
        """Return how many statements the default graph holds."""
        with _readable():
            [solution] = self._solutions("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }")
            return int(cast("Literal", solution[0]).value)

    def dump(self, sink: Sink) -> None:
        """Write every statement of the default graph as canonical N-Quads lines, unordered."""
        output = cast("IO[bytes]", sink)  # the engine calls write and flush only
        with _readable():
            self._store.dump(output, format=RdfFormat.N_TRIPLES, from_graph=_DATA)

    def require_whole(self) -> None:
        """Read every block of the three indexes and compare how much they hold.

        A dump reads one of them only; the engine notices a flipped bit when it reads its block.
        Counted only once all have been read: over a damaged block a count never ends.
        Raises StoreUnavailable.
        """
        with _readable():
            for pattern in _BY_INDEX:
                for _ in self._solutions(f"SELECT ?s {{ {pattern} FILTER(sameTerm(?p, ?o)) }}"):
                    pass
            counts = {
                str(solution[0])
                for pattern in _BY_INDEX
                for solution in self._solutions(f"SELECT (COUNT(*) AS ?n) {{ {pattern} }}")
            }
        if len(counts) > 1:
            raise _damaged("its indexes differ")

    def _solutions(self, query: str) -> QuerySolutions:
        return cast("QuerySolutions", self._store.query(query))

    def close(self) -> None:
        """Let go of the directory; the object is of no use afterwards."""
        # The engine closes when the last reference goes; there is no call for it.
        del self._store

    def _note(self, predicate: NamedNode) -> str | None:
        with _readable():
            found = [*self._store.quads_for_pattern(PROJECTION, predicate, None, PROJECTION)]
        values = [quad.object.value for quad in found if isinstance(quad.object, Literal)]
        return values[0] if values else None


@contextmanager
def _readable() -> Iterator[None]:
    """Turn the engine's errors about altered or missing files into ours."""
    try:
        yield
    except (OSError, RuntimeError) as problem:
        raise _damaged(str(problem)) from problem


def _damaged(why: str) -> StoreUnavailable:
    return StoreUnavailable(
        f"The triple store cannot be read: {why}.",
        "Run `credence rebuild`; the ledger has everything it needs.",
        zh="无法读取三元组库。",
        zh_hint="请运行 credence rebuild；账本中有重建所需的一切。",
    )


class EmbeddedStore(StoreReader):
    """Writes a store directory; one writer at a time.

    Nothing here waits for the disk (the engine does not sync a commit); what is lost by a
    power cut is a tail, positions included, so a replay from `position()` mends it.
    """

    def __init__(self, directory: Path, failpoint: FailpointHook = no_failpoint) -> None:
        super().__init__(directory)
        self._failpoint = failpoint

    def _open(self, directory: Path) -> Store:
        directory.mkdir(parents=True, exist_ok=True)
        return Store(str(directory))

    def load_vocabulary(self, triples: bytes, digest: str, bases: tuple[str, ...]) -> None:
        """Put `triples` in place of every statement that is not a record's own."""
        records = " || ".join(f"STRSTARTS(STR(?s), {Literal(base)})" for base in bases)
        self._store.update(
            f"DELETE {{ ?s ?p ?o }} WHERE {{ ?s ?p ?o FILTER(isBlank(?s) || !({records})) }}"
        )
        self._store.load(triples, format=RdfFormat.N_TRIPLES)
        self._failpoint(Failpoint.VOCABULARY_LOADED)
        self._store.update(_noting(_VOCABULARY, Literal(digest)))

    def load_chunk(self, nquads: bytes, position: int | None = None) -> None:
        """Add the statements of new records in bulk, then note the position.

        The load is atomic and adding the same statements twice is harmless. The position
        goes into the log of transactions, behind every removal made before it: noted inside
        the load it could outlive a removal that a power cut takes back.
        """
        # Lenient: IRIs were checked at the intake; looking again takes a seventh of the time.
        self._store.bulk_load(nquads, format=RdfFormat.N_QUADS, lenient=True)
        self._failpoint(Failpoint.CHUNK_LOADED)
        if position is not None:
            self._store.update(_noting(_POSITION, Literal(position)))

    def replace(self, records: Mapping[str, bytes], position: int | None = None) -> None:
        """Give each record exactly the statements mapped to it; none means it leaves.

        Each transaction takes at most GROUP records, no record is ever seen half, and the
        position stands in the last one. Raises ValueError for text that is no N-Quads.
        """
        waiting = iter(records.items())
        groups = list(iter(lambda: dict(islice(waiting, GROUP)), {}))
        for group in groups[:-1]:
            self._store.update(_replacing(group))
            self._failpoint(Failpoint.GROUP_REPLACED)
        last = [_replacing(groups[-1])] if groups else []
        if position is not None:
            last.append(_noting(_POSITION, Literal(position)))
        if last:
            self._store.update(" ;\n".join(last))

    def remove(self, iris: Collection[str]) -> None:
        """Remove every statement of the subjects; absent ones are no error."""
        self.replace(dict.fromkeys(iris, b""))

    def known(self, iris: Iterable[str]) -> set[str]:
        """Those of the IRIs that the store holds."""
        return {iri for iri in iris if self.contains(iri)}

    def backup(self, target: Path) -> None:
        """Make a generation at `target` (must not exist) by hard links; synced by the engine."""
        self._store.backup(str(target))


def as_stored(nquads: bytes) -> bytes:
    """Return the statements as the engine writes them back.

    It keeps numbers, dates and language tags by value ("1.50" comes back as "1.5"), so what
    it holds is compared with this, never with the bytes of a view.
    """
    store = Store()
    store.load(nquads, format=RdfFormat.N_QUADS)
    return store.dump(format=RdfFormat.N_TRIPLES, from_graph=_DATA) or b""


def _replacing(records: Mapping[str, bytes]) -> str:
    """One update that swaps the statements of the records."""
    subjects = " ".join(str(NamedNode(iri)) for iri in records)
    parts = [f"DELETE {{ ?s ?p ?o }} WHERE {{ VALUES ?s {{ {subjects} }} ?s ?p ?o }}"]
    if added := "".join(_statement(quad) for quad in _parsed(records)):
        parts.append(f"INSERT DATA {{\n{added}}}")
    return " ;\n".join(parts)


def _parsed(records: Mapping[str, bytes]) -> Iterator[Quad]:
    return parse(b"".join(records.values()), format=RdfFormat.N_QUADS)


def _statement(quad: Quad) -> str:
    # Written anew from the parsed terms: no text of a record reaches the update unescaped.
    return f"{quad.subject} {quad.predicate} {quad.object} .\n"


def _noting(predicate: NamedNode, value: Literal) -> str:
    """Two operations that leave exactly one value of the note."""
    note = f"{PROJECTION} {predicate}"
    return (
        f"DELETE WHERE {{ GRAPH {PROJECTION} {{ {note} ?old }} }} ;\n"
        f"INSERT DATA {{ GRAPH {PROJECTION} {{ {note} {value} }} }}"
    )
