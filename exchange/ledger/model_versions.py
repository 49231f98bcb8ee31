"""Registers the models (shapes) of versions: content MACs are comparable within one model only.

A ledger keeps the digest of each model that its deliveries were read with and, by kind, the
properties that it knew, so that bodies of two models can be compared on what both know.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, insert, select

from exchange.ledger import schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from exchange.domain.resemblance import Resemblance

UNNAMED: Final = 0  # the number of the model of a ledger that was opened without one
_NOTHING: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A model: the digest of its files (SHA-256, hex), and by kind its properties as `<iri>`.

    `resemblances`: by kind, what a removed record is recognised by under another key.
    """

    digest: str = ""
    properties: Mapping[str, frozenset[str]] = field(default_factory=dict)
    resemblances: Mapping[str, tuple[Resemblance, ...]] = field(default_factory=dict)


def register_model(connection: Connection, version: ModelVersion) -> int:
    """Return the number of a model in this ledger; a new model gets the next number."""
    if not version.digest:
        return UNNAMED
    model = schema.model
    known = connection.execute(select(model.c.id).where(model.c.digest == version.digest)).scalar()
    if known is not None:
        return int(known)
    number = int(connection.execute(select(func.coalesce(func.max(model.c.id), 0))).scalar_one())
    row = {"id": number + 1, "digest": version.digest, "kinds": _kinds_text(version)}
    connection.execute(insert(model).values(**row))
    return number + 1


def has_other_properties(connection: Connection, version: ModelVersion) -> bool:
    """Return whether the ledger keeps other properties for a model than the model has."""
    model = schema.model
    text = connection.execute(
        select(model.c.kinds).where(model.c.digest == version.digest)
    ).scalar()
    return text is not None and text != _kinds_text(version)


def _kinds_text(version: ModelVersion) -> str:
    kinds = {slug: sorted(properties) for slug, properties in sorted(version.properties.items())}
    return json.dumps(kinds)


class ModelProperties:
    """The properties by kind of every model of a ledger, each read once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: dict[int, Mapping[str, frozenset[str]]] = {}

    def differing(self, kind: str, first: int, second: int) -> frozenset[str]:
        """Return the properties of a kind that only one of two models has."""
        if first == second or UNNAMED in {first, second}:
            return _NOTHING
        return self.of(first, kind) ^ self.of(second, kind)

    def only_in_first(self, kind: str, first: int, second: int) -> frozenset[str]:
        """Return the properties of a kind that the first model has and the second has not."""
        if UNNAMED in {first, second}:
            return _NOTHING
        return self.of(first, kind) - self.of(second, kind)

    def of(self, number: int, kind: str) -> frozenset[str]:
        """Return the properties of a kind in a model; none for a model without a digest."""
        if number not in self._known:
            statement = select(schema.model.c.kinds).where(schema.model.c.id == number)
            text = self._connection.execute(statement).scalar()
            kinds = json.loads(text) if text else {}
            self._known[number] = {
                slug: frozenset(properties) for slug, properties in kinds.items()
            }
        return self._known[number].get(kind, _NOTHING)
