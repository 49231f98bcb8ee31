"""Parsers of the read side: queries, requests, wishes of readers, foreign feeds, settings."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

from exchange.ldes.document_reader import RemoteContextRefused, read
from exchange.ldes.document_source import Document
from publisher import settings
from publisher.stores.guard_cache import CachedGuard
from publisher.stores.query_guard import check
from publisher.verify import Folder, Limits, roots_in, verify_feed
from publisher.web.endpoints import feed
from publisher.web.endpoints.sparql_request import FORM, QUERY
from publisher.web.endpoints.sparql_request import read as read_request
from publisher.web.http import replies
from publisher.web.http.request_body import BodyReader
from tests.fuzz.target import Target
from tests.fuzz.writing_side import refusing
from tests.unit.publisher.stores.test_query_guard import NOT_A_SERVICE, ORDINARY, SERVICES, UPDATES
from tests.unit.publisher.verify.spoiled import Site, sound

BASE = "http://feed.example"
_SPARQL = (
    *b"""
    SELECT SERVICE FROM BASE PREFIX UNION { } ( ) [ < > <<( )>> <http://[ <urn:x> ?a _:b '''
    # ^ ! || / * , ;
    """.split(),
    *(b"SERVICE SILENT", b"FROM NAMED", b'"""', b"\\u0041", b"\\U0011FFFF", b"\n"),
)
_TURTLE = (
    *b"""
    < > <<( )>> [ ] ( ) { } . ; _:b @prefix <http://[ <B/feed/a> "0001-01-01T00:00:00" "--5"
    "2026"^^ tree: tree:relation tree:node tree:member ldes: sh:minCount @en
    """.split(),
    *(b"<a b>", b'"\xd9\xa3"'),
)
_JSONLD = (
    *b"""
    { } [ ] : , " "@context" "@id" "@type" "@graph" "@import" "http://[" null @vocab
    "@container":"@list" 1e999 "@base"
    """.split(),
)
_WISHES = (
    *b"""
    text/html text/turtle */* * ;q= q=0 q=nan q=-1 q=1e400 , W/ " "*" gzip identity;q=0 = /
    ; bytes=0- charset=utf-16
    """.split(),
)
_TOML = (
    *b"""
    base_url query_timeout = " ''' [ ] [[ { } inf true "http://[" "http://a:99999"
    1979-05-27 0x7fffffff
    """.split(),
    *(b'"http://a b/"', b"\\u0000"),
)


_BODIES = BodyReader()
_LIMITS = Limits(documents=50, document_bytes=64 * 1024)


def targets(folder: Path) -> Iterator[Target]:
    """Yield the targets that need no deployment; `folder` takes the files they need."""
    queries = [query.encode() for query in (*NOT_A_SERVICE, *SERVICES, *UPDATES)]
    queries += [query.encode() for _, query in ORDINARY]
    yield Target("guard", 12_000, queries, _SPARQL, refusing(lambda data: check(data, BASE)))
    yield Target("guard-shapes", 4_000, queries, _SPARQL, refusing(_shapes(CachedGuard(BASE))))
    forms = [b"query=" + quote(query).encode() + b"&format=csv" for query in queries[:20]]
    named = b"&default-graph-uri=urn:a&named-graph-uri=http://a/b"
    parameters = (b"&", b"=", b"%", b"query=", b"update=", b"format=", *named.split(b"&"))
    requests = [*forms, forms[0] + named, *queries[:5]]
    yield Target("sparql-request", 8_000, requests, parameters, refusing(_request))
    accepts = [b"text/html,application/xml;q=0.9,*/*;q=0.8", b'W/"a", "b"', b"gzip;q=0.5, *;q=0"]
    yield Target("wishes", 5_000, accepts, _WISHES, refusing(_wishes))
    site = sound()
    pages = [site.body(path, BASE) for path in site.texts]
    yield Target("feed-walk", 4_000, pages, _TURTLE, _walk(site, pages))
    packed = [gzip.compress(page, 1, mtime=0) for page in pages]
    yield Target("feed-folder", 2_000, packed, (b"\x1f\x8b\x08",), refusing(_tree(folder / "tree")))
    toml = [b'base_url = "https://a.example"\nquery_timeout = 3.5\nquery_workers = 2\n']
    yield Target("settings", 2_500, toml, _TOML, refusing(_settings(folder)))
    environ = [b"BASE_URL=https://a.example/b\nQUERY_MEMORY=5", b"STORE=http://h/q\nLEDGER=sqlite:"]
    yield Target("environment", 2_500, environ, _TOML, refusing(_environment(folder)))


def published(tree: Path) -> Iterator[Target]:
    """Yield the targets that read a published feed in its three forms."""
    for form, dictionary in (("trig", _TURTLE), ("jsonld", _JSONLD), ("nq", _TURTLE)):
        files = [*tree.glob(f"feed/*.{form}.gz"), *tree.glob(f"feed/*/p/1.{form}.gz")]
        corpus = [gzip.decompress(path.read_bytes())[:8_000] for path in sorted(files)]
        yield Target(f"feed-{form}", 2_000, corpus, dictionary, _document(form))


