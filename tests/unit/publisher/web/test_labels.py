"""Whoever queries meets words, not only codes: all of them stand in the store that is asked.

Every projected triple has its record as subject (docs/design/model.md "Identity"), so an
organisation has no label of its own there: beside each property that names one by its code, the
record bears `...Name`.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from werkzeug.test import Client

PREFIXES = (
    "PREFIX cr: <https://w3id.org/credence/ns#> "
    "PREFIX skos: <http://www.w3.org/2004/02/skos/core#> "
    "PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> "
)
RECORDS = "?record a ?kind . ?kind rdfs:subClassOf cr:CreditRecord . ?record ?property ?value . "
CODED = 'FILTER(STRSTARTS(STR(?value), "https://w3id.org/credence/code/")) '
NAMED = 'FILTER(STRSTARTS(STR(?value), "https://w3id.org/credence/uscc/")) '


def rows(client: Client, pattern: str) -> list[dict[str, str]]:
    query = f"{PREFIXES} SELECT DISTINCT ?property ?value WHERE {{ {RECORDS} {pattern} }}"
    answer = client.get("/sparql", query_string={"query": query}, headers={"Accept": "text/csv"})
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.text)))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_code_of_a_record_has_its_label_in_the_store(client: Client, lang: str) -> None:
    assert len(rows(client, CODED)) > 20
    label = f'?value skos:prefLabel ?label FILTER(LANG(?label) = "{lang}")'
    assert rows(client, f"{CODED} FILTER NOT EXISTS {{ {label} }}") == []


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_property_of_a_record_has_its_label_in_the_store(client: Client, lang: str) -> None:
    label = f'?property rdfs:label ?label FILTER(LANG(?label) = "{lang}")'
    without = rows(client, f"FILTER NOT EXISTS {{ {label} }}")
    assert {row["property"].rpartition("#")[2] for row in without} <= {"type"}


def test_every_organisation_is_named_beside_its_code(client: Client) -> None:
    name = "?record ?other ?name FILTER(STR(?other) = CONCAT(STR(?property), 'Name'))"
    found = {row["property"].rpartition("#")[2] for row in rows(client, NAMED)}
    assert {"authority", "counterpart", "source", "describes"} <= found
    without = {row["property"] for row in rows(client, f"{NAMED} FILTER NOT EXISTS {{ {name} }}")}
    assert without == {"https://w3id.org/credence/ns#describes"}  # its record is the name's own
    register = "?record cr:describes ?value FILTER NOT EXISTS { ?record cr:subjectName ?name }"
    assert rows(client, register) == []
