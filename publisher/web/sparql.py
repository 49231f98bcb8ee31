"""The query service: SPARQL 1.1 Protocol (W3C, 2013) §2.1, read-only, as a plain WSGI callable.

Purpose: turn requests into guarded queries for the pool and its answers into replies. It stands
before Flask, whose routing costs as much as a small query (research/sparql.md §2). Programs get
results or problem documents; a browser gets a form and a table that need no JavaScript.
Errors: every CredenceError is answered by `problems.answer`; a query that fails is never an
empty 200.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs

from exchange.domain.errors import CredenceError, QueryTooLarge
from publisher.stores.guard import check
from publisher.stores.workers import MEDIA_TYPES
from publisher.web import http, problems, sparql_page
from publisher.web.description import description
from publisher.web.problems import (
    BadRequest,
    MethodNotAllowed,
    NotAcceptable,
    UnsupportedMedia,
    UpdateRefused,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from wsgiref.types import StartResponse, WSGIEnvironment

    from publisher.stores.guard import ParsedForm
    from publisher.stores.workers import QueryPool
    from publisher.web.pages import Pages

ALLOW: Final = "GET, HEAD, POST, QUERY, OPTIONS"
FORM: Final = "application/x-www-form-urlencoded"
QUERY: Final = "application/sparql-query"
UPDATE: Final = "application/sparql-update"
# A form may spell each byte of a query of 64 KiB as %XX, and name its parameters.
BODY_LIMIT: Final = 200 * 1024
_BLOCK: Final = 16 * 1024
# Names that clients use for our types, and short names for links (`&format=csv`).
_ALIASES: Final = {
    "application/json": "application/sparql-results+json",
    "application/xml": "application/sparql-results+xml",
    "text/xml": "application/sparql-results+xml",
    "text/plain": "application/n-triples",
}
_FORMATS: Final = {
    "json": "application/sparql-results+json",
    "xml": "application/sparql-results+xml",
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
    "ttl": http.TURTLE,
    "nt": http.NTRIPLES,
    "nq": http.NQUADS,
    "rdf": http.RDFXML,
    "jsonld": http.JSONLD,
    "trig": http.TRIG,
}
_DESCRIPTIONS: Final = (http.TURTLE, http.JSONLD, http.NTRIPLES, http.RDFXML, http.HTML)
# The service has one dataset; another may not be asked for, and silence would mislead.
_DATASET: Final = ("default-graph-uri", "named-graph-uri", "using-graph-uri")

Parameters = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class SparqlService:
    """The WSGI application below `/sparql`."""

    queries: QueryPool
    pages: Pages
    timeout_seconds: float

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Sequence[bytes]:
        """Answer one request (PEP 3333)."""
        try:
            reply = self._reply(environ)
        except CredenceError as error:
            reply = problems.answer(error, environ, None)
        return reply(environ, start_response)

    def _reply(self, environ: WSGIEnvironment) -> http.Reply:
        if environ["REQUEST_METHOD"] == "OPTIONS":
            return http.Reply(b"", status=204, headers=(("Allow", ALLOW), *_CORS))
        parameters = _parameters(environ)
        query = _one_query(parameters)
        if query is None:
            return self._describe(environ)
        return self._answer(environ, query, parameters).having(
            ("Vary", "Accept"), ("Cache-Control", "no-cache")
        )

    def _describe(self, environ: WSGIEnvironment) -> http.Reply:
        if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            raise BadRequest("There is no query in the request.", "Send it as `query`.")
        media = http.choose(environ.get("HTTP_ACCEPT"), _DESCRIPTIONS)
        if media is None:
            raise NotAcceptable(
                "The service description is not offered in that type.",
                f"Ask for one of: {', '.join(_DESCRIPTIONS)}.",
            )
        if media == http.HTML:
            body = sparql_page.form(self.pages, environ, self.timeout_seconds)
        else:
            body = description(f"{self.pages.base_url}/sparql", media)
        return http.Reply(body, media).having(("Vary", "Accept"), ("Cache-Control", "no-cache"))

    def _answer(self, environ: WSGIEnvironment, query: str, parameters: Parameters) -> http.Reply:
        page = "format" not in parameters and http.likes_pages(environ)
        try:
            parsed = check(query)
            media = (
                sparql_page.media_for(parsed.form) if page else _media(environ, parsed, parameters)
            )
            answer = self.queries.query(parsed, media)
        except CredenceError as error:
            if not page:
                raise
            return sparql_page.failure(self.pages, environ, query, error, self.timeout_seconds)
        if page:
            body = sparql_page.result(self.pages, environ, query, answer, self.timeout_seconds)
            return http.Reply(body)
        return http.Reply(answer.body, answer.media).tagged(environ)


_CORS: Final = (
    ("Access-Control-Allow-Methods", ALLOW),
    ("Access-Control-Allow-Headers", "Accept, Content-Type"),
    ("Access-Control-Max-Age", "86400"),
)


def _parameters(environ: WSGIEnvironment) -> Parameters:
    """Return the parameters of the request, the query among them, by the protocol's three ways.

    Raises MethodNotAllowed, UnsupportedMedia, BadRequest, UpdateRefused, QueryTooLarge.
    """
    method = environ["REQUEST_METHOD"]
    given = _decode(environ.get("QUERY_STRING", "").encode("latin-1"))
    if method in {"GET", "HEAD"}:
        return given
    if method not in {"POST", "QUERY"}:
        raise MethodNotAllowed(
            f"The query service does not know {method}.", f"Use one of: {ALLOW}.", allow=ALLOW
        )
    return _posted(environ, given)


def _posted(environ: WSGIEnvironment, given: Parameters) -> Parameters:
    """Return the parameters of the address and the body together."""
    media = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    if media == QUERY:
        given.setdefault("query", []).append(_utf8(_body(environ)))
        return given
    if media == FORM:
        for name, values in _decode(_body(environ)).items():
            given.setdefault(name, []).extend(values)
        if "update" not in given:
            return given
    if media in {FORM, UPDATE}:
        raise UpdateRefused("The query service is read-only.", "Send a query, not an update.")
    if not media:
        raise BadRequest("The request names no Content-Type.", f"Send {QUERY} or {FORM}.")
    raise UnsupportedMedia(f"{media} is not read here.", f"Send {QUERY} or {FORM}.")


def _one_query(parameters: Parameters) -> str | None:
    """Return the one query, None where there is none; refuse what would be passed over."""
    for name in (*_DATASET, "update"):
        if name in parameters:
            raise BadRequest(
                f"The parameter {name} is not served here.",
                "All public data stand in the one default graph; leave the parameter out.",
            )
    queries = parameters.get("query", [])
    if len(queries) > 1:
        raise BadRequest("There is more than one query.", "Send exactly one.")
    return queries[0] if queries else None


def _body(environ: WSGIEnvironment) -> bytes:
    """Read the body, at most BODY_LIMIT bytes. Raises QueryTooLarge, BadRequest."""
    length = environ.get("CONTENT_LENGTH") or ""
    if length and not length.isdecimal():
        raise BadRequest("Content-Length is not a number.", "Send the number of bytes.")
    wanted = int(length) if length else BODY_LIMIT + 1
    if wanted <= BODY_LIMIT or not length:
        body = _read(environ, min(wanted, BODY_LIMIT + 1))
        if len(body) <= BODY_LIMIT:
            return body
    raise QueryTooLarge(
        f"The request has more than {BODY_LIMIT} bytes.", "A query may have 64 KiB of text."
    )


def _read(environ: WSGIEnvironment, wanted: int) -> bytes:
    """Read up to `wanted` bytes; a stream without a length ends where the server says so."""
    if not environ.get("CONTENT_LENGTH") and not environ.get("wsgi.input_terminated"):
        return b""
    body = bytearray()
    while len(body) < wanted:
        block = environ["wsgi.input"].read(min(_BLOCK, wanted - len(body)))
        if not block:
            break
        body += block
    return bytes(body)


def _decode(text: bytes) -> Parameters:
    try:
        return {
            name.decode("utf-8"): [value.decode("utf-8") for value in values]
            for name, values in parse_qs(
                text, keep_blank_values=True, max_num_fields=100, strict_parsing=False
            ).items()
        }
    except UnicodeDecodeError as error:
        raise _not_utf8() from error
    except ValueError as error:
        raise BadRequest("There are too many parameters.", "Send the query alone.") from error


def _utf8(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _not_utf8() from error


def _media(environ: WSGIEnvironment, parsed: ParsedForm, parameters: Parameters) -> str:
    """Return the media type of the answer: by `format`, else by Accept. Raises NotAcceptable."""
    offers = MEDIA_TYPES[parsed.form]
    if "format" in parameters:
        name = parameters["format"][-1]
        media = _FORMATS.get(name, name)
        if media in offers:
            return media
    else:
        aliases = [alias for alias, media in _ALIASES.items() if media in offers]
        chosen = http.choose(environ.get("HTTP_ACCEPT"), [*offers, *aliases])
        if chosen is not None:
            return _ALIASES.get(chosen, chosen)
    raise NotAcceptable(
        f"The answer to {parsed.form} is not offered in that type.",
        f"Ask for one of: {', '.join(offers)}.",
    )


def _not_utf8() -> BadRequest:
    return BadRequest("The request is not UTF-8.", "Encode the query as UTF-8.")