def _shapes(passed: CachedGuard) -> Callable[[bytes], None]:
    """Hold the verdict by shape to that of the guard itself."""

    def take(data: bytes) -> None:
        text = data.decode("utf-8", "replace")
        try:
            found = passed.check(text)
        finally:
            alone = check(text, BASE)  # refuses whatever was refused; or the test fails below
        assert found == alone

    return take


def _request(data: bytes) -> None:
    """Read it as an address, a form or a query of its own; now and then as the headers too."""
    text = data.decode("latin-1")
    method, media = (("GET", ""), ("POST", FORM), ("QUERY", QUERY), ("POST", text[:40]))[
        len(data) % 4
    ]
    environ = {
        "REQUEST_METHOD": method,
        "QUERY_STRING": text if method == "GET" else "",
        "CONTENT_TYPE": media,
        "CONTENT_LENGTH": str(len(data)) if media in {FORM, QUERY} else text[:6_000],
        "wsgi.input": io.BytesIO(data),
    }
    read_request(environ, _BODIES)


def _wishes(data: bytes) -> None:
    text = data.decode("latin-1")
    environ = {
        "REQUEST_METHOD": "GET",
        "HTTP_ACCEPT": text,
        "HTTP_ACCEPT_ENCODING": text,
        "HTTP_IF_NONE_MATCH": text,
        "QUERY_STRING": text,
    }
    assert replies.choose(text, (replies.JSONLD, replies.HTML)) in {
        replies.JSONLD,
        replies.HTML,
        None,
    }
    assert replies.language(environ) in {"zh", "en"}
    replies.likes_pages(environ)
    replies.wants_json(environ)
    assert replies.Reply(b"a").tagged(environ).status in {200, 304}
    assert feed._encoded(environ, gzip.compress(b"a"), replies.TRIG).status == 200
    feed._wished(text)


def _document(form: str) -> Callable[[bytes], bool]:
    def run(data: bytes) -> bool:
        try:
            read(data, form, f"{BASE}/feed/a")
        except (RemoteContextRefused, ValueError, SyntaxError):
            return False
        return True

    return run


def _walk(site: Site, pages: Sequence[bytes]) -> Callable[[bytes], bool]:
    """Check a feed of which one document is the input: the one most like it in length."""
    documents = dict(zip(site.texts, pages, strict=True))

    class Served:
        form = "trig"

        def __init__(self, data: bytes) -> None:
            near = min(documents, key=lambda path: abs(len(documents[path]) - len(data)))
            self._documents = {**documents, near: data}

        def get(self, url: str) -> Document:
            path = url.removeprefix(BASE)
            body = self._documents.get(path)
            headers = {name.lower(): value for name, value in site.headers.get(path, {}).items()}
            return Document(url, 404 if body is None else 200, "trig", body or b"", headers)

    def run(data: bytes) -> bool:
        report = verify_feed(Served(data), f"{BASE}/feed/a", _LIMITS)
        for finding in report.findings:
            assert finding.text("zh")
        return report.valid

    return run


def _tree(folder: Path) -> Callable[[bytes], bool]:
    (folder / "feed").mkdir(parents=True)

    def take(data: bytes) -> bool:
        (folder / "feed" / "a.trig.gz").write_bytes(data)
        for path, form in roots_in(folder):
            base = Folder.base_of(folder, path, form, _LIMITS)
            report = verify_feed(Folder(folder, base, form, _LIMITS), base + path, _LIMITS)
        name = data[:5_000].decode("utf-8", "surrogateescape")
        assert Folder(folder, "", "trig", _LIMITS).get(name).status in {200, 404}
        return "unreadable" not in report.counts and "link" not in report.counts

    return take


def _settings(folder: Path) -> Callable[[bytes], None]:
    def take(data: bytes) -> None:
        (folder / settings.FILE).write_bytes(data)
        _sound(settings.load(folder, {}))

    return take


def _environment(folder: Path) -> Callable[[bytes], None]:
    (folder / "empty").mkdir()

    def take(data: bytes) -> None:
        # The system hands on what is no UTF-8 as lone surrogates (PEP 383), and never a NUL.
        lines = data.replace(b"\0", b"").decode("utf-8", "surrogateescape").split("\n")
        pairs = (line.partition("=") for line in lines)
        given = {settings.PREFIX + name: value for name, _, value in pairs}
        _sound(settings.load(folder / "empty", given))

    return take


def _sound(found: settings.Settings) -> None:
    """Hold settings to what their readers do with them."""
    for value in (found.base_url, found.government_url, found.deployment_name, found.did):
        assert value.isprintable()
        value.encode()
    assert " " not in found.base_url + found.did + found.log_origin
