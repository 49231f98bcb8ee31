"""One query worker: `python -m publisher.stores.worker_main GENERATION_DIR MEMORY_BYTES BYTE_FD`.

Purpose: run strangers' queries where a crash, a runaway or an exploit costs one process that has
no socket, no writable file and one read-only generation. The pool (`query_pool.py`) starts, feeds
and kills it. Query, serialise and drop happen in one call on the main thread: result objects may
not cross threads.
Protocol, on stdin and stdout, lengths in network order: request = u32 length, JSON
{query, base, dataset, media, max_bytes, seconds}; a shared byte set to 1 says that it was read;
reply = u32 header length, u32 body length, JSON header
{status, ...}, body. The first reply ({status: "ready"}) comes unasked. End of input ends it.
Errors: every failure of a query is a reply; only a broken pipe or a fatal one ends the process.
Source: docs/decisions/0004-socket-filter.md; notes on pyoxigraph 0.5.13 therein.
"""

from __future__ import annotations

import contextlib
import io
import json
import mmap
import os
import re
import signal
import struct
import sys
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, BinaryIO, Final, TypeVar

from pyoxigraph import (
    BlankNode,
    DefaultGraph,
    NamedNode,
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    QueryTriples,
    RdfFormat,
    Store,
)

from publisher.stores import worker_sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from _typeshed import ReadableBuffer

READY: Final = "ready"
OK: Final = "ok"
SYNTAX: Final = "syntax"
TOO_LARGE: Final = "too-large"
MEMORY: Final = "memory"
UNREADABLE: Final = "unreadable"
# How the engine begins to speak of files that are gone or were altered.
_FILES: Final = ("Corruption", "IO error")
FAILED: Final = "failed"

_LENGTH: Final = struct.Struct("!I")
PREFIX: Final = struct.Struct("!II")
# As much as a pipe takes at once: a usual reply is one write here and one read there.
_PIPE_BYTES: Final = 1 << 16
# Beyond the pool's own deadline: only for a worker whose pool is gone or hangs.
GRACE_SECONDS: Final = 2.0
_PLACE: Final = re.compile(r"error at (\d+):(\d+): (.*)", re.DOTALL)
_MESSAGE_CHARACTERS: Final = 300
# Graphs with notes of the store about itself.
_OWN: Final = "urn:credence:"
F = TypeVar("F")
Reply = tuple[dict[str, Any], bytes]


class AnswerTooLargeError(Exception):
    """The serialised answer passed its cap."""


class CappedBuffer(io.BytesIO):
    """Collects written bytes and raises as soon as they are more than the cap."""

    def __init__(self, cap: int) -> None:
        super().__init__()
        self._cap = cap

    def write(self, data: ReadableBuffer, /) -> int:
        """Take one block; AnswerTooLargeError when the sum passes the cap."""
        block = memoryview(data)
        if self.tell() + block.nbytes > self._cap:
            raise AnswerTooLargeError
        return super().write(block)


def answer(  # noqa: PLR0913 - the parts of one request
    store: Store,
    query: str,
    media: str,
    max_bytes: int,
    *,
    dataset: tuple[list[str], list[str]] | None = None,
    base: str = "",
) -> Reply:
    """Run one query; return its serialised result, or the error.

    `base` resolves relative IRIs. `dataset` names the graphs merged into the default graph and
    those seen by name; without it the query sees the store's default graph, where the data
    stand, and nothing else. The engine always gets both lists: else a FROM clause would reach
    the graph with the store's position.
    """
    default: list[NamedNode | BlankNode | DefaultGraph] = [DefaultGraph()]
    named: list[NamedNode | BlankNode] = []
    if dataset is not None:
        default, named = [*_public(dataset[0])], [*_public(dataset[1])]
    try:
        found = store.query(query, base_iri=base or None, default_graph=default, named_graphs=named)
        return {"status": OK}, _serialised(found, media, max_bytes)
    except AnswerTooLargeError:
        return {"status": TOO_LARGE}, b""
    except MemoryError:
        return {"status": MEMORY}, b""
    except SyntaxError as problem:
        return _syntax(problem), b""
    except (OSError, RuntimeError, ValueError, TypeError) as problem:
        message = str(problem)
        status = UNREADABLE if message.startswith(_FILES) else FAILED
        return {"status": status, "message": _short(message)}, b""


