"""Spike: does the sandbox keep SERVICE and LOAD from reaching the network, in every spelling?

Purpose: run each spelling against the engine itself, without the guard, first in a plain child
process (the positive control: connections must be seen) and then in a child that entered the
sandbox (none may be seen). Prints one JSON document; exit code 1 when the expectation fails.
The guard's verdict on each query is listed beside it.

Run: python benchmarks/spikes/socket_filter.py
"""

import argparse
import json
import multiprocessing
import socket
import sys
import threading
from collections.abc import Iterator
from typing import Any

from pyoxigraph import Store

from exchange.domain.errors import QueryRefused
from publisher.stores import worker_sandbox
from publisher.stores.query_guard import check

MEMORY = 512 * 1024 * 1024
SECONDS_EACH = 10.0

# U stands for the listener's address; ?s ?p ?o matches one triple, so joins are reached.
QUERIES = {
    "plain": "SELECT * { SERVICE <U> { ?s ?p ?o } }",
    "silent": "SELECT * { SERVICE SILENT <U> { ?s ?p ?o } }",
    "mixed case": "SELECT * { sErViCe <U> { ?s ?p ?o } }",
    "mixed case silent": "SELECT * { Service sIlEnT <U> { ?s ?p ?o } }",
    "no blanks": "SELECT*{SERVICE<U>{?s?p?o}}",
    "silent, no blanks": "SELECT*{SERVICESILENT<U>{?s?p?o}}",
    "comment between": "SELECT * { SERVICE # <urn:x>\n <U> { ?s ?p ?o } }",
    "comments and silent": "SELECT * { SERVICE#\n#\nSILENT#\n<U>#\n{ ?s ?p ?o } }",
    "tabs and returns": "SELECT * {\tSERVICE\r\n<U>\t{ ?s ?p ?o } }",
    "escape in the IRI": "SELECT * { SERVICE <E> { ?s ?p ?o } }",
    "prefixed name": "PREFIX e: <U> SELECT * { SERVICE e:x { ?s ?p ?o } }",
    "prefixed name with escape": r"PREFIX e: <U> SELECT * { SERVICE e:x\-y { ?s ?p ?o } }",
    "prefixed name with percent": "PREFIX e: <U> SELECT * { SERVICE e:%41 { ?s ?p ?o } }",
    "escape in the prefix": "PREFIX e: <E> SELECT * { SERVICE e: { ?s ?p ?o } }",
    "relative to a base": "BASE <U> SELECT * { SERVICE <x> { ?s ?p ?o } }",
    "keyword glued to an empty prefix": "PREFIX : <U> SELECT * { SERVICE:x { ?s ?p ?o } }",
    "same, with the prefix declared": (
        "PREFIX : <U> PREFIX SERVICE: <urn:x> SELECT * { SERVICE:x { ?s ?p ?o } }"
    ),
    "keyword glued to a prefix": "PREFIX e: <U> SELECT * { SERVICEe:x { ?s ?p ?o } }",
    "silent glued to a prefix": "PREFIX e: <U> SELECT * { SERVICESILENTe:x { ?s ?p ?o } }",
    "glued to a number": "SELECT * { ?s ?p 1SERVICE <U> { ?s ?p ?o } }",
    "glued to a boolean": "SELECT * { <urn:b> ?p trueSERVICE <U> { ?s ?p ?o } }",
    "variable bound by VALUES": "SELECT * { VALUES ?g { <U> } SERVICE ?g { ?s ?p ?o } }",
    "variable bound by BIND": "SELECT * { BIND(<U> AS ?g) SERVICE ?g { ?s ?p ?o } }",
    "variable bound by IRI()": 'SELECT * { BIND(IRI("U") AS ?g) SERVICE SILENT ?g { ?s ?p ?o } }',
    "dollar variable": "SELECT * { VALUES $g { <U> } SERVICE$g{ ?s ?p ?o } }",
    "in OPTIONAL": "SELECT * { ?s ?p ?o OPTIONAL { SERVICE <U> { ?s ?p ?o } } }",
    "in MINUS": "SELECT * { ?s ?p ?o MINUS { SERVICE <U> { ?s ?p ?o } } }",
    "in UNION": "SELECT * { { ?s ?p ?o } UNION { SERVICE <U> { ?s ?p ?o } } }",
    "in GRAPH": "SELECT * { GRAPH <urn:g> { SERVICE <U> { ?s ?p ?o } } }",
    "in a subselect": "SELECT * { { SELECT * { SERVICE <U> { ?s ?p ?o } } } }",
    "in EXISTS": "SELECT * { ?s ?p ?o FILTER EXISTS { SERVICE <U> { ?s ?p ?o } } }",
    "in NOT EXISTS": "SELECT * { ?s ?p ?o FILTER NOT EXISTS { SERVICE <U> { ?s ?p ?o } } }",
    "in BIND EXISTS": "SELECT * { ?s ?p ?o BIND(EXISTS{SERVICE <U> {?s ?p ?o}} AS ?e) }",
    "in LATERAL": "SELECT * { ?s ?p ?o LATERAL { SERVICE <U> { ?s ?p ?o } } }",
    "nested": "SELECT * { SERVICE SILENT <U> { SERVICE <U> { ?s ?p ?o } } }",
    "in ASK": "ASK { SERVICE <U> { ?s ?p ?o } }",
    "in CONSTRUCT": "CONSTRUCT { ?s ?p ?o } WHERE { SERVICE <U> { ?s ?p ?o } }",
    "in DESCRIBE": "DESCRIBE ?s WHERE { SERVICE <U> { ?s ?p ?o } }",
    "after a less-than that looks like an IRI": (
        "PREFIX : <U> SELECT * { BIND(1 AS ?a) BIND(2 AS ?b) "
        "FILTER(?a<?b)SERVICE:x#>\n{ ?s ?p ?o } }"
    ),
    "after a string hidden by a less-than": (
        "SELECT * { BIND('a' AS ?a) BIND('x' AS ?b) "
        "FILTER(?a<'>'||1)SERVICE<U>{ ?s ?p ?o }FILTER(?b='x') }"
    ),
    "after a long string with a bad escape": (
        'SELECT * { VALUES ?v { """ x" } SERVICE <U> { ?s ?p ?o } } # \\q """'
    ),
    "between escapes inside comments": (
        "SELECT * { # \\u000A '''\n SERVICE <U> { ?s ?p ?o } # \\u000A '''\n }"
    ),
}
UPDATES = {
    "load": "LOAD <U>",
    "load silent": "LOAD SILENT <U>",
    "load mixed case": "lOaD <U>",
    "load into a graph": "LOAD <U> INTO GRAPH <urn:g>",
    "load with comment": "LOAD#\n<U>",
    "load with escape": "LOAD <E>",
    "load by prefixed name": "PREFIX e: <U> LOAD SILENT e:x",
    "service in an update": "INSERT { ?s ?p ?o } WHERE { SERVICE <U> { ?s ?p ?o } }",
    "service in a delete": "DELETE { ?s ?p ?o } WHERE { SERVICE SILENT <U> { ?s ?p ?o } }",
}
CHANNEL = Any


