"""`/record/{id}`: the record as a page, JSON and RDF; 410 once it has left (CONTRACT "HTTP").

Purpose: the ledger's gone-set is asked before anything else, so that a withdrawal counts at
once; the text comes from the public triple store. What may be seen on this page only (leaf
public-page, DESIGN §5) is in no store: the ledger hands it out while the record stands.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from flask import Blueprint, request
from pyoxigraph import RdfFormat, parse, serialize

from exchange.domain.errors import Gone, NotFound, UsageError
from exchange.domain.identity import USCC_LENGTH, id_of, normal_code, record_iri
from exchange.domain.publicity import day_of
from exchange.domain.record import Standing
from exchange.model import compile_kind
from publisher.web import http, rdf
from publisher.web.moments import moment
from publisher.web.view import ended, kind_of, values_of, view

if TYPE_CHECKING:
    from collections.abc import Iterable

    from exchange.model import Kind
    from publisher.web.pages import Pages
    from publisher.web.parts import Parts
    from publisher.web.quotes import Quotes
    from publisher.web.view import Values
    from publisher.web.vocabulary import Vocabulary

_CONSTRUCT: Final = "CONSTRUCT {{ <{iri}> ?p ?o }} WHERE {{ <{iri}> ?p ?o }}"
_COMPACT: Final = frozenset({http.JSONLD, http.JSON})


def blueprint(parts: Parts, pages: Pages, words: Vocabulary, quotes: Quotes) -> Blueprint:
    """Return the routes of records."""
    records = Records(parts, pages, words, quotes)
    made = Blueprint("records", __name__)
    made.add_url_rule("/record/<name>", view_func=records.record)
    made.add_url_rule("/record", view_func=records.find)
    return made


class Records:
    """Answers for single records of one tier."""

    def __init__(self, parts: Parts, pages: Pages, words: Vocabulary, quotes: Quotes) -> None:
        self._parts = parts
        self._pages = pages
        self._words = words
        self._quotes = quotes
        self._repairable = _repairable(parts.model.kinds.values())
        self._compiled = {slug: compile_kind(parts.model, slug) for slug in parts.model.kinds}

    def find(self) -> http.Reply:
        """Lead from the form on the home page to a record's address, or to a subject's by code."""
        given = http.parameter(request.environ, "id")
        code = normal_code(given)
        path = f"/subject/{code}" if len(code) == USCC_LENGTH else f"/record/{id_of(given)}"
        return self._pages.lead(request.environ, quote(path))

    def record(self, name: str) -> http.Reply:
        """Return the record by Accept or suffix. Raises NotFound, Gone, NotAcceptable."""
        identifier, _, suffix = name.partition(".")
        self._require_standing(identifier)
        media = rdf.wished(suffix, _absent())
        iri = record_iri(self._parts.base_url, identifier)
        answer = self._parts.queries.query(_CONSTRUCT.format(iri=iri), http.NTRIPLES)
        triples = rdf.received(answer.body)
        values = values_of(triples)
        kind = kind_of(self._parts.model, values)
        if kind is None:
            raise _absent()
        if ended(kind, values, day_of(self._parts.clock())):
            raise _left()
        if media == http.HTML:
            digest = hashlib.sha256(rdf.written(triples, http.NQUADS)).hexdigest()
            body = self._page(iri, identifier, kind, values, digest)
        elif media in _COMPACT:
            lines = serialize(triples, format=RdfFormat.N_QUADS) or b""
            document = self._compiled[kind.slug].to_json(iri, lines)
            body = json.dumps(document, ensure_ascii=False, indent=2).encode() + b"\n"
        else:
            body = rdf.written(triples, media)
        return http.Reply(body, media, headers=rdf.HEADERS).tagged(request.environ)

    def _require_standing(self, identifier: str) -> None:
        try:
            known = id_of(identifier) == identifier
        except UsageError:
            known = False
        if not known:
            raise _absent()
        standing = self._parts.ledger.standing(self._parts.tier, identifier)
        if standing in {Standing.GONE, Standing.SUSPENDED}:
            raise _left()
        if standing is not Standing.LIVE:
            raise _absent()

    def _page(self, iri: str, identifier: str, kind: Kind, values: Values, digest: str) -> bytes:
        lang = http.language(request.environ)
        path = f"/record/{identifier}"
        formats = tuple(http.SUFFIXES.items())
        check = f"SELECT ?property ?value WHERE {{ <{iri}> ?property ?value }}"
        ledger, tier = self._parts.ledger, self._parts.tier
        page = parse(ledger.on_page(tier, identifier), RdfFormat.N_QUADS)
        only_here = values_of(quad.triple for quad in page)
        steps = ledger.history(tier, identifier)
        return self._pages.render(
            "record.html",
            lang,
            here=path,
            path=path,
            private=True,
            iri=iri,
            record=view(kind, values, only_here, self._words, lang),
            ties=self._quotes.of(kind, values, lang),
            steps=[
                (step.activity.value.lower(), moment(step.published), step.event) for step in steps
            ],
            delivered=next((moment(one.delivered) for one in steps if one.delivered), ""),
            digest=digest,
            repairable=kind.slug in self._repairable,
            formats=formats,
            alternates=[(media, f"{path}.{suffix}") for suffix, media in formats],
            query=f"/sparql?query={quote(check, safe='')}",
        )


def _left() -> Gone:
    return Gone("What stood at this address is no longer shown.")


def _repairable(kinds: Iterable[Kind]) -> frozenset[str]:
    """Return the kinds whose records another kind takes away: those that repair knows."""
    return frozenset(
        slug
        for kind in kinds
        for quotation in kind.quotations
        if quotation.withdraws_when
        for slug in quotation.key_from
    )


def _absent() -> NotFound:
    return NotFound(
        "There is no such record.",
        "Check the address.",
        zh="没有这条记录。",
        zh_hint="请核对网址；没有记录不等于信用良好。",
    )
