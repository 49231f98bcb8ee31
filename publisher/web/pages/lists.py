"""`/lists` and `/list/{name}`: who is on which list, by what decision, until when.

Purpose: one page for each list of the code list that has entries; measures that follow from it
stand beside. A list without entries answers too: an empty list is an answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from flask import Blueprint, request

from exchange.domain.errors import NotFound
from publisher.web.http import replies
from publisher.web.pages.credit_lists import SERIOUS, credit_list, credit_lists

if TYPE_CHECKING:
    from publisher.web.context import SiteContext
    from publisher.web.pages.record_summaries import RecordSummaries, RecordSummary
    from publisher.web.pages.renderer import Pages
    from publisher.web.pages.vocabulary_labels import Vocabulary

PIECE: Final = 50
_HEADERS: Final = (("Cache-Control", "no-cache"), ("Vary", "Accept"))
# A page of names is none for search engines: they would keep what a repair takes away.
_PRIVATE: Final = (*_HEADERS, ("X-Robots-Tag", "noindex"))


def blueprint(
    context: SiteContext, pages: Pages, words: Vocabulary, summaries: RecordSummaries
) -> Blueprint:
    """Return the routes of lists."""
    lists = Lists(context, pages, words, summaries)
    routes = Blueprint("lists", __name__)
    routes.add_url_rule("/lists", view_func=lists.all)
    routes.add_url_rule("/list/<name>", view_func=lists.one)
    return routes


class Lists:
    """Handles requests about lists of one tier."""

    def __init__(
        self, context: SiteContext, pages: Pages, words: Vocabulary, summaries: RecordSummaries
    ) -> None:
        self._context = context
        self._pages = pages
        self._words = words
        self._summaries = summaries

    def all(self) -> replies.Reply:
        """Return the lists that have entries, by class. Raises the errors of the index."""
        lang = replies.language(request.environ)
        counted = self._context.index.lists()
        groups: dict[str, list[tuple[object, int]]] = {}
        for one in credit_lists(self._words, lang):
            if counted.get(one.notation):
                groups.setdefault(one.group, []).append((one, counted[one.notation]))
        order = sorted(groups, key=lambda group: (group != SERIOUS, group))
        body = self._pages.render(
            "lists.html",
            lang,
            here="/lists",
            main="lists",
            groups=[groups[name] for name in order],
        )
        return replies.Reply(body, headers=_HEADERS)

    def one(self, name: str) -> replies.Reply:
        """Return a piece of a list. Raises NotFound, UsageError, the errors of the index."""
        lang = replies.language(request.environ)
        about = credit_list(self._words, name, lang)
        if about is None:
            raise NotFound(
                "There is no such list.",
                "See the lists there are.",
                zh="没有这个名单。",
                zh_hint="请从名单页查找。",
            )
        cursor = replies.parameter(request.environ, "from")
        found = self._context.index.listed(name, cursor, PIECE)
        here = f"/list/{name}"
        body = self._pages.render(
            "list.html",
            lang,
            here=f"{here}?{urlencode({'from': cursor})}" if cursor else here,
            main="lists",
            private=True,
            about=about,
            total=found.total,
            more=found.more,
            entries=self._summaries.from_index(found.entries, lang),
            first=here if cursor else "",
            after=f"{here}?{urlencode({'from': found.cursor})}" if found.cursor else "",
            measures=self._measures(name, lang),
        )
        return replies.Reply(body, headers=_PRIVATE)

    def _measures(self, name: str, lang: str) -> list[RecordSummary]:
        return self._summaries.from_index(self._context.index.measures_of(name), lang)
