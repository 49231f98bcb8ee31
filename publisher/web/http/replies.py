"""HTTP values the pages and the query service share: replies, media types, languages.

Purpose: a whole answer as one immutable value that is also a WSGI application, and the choice
among media types (RFC 9110 §12) by Accept or by suffix.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs

from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header, parse_etags

from publisher.web.messages.common import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from wsgiref.types import StartResponse, WSGIEnvironment

HTML: Final = "text/html"
PROBLEM: Final = "application/problem+json"
JSON: Final = "application/json"
JSONLD: Final = "application/ld+json"
TURTLE: Final = "text/turtle"
NTRIPLES: Final = "application/n-triples"
NQUADS: Final = "application/n-quads"
TRIG: Final = "application/trig"
RDFXML: Final = "application/rdf+xml"

# `.json` is the JSON-LD record under a name that any program knows.
SUFFIXES: Final = {
    "jsonld": JSONLD,
    "json": JSON,
    "ttl": TURTLE,
    "nt": NTRIPLES,
    "nq": NQUADS,
    "trig": TRIG,
}
_TEXTUAL: Final = frozenset(
    {HTML, TURTLE, TRIG, "text/plain", "text/csv", "text/tab-separated-values"}
)
# Longer Accept headers are read anew each time, so that what is kept stays small.
_KEPT_ACCEPT: Final = 512
_NOT_MODIFIED_KEEPS: Final = frozenset({"etag", "cache-control", "vary", "link", "x-robots-tag"})


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer: status, media type, body, further headers."""

    body: bytes
    media: str = HTML
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()

    def having(self, *headers: tuple[str, str]) -> Reply:
        """Return the reply with further headers."""
        return replace(self, headers=(*self.headers, *headers))

    def tagged(self, environ: WSGIEnvironment) -> Reply:
        """Return it with an ETag of its bytes, or 304 where the reader has them (RFC 9110 §13).

        The tag follows from the body alone, so a rebuild changes no tag; the 410 of a withdrawn
        record never comes this way and so never becomes a 304.
        """
        tag = hashlib.sha256(self.media.encode() + b"\n" + self.body).hexdigest()[:32]
        headers = (*self.headers, ("ETag", f'"{tag}"'))
        known = environ.get("HTTP_IF_NONE_MATCH")
        if not known or not parse_etags(known).contains_weak(tag):
            return Reply(self.body, self.media, self.status, headers)
        kept = tuple(item for item in headers if item[0].lower() in _NOT_MODIFIED_KEEPS)
        return Reply(b"", self.media, HTTPStatus.NOT_MODIFIED, kept)

    @property
    def content_type(self) -> str:
        """Return the media type with its charset where it is text."""
        return self.media + ("; charset=utf-8" if self.media in _TEXTUAL else "")

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        """Answer as a WSGI application; HEAD gets the headers alone."""
        status = HTTPStatus(self.status)
        headers = list(self.headers)
        if self.status not in {HTTPStatus.NOT_MODIFIED, HTTPStatus.NO_CONTENT}:
            headers.append(("Content-Type", self.content_type))
            headers.append(("Content-Length", str(len(self.body))))
        start_response(f"{status.value} {status.phrase}", headers)
        return [b""] if environ["REQUEST_METHOD"] == "HEAD" else [self.body]


def choose(accept: str | None, offers: Sequence[str], absent: str | None = None) -> str | None:
    """Return the offer that Accept likes best, None if it likes none (then 406).

    Among equals the earlier offer wins; without Accept the answer is `absent` or the first.
    """
    if not accept or not accept.strip():
        return absent or offers[0]
    if len(accept) > _KEPT_ACCEPT:
        return _best(accept, tuple(offers))
    return _known_best(accept, tuple(offers))


def _best(accept: str, offers: tuple[str, ...]) -> str | None:
    found: str | None = parse_accept_header(accept, MIMEAccept).best_match(offers)
    return found


# Programs send one Accept for ever; parsing it costs a seventh of a small query.
_known_best = lru_cache(maxsize=512)(_best)


def likes_pages(environ: WSGIEnvironment) -> bool:
    """Say whether the reader is a person's browser: it names text/html and prefers it to JSON."""
    accept = environ.get("HTTP_ACCEPT", "")
    return HTML in accept and choose(accept, (HTML, PROBLEM, JSON)) == HTML


def language(environ: WSGIEnvironment, default: str = "zh") -> str:
    """Return the language asked for by `?lang=`; Chinese first, and no other sign is looked at.

    So one address always answers the same bytes, and shared caches need no Vary for it.
    """
    asked = parameter(environ, "lang")
    return asked if asked in LANGUAGES else default


def parameter(environ: WSGIEnvironment, name: str) -> str:
    """Return the last value of a parameter of the address, empty where there is none."""
    return (parameters(environ, name) or [""])[-1]


def parameters(environ: WSGIEnvironment, name: str) -> list[str]:
    """Return the values of a parameter of the address.

    Whatever bytes stand in the address, escaped or not; Flask's own reader raises on what is no
    UTF-8.
    """
    query: str = environ.get("QUERY_STRING", "")
    return parse_qs(query.encode("latin-1").decode(errors="replace")).get(name, [])


def header(headers: Iterable[tuple[str, str]], name: str) -> str | None:
    """Return the first header of that name."""
    return next((value for key, value in headers if key.lower() == name.lower()), None)


def wants_json(environ: WSGIEnvironment) -> bool:
    """Say whether the reader asks for JSON rather than a page."""
    return choose(environ.get("HTTP_ACCEPT"), (HTML, JSON)) == JSON
