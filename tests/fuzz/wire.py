"""Requests as bytes on a connection of their own, and what comes back; nothing is made nicer."""

from __future__ import annotations

import contextlib
import random
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from tests.fuzz import service
from tests.fuzz.mutation import Mutator

SECONDS = 15.0
_PATIENCE = 1.0
_MOST = 64 * 1024
_STATUS = re.compile(rb"HTTP/1\.[01] ([0-9]{3}) ")
_PROBLEM = re.compile(rb"/problem/([a-z-]+)")
_METHODS = (
    *("GET", "GET", "GET", "HEAD", "POST", "POST", "QUERY", "OPTIONS", "PUT", "DELETE", "PATCH"),
    *("TRACE", "CONNECT", "get", "BREW", "A" * 300, "G\u00c9T"),
)
_BODIES = (
    b"ASK {}",
    b"query=ASK%20%7B%7D&format=csv",
    b"SELECT * { ?s ?p ?o } LIMIT 5",
    b"CONSTRUCT WHERE { ?s ?p ?o } LIMIT 5",
    "query=ASK { ?s ?p '长治' }".encode(),
    b"update=CLEAR+ALL",
    b"",
)
_TYPES = ("application/sparql-query", "application/x-www-form-urlencoded", "text/plain", "\u00e9")
_POST = b"POST /sparql HTTP/1.1\r\nHost: a\r\nContent-Type: application/sparql-query\r\n"
_CLOSE = b"Connection: close\r\n\r\n"
_WHOLE = (
    b"GET /ns HTTP/1.1\r\nHost: a\r\nAccept: text/turtle\r\n" + _CLOSE,
    _POST + b"Content-Length: 6\r\n" + _CLOSE + b"ASK {}",
    _POST + b"Transfer-Encoding: chunked\r\n" + _CLOSE + b"3\r\nASK\r\n3\r\n {}\r\n0\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nGET /ns HTTP/1.1\r\nHost: a\r\n" + _CLOSE,
)
_MARKS = (
    *b"""
    GET HTTP/1.1 HTTP/1.0 HTTP/2.0 HTTP/9.9 Host: chunked Content-Length: Transfer-Encoding: Expect:
    Upgrade: Range: Trailer: ffffffffffffffff 0x6 -1 : ; , // http://a/ * ?
    """.split(),
    *(
        b"\r\n",
        b"\r\n\r\n",
        b"\n\n",
        b"\r",
        b"\x00",
        b"100-continue",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ),
    *(b"\x16\x03\x01\x02\x00\x01\x00", b"Transfer-Encoding: chunked\r\n", b"X: " + b"a" * 2_000),
)


@dataclass(frozen=True)
class Told:
    """What came back: no status where the connection was closed without one."""

    status: int | None
    problem: str
    hung: bool = False


def framed(count: int, record: str) -> Iterator[bytes]:
    """Yield well-framed requests whose method, address, headers and body are hostile."""
    paths = [path.encode() for path in (*service.ADDRESSES, record)]
    corpus = [path + b"\n" + wish for path in paths for wish in service.WISHES[:3]]
    chance = random.Random("framed")
    for data in islice(Mutator("wire", corpus, service.DICTIONARY), count):
        line, *headers = data.split(b"\n")
        method = chance.choice(_METHODS)
        body = chance.choice(_BODIES) if method in {"POST", "QUERY", "PUT"} else b""
        yield b"\r\n".join(
            [
                b"%b %b HTTP/1.1" % (method.encode(), line.replace(b" ", b"%20") or b"/"),
                b"Host: a.example",
                *(
                    header
                    for header in headers
                    if not header.lower().startswith((b"content", b"host"))
                ),
                b"Content-Type: " + chance.choice(_TYPES).encode("latin-1"),
                b"Content-Length: %d" % len(body),
                b"Connection: close",
                b"",
                body,
            ]
        )


def malformed(count: int) -> Iterator[bytes]:
    """Yield what is hardly HTTP."""
    return islice(Mutator("malformed", _WHOLE, _MARKS), count)


def told(port: int, request: bytes) -> Told:
    """Send a request and read to the end of the answer, or to that of patience."""
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as line:
        with contextlib.suppress(OSError):  # refused before all was sent: the answer says why
            line.sendall(request)
        answer = _read(line, _PATIENCE)
        if answer is None:
            # What waits for more must see the end; what is at work must end by itself.
            line.shutdown(socket.SHUT_WR)
            answer = _read(line, SECONDS)
    if answer is None:
        return Told(None, "", hung=True)
    status, problem = _STATUS.match(answer), _PROBLEM.search(answer)
    return Told(int(status[1]) if status else None, problem[1].decode() if problem else "")


def _read(line: socket.socket, seconds: float) -> bytes | None:
    """Return what comes until the connection ends; None where nothing ends it."""
    line.settimeout(seconds)
    answer = b""
    try:
        while block := line.recv(_MOST):
            answer = (answer + block)[:_MOST]
    except TimeoutError:
        return answer or None
    except OSError:
        return answer
    return answer
