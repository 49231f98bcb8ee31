"""How kinds quote each other and what a withdrawal does to the quoting record.

The rules are data (shapes/links.ttl); these are their types.
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
    """What becomes of a record when a record it quotes is withdrawn."""

    WITHDRAW_WHEN_LAST = "withdraw-when-last"  # re-issued while another basis is left
    DROP_REFERENCE = "drop-reference"  # re-issued without the quotation
    DECIDE = "decide"  # put up for decision, listed by `status`


@dataclass(frozen=True, slots=True)
class LinkRule:
    """One relation between kinds (slugs): each of `sources` may quote each of `targets`."""

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
    """The links of one record: to what it rests on, and from what rests on it.

    `after` is the cursor of the next page of incoming links, empty where there is none.
    """

    outgoing: Sequence[LinkedRecord] = ()
    incoming: Sequence[LinkedRecord] = ()
    after: str = ""
