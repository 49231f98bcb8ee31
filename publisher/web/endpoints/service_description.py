"""The service description (SPARQL 1.1 Service Description, W3C 2013), made by template.

Purpose: say what the endpoint speaks and offers; it depends on its own address alone.
"""

from __future__ import annotations

from typing import Final

from pyoxigraph import RdfFormat, parse, serialize

from publisher.stores.query_pool import MEDIA_TYPES

_SD: Final = "http://www.w3.org/ns/sparql-service-description#"
_FORMATS: Final = "http://www.w3.org/ns/formats/"
_NAMES: Final = {
    "application/sparql-results+json": "SPARQL_Results_JSON",
    "application/sparql-results+xml": "SPARQL_Results_XML",
    "text/csv": "SPARQL_Results_CSV",
    "text/tab-separated-values": "SPARQL_Results_TSV",
    "text/turtle": "Turtle",
    "application/n-triples": "N-Triples",
    "application/n-quads": "N-Quads",
    "application/rdf+xml": "RDF_XML",
    "application/ld+json": "JSON-LD",
    "application/trig": "TriG",
}


def description(endpoint: str, media: str) -> bytes:
    """Return the description of the service at `endpoint` in an RDF media type."""
    offered = sorted({name for types in MEDIA_TYPES.values() for name in types})
    formats = ", ".join(f"formats:{_NAMES[name]}" for name in offered)
    turtle = (
        f"@prefix sd: <{_SD}> .\n@prefix formats: <{_FORMATS}> .\n"
        f"<{endpoint}> a sd:Service ;\n"
        f"    sd:endpoint <{endpoint}> ;\n"
        "    sd:supportedLanguage sd:SPARQL11Query ;\n"
        f"    sd:resultFormat {formats} ;\n"
        f"    sd:defaultDataset <{endpoint}#dataset> .\n"
        f"<{endpoint}#dataset> a sd:Dataset ; sd:defaultGraph <{endpoint}#default> .\n"
        f"<{endpoint}#default> a sd:Graph .\n"
    )
    if media == "text/turtle":
        return turtle.encode()
    found = RdfFormat.from_media_type(media)
    if found is None:  # the caller chose among the types offered
        raise ValueError(media)
    triples = (quad.triple for quad in parse(turtle, RdfFormat.TURTLE))
    made = serialize(triples, format=found)
    return made or b""
