"""Recognises a removed record that is delivered again under another key (pure).

A key is made of codes. When an authority or a counterpart gets another code, or one is mistyped,
the same decision has another key, and a repaired record would come back as a new one. So a kind
names combinations of fields (`cr:resemblance` on its shape: a document number with the
counterpart's code, or with its name) by which a row is held if a removed record had the same.
Decision: docs/decisions/0017-resemblance.md.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from exchange.domain.keys import SEPARATOR, searchable

# Written or left out at will: 973 and 第973号 are one number.
_NUMBER_WORDS = str.maketrans({"号": None, "第": None, "號": None})


@dataclass(frozen=True, slots=True)
class Resemblance:
    """One combination of properties (`<iri>`); `optional` is a part that some forms lack."""

    properties: tuple[str, ...]
    optional: str | None = None


def removed_marks(kind: str, body: str, rules: tuple[Resemblance, ...]) -> list[str]:
    """Return the clear texts by which a removed record of that stored body is recognised."""
    found = []
    for rule in rules:
        common = _common(kind, body, rule)
        if common is None:
            continue
        part = _value(body, rule.optional) if rule.optional else None
        found.append(f"{common}{SEPARATOR}any")
        found.append(f"{common}{SEPARATOR}none" if part is None else f"{common}{SEPARATOR}={part}")
    return found


def delivered_marks(kind: str, body: str, rules: tuple[Resemblance, ...]) -> list[str]:
    """Return the clear texts of which a removed record must have one to resemble this row.

    A row without the optional part resembles any removed record that has the others; a row with
    it, one with the same part or with none.
    """
    found = []
    for rule in rules:
        common = _common(kind, body, rule)
        if common is None:
            continue
        part = _value(body, rule.optional) if rule.optional else None
        if part is None:
            found.append(f"{common}{SEPARATOR}any")
        else:
            found += [f"{common}{SEPARATOR}={part}", f"{common}{SEPARATOR}none"]
    return found


def _common(kind: str, body: str, rule: Resemblance) -> str | None:
    """Return kind, properties and required parts as one text; None where a part is missing."""
    parts = [_value(body, name) for name in rule.properties]
    if None in parts:
        return None
    return SEPARATOR.join([kind, *rule.properties, *map(str, parts)])


def _value(body: str, name: str | None) -> str | None:
    """Return a property's first object in a stored body, in the writing that marks compare."""
    at = body.find(f" {name} ")
    if at < 0:
        return None
    start = at + len(str(name)) + 2
    found = body[start : body.index("\n", start)]
    if found.startswith('"'):
        found = json.loads(found[: found.rindex('"') + 1])  # escapes of N-Quads are those of JSON
    return searchable(found).translate(_NUMBER_WORDS) or None
