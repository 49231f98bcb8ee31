"""JSON-LD 1.1 toRdf (W3C json-ld-api suite): the reader of foreign JSON-LD.

Claimed: documents with embedded contexts. We splice pinned contexts in ourselves and never fetch
one, so tests that need a fetch are among the pinned misses; a miss that goes away fails the test
as much as a new one, so that the list stays true. Any error counts for a negative test: the suite
asks for certain codes, which the library does not give.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyoxigraph as ox

BASE = "https://w3c.github.io/json-ld-api/tests/"
# Options that ask for JSON-LD 1.0, or for what RDF or the recommendation does not ask for.
SPECIAL = frozenset({"produceGeneralizedRdf", "rdfDirection", "expandContext"})
FLOOR = 420
_FETCH = "a context is to be fetched"
_BASE = "relative @base or IRI resolution; our context has whole IRIs only"
_DIRECTION = "text direction is dropped; our context has none"
MISSES: dict[str, str] = {
    **dict.fromkeys(("#tc031", "#tc034", "#te126", "#te127", "#te128"), _FETCH),
    **dict.fromkeys(("#tso05", "#tso06", "#tso08", "#tso09", "#tso11"), _FETCH),
    **dict.fromkeys(("#t0122", "#t0123", "#te062", "#te091", "#tli12"), _BASE),
    **dict.fromkeys(("#tdi02", "#tdi04", "#tdi05", "#tdi06"), _DIRECTION),
    "#tc013": "a type map takes its context from the type; our context has no type map",
}


def cases(suites: Path) -> list[dict[str, Any]]:
    home = suites / "json-ld-api" / "tests"
    entries: list[dict[str, Any]] = json.loads((home / "toRdf-manifest.jsonld").read_bytes())[
        "sequence"
    ]
    return [
        entry
        for entry in entries
        # The copy of the suite holds the inputs of toRdf alone; few tests borrow another's.
        if not _is_special(entry.get("option", {})) and (home / entry["input"]).is_file()
    ]


def _is_special(option: dict[str, Any]) -> bool:
    old = "json-ld-1.0" in (option.get("specVersion"), option.get("processingMode"))
    return old or bool(SPECIAL & option.keys())


def canonical(data: bytes, form: ox.RdfFormat, base: str | None = None) -> bytes:
    dataset = ox.Dataset(ox.parse(data, form, base_iri=base))
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    lines = ox.serialize(dataset, format=ox.RdfFormat.N_QUADS).decode().split("\n")
    return "".join(sorted(f"{line}\n" for line in lines if line)).encode()


def passes(entry: dict[str, Any], home: Path) -> bool:
    base = entry.get("option", {}).get("base", BASE + entry["input"])
    try:
        found = canonical((home / entry["input"]).read_bytes(), ox.RdfFormat.JSON_LD, base)
    except (SyntaxError, ValueError):
        return "jld:NegativeEvaluationTest" in entry["@type"]
    if "jld:PositiveSyntaxTest" in entry["@type"]:
        return True
    if "jld:PositiveEvaluationTest" not in entry["@type"]:
        return False
    return found == canonical((home / entry["expect"]).read_bytes(), ox.RdfFormat.N_QUADS)


def test_foreign_json_ld_is_read_as_the_recommendation_says(suites: Path) -> None:
    home = suites / "json-ld-api" / "tests"
    found = cases(suites)
    missed = {entry["@id"] for entry in found if not passes(entry, home)}
    assert missed == set(MISSES)
    assert len(found) - len(missed) >= FLOOR
