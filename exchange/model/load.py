"""Shapes and code lists -> Model. What is not understood is refused, never skipped."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import ontology
import shapes
from exchange.domain.access import Leaf, Tier
from exchange.domain.errors import DataInvalid
from exchange.domain.links import Cascade, LinkRule
from exchange.model.graph import CODE, CR, RDF, SH, SKOS, Graph, Node, local, ntriples, value_of
from exchange.model.kinds import (
    Column,
    Concept,
    Condition,
    Field,
    FormatRule,
    Kind,
    Label,
    LeafRule,
    Model,
    Quotation,
    Requirement,
    Scheme,
    Severity,
    TierRule,
)
from exchange.model.lint import check_model
from exchange.model.values import code_value, value_type

if TYPE_CHECKING:
    from collections.abc import Mapping

_SEVERITIES: dict[str | None, Severity] = {
    None: "error",
    f"{SH}Violation": "error",
    f"{SH}Warning": "warning",
}

# Everything that may be said of a node of each sort. A constraint outside of these would be
# dropped silently by what is derived, so it is refused.
_KIND_TERMS = frozenset(
    [f"{RDF}type"]
    + [SH + name for name in ("targetClass", "closed", "ignoredProperties", "name", "property")]
    + [
        CR + name
        for name in (
            "slug",
            "form",
            "key",
            "maxTier",
            "publicityEnd",
            "tierWhen",
            "loggedOnlyWhen",
            "link",
        )
    ]
)
_FIELD_TERMS = frozenset(
    [
        SH + name
        for name in (
            *("path", "order", "name", "node", "nodeKind"),
            *("minCount", "maxCount", "maxLength"),
        )
    ]
    + [
        CR + name
        for name in (
            *("jsonName", "leaf", "scheme", "column", "received", "codeFrom", "personFrom"),
            *("keyFallback", "requiredWhen", "onlyWhen", "formatWhen", "leafWhen"),
        )
    ]
)
_COLUMN_TERMS = frozenset(
    [f"{SH}name"]
    + [CR + name for name in ("form", "code", "alias", "columnRequired", "factor", "certainty")]
)
_CONDITION_TERMS = frozenset(
    [f"{SH}severity"]
    + [CR + name for name in ("field", "oneOf", "absent", "leaf", "format", "maxTier")]
)
_LINK_TERMS = frozenset(CR + name for name in ("relation", "kindFrom", "keyFrom", "withdrawsWhen"))


def load_model() -> Model:
    """Return the model of the packaged shapes and code lists (about 0.1 s)."""
    return read_model(
        {name: ontology.read(name) for name in ontology.sources()},
        {name: shapes.read(name) for name in shapes.sources()},
    )


def read_model(words: Mapping[str, bytes], looks: Mapping[str, bytes]) -> Model:
    """Return the model of these Turtle files: `words` of ontology/, `looks` of shapes/.

    Raises:
        DataInvalid: a file does not parse, a fact is missing, or a term is not understood.

    """
    schemes = _schemes(Graph(words))
    graph = Graph(looks)
    kinds = {}
    for node in graph.subjects(f"{RDF}type", f"{SH}NodeShape"):
        if graph.one(node, f"{SH}targetClass") is not None:
            kind = _KindReader(graph, node, schemes).kind()
            kinds[kind.slug] = kind
    model = Model(dict(sorted(kinds.items())), _links(graph), schemes, ntriples(words))
    check_model(model)
    return model


def _refuse_unknown(graph: Graph, node: Node, known: frozenset[str]) -> None:
    unknown = sorted(set(graph.predicates(node)) - known)
    if unknown:
        raise DataInvalid(
            f"The shapes use <{unknown[0]}>, which is not understood there.",
            "Teach exchange.model what it means, or leave it out.",
            terms=unknown,
        )


def _schemes(graph: Graph) -> dict[str, Scheme]:
    schemes: dict[str, Scheme] = {}
    for node in graph.subjects(f"{RDF}type", f"{SKOS}ConceptScheme"):
        iri = value_of(node)
        concepts = [_concept(graph, item) for item in graph.subjects(f"{SKOS}inScheme", iri)]
        schemes[local(iri)] = Scheme(
            slug=local(iri),
            iri=iri,
            label=graph.need_label(node, f"{SKOS}prefLabel"),
            concepts={item.notation: item for item in concepts},
        )
    return dict(sorted(schemes.items()))


def _concept(graph: Graph, node: Node) -> Concept:
    return Concept(
        notation=graph.need(node, f"{SKOS}notation"),
        iri=value_of(node),
        label=graph.need_label(node, f"{SKOS}prefLabel"),
        alternatives=graph.texts(node, f"{SKOS}altLabel"),
    )


def _links(graph: Graph) -> dict[str, LinkRule]:
    rules = {}
    for cascade in Cascade:
        for node in graph.subjects_of_text(f"{CR}cascade", cascade.value):
            relation = graph.need(node, f"{CR}relation")
            rules[relation] = LinkRule(
                relation,
                graph.need(node, f"{CR}sourceKind"),
                graph.need(node, f"{CR}targetSlug"),
                cascade,
            )
    return dict(sorted(rules.items()))


class _KindReader:
    """Reads one node shape; JSON names are resolved over all its fields."""

    def __init__(self, graph: Graph, node: Node, schemes: Mapping[str, Scheme]) -> None:
        _refuse_unknown(graph, node, _KIND_TERMS)
        self._graph = graph
        self._node = node
        self._schemes = schemes
        self._properties = sorted(
            graph.values(node, f"{SH}property"),
            key=lambda item: int(graph.need(item, f"{SH}order")),
        )
        self._names = {graph.need(item, f"{SH}path"): self._name(item) for item in self._properties}

    def _name(self, node: Node) -> str:
        given = self._graph.text(node, f"{CR}jsonName")
        return given or local(self._graph.need(node, f"{SH}path"))

    def _names_of(self, iris: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(self._named(iri) for iri in iris)

    def _named(self, iri: str) -> str:
        try:
            return self._names[iri]
        except KeyError:
            raise DataInvalid(
                f"{self._node} speaks of <{iri}>, which is no field of it.", "Name a field."
            ) from None

    def kind(self) -> Kind:
        """Return the kind."""
        graph, node = self._graph, self._node
        end = graph.text(node, f"{CR}publicityEnd")
        return Kind(
            slug=graph.need(node, f"{CR}slug"),
            class_iri=graph.need(node, f"{SH}targetClass"),
            label=graph.need_label(node, f"{SH}name"),
            key=self._names_of(graph.items(node, f"{CR}key")),
            ceiling=Tier(local(graph.need(node, f"{CR}maxTier"))),
            fields=tuple(self._field(item) for item in self._properties),
            forms=graph.texts(node, f"{CR}form"),
            publicity_end=self._named(end) if end else None,
            quotations=tuple(self._quotation(i) for i in graph.values(node, f"{CR}link")),
            tier_when=tuple(
                TierRule(self._condition(item), Tier(local(graph.need(item, f"{CR}maxTier"))))
                for item in graph.values(node, f"{CR}tierWhen")
            ),
            logged_only_when=tuple(
                self._condition(item) for item in graph.values(node, f"{CR}loggedOnlyWhen")
            ),
        )

    def _quotation(self, node: Node) -> Quotation:
        graph = self._graph
        _refuse_unknown(graph, node, _LINK_TERMS)
        when = graph.one(node, f"{CR}withdrawsWhen")
        return Quotation(
            relation=graph.need(node, f"{CR}relation"),
            kind_from=self._named(graph.need(node, f"{CR}kindFrom")),
            key_from=self._names_of(graph.items(node, f"{CR}keyFrom")),
            withdraws_when=self._condition(when) if when is not None else None,
        )

    def _condition(self, node: Node) -> Condition:
        graph = self._graph
        _refuse_unknown(graph, node, _CONDITION_TERMS)
        absent = graph.text(node, f"{CR}absent")
        if absent:
            return Condition(self._named(absent))
        values = graph.items(node, f"{CR}oneOf")
        if not values:
            raise DataInvalid(f"A condition of {self._node} has no values.", "Give cr:oneOf.")
        return Condition(
            self._named(graph.need(node, f"{CR}field")), tuple(self._token(i) for i in values)
        )

    def _token(self, iri: str) -> str:
        scheme, _, notation = iri.removeprefix(CODE).partition("/")
        if scheme not in self._schemes or notation not in self._schemes[scheme].concepts:
            raise DataInvalid(f"<{iri}> is in no code list.", "Add it to ontology/codes.")
        return notation

    def _severity(self, node: Node) -> Severity:
        return _SEVERITIES[self._graph.text(node, f"{SH}severity")]

    def _field(self, node: Node) -> Field:
        graph = self._graph
        _refuse_unknown(graph, node, _FIELD_TERMS)
        label = graph.need_label(node, f"{SH}name")
        length = graph.text(node, f"{SH}maxLength")
        scheme = self._scheme(node)
        return Field(
            name=self._name(node),
            iri=graph.need(node, f"{SH}path"),
            value=code_value(scheme) if scheme else value_type(graph, node),
            scheme=scheme,
            many=self._many(node),
            required=self._required(node),
            max_length=int(length) if length else None,
            leaf=Leaf(local(graph.need(node, f"{CR}leaf"))),
            label=label,
            columns=dict(
                self._column(item, label, required=self._required(node))
                for item in graph.values(node, f"{CR}column")
            ),
            required_when=tuple(
                Requirement(self._condition(item), self._severity(item))
                for item in graph.values(node, f"{CR}requiredWhen")
            ),
            only_when=tuple(self._condition(i) for i in graph.values(node, f"{CR}onlyWhen")),
            format_when=tuple(
                FormatRule(
                    self._condition(item), graph.need(item, f"{CR}format"), self._severity(item)
                )
                for item in graph.values(node, f"{CR}formatWhen")
            ),
            leaf_when=tuple(
                LeafRule(self._condition(item), Leaf(local(graph.need(item, f"{CR}leaf"))))
                for item in graph.values(node, f"{CR}leafWhen")
            ),
            received=self._reference(node, "received"),
            code_from=self._reference(node, "codeFrom"),
            person_from=self._reference(node, "personFrom"),
            key_fallback=self._reference(node, "keyFallback"),
        )

    def _reference(self, node: Node, term: str) -> str | None:
        found = self._graph.text(node, CR + term)
        return self._named(found) if found else None

    def _required(self, node: Node) -> bool:
        return self._count(node, "minCount", "0") == "1"

    def _many(self, node: Node) -> bool:
        return self._count(node, "maxCount", "1") is None

    def _count(self, node: Node, term: str, *allowed: str) -> str | None:
        found = self._graph.text(node, SH + term)
        if found not in (None, "1", *allowed):
            raise DataInvalid(f"{self._node} counts beyond one.", "Use 0, 1 or no limit.")
        return found

    def _scheme(self, node: Node) -> Scheme | None:
        iri = self._graph.text(node, f"{CR}scheme")
        if iri is None:
            return None
        if local(iri) not in self._schemes:
            raise DataInvalid(f"There is no code list <{iri}>.", "Add it to ontology/codes.")
        return self._schemes[local(iri)]

    def _column(self, node: Node, label: Label, *, required: bool) -> tuple[str, Column]:
        graph = self._graph
        _refuse_unknown(graph, node, _COLUMN_TERMS)
        factor = graph.text(node, f"{CR}factor")
        label = graph.label(node, f"{SH}name") or label
        column = Column(
            code=graph.need(node, f"{CR}code"),
            aliases=graph.texts(node, f"{CR}alias"),
            label=label.zh,
            en=label.en,
            required=required or graph.text(node, f"{CR}columnRequired") == "true",
            factor=Decimal(factor) if factor else None,
            certainty=graph.need(node, f"{CR}certainty"),
        )
        return graph.need(node, f"{CR}form"), column
