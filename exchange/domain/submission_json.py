"""Submissions as JSON documents, so that a held row can wait and be appended later (pure)."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from exchange.domain.disclosure import Tier
from exchange.domain.record import Arrival, Link, Submission


def to_document(row: Submission) -> dict[str, Any]:
    """Return the submission as a JSON object; `from_document` gives it back equal."""
    document = {item.name: getattr(row, item.name) for item in fields(row)}
    return document | {
        "links": [_link(link) for link in row.links],
        "withdraws": None if row.withdraws is None else _link(row.withdraws),
        "untold": sorted(row.untold),
    }


def from_document(document: dict[str, Any]) -> Submission:
    """Return the submission of a JSON object made by `to_document`."""
    withdraws = document["withdraws"]
    values = document | {
        "tier": Tier(document["tier"]),
        "arrival": Arrival(document["arrival"]),
        "links": tuple(_read_link(item) for item in document["links"]),
        "withdraws": None if withdraws is None else _read_link(withdraws),
        "aliases": tuple(document["aliases"]),
        "bare": tuple(document["bare"]),
        "untold": frozenset(document["untold"]),
    }
    return Submission(**values)


def _link(link: Link) -> dict[str, Any]:
    return {item.name: getattr(link, item.name) for item in fields(link)}


def _read_link(document: dict[str, Any]) -> Link:
    told = {name: tuple(document[name]) for name in ("aliases", "bare")}
    return Link(**(document | told))
