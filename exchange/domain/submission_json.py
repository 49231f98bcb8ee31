"""Converts submissions to JSON documents and back: the stored form of a held row (pure).

The member names of the documents are frozen: a held row is read by later releases.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Final

from exchange.domain.disclosure_levels import Tier
from exchange.domain.record import DeliveredState, Link, Submission

# Member names of the documents where they are not the names of the attributes.
_MEMBERS: Final = {
    "delivered_state": "arrival",
    "partial": "bare",
    "is_partial": "lacking",
    "uncovered_properties": "untold",
    "inherits_tier": "keeps_tier",
    "inherits_objection": "keeps_mark",
}
_ATTRIBUTES: Final = {member: name for name, member in _MEMBERS.items()}


def to_document(row: Submission) -> dict[str, Any]:
    """Return the submission as a JSON object; `from_document` returns an equal submission."""
    return _members(row) | {
        "links": [_members(link) for link in row.links],
        "withdraws": None if row.withdraws is None else _members(row.withdraws),
        "untold": sorted(row.uncovered_properties),
    }


def from_document(document: dict[str, Any]) -> Submission:
    """Return the submission of a JSON object that `to_document` made."""
    withdraws = document["withdraws"]
    return Submission(
        **_attributes(document)
        | {
            "tier": Tier(document["tier"]),
            "delivered_state": DeliveredState(document["arrival"]),
            "links": tuple(_link(item) for item in document["links"]),
            "withdraws": None if withdraws is None else _link(withdraws),
            "uncovered_properties": frozenset(document["untold"]),
        }
    )


def _members(value: Link | Submission) -> dict[str, Any]:
    names = [item.name for item in fields(value)]
    return {_MEMBERS.get(name, name): getattr(value, name) for name in names}


def _attributes(document: dict[str, Any]) -> dict[str, Any]:
    """Return the members by attribute name; key spellings become tuples again."""
    values = {_ATTRIBUTES.get(member, member): value for member, value in document.items()}
    return values | {name: tuple(values[name]) for name in ("aliases", "partial")}


def _link(document: dict[str, Any]) -> Link:
    return Link(**_attributes(document))
