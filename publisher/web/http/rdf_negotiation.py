"""RDF of records over HTTP: the types offered, the choice among them, the writing.

Purpose: pages that show records give the same as data, by Accept or by suffix.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import request
from pyoxigraph import RdfFormat, parse, serialize

from exchange.domain.identifiers import USCC_BASE
from ontology.terms import NS
from publisher.surfaces.triples.change_coalescing import OBJECTION_TRIPLE
from publisher.web.http import replies
from publisher.web.http.problems import NotAcceptable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pyoxigraph import Triple

    from exchange.domain.errors import NotFound
    from exchange.domain.record import VisibleRecord
    from exchange.ledger.record_view import RecordView

# Without Accept, or with */* alone, the first: what a program can use.
OFFERS: Final = (
    replies.JSONLD, replies.HTML, replies.TURTLE, replies.NTRIPLES,
    replies.NQUADS, replies.TRIG, replies.JSON,
)  # fmt: skip
_FORMATS: Final = {
    replies.TURTLE: RdfFormat.TURTLE,
    replies.NTRIPLES: RdfFormat.N_TRIPLES,
    replies.NQUADS: RdfFormat.N_QUADS,
    replies.TRIG: RdfFormat.TRIG,
    replies.JSONLD: RdfFormat.JSON_LD,
    replies.JSON: RdfFormat.JSON_LD,
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


def negotiate(suffix: str, absent: NotFound) -> str:
    """Return the media type by suffix, else by Accept.

    Raises `absent` for an unknown suffix, NotAcceptable for an Accept that nothing meets.
    """
    if suffix:
        if suffix not in replies.SUFFIXES:
            raise absent
        return replies.SUFFIXES[suffix]
    media = replies.choose(request.headers.get("Accept"), OFFERS)
    if media is None:
        raise NotAcceptable(OFFERS)
    return media


def serialise(parse_triples: Iterable[Triple], media: str) -> bytes:
    """Return the triples in a type of RDF."""
    return serialize(parse_triples, format=_FORMATS[media], prefixes=PREFIXES) or b""


def statements(record: VisibleRecord | RecordView) -> bytes:
    """Return a record's published statements as canonical N-Quads: view and objection mark.

    The exact bytes of the ledger; the mark of an open objection stands in no view.
    """
    if not record.objection:
        return record.view
    mark = f"<{record.iri}>".encode() + OBJECTION_TRIPLE
    return b"".join(sorted([*record.view.splitlines(keepends=True), mark]))


def parse_triples(nquads: bytes) -> list[Triple]:
    """Return the triples of N-Quads of the default graph, in their order."""
    return [quad.triple for quad in parse(nquads, RdfFormat.N_QUADS)]
