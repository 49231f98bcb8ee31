"""The vocabulary as the pages need it: labels, definitions and code lists by IRI.

Purpose: one reading of the same N-Triples that every store holds, so that a page never names a
property or a code otherwise than the data do.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pyoxigraph import Literal, NamedNode, RdfFormat, parse

from ontology.terms import CODE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_RDF_TYPE: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_SKOS: Final = "http://www.w3.org/2004/02/skos/core#"
_OWL: Final = "http://www.w3.org/2002/07/owl#"
_LABELS: Final = ("http://www.w3.org/2000/01/rdf-schema#label", _SKOS + "prefLabel")
_DEFINITIONS: Final = (_SKOS + "definition", "http://www.w3.org/2000/01/rdf-schema#comment")
_SORTS: Final = {
    _OWL + "Class": "class",
    _OWL + "ObjectProperty": "property",
    _OWL + "DatatypeProperty": "property",
    _SKOS + "ConceptScheme": "scheme",
    _SKOS + "Concept": "concept",
}


@dataclass(frozen=True, slots=True)
class Term:
    """One term: texts as (zh, en); `sort` is class, property, scheme, concept or other.

    `broader` is the IRI of what a code belongs to in another list (skos:broadMatch).
    """

    iri: str
    sort: str
    labels: tuple[str, str]
    definitions: tuple[str, str]
    notation: str = ""
    scheme: str = ""
    broader: str = ""

    @property
    def local(self) -> str:
        """Return the last part of the IRI."""
        return self.iri.rstrip("/").replace("#", "/").rpartition("/")[2]

    def label(self, lang: str) -> str:
        """Return the label in `zh` or `en`, the last part of the IRI where there is none."""
        return self.labels[lang == "en"] or self.local

    def definition(self, lang: str) -> str:
        """Return the definition in `zh` or `en`, possibly empty."""
        return self.definitions[lang == "en"]


class Vocabulary:
    """All terms by IRI. Raises SyntaxError (pyoxigraph) for broken N-Triples."""

    def __init__(self, ntriples: bytes) -> None:
        facts: dict[str, dict[str, list[NamedNode | Literal]]] = defaultdict(
            lambda: defaultdict(list)
        )
        for quad in parse(ntriples, RdfFormat.N_TRIPLES):
            node, value = quad.subject, quad.object
            if isinstance(node, NamedNode) and isinstance(value, NamedNode | Literal):
                facts[node.value][quad.predicate.value].append(value)
        self._terms: Mapping[str, Term] = {iri: _term(iri, facts[iri]) for iri in facts}

    def get(self, iri: str) -> Term | None:
        """Return the term of that IRI."""
        return self._terms.get(iri)

    def word(self, scheme: str, notation: str, lang: str) -> str:
        """Return the word for a code of a list, the code itself where the list lacks it."""
        term = self.code(scheme, notation)
        return term.label(lang) if term else notation

    def code(self, scheme: str, notation: str) -> Term | None:
        """Return the term of a code of a list."""
        return self._terms.get(f"{CODE}{scheme}/{notation}")

    def of(self, sort: str, scheme: str = "") -> Sequence[Term]:
        """Return the terms of a sort, of one scheme if given, in the order they were written."""
        return [
            term
            for term in self._terms.values()
            if term.sort == sort and (not scheme or term.scheme == scheme)
        ]


def _term(iri: str, facts: Mapping[str, list[NamedNode | Literal]]) -> Term:
    types = (_SORTS.get(kind.value) for kind in facts.get(_RDF_TYPE, []))
    scheme = facts.get(_SKOS + "inScheme", [])
    notation = facts.get(_SKOS + "notation", [])
    broader = facts.get(_SKOS + "broadMatch", [])
    return Term(
        iri,
        next((sort for sort in types if sort), "other"),
        _texts(facts, _LABELS),
        _texts(facts, _DEFINITIONS),
        notation[0].value if notation else "",
        scheme[0].value if scheme else "",
        broader[0].value if broader else "",
    )


def _texts(
    facts: Mapping[str, list[NamedNode | Literal]], properties: Sequence[str]
) -> tuple[str, str]:
    found = {
        value.language: value.value
        for name in properties
        for value in facts.get(name, [])
        if isinstance(value, Literal)
    }
    return found.get("zh", ""), found.get("en", "")
