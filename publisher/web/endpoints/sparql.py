"""The query service: SPARQL 1.1 Protocol (W3C, 2013) §2.1, read-only, as a plain WSGI callable.

Purpose: guarded queries for the pool, its answers as replies. It stands before Flask, whose
routing costs as much as a small query (docs/design/queries.md "The engine"). Programs get results
or problem documents; a browser gets a form and a table that need no JavaScript.
Errors: every CredenceError is answered by `problems.answer`; a query that fails is never an
empty 200.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from exchange.domain.errors import CredenceError
from publisher.stores.query_dataset import Dataset
from publisher.stores.query_pool import MEDIA_TYPES
from publisher.web.endpoints.service_description import description
from publisher.web.endpoints.sparql_request import ALLOW, SparqlRequest, read
from publisher.web.http import problems, replies
from publisher.web.http.client_address import ClientAddresses
from publisher.web.http.problems import BadRequest, BodyTooSlow, NotAcceptable
from publisher.web.http.request_body import BodyReader, CutShort
from publisher.web.pages import sparql_form

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

    from publisher.stores.guard_cache import CachedGuard
    from publisher.stores.query_guard import GuardedQuery
    from publisher.stores.query_pool import Answer, QueryPool
    from publisher.web.endpoints.query_cache import QueryCache
    from publisher.web.pages.renderer import Pages

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
    "ttl": replies.TURTLE,
    "nt": replies.NTRIPLES,
    "nq": replies.NQUADS,
    "rdf": replies.RDFXML,
    "jsonld": replies.JSONLD,
    "trig": replies.TRIG,
}
# What Accept may name, aliases included, by the form of the query.
_OFFERS: Final = {
    form: (*offers, *(alias for alias, media in _ALIASES.items() if media in offers))
    for form, offers in MEDIA_TYPES.items()
}
_DESCRIPTIONS: Final = (
    replies.TURTLE,
    replies.JSONLD,
    replies.NTRIPLES,
    replies.RDFXML,
    replies.HTML,
)
_FRESH: Final = (("Vary", "Accept"), ("Cache-Control", "no-cache"))
# NOW, RAND, UUID and their like: true at this moment for this reader only.
_ONCE: Final = (("Vary", "Accept"), ("Cache-Control", "no-store"))
_CORS: Final = (
    ("Access-Control-Allow-Methods", ALLOW),
    ("Access-Control-Allow-Headers", "Accept, Content-Type"),
    ("Access-Control-Max-Age", "86400"),
)


@dataclass(frozen=True, slots=True)
class SparqlService:
    """The WSGI application below `/sparql`."""

    queries: QueryPool
    pages: Pages
    timeout_seconds: float
    generation: Callable[[], str]
    answers: QueryCache
    guard: CachedGuard
    clients: ClientAddresses = field(default_factory=ClientAddresses)
    bodies: BodyReader = field(default_factory=BodyReader)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (PEP 3333)."""
        try:
            reply = self._reply(environ)
        except BodyTooSlow as error:
            return CutShort(problems.answer(error, environ, self.pages))(environ, start_response)
        except CredenceError as error:
            reply = problems.answer(error, environ, self.pages)
        return reply(environ, start_response)

    def _reply(self, environ: WSGIEnvironment) -> replies.Reply:
        if environ["REQUEST_METHOD"] == "OPTIONS":
            return replies.Reply(b"", status=204, headers=(("Allow", ALLOW), *_CORS))
        asked = read(environ, self.bodies)
        if asked.query is None:
            return self._describe(environ).having(*_FRESH)
        if asked.form is None and replies.likes_pages(environ):
            return self._page(environ, asked, asked.query)
        parsed = self._parsed(asked, asked.query)
        answer = self._answer(environ, parsed, _media(environ, parsed, asked.form))
        reply = replies.Reply(answer.body, answer.media)
        return reply.having(*_FRESH).tagged(environ) if parsed.repeatable else reply.having(*_ONCE)

    def _parsed(self, asked: SparqlRequest, query: str) -> GuardedQuery:
        """Return the guarded query; graphs of the protocol replace those it names (§2.1.4).

        Its relative IRIs are resolved against this service (RFC 3986 §5.1.3).
        """
        parsed = self.guard.check(query)
        if not (asked.default_graphs or asked.named_graphs):
            return parsed
        return replace(parsed, dataset=Dataset(asked.default_graphs, asked.named_graphs))

    def _answer(self, environ: WSGIEnvironment, parsed: GuardedQuery, media: str) -> Answer:
        """Return the kept answer of this generation, or ask and keep it where it is repeatable."""
        key = (parsed.text, parsed.dataset, media)
        kept = self.answers.get(self.generation(), key) if parsed.repeatable else None
        if kept is None:
            kept = self.queries.query(parsed, media, client=self.clients.address_of(environ))
            if parsed.repeatable:
                self.answers.put(key, kept)
        return kept

    def _describe(self, environ: WSGIEnvironment) -> replies.Reply:
        if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            raise BadRequest(
                "There is no query in the request.",
                "Send it as `query`.",
                zh="请求中没有查询。",
                zh_hint="请用 query 参数发送。",
            )
        media = replies.choose(environ.get("HTTP_ACCEPT"), _DESCRIPTIONS)
        if media is None:
            raise NotAcceptable(_DESCRIPTIONS)
        if media == replies.HTML:
            body = sparql_form.form(self.pages, environ, self.timeout_seconds)
        else:
            body = description(f"{self.pages.base_url}/sparql", media)
        return replies.Reply(body, media)

    def _page(self, environ: WSGIEnvironment, asked: SparqlRequest, query: str) -> replies.Reply:
        """Return the form with the answer, or with what is wrong, below the query."""
        try:
            parsed = self._parsed(asked, query)
            answer = self._answer(environ, parsed, sparql_form.media_for(parsed.form))
        except CredenceError as error:
            return sparql_form.failure(self.pages, environ, query, error, self.timeout_seconds)
        body = sparql_form.result(self.pages, environ, query, answer, self.timeout_seconds)
        return replies.Reply(body, headers=_FRESH if parsed.repeatable else _ONCE)


def _media(environ: WSGIEnvironment, parsed: GuardedQuery, form: str | None) -> str:
    """Return the media type of the answer: by `format`, else by Accept. Raises NotAcceptable."""
    offers = MEDIA_TYPES[parsed.form]
    if form is not None:
        media = _FORMATS.get(form, form)
        if media in offers:
            return media
    else:
        chosen = replies.choose(environ.get("HTTP_ACCEPT"), _OFFERS[parsed.form])
        if chosen is not None:
            return _ALIASES.get(chosen, chosen)
    raise NotAcceptable(offers)
