"""`/search?q=`: subjects and records by a part of a name, a code or a number.

Purpose: the one box that everybody uses. What was typed is shown back escaped, never run; what has
left since the index was written is taken out by the ledger's word. Persons are not looked up: a
text with an ID number is neither searched nor said again.
Source: docs/design/interface.md "HTTP".
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from flask import Blueprint, request

from exchange.domain.errors import UsageError
from exchange.domain.identifiers import id_of
from exchange.domain.personal_data import asks_for_person
from publisher.surfaces.index import SearchPage
from publisher.surfaces.index.reader import PAGE
from publisher.web.http import replies
from publisher.web.http.problems import NotAcceptable
from publisher.web.messages.common import message
from publisher.web.pages.record_summaries import still_visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from publisher.surfaces.index import Entry, Highlight, Hit
    from publisher.web.context import SiteContext
    from publisher.web.pages.record_summaries import RecordSummaries
    from publisher.web.pages.renderer import Pages

_HEADERS: Final = (("Cache-Control", "no-cache"), ("Vary", "Accept"), ("X-Robots-Tag", "noindex"))
_OFFERS: Final = (replies.JSON, replies.HTML)
_DIGITS: Final = 4  # of a page number
_LOOKED_AT: Final = 400  # characters; longer texts are refused anyway


@dataclass(frozen=True, slots=True)
class Answer:
    """One search result: its path, and its texts cut where they match."""

    path: str
    kind: str
    name: Sequence[Highlight]
    number: Sequence[Highlight]
    date: str
    objection: bool


def blueprint(context: SiteContext, pages: Pages, summaries: RecordSummaries) -> Blueprint:
    """Return the route of the search."""
    routes = Blueprint("search", __name__)
    routes.add_url_rule("/search", view_func=Search(context, pages, summaries).search)
    return routes


class Search:
    """Handles searches of one tier."""

    def __init__(self, context: SiteContext, pages: Pages, summaries: RecordSummaries) -> None:
        self._context = context
        self._pages = pages
        self._summaries = summaries
        self._kinds = {kind.slug: kind for kind in summaries.kinds.values()}

    def search(self) -> replies.Reply:
        """Return a page of results, as HTML or JSON.

        Raises UsageError (too long, no such page), NotAcceptable, StoreUnavailable, QueryTimeout.
        """
        media = replies.choose(request.headers.get("Accept"), _OFFERS)
        if media is None:
            raise NotAcceptable(_OFFERS)
        text = replies.parameter(request.environ, "q").strip()
        asked = replies.parameters(request.environ, "kind")
        kinds = [kind for kind in asked if kind in self._kinds]
        if media == replies.HTML and (identifier := _identifier(text)):
            return self._pages.lead(request.environ, f"/record/{identifier}")
        page = _page(replies.parameter(request.environ, "page") or "1")
        if asks_for_person(text[:_LOOKED_AT]):
            return self._no_persons(media, kinds)
        results = self._context.index.search(text, kinds, page)
        near = results.hint.near if results.hint else ()
        live = still_visible(self._context, [one.iri for one in (*_entries(results.hits), *near)])
        hits = [hit for hit in results.hits if hit.entry.iri in live]
        near = [entry for entry in near if entry.iri in live]
        if media == replies.JSON:
            reply = replies.Reply(self._json(results, kinds, hits, near), media, headers=_HEADERS)
            further = self._next(results, kinds)
            return reply.having(("Link", f'<{further}>; rel="next"')) if further else reply
        return replies.Reply(self._html(results, kinds, hits, near), headers=_HEADERS)

    def _no_persons(self, media: str, kinds: Sequence[str]) -> replies.Reply:
        """Return an empty page with the reason, without the typed text."""
        results = SearchPage("", 0, more=False, page=1, pages=1, hits=(), hint=None)
        if media == replies.JSON:
            return replies.Reply(
                self._json(results, kinds, [], [], person=True), media, headers=_HEADERS
            )
        return replies.Reply(self._html(results, kinds, [], [], person=True), headers=_HEADERS)

    def _html(
        self,
        results: SearchPage,
        kinds: Sequence[str],
        hits: Sequence[Hit],
        near: Sequence[Entry],
        *,
        person: bool = False,
    ) -> bytes:
        lang = replies.language(request.environ)
        return self._pages.render(
            "search.html",
            lang,
            here=_address(results.text, kinds, results.page) if results.text else "/search",
            main="search",
            private=True,
            found=results,
            person=person,
            first=(results.page - 1) * PAGE + 1,
            hits=[self._answer(hit, lang) for hit in hits],
            mistyped=results.hint.code if results.hint else "",
            near=[(f"/subject/{entry.code}", entry.code, entry.name) for entry in near],
            chosen=kinds,
            kinds=[(slug, self._summaries.label(slug, lang)) for slug in self._kinds],
            before=_address(results.text, kinds, results.page - 1) if results.page > 1 else "",
            after=_address(results.text, kinds, results.page + 1)
            if results.page < results.pages
            else "",
        )

    def _answer(self, hit: Hit, lang: str) -> Answer:
        entry = hit.entry
        about = entry.kind == "subject" and entry.code
        return Answer(
            f"/subject/{entry.code}" if about else f"/record/{id_of(entry.iri)}",
            self._summaries.label(entry.kind, lang),
            hit.name,
            hit.number,
            entry.day,
            entry.objection,
        )

    def _json(
        self,
        results: SearchPage,
        kinds: Sequence[str],
        hits: Sequence[Hit],
        near: Sequence[Entry],
        *,
        person: bool = False,
    ) -> bytes:
        shown = {
            "query": results.text,
            "total": results.total,
            "more": results.more,
            "page": results.page,
            "pages": results.pages,
            "items": [_item(entry) for entry in _entries(hits)],
            "next": self._next(results, kinds),
        }
        if results.hint:
            close = [{"code": entry.code, "name": entry.name} for entry in near]
            shown["hint"] = {"rule": "uscc-check-digit", "code": results.hint.code, "near": close}
        if person:
            notice = {lang: message(lang, "no-persons") for lang in ("zh", "en")}
            shown["hint"] = {"rule": "no-persons", "message": notice}
        return json.dumps(shown, ensure_ascii=False).encode() + b"\n"

    def _next(self, results: SearchPage, kinds: Sequence[str]) -> str | None:
        """Return the whole address of the next page."""
        if results.page >= results.pages:
            return None
        return self._pages.base_url + _address(results.text, kinds, results.page + 1)


def _entries(hits: Iterable[Hit]) -> list[Entry]:
    return [hit.entry for hit in hits]


def _item(entry: Entry) -> dict[str, object]:
    item = {
        "kind": entry.kind,
        "record": entry.iri,
        "subject": entry.code,
        "name": entry.name,
        "number": entry.number,
        "date": entry.day,
        "authority": entry.authority,
    }
    return {name: value for name, value in item.items() if value} | {"objection": entry.objection}


def _identifier(text: str) -> str:
    """Return the record identifier if the text is one, or an address that ends in one."""
    try:
        return id_of(text)
    except UsageError:
        return ""


def _page(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= _DIGITS and int(text)):
        raise UsageError(
            "There is no such page.",
            "Give `page` a number from 1 on.",
            zh="没有这一页。",
            zh_hint="参数 page 应为从 1 起的整数。",
        )
    return int(text)


def _address(text: str, kinds: Sequence[str], page: int) -> str:
    context = [("q", text), *(("kind", kind) for kind in kinds)]
    return "/search?" + urlencode(context + ([("page", str(page))] if page > 1 else []))
