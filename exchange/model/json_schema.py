"""Writes the JSON Schema (2020-12) of a kind, closed, with its conditional rules as if/then.

The formats `uscc` and `id-number` (check digits) are defined by this project; a validator without
them checks the patterns only. Warnings are no part of a schema.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from exchange.model.compiled_kind import CONTEXT
from exchange.model.cross_field_rules import decisive_inferences

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exchange.model.kinds import Field, Kind
    from exchange.model.rule_conditions import Condition

BASE: Final = "https://w3id.org/credence/schema/"


def json_schema(kind: Kind) -> bytes:
    """Return the schema of the kind's JSON records, as delivered and as archived."""
    document: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{BASE}{kind.slug}.json",
        "title": kind.label.zh,
        "description": kind.label.en,
        "type": "object",
        "properties": {
            "@context": {"const": CONTEXT},
            "id": {"type": "string"},
            "type": {"const": kind.type_name},
            **{field.name: _property(field) for field in kind.fields},
        },
        "required": ["type", *(field.name for field in kind.fields if field.required)],
        "additionalProperties": False,
    }
    rules = [rule for field in kind.fields for rule in _rules(kind, field)]
    if rules:
        document["allOf"] = rules
    return (escape_unprintable(json.dumps(document, ensure_ascii=False, indent=2)) + "\n").encode()


def escape_unprintable(text: str) -> str:
    """Return JSON text with characters that do not print as escapes."""
    return "".join(
        character
        if character == "\n" or (character.isprintable() and ord(character) < 0x10000)  # noqa: PLR2004
        else json.dumps(character)[1:-1]
        for character in text
    )


def _property(field: Field) -> dict[str, Any]:
    value: dict[str, Any] = {"type": "string"}
    if field.scheme is not None:
        value["enum"] = list(field.scheme.concepts)
    else:
        value["pattern"] = field.pattern
    if field.max_length is not None:
        value["maxLength"] = field.max_length
    if field.value_type.format:
        value["format"] = field.value_type.format
    if field.many:
        value = {"type": "array", "items": value} | ({"minItems": 1} if field.required else {})
    return {"title": field.label.zh, "description": field.label.en, **value}


def _rules(kind: Kind, field: Field) -> list[dict[str, Any]]:
    given = {"required": [field.name]}
    rules: list[dict[str, Any]] = [
        {"if": _when(kind, item.when), "then": given}
        for item in field.required_when
        if item.severity == "error" and not item.forms
    ]
    rules += [{"if": given, "then": _when(kind, when)} for when in field.only_when]
    rules += [
        {
            "if": _when(kind, item.when),
            "then": {"properties": {field.name: {"format": item.format}}},
        }
        for item in field.format_when
        if item.severity == "error"
    ]
    return [*rules, *_decisive_rules(kind, field)]


def _decisive_rules(kind: Kind, field: Field) -> Iterator[dict[str, Any]]:
    """Yield the rules that another field decides the value of this one by how it begins."""
    before: list[dict[str, Any]] = []
    for rule, wrong in decisive_inferences(kind, field):
        begins = {"pattern": f"^{rule.prefix}"}
        value = {"allOf": [*before, begins]}
        given = {"required": [rule.field], "properties": {rule.field: value}}
        refused = {"not": {"enum": list(wrong)}}
        yield {"if": given, "then": {"properties": {field.name: refused}}}
        before.append({"not": begins})


def _when(kind: Kind, when: Condition) -> dict[str, Any]:
    one = _one(kind, when)
    return one if when.and_also is None else {"allOf": [one, _when(kind, when.and_also)]}


def _one(kind: Kind, when: Condition) -> dict[str, Any]:
    given = {"required": [when.field]}
    if not when.values:
        return {"not": given} if when.absent else given
    value: dict[str, Any] = {"enum": list(when.values)}
    if kind.field(when.field).many:
        value = {"contains": value}
    return {**given, "properties": {when.field: value}}
