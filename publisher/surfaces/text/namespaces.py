"""Prefixes and small writings that every surface shares."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
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


@lru_cache(maxsize=64)  # all that one step of the ledger has published has one time
def xsd_timestamp(milliseconds: int) -> str:
    """Return an xsd:dateTime in UTC with exactly three decimals: text order is time order."""
    seconds, rest = divmod(milliseconds, 1000)
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{rest:03d}Z"


def expand(name: str) -> str:
    """Return the IRI of a prefixed name; an IRI stays as it is."""
    prefix, colon, local = name.partition(":")
    return PREFIXES[prefix] + local if colon and prefix in PREFIXES else name
