"""`/record/{id}`: the record as a page, JSON and RDF; 410 once it has left (CONTRACT "HTTP").

Purpose: the ledger's gone-set is asked before anything else, so that a withdrawal counts at
once; the text comes from the public triple store, never from the ledger.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from flask import Blueprint, request
from pyoxigraph import Literal, RdfFormat, Triple, parse, serialize

from exchange.domain.errors import Gone, NotFound, UsageError
from exchange.domain.identity import id_of, record_iri
from exchange.domain.record import Standing
from exchange.model import compile_kind
from publisher.web import http
from publisher.web.problems import NotAcceptable
from publisher.web.view import DECIMAL, kind_of, values_of, view

if TYPE_CHECKING:
    from exchange.model import Kind
    from publisher.web.pages import Pages
    from publisher.web.parts import Parts
    from publisher.web.view import Values
    from publisher.web.vocabulary import Vocabulary

# Without Accept, or with */* alone, the first: what a program can use.
_OFFERS: Final = (
    http.JSONLD, http.HTML, http.TURTLE, http.NTRIPLES, http.NQUADS, http.TRIG, http.JSON
)  # fmt: skip
_RDF: Final = {
    http.TURTLE: RdfFormat.TURTLE,
    http.NTRIPLES: RdfFormat.N_TRIPLES,
    http.NQUADS: RdfFormat.N_QUADS,
    http.TRIG: RdfFormat.TRIG,
}
_PREFIXES: Final = {
    "cr": "https://w3id.org/credence/ns#",
    "uscc": "https://w3id.org/credence/uscc/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_CONSTRUCT: Final = "CONSTRUCT {{ <{iri}> ?p ?o }} WHERE {{ <{iri}> ?p ?o }}"
_HEADERS: Final = (
    ("Cache-Control", "no-cache"),
    ("Vary", "Accept"),
    ("X-Robots-Tag", "noindex"),
)


def blueprint(parts: Parts, pages: Pages, words: Vocabulary) -> Blueprint:
    """Return the routes of records."""
    records = Records(parts, pages, words)
    made = Blueprint("records", __name__)
    made.add_url_rule("/record/<name>", view_func=records.record)
    made.add_url_rule("/record", view_func=records.find)
    return made


class Records:
    """Answers for single records of one tier."""

    def __init__(self, parts: Parts, pages: Pages, words: Vocabulary) -> None:
        self._parts = parts
        self._pages = pages
        self._words = words
        self._compiled = {slug: compile_kind(parts.model, slug) for slug in parts.model.kinds}

    def find(self) -> http.Reply:
        """Lead from the form on the home page to the record's address."""
        lang = http.language(request.environ)
        tail = "?lang=en" if lang == "en" else ""
        target = f"{self._pages.prefix}/record/{id_of(request.args.get('id', ''))}{tail}"
        return http.Reply(b"", status=303, headers=(("Location", target),))

    def record(self, name: str) -> http.Reply:
        """Return the record by Accept or suffix. Raises NotFound, Gone, NotAcceptable."""
        identifier, _, suffix = name.partition(".")
        self._require_standing(identifier)
        media = _media(suffix)
        iri = record_iri(self._parts.base_url, identifier)
        answer = self._parts.queries.query(_CONSTRUCT.format(iri=iri), http.NTRIPLES)
        triples = received(answer.body)
        values = values_of(triples)
        kind = kind_of(self._parts.model, values)
        if kind is None:
            raise _absent()
        if media == http.HTML:
            body = self._page(iri, identifier, kind, values)
        elif media in _RDF:
            body = serialize(triples, format=_RDF[media], prefixes=_PREFIXES) or b""
        else:
            lines = serialize(triples, format=RdfFormat.N_QUADS) or b""
            document = self._compiled[kind.slug].to_json(iri, lines)
            body = json.dumps(document, ensure_ascii=False, indent=2).encode() + b"\n"
        return http.Reply(body, media, headers=_HEADERS).tagged(request.environ)

    def _require_standing(self, identifier: str) -> None:
        try:
            known = id_of(identifier) == identifier
        except UsageError:
            known = False
        if not known:
            raise _absent()
        standing = self._parts.ledger.standing(self._parts.tier, identifier)
        if standing in {Standing.GONE, Standing.SUSPENDED}:
            raise Gone("What stood at this address is no longer shown.")
        if standing is not Standing.LIVE:
            raise _absent()

    def _page(self, iri: str, identifier: str, kind: Kind, values: Values) -> bytes:
        lang = http.language(request.environ)
        path = f"/record/{identifier}"
        formats = tuple(http.SUFFIXES.items())
        check = f"SELECT ?property ?value WHERE {{ <{iri}> ?property ?value }}"
        return self._pages.render(
            "record.html",
            lang,
            here=path,
            path=path,
            record=view(iri, kind, values, self._words, lang),
            formats=formats,
            alternates=[(media, f"{path}.{suffix}") for suffix, media in formats],
            query=f"/sparql?query={quote(check, safe='')}",
        )


def received(ntriples: bytes) -> list[Triple]:
    """Return the triples of a record in canonical order and wording.

    The engine keeps a decimal by value and writes 20000.00 as 20000; amounts have two decimals
    (DETAILS "Money"), so that the bytes here are those of the view in the ledger.
    """
    lines = b"".join(sorted(ntriples.splitlines(keepends=True)))
    return [_restored(quad.triple) for quad in parse(lines, RdfFormat.N_TRIPLES)]


def _restored(triple: Triple) -> Triple:
    value = triple.object
    if not isinstance(value, Literal) or value.datatype.value != DECIMAL:
        return triple
    whole, _, cents = value.value.partition(".")
    exact = Literal(f"{whole}.{cents:0<2}", datatype=value.datatype)
    return Triple(triple.subject, triple.predicate, exact)


def _media(suffix: str) -> str:
    if suffix:
        if suffix not in http.SUFFIXES:
            raise _absent()
        return http.SUFFIXES[suffix]
    media = http.choose(request.headers.get("Accept"), _OFFERS)
    if media is None:
        raise NotAcceptable(_OFFERS)
    return media


def _absent() -> NotFound:
    return NotFound(
        "There is no such record.",
        "Check the address.",
        zh="没有这条记录。",
        zh_hint="请核对网址；没有记录不等于信用良好。",
    )
