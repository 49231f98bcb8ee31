"""Prefixes of the vocabularies that records and feeds are written in."""

from __future__ import annotations

from typing import Final

from ontology.terms import NS

PREFIXES: Final = {
    "as": "https://www.w3.org/ns/activitystreams#",
    "cr": NS,
    "ldes": "https://w3id.org/ldes#",
    "sh": "http://www.w3.org/ns/shacl#",
    "tree": "https://w3id.org/tree#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
RDF_TYPE: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"


def expand(name: str) -> str:
    """Return the IRI of a prefixed name; an IRI stays as it is."""
    prefix, colon, local = name.partition(":")
    return PREFIXES[prefix] + local if colon and prefix in PREFIXES else name
