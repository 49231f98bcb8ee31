"""The whole service in this process: one input is a method, an address and headers.

An input's first line is the address, each further line `Name: value`; its length chooses the
method, so that every route meets all of them.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from urllib.parse import unquote_to_bytes
from wsgiref.types import WSGIApplication

from tests.fuzz.target import Target

METHODS = ("GET", "GET", "GET", "HEAD", "OPTIONS", "POST", "QUERY", "PUT", "TRACE", "GÉT")
CODE = "91140400QQQQ00013E"
ADDRESSES = (
    *("/", "/status", "/robots.txt", "/healthz", "/readyz", "/datasets", "/dataset/penalty", "/ns"),
    *("/ns/AdministrativePenalty", "/code/penalty-type", "/catalog", "/catalog.ttl"),
    *("/context/v1.jsonld", "/shapes/penalty.ttl", "/schema/penalty.json", "/static/icon.svg"),
    *("/template/penalty.xlsx", f"/subject/{CODE}", f"/subject/{CODE.lower()}.ttl"),
    *(f"/record?id={CODE}&lang=en", "/record?id=a", "/record/aaaaaaaaaaaaaaaaaaaaaaaaaa.nq"),
    *("/feed/all", "/feed/penalty.jsonld", "/feed/penalty/p/1.nq", "/feed/penalty/i/1"),
    *("/search", "/search?q=%E6%96%87%E5%8C%96&page=2", "/search?q=QQQQ&kind=penalty&lang=en"),
    *("/lists", "/list/judgment-debtor", "/list/tax?from=2024-01-01.7"),
    *("/dump/penalty/latest.csv", "/dump/penalty/latest.nq.gz?header=en"),
    *("/dump/penalty/latest/SHA256SUMS", "/dump/penalty/latest/manifest.json"),
    *("/dump/penalty/latest/parts/penalty-0000.ttl", "/code/penalty-type/1"),
    "/dump/penalty/20240101T000000000Z-0123456789/penalty.jsonld",
    *("/sparql", "/sparql?query=ASK%20%7B%7D", "/sparql?query=ASK%20%7B%7D&format=json&lang=en"),
    "/sparql?query=SELECT%20*%20%7B%20%3Fs%20%3Fp%20%3Fo%20%7D%20LIMIT%203&default-graph-uri=urn:a",
    "/sparql?query=CONSTRUCT%20%7B%3Fs%20%3Fp%20%3Fo%7D%20%7B%3Fs%20%3Fp%20%3Fo%7D%20LIMIT%202",
)
WISHES = (
    b"Accept: text/html,application/xhtml+xml,*/*;q=0.8",
    b"Accept: text/turtle;q=0.5, application/ld+json",
    b"Range: bytes=5-9, -3\nIf-Range: Thu, 01 Jan 1970 00:00:00 GMT",
    b'If-None-Match: W/"a", "b"\nAccept-Encoding: gzip;q=0.3, identity;q=0',
    b"Content-Type: application/sparql-query\nContent-Length: 4",
    b"Content-Type: application/x-www-form-urlencoded\nHost: a.example:99999",
)
DICTIONARY = (
    *b"""
    /search /list/ /lists /dump/ latest parts/ .csv .gz ?q= kind= page= from= header= bytes=0-
    / // /record/ /subject/ /feed/ /dataset/ /ns/ /code/ /p/ ? & = lang=en query=
    %0d%0aX:%20y %00 %2F %C3%28 .. + .ttl .json ?id= # format= default-graph-uri= text/html
    text/turtle */* ;q= q=nan http://[ @ FROM%20%3Chttp://[%3E
    %3C%3C(%3Ca:a%3E%3Ca:b%3E1)%3E%3E .%0aX %E2%80%AE %ED%A0%80
    """.split(),
    *(b"\nRange: bytes=", b"\nIf-Range: "),
    *(b"\nAccept: ", b"\nHost: ", b"\nIf-None-Match: *"),
)
_HEADER = (
    *("Accept", "Accept-Encoding", "If-None-Match", "If-Range", "Range", "Host"),
    *("Content-Type", "Content-Length"),
)


def targets(app: WSGIApplication, record: str) -> Iterator[Target]:
    """Yield the one target: the service, of which `record` is a path that exists."""
    paths = [path.encode() for path in (*ADDRESSES, record, f"{record}.ttl")]
    wished = [path + b"\n" + wish for path in paths[::3] for wish in WISHES]
    yield Target("service", 6_000, [*paths, *wished], DICTIONARY, _asked(app))


def _asked(app: WSGIApplication) -> Callable[[bytes], bool]:
    def run(data: bytes) -> bool:
        answered: list[tuple[str, list[tuple[str, str]]]] = []

        def start(status: str, headers: list[tuple[str, str]], *_: object) -> Callable[..., None]:
            answered.append((status, headers))
            return lambda _: None

        parts = app(environ(data), start)
        try:
            body = b"".join(parts)
        finally:
            getattr(parts, "close", lambda: None)()  # as servers do (PEP 3333)
        (status, headers) = answered[-1]
        code = int(status.split(" ")[0])
        stopped = b"/problem/timeout" in body or b"/problem/overloaded" in body
        assert code < 500 or stopped or data.startswith(b"/readyz"), status
        for name, value in headers:
            assert (name + value).isprintable(), (name, value)
            (name + value).encode("latin-1")
        return code < 400

    return run


def environ(data: bytes) -> dict[str, object]:
    """Return the request as the server hands it on: bytes as latin-1 (PEP 3333)."""
    line, *more = data.split(b"\n")
    path, _, query = line.partition(b"?")
    made: dict[str, object] = {
        "REQUEST_METHOD": METHODS[len(data) % len(METHODS)],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query.decode("latin-1"),
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8080",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(data),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for header in more:
        name, _, value = header.partition(b":")
        known = next((item for item in _HEADER if item.encode() == name), None)
        if known:
            key = known.upper().replace("-", "_")
            key = key if key.startswith("CONTENT") else f"HTTP_{key}"
            made[key] = value.strip().decode("latin-1")
    return made
