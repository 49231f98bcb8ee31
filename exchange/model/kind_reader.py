"""Reads a node shape of shapes/ into a `Kind`. Unknown terms are refused, never skipped."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, TypeVar

from exchange.domain.disclosure_levels import DisclosureLevel, Tier
from exchange.domain.errors import DataInvalid
from exchange.domain.record import DeliveredState
from exchange.model.kinds import Column, Field, Kind, Label, LinkDefinition, Scheme
from exchange.model.rule_conditions import (
    AmountStatedIn,
    Condition,
    DeliveredStateRule,
    DisclosureRule,
    Expectation,
    FormatRule,
    Inference,
    NotBefore,
    Requirement,
    Severity,
    TierRule,
)
from exchange.model.shapes_graph import CODE, CR, RDF, SH, Graph, Node, local_name
from exchange.model.values import code_value_type, value_type

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Choice = TypeVar("Choice", bound=Enum)
_SEVERITIES: dict[str | None, Severity] = {
    None: "error",
    f"{SH}Violation": "error",
    f"{SH}Warning": "warning",
}


# The predicates allowed on each type of node. A constraint outside of these would silently be
# missing from the derived files, so it is refused.
def _terms(of_ours: str, of_shacl: str = "", *others: str) -> frozenset[str]:
    return frozenset(
        [CR + name for name in of_ours.split()] + [SH + n for n in of_shacl.split()]
    ) | {*others}


_KIND_TERMS = _terms(
    "slug form key resemblance maxTier publicityEnd sourceTime tierWhen loggedOnlyWhen arrives "
    "link column columnPrefix serves",
    "targetClass closed ignoredProperties name property",
    f"{RDF}type",
)
_FIELD_TERMS = _terms(
    "jsonName leaf scheme column received codeFrom personFrom keyFallback requiredWhen onlyWhen "
    "formatWhen leafWhen inferred personalName registeredName contactOf numberScheme expects "
    "notBefore statedIn largest swappedWith nameOf",
    "path order name node nodeKind minCount maxCount maxLength in",
    f"{RDF}type",
)
_COLUMN_TERMS = _terms(
    "fills form code alias columnRequired factor certainty constant further", "name"
)
_CONDITION_TERMS = _terms("field oneOf absent present leaf format maxTier form arrival", "severity")
_PLAUSIBILITY_TERMS = _terms("format field word", "severity")
_INFERENCE_TERMS = _terms("field prefix token decisive", "order")
_CONTACTS = frozenset({None, "office"})
_NUMBER_SCHEMES = frozenset({None, "business-registration"})
_LINK_TERMS = _terms("relation kindFrom target withdrawsWhen")
_TARGET_TERMS = _terms("targetSlug keyFrom")


LINK_RULE_TERMS = _terms("relation sourceKind targetSlug cascade")


def refuse_unknown(graph: Graph, node: Node, known: frozenset[str]) -> None:
    """Refuse a node that has a predicate outside of `known`.

    Raises:
        DataInvalid: there is such a predicate.

    """
    unknown = sorted(set(graph.predicates(node)) - known)
    if unknown:
        raise DataInvalid(
            f"The shapes use <{unknown[0]}>, which is not understood there.",
            "Teach exchange.model what it means, or leave it out.",
            terms=unknown,
        )


def _one_of(choices: type[Choice], iri: str) -> Choice:
    try:
        return choices(local_name(iri))
    except ValueError:
        known = ", ".join(item.value for item in choices)
        raise DataInvalid(f"{iri!r} is not understood there.", f"Use one of: {known}.") from None


class KindReader:
    """Reads one node shape; JSON names are resolved over all its fields."""

    def __init__(self, graph: Graph, node: Node, schemes: Mapping[str, Scheme]) -> None:
        refuse_unknown(graph, node, _KIND_TERMS)
        self._graph = graph
        self._node = node
        self._schemes = schemes
        self._properties = sorted(
            graph.values(node, f"{SH}property"),
            key=lambda item: int(graph.require(item, f"{SH}order")),
        )
        self._forms = graph.texts(node, f"{CR}form")
        self._prefix = graph.text(node, f"{CR}columnPrefix") or ""
        self._names = {
            graph.require(item, f"{SH}path"): self._name(item) for item in self._properties
        }

    def _name(self, node: Node) -> str:
        given = self._graph.text(node, f"{CR}jsonName")
        return given or local_name(self._graph.require(node, f"{SH}path"))

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
        time = graph.text(node, f"{CR}sourceTime")
        return Kind(
            slug=graph.require(node, f"{CR}slug"),
            class_iri=graph.require(node, f"{SH}targetClass"),
            label=graph.require_label(node, f"{SH}name"),
            key=self._names_of(graph.items(node, f"{CR}key")),
            resemblances=tuple(
                self._names_of(graph.members(item))
                for item in graph.values(node, f"{CR}resemblance")
            ),
            max_tier=_one_of(Tier, graph.require(node, f"{CR}maxTier")),
            fields=tuple(self._field(item) for item in self._properties),
            forms=self._forms,
            tasks=tuple(sorted(map(int, graph.texts(node, f"{CR}serves")))),
            publicity_end=self._named(end) if end else None,
            source_time=self._named(time) if time else None,
            links=tuple(self._quotation(i) for i in graph.values(node, f"{CR}link")),
            tier_when=tuple(
                TierRule(self._condition(item), _one_of(Tier, graph.require(item, f"{CR}maxTier")))
                for item in graph.values(node, f"{CR}tierWhen")
            ),
            logged_only_when=tuple(
                self._condition(item) for item in graph.values(node, f"{CR}loggedOnlyWhen")
            ),
            delivered_states=tuple(
                DeliveredStateRule(
                    self._condition(item),
                    _one_of(DeliveredState, graph.require(item, f"{CR}arrival")),
                )
                for item in graph.values(node, f"{CR}arrives")
            ),
        )

    def _quotation(self, node: Node) -> LinkDefinition:
        graph = self._graph
        refuse_unknown(graph, node, _LINK_TERMS)
        when = graph.single(node, f"{CR}withdrawsWhen")
        return LinkDefinition(
            relation=graph.require(node, f"{CR}relation"),
            kind_field=self._named(graph.require(node, f"{CR}kindFrom")),
            key_fields=dict(self._target(item) for item in graph.values(node, f"{CR}target")),
            withdraws_when=self._condition(when) if when is not None else None,
        )

    def _target(self, node: Node) -> tuple[str, tuple[str, ...]]:
        graph = self._graph
        refuse_unknown(graph, node, _TARGET_TERMS)
        names = self._names_of(graph.items(node, f"{CR}keyFrom"))
        return graph.require(node, f"{CR}targetSlug"), names

    def _condition(self, node: Node) -> Condition:
        graph = self._graph
        refuse_unknown(graph, node, _CONDITION_TERMS)
        conditions = [
            Condition(self._named(iri), present=term == "present")
            for term in ("absent", "present")
            if (iri := graph.text(node, CR + term))
        ]
        values = tuple(self._token(item) for item in graph.items(node, f"{CR}oneOf"))
        if values:
            conditions.insert(0, Condition(self._named(graph.require(node, f"{CR}field")), values))
        if not conditions:
            raise DataInvalid(f"A condition of {self._node} has no values.", "Give cr:oneOf.")
        whole = conditions.pop()
        while conditions:
            whole = replace(conditions.pop(), and_also=whole)
        return whole

    def _inferences(self, node: Node) -> Iterator[Inference]:
        graph = self._graph
        nodes = graph.values(node, f"{CR}inferred")
        for item in sorted(nodes, key=lambda item: int(graph.require(item, f"{SH}order"))):
            refuse_unknown(graph, item, _INFERENCE_TERMS)
            yield Inference(
                self._named(graph.require(item, f"{CR}field")),
                graph.text(item, f"{CR}prefix") or "",
                self._token(graph.require(item, f"{CR}token")),
                decisive=graph.text(item, f"{CR}decisive") == "true",
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
        refuse_unknown(graph, node, _FIELD_TERMS)
        label = graph.require_label(node, f"{SH}name")
        length = graph.text(node, f"{SH}maxLength")
        largest = graph.text(node, f"{CR}largest")
        scheme = self._scheme(node)
        return Field(
            name=self._name(node),
            iri=graph.require(node, f"{SH}path"),
            value_type=code_value_type(scheme) if scheme else value_type(graph, node),
            scheme=scheme,
            many=self._many(node),
            required=self._required(node),
            max_length=int(length) if length else None,
            disclosure=_one_of(DisclosureLevel, graph.require(node, f"{CR}leaf")),
            label=label,
            columns=self._columns(node, label),
            required_when=tuple(
                Requirement(
                    self._condition(item), self._severity(item), graph.texts(item, f"{CR}form")
                )
                for item in graph.values(node, f"{CR}requiredWhen")
            ),
            only_when=tuple(self._condition(i) for i in graph.values(node, f"{CR}onlyWhen")),
            format_when=tuple(
                FormatRule(
                    self._condition(item), graph.require(item, f"{CR}format"), self._severity(item)
                )
                for item in graph.values(node, f"{CR}formatWhen")
            ),
            disclosure_when=tuple(
                DisclosureRule(
                    self._condition(item),
                    _one_of(DisclosureLevel, graph.require(item, f"{CR}leaf")),
                )
                for item in graph.values(node, f"{CR}leafWhen")
            ),
            received_field=self._reference(node, "received"),
            code_from=self._reference(node, "codeFrom"),
            person_from=self._reference(node, "personFrom"),
            key_fallback=self._reference(node, "keyFallback"),
            inferred=tuple(self._inferences(node)),
            personal_name=graph.text(node, f"{CR}personalName") == "true",
            registered_name=graph.text(node, f"{CR}registeredName") == "true",
            contact_of=self._choice(node, "contactOf", _CONTACTS),
            number_scheme=self._choice(node, "numberScheme", _NUMBER_SCHEMES),
            expects=tuple(
                Expectation(graph.texts(item, f"{CR}format"), self._severity(item))
                for item in self._plausibility(node, "expects")
            ),
            not_before=tuple(
                NotBefore(self._named(graph.require(item, f"{CR}field")), self._severity(item))
                for item in self._plausibility(node, "notBefore")
            ),
            stated_in=tuple(
                AmountStatedIn(
                    self._named(graph.require(item, f"{CR}field")), graph.texts(item, f"{CR}word")
                )
                for item in self._plausibility(node, "statedIn")
            ),
            largest_amount=Decimal(largest) if largest else None,
            swapped_with=self._reference(node, "swappedWith"),
            name_of=self._reference(node, "nameOf"),
        )

    def _plausibility(self, node: Node, term: str) -> tuple[Node, ...]:
        found = self._graph.values(node, CR + term)
        for item in found:
            refuse_unknown(self._graph, item, _PLAUSIBILITY_TERMS)
        return tuple(found)

    def _choice(self, node: Node, term: str, known: frozenset[str | None]) -> str | None:
        found = self._graph.text(node, CR + term)
        if found not in known:
            raise DataInvalid(f"{self._node} has an unknown {term} {found!r}.", "Use a known one.")
        return found

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
        if local_name(iri) not in self._schemes:
            raise DataInvalid(f"There is no code list <{iri}>.", "Add it to ontology/codes.")
        return self._narrowed(node, self._schemes[local_name(iri)])

    def _narrowed(self, node: Node, scheme: Scheme) -> Scheme:
        """Return the members of the code list that the field allows (sh:in), or all."""
        chosen = {self._token(iri) for iri in self._graph.items(node, f"{SH}in")}
        concepts = {name: item for name, item in scheme.concepts.items() if name in chosen}
        if len(concepts) != len(chosen):
            raise DataInvalid(f"{self._node} allows codes of another list.", "Mend its sh:in.")
        return replace(scheme, concepts=concepts) if chosen else scheme

    def _columns(self, node: Node, label: Label) -> dict[str, Column]:
        """Return the field's columns by form, from its property shape and from the node shape.

        A property shape shared by several kinds may name forms that this kind does not have.
        """
        graph = self._graph
        path = graph.require(node, f"{SH}path")
        stated = graph.values(self._node, f"{CR}column")
        own = [item for item in stated if graph.require(item, f"{CR}fills") == path]
        main: dict[str, Column] = {}
        more: dict[str, list[Column]] = {}
        for item in (*graph.values(node, f"{CR}column"), *own):
            form, column = self._column(item, label, required=self._required(node))
            if form not in self._forms:
                continue
            if graph.text(item, f"{CR}further") == "true":
                more.setdefault(form, []).append(column)
            elif form in main:
                raise DataInvalid(f"<{path}> has two columns of {form}.", "Keep one.")
            else:
                main[form] = column
        return {
            form: replace(column, more=tuple(more.get(form, ()))) for form, column in main.items()
        }

    def _column(self, node: Node, label: Label, *, required: bool) -> tuple[str, Column]:
        graph = self._graph
        refuse_unknown(graph, node, _COLUMN_TERMS)
        factor = graph.text(node, f"{CR}factor")
        label = graph.label(node, f"{SH}name") or label
        constant = graph.text(node, f"{CR}constant")
        further = graph.text(node, f"{CR}further") == "true"
        column = Column(
            code=self._code(graph.require(node, f"{CR}code")),
            aliases=tuple(self._code(item) for item in graph.texts(node, f"{CR}alias")),
            label=label.zh,
            label_en=label.en,
            required=(required and not further)
            or graph.text(node, f"{CR}columnRequired") == "true",
            factor=Decimal(factor) if factor else None,
            certainty=graph.require(node, f"{CR}certainty"),
            constant=self._token(constant) if constant else None,
        )
        return graph.require(node, f"{CR}form"), column

    def _code(self, code: str) -> str:
        # Forms of several kinds differ in their first letters only (CF_XDR_MC, XK_XDR_MC).
        return self._prefix + code[1:] if code.startswith("*") else code
