"""Types of the link rules: which kinds link to which, and the effect of a removal.

The rules themselves are data (shapes/links.ttl).
Source: docs/design/ledger.md "Cascade".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exchange.domain.record import VisibleRecord


class Cascade(StrEnum):
    """The effect on a record when the target of one of its links is withdrawn."""

    WITHDRAW_WHEN_LAST = (
        "withdraw-when-last"  # republished without the link while another basis is left
    )
    DROP_REFERENCE = "drop-reference"  # republished without the link
    DECIDE = "decide"  # queued for a decision by a person, listed by `status`


@dataclass(frozen=True, slots=True)
class LinkRule:
    """One relation: records of the kinds `sources` may link to records of the kinds `targets`."""

    relation: str
    sources: frozenset[str]
    targets: frozenset[str]
    cascade: Cascade


@dataclass(frozen=True, slots=True)
class LinkedRecord:
    """The record at the other end of a link, as the readers of one tier see it."""

    relation: str
    record: VisibleRecord


@dataclass(frozen=True, slots=True)
class Links:
    """The links of one record: outgoing to its bases, incoming from its dependents.

    `after` is the cursor of the next page of incoming links, empty where there is none.
    """

    outgoing: Sequence[LinkedRecord] = ()
    incoming: Sequence[LinkedRecord] = ()
    after: str = ""