class Listener:
    """A loopback HTTP listener that answers 500 and counts connections."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._socket.getsockname()[1]}/"
        self.seen = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            connection, _ = self._socket.accept()
            self.seen += 1
            with connection:
                connection.recv(65536)
                connection.sendall(
                    b"HTTP/1.1 500 no\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                )


def engine(channel: CHANNEL, *, isolated: bool) -> None:
    """Child process: run each text it is sent on the unguarded engine, report how it ended."""
    report = worker_sandbox.enter(MEMORY) if isolated else None
    channel.send(report.sockets_refused if report else None)
    store = Store()
    store.update("INSERT DATA { <urn:s> <urn:p> 1 . GRAPH <urn:g> { <urn:s> <urn:p> 1 } }")
    while True:
        kind, text = channel.recv()
        try:
            if kind == "update":
                store.update(text)
                channel.send("done")
            else:
                found = store.query(text)
                channel.send(f"{len(list(found))} rows" if isinstance(found, Iterator) else "done")
        except (OSError, RuntimeError, SyntaxError, ValueError) as problem:
            channel.send(f"{type(problem).__name__}: {str(problem)[:60]}")


def cases(address: str) -> Iterator[tuple[str, str, str]]:
    """Yield (kind, name, text) of every spelling, with the listener's address filled in."""
    escaped = address.replace("h", r"\u0068", 1).replace("t", r"\U00000074", 1)
    for kind, table in (("query", QUERIES), ("update", UPDATES)):
        for name, text in table.items():
            yield (
                kind,
                name,
                text.replace("U>", f"{address}>")
                .replace('"U"', f'"{address}"')
                .replace("<E>", f"<{escaped}>"),
            )


def run(*, isolated: bool) -> dict[str, Any]:
    """Run all spellings in one child; count the connections each one caused."""
    listener = Listener()
    here, there = multiprocessing.Pipe()
    context = multiprocessing.get_context("spawn")
    child = context.Process(target=engine, args=(there,), kwargs={"isolated": isolated})
    child.start()
    refused = here.recv()
    found = {}
    for kind, name, text in cases(listener.address):
        before = listener.seen
        here.send((kind, text))
        ended = here.recv() if here.poll(SECONDS_EACH) else "no answer"
        found[f"{kind}: {name}"] = {
            "connections": listener.seen - before,
            "ended": ended,
            "guard": verdict(text),
        }
    child.kill()
    child.join()
    return {"sockets_refused": refused, "connections": listener.seen, "cases": found}


def verdict(text: str) -> str:
    """What the guard, which stands before the engine in production, says."""
    try:
        check(text)
    except QueryRefused as refusal:
        return type(refusal).__name__
    return "PASSED"


def main() -> int:
    """Control without sandbox, then the same within; compare."""
    argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0]).parse_args()
    control, isolated = run(isolated=False), run(isolated=True)
    silent = [n for n, case in control["cases"].items() if not case["connections"]]
    passed = [n for n, case in control["cases"].items() if case["guard"] == "PASSED"]
    print(
        json.dumps(
            {
                "spellings": len(control["cases"]),
                "connections_without_sandbox": control["connections"],
                "spellings_that_reached_the_listener": len(control["cases"]) - len(silent),
                "spellings_that_did_not": {n: control["cases"][n]["ended"] for n in silent},
                "connections_within_sandbox": isolated["connections"],
                "sandbox_says_sockets_refused": isolated["sockets_refused"],
                "let_through_by_the_guard": passed,
                "cases": control["cases"],
            },
            indent=1,
        )
    )
    return 0 if control["connections"] and not isolated["connections"] and not passed else 1


if __name__ == "__main__":
    sys.exit(main())
