"""A small sound feed to be spoiled, and a server for it; both as plain as can be."""

from __future__ import annotations

from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pyoxigraph as ox

PREFIXES = """@prefix as: <https://www.w3.org/ns/activitystreams#> .
@prefix cr: <https://w3id.org/credence/ns#> .
@prefix ldes: <https://w3id.org/ldes#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix tree: <https://w3id.org/tree#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
ROOT = """<B/feed/a#stream> a ldes:EventStream ; tree:view <B/feed/a> ;
  ldes:timestampPath as:published ; ldes:sequencePath cr:seq ; ldes:versionOfPath as:object ;
  ldes:versionCreateObject as:Create ; ldes:versionUpdateObject as:Update ;
  ldes:versionDeleteObject as:Delete ; ldes:pollingInterval 60 ; tree:shape <B/feed/a#shape> .
<B/feed/a#shape> a sh:NodeShape ;
  sh:property [ sh:path as:object ; sh:minCount 1 ; sh:maxCount 1 ] .
<B/feed/a#retention> a ldes:RetentionPolicy ; ldes:versionAmount 1 .
<B/feed/a> a tree:Node ; ldes:retentionPolicy <B/feed/a#retention> .
"""
GE, LT = "GreaterThanOrEqualTo", "LessThan"


def relation(at: str, to: str, kind: str, second: int) -> str:
    return (
        f"<B/feed/a{at}> tree:relation [ a tree:{kind}Relation ; tree:node <B/feed/a/{to}> ; "
        f'tree:path as:published ; tree:value "2026-01-01T00:00:{second:02}Z"^^xsd:dateTime ] .\n'
    )


def member(seq: int, kind: str, record: str, *, second: int | None = None) -> str:
    time = f"2026-01-01T00:00:{seq if second is None else second:02}.000Z"
    text = "" if kind == "Delete" else f'\n<B/e/{seq}> {{ <B/r/{record}> cr:x "text" }}'
    return (
        f"<B/feed/a#stream> tree:member <B/e/{seq}> .\n<B/e/{seq}> a as:{kind} ; "
        f'as:object <B/r/{record}> ; as:published "{time}"^^xsd:dateTime ; cr:seq {seq} .{text}\n'
    )


@dataclass
class Site:
    """Documents by path, their headers, and what is answered instead of them."""

    texts: dict[str, str] = field(default_factory=dict)
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    form: str = "trig"

    def edit(self, path: str, old: str, new: str) -> None:
        assert old in self.texts[path], "the twin must differ"
        self.texts[path] = self.texts[path].replace(old, new)

    def body(self, path: str, base: str) -> bytes:
        text = self.texts[path]
        if text.startswith("{"):
            return text.replace("B/", base + "/").encode()
        trig = (PREFIXES + text).replace("<B/", f"<{base}/").encode()
        if self.form == "trig":
            return trig
        to = {"nq": ox.RdfFormat.N_QUADS, "jsonld": ox.RdfFormat.JSON_LD}[self.form]
        return ox.serialize(ox.parse(trig, ox.RdfFormat.TRIG), format=to) or b""


CLOSED = {"Cache-Control": "public, max-age=300, immutable"}
OPEN = {"Cache-Control": "public, max-age=0, must-revalidate"}
ALWAYS = {"ETag": '"x"', "Vary": "Accept, Accept-Encoding"}


def sound() -> Site:
    site = Site()
    site.texts["/feed/a"] = (
        ROOT + relation("", "p/2", GE, 3) + relation("", "i/1", GE, 1) + relation("", "i/1", LT, 3)
    )
    site.texts["/feed/a/i/1"] = relation("/i/1", "p/1", GE, 1) + relation("/i/1", "p/1", LT, 3)
    site.texts["/feed/a/p/1"] = (
        "<B/feed/a/p/1> ldes:immutable true .\n"
        + member(1, "Create", "x")
        + member(2, "Create", "y")
    )
    site.texts["/feed/a/p/2"] = member(3, "Update", "y") + member(4, "Delete", "z")
    site.headers = dict.fromkeys(site.texts, ALWAYS | OPEN)
    for path in ("/feed/a/i/1", "/feed/a/p/1"):
        site.headers[path] = ALWAYS | CLOSED
    return site


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        site, path = self.server.site, self.path
        if path in site.moved:
            self.answer(301, b"", {"Location": self.server.base + site.moved[path]})
        elif path in site.statuses or path not in site.texts:
            self.answer(site.statuses.get(path, 404), b"", {})
        else:
            media = {"trig": "application/trig", "nq": "application/n-quads"}
            kind = "application/ld+json" if site.texts[path].startswith("{") else media[site.form]
            body = site.body(path, self.server.base)
            self.answer(200, body, {"Content-Type": kind, **site.headers.get(path, {})})

    def answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    site: Site

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"
