"""`/record/{id}`: the record as a page, JSON and RDF; 410 once it has left.

Purpose: page, JSON and RDF are made of one read of the ledger, links included, and wait for no
surface and no query worker: a withdrawal counts at once, and the bytes are the ledger's own. What
may be seen on this page only (leaf public-page, docs/design/tiers.md "Disclosure levels") comes
with that read.
Source: docs/design/interface.md "HTTP".
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlencode

from flask import Blueprint, request

from exchange.domain.errors import Gone, NotFound, UsageError
from exchange.domain.identifiers import USCC_LENGTH, id_of, normal_code
from exchange.domain.publicity_period import china_date
from exchange.domain.record import Visibility
from exchange.model import compile_kind
from publisher.web.http import rdf_negotiation, replies
from publisher.web.pages.dates import moment
from publisher.web.pages.record_view import build, ended, values_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pyoxigraph import Triple

    from exchange.domain.link_rules import LinkedRecord
    from exchange.ledger.record_view import RecordView
    from exchange.model import Kind
    from publisher.web.context import SiteContext
    from publisher.web.pages.record_summaries import RecordSummaries, RecordSummary
    from publisher.web.pages.record_view import Values
    from publisher.web.pages.renderer import Pages
    from publisher.web.pages.vocabulary_labels import Vocabulary

_COMPACT: Final = frozenset({replies.JSONLD, replies.JSON})
# Statements of the default graph are written alike in both.
_LINES: Final = frozenset({replies.NQUADS, replies.NTRIPLES})


@dataclass(frozen=True, slots=True)
class _Content:
    """The published content of a record, as its representations need it."""

    record: RecordView
    kind: Kind
    nquads: bytes
    triples: Sequence[Triple]
    values: Values


def blueprint(
    context: SiteContext, pages: Pages, words: Vocabulary, summaries: RecordSummaries
) -> Blueprint:
    """Return the routes of records."""
    records = Records(context, pages, words, summaries)
    routes = Blueprint("records", __name__)
    routes.add_url_rule("/record/<name>", view_func=records.record)
    routes.add_url_rule("/record", view_func=records.find)
    return routes


class Records:
    """Handles requests for single records of one tier."""

    def __init__(
        self, context: SiteContext, pages: Pages, words: Vocabulary, summaries: RecordSummaries
    ) -> None:
        self._context = context
        self._pages = pages
        self._words = words
        self._summaries = summaries
        self._repairable = _repairable(context.model.kinds.values())
        self._compiled = {slug: compile_kind(context.model, slug) for slug in context.model.kinds}

    def find(self) -> replies.Reply:
        """Lead from the form on the home page to a record's address, or to a subject's by code."""
        given = replies.parameter(request.environ, "id")
        code = normal_code(given)
        path = f"/subject/{code}" if len(code) == USCC_LENGTH else f"/record/{id_of(given)}"
        return self._pages.lead(request.environ, quote(path))

    def record(self, name: str) -> replies.Reply:
        """Return the record by Accept or suffix.

        Raises NotFound, Gone, NotAcceptable; UsageError for a bad cursor among its links.
        """
        identifier, _, suffix = name.partition(".")
        self._require_standing(identifier)
        media = rdf_negotiation.negotiate(suffix, _absent())
        body = self._page(identifier) if media == replies.HTML else self._data(identifier, media)
        return replies.Reply(body, media, headers=rdf_negotiation.HEADERS).tagged(request.environ)

    def _data(self, identifier: str, media: str) -> bytes:
        """Return the record in a type of RDF: the ledger's own bytes, or made of them."""
        content = self._content(self._context.ledger.read(self._context.tier, identifier))
        if media in _COMPACT:
            compiled = self._compiled[content.kind.slug]
            document = compiled.to_json(content.record.iri, content.nquads)
            return json.dumps(document, ensure_ascii=False, indent=2).encode() + b"\n"
        if media in _LINES:
            return content.nquads
        return rdf_negotiation.serialise(content.triples, media)

    def _content(self, record: RecordView) -> _Content:
        """Return a record's published content. Raises Gone after its last day of publicity."""
        kind = self._context.model.kinds.get(record.kind)
        if kind is None:
            raise _absent()
        nquads = rdf_negotiation.statements(record)
        triples = rdf_negotiation.parse_triples(nquads)
        content = _Content(record, kind, nquads, triples, values_of(triples))
        if ended(kind, content.values, china_date(self._context.clock())):
            raise _left()
        return content

    def _require_standing(self, identifier: str) -> None:
        try:
            known = id_of(identifier) == identifier
        except UsageError:
            known = False
        if not known:
            raise _absent()
        standing = self._context.ledger.visibility(self._context.tier, identifier)
        if standing in {Visibility.GONE, Visibility.SUSPENDED}:
            raise _left()
        if standing is not Visibility.LIVE:
            raise _absent()

    def _page(self, identifier: str) -> bytes:
        lang, after = replies.language(request.environ), replies.parameter(request.environ, "after")
        shown = self._context.ledger.record_page(self._context.tier, identifier, after)
        content = self._content(shown.record)
        iri, path = shown.record.iri, f"/record/{identifier}"
        check = f"SELECT ?property ?value WHERE {{ <{iri}> ?property ?value }}"
        only_here = values_of(rdf_negotiation.parse_triples(shown.record.page))
        delivered = (moment(one.delivered) for one in shown.history if one.delivered)
        formats = tuple(replies.SUFFIXES.items())
        return self._pages.render(
            "record.html",
            lang,
            here=_page_of_links(path, after),
            path=path,
            private=True,
            iri=iri,
            record=build(content.kind, content.values, only_here, self._words, lang),
            quotes=self._lines_of(shown.links.outgoing, lang),
            quoted_by=self._lines_of(shown.links.incoming, lang),
            first=path if after else "",
            after=_page_of_links(path, shown.links.after) if shown.links.after else "",
            steps=[
                (step.activity.value.lower(), moment(step.published), step.event)
                for step in shown.history
            ],
            delivered=next(delivered, ""),
            digest=hashlib.sha256(content.nquads).hexdigest(),
            repairable=content.kind.slug in self._repairable,
            formats=formats,
            alternates=[(media, f"{path}.{suffix}") for suffix, media in formats],
            query=f"/sparql?query={quote(check, safe='')}",
        )

    def _lines_of(self, links: Sequence[LinkedRecord], lang: str) -> list[RecordSummary]:
        today = china_date(self._context.clock())
        return self._summaries.from_records((link.record for link in links), lang, today)


def _page_of_links(path: str, after: str) -> str:
    return f"{path}?{urlencode({'after': after})}" if after else path


def _left() -> Gone:
    return Gone("What stood at this address is no longer shown.")


def _repairable(kinds: Iterable[Kind]) -> frozenset[str]:
    """Return the kinds whose records another kind takes away: those that repair knows."""
    return frozenset(
        slug
        for kind in kinds
        for quotation in kind.links
        if quotation.withdraws_when
        for slug in quotation.key_fields
    )


def _absent() -> NotFound:
    return NotFound(
        "There is no such record.",
        "Check the address.",
        zh="没有这条记录。",
        zh_hint="请核对网址；没有记录不等于信用良好。",
    )
