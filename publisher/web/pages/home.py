"""Home, status, robots and the two probes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from flask import Blueprint, request

from exchange.domain.publicity_period import china_date
from publisher.web.endpoints.health import OK
from publisher.web.http import replies
from publisher.web.messages.common import TEXTS, message
from publisher.web.pages.credit_lists import SCHEME
from publisher.web.pages.dates import long_day, moment

if TYPE_CHECKING:
    from publisher.web.context import SiteContext
    from publisher.web.endpoints.health import Health
    from publisher.web.pages.renderer import Pages
    from publisher.web.pages.site_figures import SiteFigures
    from publisher.web.pages.vocabulary_labels import Vocabulary

# Pages about subjects are for people who look something up, not for search engines.
_CLOSED: Final = ("list/", "record", "search", "subject", "sparql", "status")
_CHANGES: Final = 8
# The three ways on from the home page: name, then (text, path) of its links.
_DOORS: Final = (
    ("look", (("search", "/search"), ("door-lists", "/lists"))),
    ("take", (("door-datasets", "/datasets"), ("door-catalog", "/catalog.ttl"))),
    (
        "join",
        (("door-sparql", "/sparql"), ("door-feed", "/feed/all"), ("door-model", "/ns")),
    ),
)
_FRESH: Final = (("Cache-Control", "no-cache"), ("Vary", "Accept"))


def blueprint(
    context: SiteContext, pages: Pages, words: Vocabulary, figures: SiteFigures, health: Health
) -> Blueprint:
    """Return the routes of the site itself."""
    site = HomePages(context, pages, words, figures, health)
    routes = Blueprint("site", __name__)
    routes.add_url_rule("/", view_func=site.home)
    routes.add_url_rule("/status", view_func=site.status)
    routes.add_url_rule("/robots.txt", view_func=site.robots)
    routes.add_url_rule("/healthz", view_func=site.healthz)
    routes.add_url_rule("/readyz", view_func=site.readyz)
    return routes


class HomePages:
    """Answers about the service rather than about a record."""

    def __init__(
        self,
        context: SiteContext,
        pages: Pages,
        words: Vocabulary,
        figures: SiteFigures,
        health: Health,
    ) -> None:
        self._context = context
        self._pages = pages
        self._words = words
        self._figures = figures
        self._health = health

    def home(self) -> replies.Reply:
        """Return the home page."""
        lang = replies.language(request.environ)
        changes = self._figures.of_kind("list-entry", lang, _CHANGES)
        body = self._pages.render(
            "home.html",
            lang,
            main="home",
            today=long_day(china_date(self._context.clock()), lang),
            updated=self._updated(),
            counts=self._figures.counts(lang),
            newest=self._figures.newest(lang),
            changes=[(line, self._words.word(SCHEME, line.list, lang)) for line in changes],
            doors=_DOORS,
        )
        return replies.Reply(body, headers=_FRESH)

    def status(self) -> replies.Reply:
        """Return how far the surfaces are, as a page or JSON."""
        lang = replies.language(request.environ)
        states = self._health.states()
        counts = self._figures.counts(lang)
        if replies.wants_json(request.environ):
            shown = {
                "epoch": self._context.ledger.epoch(),
                "surfaces": states,
                "records": None if counts is None else {one.slug: one.count for one in counts},
            }
            return replies.Reply(_json(shown), replies.JSON, headers=_FRESH)
        body = self._pages.render(
            "status.html",
            lang,
            here="/status",
            main="status",
            well=all(state == OK for state in states.values()),
            surfaces=[(_surface(name, lang), state) for name, state in states.items()],
            counts=counts,
            updated=self._updated(),
        )
        return replies.Reply(body, headers=_FRESH)

    def _updated(self) -> str:
        last = self._context.ledger.last_published(self._context.tier)
        return moment(last) if last else ""

    def robots(self) -> replies.Reply:
        """Return `robots.txt`."""
        closed = (f"Disallow: {self._pages.prefix}/{name}\n" for name in _CLOSED)
        text = "User-agent: *\n" + "".join(closed)
        return replies.Reply(
            text.encode(), "text/plain", headers=(("Cache-Control", "max-age=3600"),)
        )

    def healthz(self) -> replies.Reply:
        """Say that this process answers."""
        return replies.Reply(
            b'{"status":"ok"}\n', replies.JSON, headers=(("Cache-Control", "no-store"),)
        )

    def readyz(self) -> replies.Reply:
        """Say whether the surfaces are sound and close enough to the ledger: 200 or 503."""
        faults = self._health.faults()
        shown = {"status": "not ready" if faults else "ok", "surfaces": dict(faults)}
        status = 503 if faults else 200
        return replies.Reply(_json(shown), replies.JSON, status, (("Cache-Control", "no-store"),))


def _surface(name: str, lang: str) -> str:
    local = name.rpartition("/")[2]
    return message(lang, f"surface-{local}") if f"surface-{local}" in TEXTS else local


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"