def _public(graphs: list[str]) -> Iterator[NamedNode]:
    """Yield the graphs that a reader may name; an unknown one is empty, not an error."""
    for name in graphs:
        if not name.startswith(_OWN):
            with contextlib.suppress(ValueError):  # no IRI, so no graph has this name
                yield NamedNode(name)


def _serialised(
    found: QuerySolutions | QueryBoolean | QueryTriples, media: str, max_bytes: int
) -> bytes:
    buffer = CappedBuffer(max_bytes)
    if isinstance(found, QuerySolutions | QueryBoolean):
        found.serialize(output=buffer, format=_format(QueryResultsFormat.from_media_type, media))
    else:
        found.serialize(output=buffer, format=_format(RdfFormat.from_media_type, media))
    return buffer.getvalue()


def _format(lookup: Callable[[str], F | None], media: str) -> F:
    found = lookup(media)
    if found is None:
        raise ValueError(f"{media} cannot hold this result.")
    return found


def _syntax(problem: SyntaxError) -> dict[str, Any]:
    """Line and column stand only in the message of this engine."""
    found = _PLACE.match(str(problem))
    if found is None:
        return {"status": SYNTAX, "line": 1, "column": 1, "message": _short(str(problem))}
    return {
        "status": SYNTAX,
        "line": int(found[1]),
        "column": int(found[2]),
        "message": _short(found[3]),
    }


def _short(message: str) -> str:
    line = " ".join(message.split())
    return line if len(line) <= _MESSAGE_CHARACTERS else line[:_MESSAGE_CHARACTERS] + " ..."


def serve(store: Store, source: BinaryIO, target: BinaryIO, begun: mmap.mmap) -> None:
    """Answer requests until the input ends."""
    while len(prefix := source.read(_LENGTH.size)) == _LENGTH.size:
        request = json.loads(source.read(*_LENGTH.unpack(prefix)))
        # Whoever dies before this has not run the query, and another worker may.
        begun[0] = 1
        # Untouched SIGALRM ends the process, also deep in native code, when nobody else does.
        signal.setitimer(signal.ITIMER_REAL, request["seconds"] + GRACE_SECONDS)
        asked = (request["query"], request["media"], request["max_bytes"])
        header, body = answer(store, *asked, dataset=request["dataset"], base=request["base"])
        signal.setitimer(signal.ITIMER_REAL, 0)
        send(target, header, body)


def send(target: BinaryIO, header: dict[str, Any], body: bytes = b"") -> None:
    """Write one reply and flush it."""
    head = json.dumps(header).encode()
    target.write(PREFIX.pack(len(head), len(body)) + head)
    target.write(body)
    target.flush()


def main(arguments: list[str]) -> int:
    """Enter the sandbox, open the generation, serve."""
    directory, memory_bytes, shared = arguments
    begun = mmap.mmap(int(shared), 1)
    os.close(int(shared))
    source = os.fdopen(os.dup(0), "rb")
    target = os.fdopen(os.dup(1), "wb", _PIPE_BYTES)
    # A stray print of any library must not land between two replies.
    os.dup2(2, 1)
    isolation = worker_sandbox.enter(int(memory_bytes))
    try:
        store = Store.read_only(directory)
    except (OSError, RuntimeError) as problem:
        send(target, {"status": FAILED, "message": _short(str(problem))})
        return 1
    capped = worker_sandbox.cap_growth(int(memory_bytes)) and isolation.memory_capped
    isolation = replace(isolation, memory_capped=capped)
    send(target, {"status": READY, "isolation": asdict(isolation)})
    serve(store, source, target, begun)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
