"""A held row: the submission, and what a reviewer needs to decide about it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from exchange.domain import submission_json
from exchange.ledger import Origin

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exchange.domain.record import Submission


@dataclass(frozen=True, slots=True)
class HeldRow:
    """A row that waits for review.

    `findings` are the reasons (`Finding.as_json`). `cells` are the row as delivered: cells by
    column code of `form`, or a record with JSON names if `form` is None. `version` is the position
    of its record's newest version when the row was held, 0 if there was none.
    """

    submission: Submission
    version: int
    origin: Origin
    delivery: int
    file: str
    sheet: str | None
    findings: tuple[dict[str, Any], ...]
    cells: Mapping[str, Any]
    form: str | None = None
    record: str | None = None  # the IRI of its record, where there is one

    @property
    def rule(self) -> str:
        """The rules that held the row."""
        return ", ".join(dict.fromkeys(str(item["rule"]) for item in self.findings))


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal in review: the actor, the time (milliseconds since 1970-01-01 UTC), the reason."""

    actor: str
    at: int
    because: str


@dataclass(frozen=True, slots=True)
class HeldItem:
    """A held row with its number and the time it was held (milliseconds since 1970-01-01 UTC)."""

    id: str
    at: int
    row: HeldRow


def to_document(row: HeldRow) -> dict[str, Any]:
    """Return the row as a JSON object; `from_document` gives it back equal."""
    return {
        "submission": submission_json.to_document(row.submission),
        "version": row.version,
        "origin": asdict(row.origin),
        "delivery": row.delivery,
        "file": row.file,
        "sheet": row.sheet,
        "findings": list(row.findings),
        "cells": dict(row.cells),
        "form": row.form,
        "record": row.record,
    }


def from_document(document: dict[str, Any]) -> HeldRow:
    """Return the row of a JSON object made by `to_document`."""
    return HeldRow(
        submission=submission_json.from_document(document["submission"]),
        version=document["version"],
        origin=Origin(**document["origin"]),
        delivery=document["delivery"],
        file=document["file"],
        sheet=document["sheet"],
        findings=tuple(document["findings"]),
        cells=document["cells"],
        form=document["form"],
        record=document["record"],
    )
