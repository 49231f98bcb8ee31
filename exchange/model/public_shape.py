"""Writes a kind as plain SHACL Core, closed over the fields of some disclosure levels.

The source shapes carry annotations of this project; any SHACL engine reads the shapes written
here. SHACL Core cannot compute check digits: the JSON Schema and the intake check them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from exchange.model.cross_field_rules import decisive_inferences
from exchange.model.json_schema import escape_unprintable
from exchange.model.shapes_graph import SH, XSD

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from exchange.domain.disclosure_levels import DisclosureLevel
    from exchange.model.kinds import Field, Kind, Label
    from exchange.model.rule_conditions import Condition, Requirement, Severity

BASE: Final = "https://w3id.org/credence/shapes/"
_HEAD: Final = f"""# Derived of the shapes by `credence derive`; do not edit.
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix sh: <{SH}> .
@prefix xsd: <{XSD}> .
"""


def public_shape(kind: Kind, leaves: frozenset[DisclosureLevel] | None = None) -> bytes:
    """Return the closed shape of views that hold these leaves only; of all, where None."""
    fields = [field for field in kind.fields if leaves is None or field.disclosure in leaves]
    name = f"<{BASE}{kind.slug}{'' if leaves is None else '/public'}>"
    text = (
        _HEAD
        + f"""
{name} a sh:NodeShape ;
    sh:targetClass <{kind.class_iri}> ;
    sh:closed true ;
    sh:ignoredProperties ( rdf:type ) ;
    sh:nodeKind sh:IRI ;
    sh:name {_label(kind.label)}"""
    )
    for field in fields:
        text += f" ;\n    sh:property {_property(field, whole=leaves is None)}"
    rules = _ConditionalRules(kind, fields, whole=leaves is None)
    text += "".join(f" ;\n    {rule}" for rule in rules.of("error")) + " .\n"
    warnings = list(rules.of("warning"))
    if warnings:
        text += f"\n{name[:-1]}/warnings> a sh:NodeShape ;\n"
        text += f"    sh:targetClass <{kind.class_iri}> ;\n    sh:severity sh:Warning"
        text += "".join(f" ;\n    {rule}" for rule in warnings) + " .\n"
    return text.encode()


def _label(label: Label) -> str:
    return f"{_quoted(label.zh)}@zh, {_quoted(label.en)}@en"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(_turtle(character) for character in escaped) + '"'


def _turtle(character: str) -> str:
    # JSON's surrogate pairs are no Turtle.
    return f"\\U{ord(character):08X}" if ord(character) > 0xFFFF else escape_unprintable(character)  # noqa: PLR2004


def _property(field: Field, *, whole: bool) -> str:
    lines = [f"sh:path <{field.iri}>", f"sh:name {_label(field.label)}", *_values(field)]
    # A field that a condition may hide cannot be required in a view.
    if field.required and (whole or not field.disclosure_when):
        lines.append("sh:minCount 1")
    if not field.many:
        lines.append("sh:maxCount 1")
    if field.max_length is not None:
        lines.append(f"sh:maxLength {field.max_length}")
    lines.append(f"sh:message {_label(field.value_type.message.fill(label=field.label))}")
    return "[\n        " + " ;\n        ".join(lines) + "\n    ]"


def _values(field: Field) -> list[str]:
    if field.scheme is not None:
        members = " ".join(f"<{concept.iri}>" for concept in field.scheme.concepts.values())
        return [f"sh:in ( {members} )"]
    kind = f"sh:datatype <{field.datatype}>" if field.datatype else "sh:nodeKind sh:IRI"
    return [kind, f"sh:pattern {_quoted(field.value_type.pattern)}"]


class _ConditionalRules:
    """The conditional rules over the fields that a view holds."""

    def __init__(self, kind: Kind, fields: Iterable[Field], *, whole: bool) -> None:
        self._kind = kind
        self._fields = list(fields)
        self._names = {field.name for field in self._fields}
        self._whole = whole

    def of(self, severity: Severity) -> Iterator[str]:
        """Yield the rules of a severity as sh:or."""
        for field in self._fields:
            for item in field.required_when:
                if self._stated(item, severity) and self._seen(field, item.when):
                    need = f"[ sh:property [ sh:path <{field.iri}> ; sh:minCount 1 ] ]"
                    yield f"sh:or ( [ sh:not {self._condition(item.when)} ] {need} )"
            for when in field.only_when if severity == "error" else ():
                if self._seen(field, when):
                    none = f"[ sh:property [ sh:path <{field.iri}> ; sh:maxCount 0 ] ]"
                    yield f"sh:or ( {none} {self._condition(when)} )"
            if severity == "error":
                yield from self._decisive(field)

    def _decisive(self, field: Field) -> Iterator[str]:
        """Yield that the beginning of another field's value refuses some values of this one."""
        before = ""
        for rule, wrong in decisive_inferences(self._kind, field):
            if rule.field in self._names:
                path = f"sh:path <{self._kind.field(rule.field).iri}> ; sh:minCount 1"
                pattern = f"sh:pattern {_quoted(f'^{rule.prefix}')}"
                told = f"[ sh:property [ {path} ; {pattern}{before} ] ]"
                values = " ".join(f"<{field.iri_base}{value}>" for value in wrong)
                path = f"sh:path <{field.iri}> ; sh:minCount 1"
                held = f"[ sh:property [ {path} ; sh:in ( {values} ) ] ]"
                yield f"sh:or ( [ sh:not {told} ] [ sh:not {held} ] )"
                before += f" ; sh:not [ {pattern} ]"

    @staticmethod
    def _stated(item: Requirement, severity: Severity) -> bool:
        # A field that one form requires may be missing from records that came in another.
        return item.severity == severity and not item.forms

    def _seen(self, field: Field, when: Condition) -> bool:
        hidden = bool(field.disclosure_when) and not self._whole
        return when.fields <= self._names and not hidden

    def _condition(self, when: Condition) -> str:
        single = self._one(when)
        return (
            single
            if when.and_also is None
            else f"[ sh:and ( {single} {self._condition(when.and_also)} ) ]"
        )

    def _one(self, when: Condition) -> str:
        field = self._kind.field(when.field)
        if not when.values:
            count = "sh:maxCount 0" if when.absent else "sh:minCount 1"
            return f"[ sh:property [ sh:path <{field.iri}> ; {count} ] ]"
        tests = [
            f"[ sh:property [ sh:path <{field.iri}> ; sh:hasValue <{field.iri_base}{value}> ] ]"
            for value in when.values
        ]
        return tests[0] if len(tests) == 1 else f"[ sh:or ( {' '.join(tests)} ) ]"
