"""RDF of records over HTTP: the types offered, the choice among them, the writing.

Purpose: pages that show records give the same as data, by Accept or by suffix.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import request
from pyoxigraph import Literal, RdfFormat, Triple, parse, serialize

from exchange.domain.identity import USCC_BASE
from ontology.terms import NS
from publisher.web import http
from publisher.web.problems import NotAcceptable
from publisher.web.view import DECIMAL

if TYPE_CHECKING:
    from collections.abc import Iterable

    from exchange.domain.errors import NotFound

# Without Accept, or with */* alone, the first: what a program can use.
OFFERS: Final = (
    http.JSONLD, http.HTML, http.TURTLE, http.NTRIPLES, http.NQUADS, http.TRIG, http.JSON
)  # fmt: skip
_FORMATS: Final = {
    http.TURTLE: RdfFormat.TURTLE,
    http.NTRIPLES: RdfFormat.N_TRIPLES,
    http.NQUADS: RdfFormat.N_QUADS,
    http.TRIG: RdfFormat.TRIG,
    http.JSONLD: RdfFormat.JSON_LD,
    http.JSON: RdfFormat.JSON_LD,
}
PREFIXES: Final = {
    "cr": NS,
    "uscc": USCC_BASE,
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
# A record's answer is asked for each time, and is none for search engines.
HEADERS: Final = (
    ("Cache-Control", "no-cache"),
    ("Vary", "Accept"),
    ("X-Robots-Tag", "noindex"),
)


def wished(suffix: str, absent: NotFound) -> str:
    """Return the media type by suffix, else by Accept.

    Raises `absent` for an unknown suffix, NotAcceptable for an Accept that nothing meets.
    """
    if suffix:
        if suffix not in http.SUFFIXES:
            raise absent
        return http.SUFFIXES[suffix]
    media = http.choose(request.headers.get("Accept"), OFFERS)
    if media is None:
        raise NotAcceptable(OFFERS)
    return media


def written(triples: Iterable[Triple], media: str) -> bytes:
    """Return the triples in a type of RDF."""
    return serialize(triples, format=_FORMATS[media], prefixes=PREFIXES) or b""


def received(ntriples: bytes) -> list[Triple]:
    """Return triples of records in canonical order and wording.

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
