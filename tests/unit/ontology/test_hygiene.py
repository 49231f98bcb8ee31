"""Hygiene of the vocabulary: queries that must find nothing, and constants equal to the Turtle."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

import ontology
import shapes
from ontology import terms

PREFIXES = """
PREFIX cr: <https://w3id.org/credence/ns#>
PREFIX owl: <http://www.w3.org/2002/07/owl#>
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX sh: <http://www.w3.org/ns/shacl#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
"""
TERM = """{ VALUES ?sort { owl:Class owl:ObjectProperty owl:DatatypeProperty
  owl:AnnotationProperty owl:Ontology skos:Concept skos:ConceptScheme } ?term a ?sort }"""
FINDS_NOTHING = {
    "a label in both languages": f"""{TERM} VALUES ?l {{ "zh" "en" }}
        FILTER NOT EXISTS {{ ?term rdfs:label|skos:prefLabel ?x FILTER(LANG(?x) = ?l) }}""",
    "one label a language": f"""{TERM} ?term rdfs:label|skos:prefLabel ?x, ?y
        FILTER(LANG(?x) = LANG(?y) && STR(?x) != STR(?y))""",
    "a definition in both languages": f"""{TERM} VALUES ?l {{ "zh" "en" }}
        FILTER NOT EXISTS {{ ?term skos:definition ?x FILTER(LANG(?x) = ?l) }}""",
    "a home": f"{TERM} FILTER NOT EXISTS {{ ?term rdfs:isDefinedBy ?home }}",
    "a notation": "?term a skos:Concept FILTER NOT EXISTS { ?term skos:notation ?n }",
    "a notation of its own": """?term skos:inScheme ?s ; skos:notation ?n .
        ?b skos:inScheme ?s ; skos:notation ?n FILTER(?term != ?b)""",
    "a known scheme": """?term skos:inScheme ?s
        FILTER NOT EXISTS { ?s a skos:ConceptScheme }""",
    "a name of its own in its scheme": """?term skos:inScheme ?s ; skos:prefLabel|skos:altLabel ?n .
        ?b skos:inScheme ?s ; skos:prefLabel|skos:altLabel ?n FILTER(?term != ?b)""",
    "how sure we are": "?term a skos:Concept FILTER NOT EXISTS { ?term cr:certainty ?c }",
    "a declared predicate": """?x ?term ?y FILTER(STRSTARTS(STR(?term), STR(cr:)))
        FILTER NOT EXISTS { ?term rdfs:isDefinedBy ?home }""",
    "a declared path": """?x sh:path|sh:targetClass ?term
        FILTER NOT EXISTS { ?term rdfs:isDefinedBy ?home }""",
    "a declared code": """{ ?x cr:leaf|cr:maxTier|cr:scheme ?term }
        UNION { ?x cr:oneOf/rdf:rest*/rdf:first ?term }
        FILTER NOT EXISTS { ?term rdfs:isDefinedBy ?home }""",
    "a use": """?term a ?sort FILTER(?sort IN (owl:DatatypeProperty, owl:AnnotationProperty))
        FILTER NOT EXISTS { ?x sh:path ?term } FILTER NOT EXISTS { ?x ?term ?y }
        FILTER(?term NOT IN (cr:jsonName, cr:tierWhen))
        # said by feeds and of marked records, never by the model itself (ontology/feed.ttl)
        FILTER(?term NOT IN (cr:seq, cr:completeUntil, cr:epoch, cr:objectionOpen))""",
}


@pytest.fixture(scope="module")
def store() -> ox.Store:
    store = ox.Store()
    for folder in (ontology, shapes):
        for name in folder.sources():
            store.load(folder.read(name), ox.RdfFormat.TURTLE)
    return store


@pytest.mark.parametrize("what", FINDS_NOTHING)
def test_every_term_has(what: str, store: ox.Store) -> None:
    found = store.query(f"{PREFIXES} SELECT DISTINCT ?term WHERE {{ {FINDS_NOTHING[what]} }}")
    assert [str(row["term"]) for row in found] == []


def test_the_queries_have_something_to_look_at(store: ox.Store) -> None:
    count = next(iter(store.query(f"{PREFIXES} SELECT (COUNT(*) AS ?n) WHERE {{ {TERM} }}")))["n"]
    assert int(count.value) > 120


def test_terms_and_codes_live_where_the_program_looks(store: ox.Store) -> None:
    found = store.query(f"{PREFIXES} SELECT DISTINCT ?term WHERE {{ {TERM} }}")
    stated = {row["term"].value for row in found} - {terms.NS.rstrip("#")}
    assert {iri for iri in stated if not iri.startswith((terms.NS, terms.CODE))} == set()


def test_a_file_that_is_not_there_is_an_error() -> None:
    with pytest.raises(OSError, match="nothing"):
        ontology.read("nothing.ttl")
