"""The web service of one tier: one WSGI callable (docs/design/surfaces.md "Processes").

Purpose: `/sparql`, `/feed` and `/dump` go to plain callables, everything else to Flask; all
leave through one gate that sets the headers of every answer and strips the path prefix of the
base URL.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException
from werkzeug.exceptions import MethodNotAllowed as NoSuchMethod

from exchange.domain.errors import CredenceError, NotFound
from publisher.stores.guard_cache import CachedGuard
from publisher.web.endpoints import catalog, model_files
from publisher.web.endpoints.download import DumpService
from publisher.web.endpoints.feed import FeedService
from publisher.web.endpoints.health import Health
from publisher.web.endpoints.metrics import Metrics
from publisher.web.endpoints.query_cache import QueryCache
from publisher.web.endpoints.sparql import SparqlService
from publisher.web.http import problems, replies
from publisher.web.http.client_address import ClientAddresses
from publisher.web.http.host_header import require_host
from publisher.web.http.problems import BadRequest
from publisher.web.http.request_body import BodyReader
from publisher.web.pages import datasets, home, lists, record, search, subject, vocabulary
from publisher.web.pages.record_summaries import RecordSummaries
from publisher.web.pages.renderer import Pages
from publisher.web.pages.site_figures import SiteFigures
from publisher.web.pages.vocabulary_labels import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from publisher.web.context import SiteContext

# Nothing is loaded from elsewhere, nothing runs, nobody frames us; forms go to ourselves.
POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_ALWAYS: Final = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Expose-Headers", "ETag, Link, Retry-After"),
    ("Content-Security-Policy", POLICY),
)


def create_app(context: SiteContext) -> WSGIApplication:
    """Return the WSGI application of one tier's web service."""
    pages = Pages(context.name, context.base_url)
    clients = ClientAddresses(context.trusted_proxies)
    sparql = SparqlService(
        context.queries,
        pages,
        context.query_timeout,
        context.generation,
        QueryCache(),
        CachedGuard(f"{pages.base_url}/sparql"),
        clients,
        BodyReader(clients.address_of),
    )
    feed = FeedService(context.feed, pages, context.takedown_bound, context.clock)
    dump = DumpService(
        context.dumps, context.model.kinds, pages, context.takedown_bound, context.clock
    )
    plain: dict[str, WSGIApplication] = {
        "/sparql": _guarded(sparql, "triples", context, pages),
        "/feed/": _guarded(feed, "feed", context, pages),
        "/dump/": _guarded(dump, "dumps", context, pages),
    }
    health = Health(context)
    metrics = Metrics(context, health)
    rest = _flask(context, pages, health)
    rest.register_blueprint(metrics.blueprint())
    return metrics.meter.around(_Dispatcher(pages, plain, rest))


def _guarded(
    service: WSGIApplication, surface: str, context: SiteContext, pages: Pages
) -> WSGIApplication:
    """Wrap a service so that it answers 503 while its surface is unfit to be read."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            context.guard.require(surface)
        except CredenceError as error:
            return problems.answer(error, environ, pages)(environ, start_response)
        return service(environ, start_response)

    return answer


class _Dispatcher:
    """Dispatches by path and sets the headers that every answer bears."""

    def __init__(
        self, pages: Pages, plain: Mapping[str, WSGIApplication], rest: WSGIApplication
    ) -> None:
        self._pages = pages
        self._prefix = pages.prefix
        self._plain = plain
        self._rest = rest

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            return start_response(status, [*headers, *_ALWAYS], *more)

        try:
            require_host(environ)
        except BadRequest as error:
            return problems.answer(error, environ, self._pages)(environ, start)
        path = environ.get("PATH_INFO", "")
        # A proxy may pass the prefix of the base URL on or strip it; both arrive alike.
        if self._prefix and path.startswith(self._prefix + "/"):
            path = environ["PATH_INFO"] = path[len(self._prefix) :]
        for place, service in self._plain.items():
            # A place that ends in a slash is a folder, with all below it.
            if path == place or (place.endswith("/") and path.startswith(place)):
                return service(environ, start)
        return self._rest(environ, start)


def _flask(context: SiteContext, pages: Pages, health: Health) -> Flask:
    # `static` is named although it is the default: nothing else of the folder is served.
    app = _Site("publisher.web", static_folder="static", static_url_path="/static")
    app.url_map.strict_slashes = False
    # A redirect of its own would name the Host of the request and lose the prefix.
    app.url_map.merge_slashes = False
    words = Vocabulary(context.model.vocabulary())
    summaries = RecordSummaries(context)
    figures = SiteFigures(context, summaries)
    app.register_blueprint(home.blueprint(context, pages, words, figures, health))
    app.register_blueprint(record.blueprint(context, pages, words, summaries))
    app.register_blueprint(subject.blueprint(context, pages, words, summaries))
    app.register_blueprint(search.blueprint(context, pages, summaries))
    app.register_blueprint(lists.blueprint(context, pages, words, summaries))
    app.register_blueprint(datasets.blueprint(context, pages, words, figures))
    app.register_blueprint(catalog.blueprint(context, pages, words))
    app.register_blueprint(vocabulary.blueprint(context.model, pages, words))
    app.register_blueprint(model_files.blueprint(context.model))
    app.register_error_handler(CredenceError, _answering(pages))
    app.register_error_handler(HTTPException, _translating(pages))
    return app


class _Site(Flask):
    """Flask that takes our replies as they are."""

    def make_response(self, rv: Any) -> Response:
        """Return the response of a view, ours or Flask's own."""
        if isinstance(rv, replies.Reply):
            made = Response(rv.body, rv.status, list(rv.headers))
            made.headers["Content-Type"] = rv.content_type
            return made
        return super().make_response(rv)


def _answering(pages: Pages) -> Callable[[CredenceError], replies.Reply]:
    def answer(error: CredenceError) -> replies.Reply:
        return problems.answer(error, request.environ, pages)

    return answer


def _translating(pages: Pages) -> Callable[[HTTPException], Any]:
    """Return a handler that turns werkzeug's errors into ours; redirects are kept.

    An exception that nobody expected comes here as a 500 and stays one: Flask has logged it.
    """

    def translate(error: HTTPException) -> Any:
        if isinstance(error, NoSuchMethod):
            allow = ", ".join(sorted(error.valid_methods or ()))
            known: CredenceError = problems.MethodNotAllowed(request.method, allow)
        elif error.code is not None and error.code < 400:  # noqa: PLR2004 (a redirect)
            return error
        elif error.code == 404:  # noqa: PLR2004 (RFC 9110 §15.5.5)
            known = NotFound(
                "There is nothing at this address.",
                "Check the address.",
                zh="这个网址没有内容。",
                zh_hint="请核对网址。",
            )
        elif error.code is not None and error.code >= 500:  # noqa: PLR2004 (RFC 9110 §15.6)
            known = CredenceError(
                "Something went wrong in the service itself.",
                "Try again later; if it stays so, tell the operator.",
                zh="服务内部出错。",
                zh_hint="请稍后再试；如仍不行，请告知运行人员。",
            )
        else:
            known = problems.BadRequest(
                "The request cannot be read.",
                "Check it and retry.",
                zh="无法读懂这个请求。",
                zh_hint="请核对后重试。",
            )
        return problems.answer(known, request.environ, pages)

    return translate
