"""Conditions of the shapes, and what holds under them: rules as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from exchange.domain.disclosure import DisclosureLevel, Tier
    from exchange.domain.record import DeliveredState

# The gravest first. error: the row is rejected. held: it is kept for review and not appended.
Severity = Literal["error", "held", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Condition:
    """Holds when `field` has one of `values` (JSON tokens).

    Without values it holds when the field is absent, or `present`, if that is asked for. With
    `also`, both must hold.
    """

    field: str
    values: tuple[str, ...] = ()
    present: bool = False
    and_also: Condition | None = None

    @property
    def fields(self) -> frozenset[str]:
        """The fields that it asks about."""
        return frozenset({self.field}) | (self.and_also.fields if self.and_also else frozenset())

    @property
    def absent(self) -> bool:
        """Whether the condition asks for the absence of the field."""
        return not (self.values or self.present)


@dataclass(frozen=True, slots=True)
class Requirement:
    """The field must be filled in when the condition holds.

    With `forms`, only records that came in one of them are held to it: another form does not
    ask for the field, or has no column for it.
    """

    when: Condition
    severity: Severity = "error"
    forms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FormatRule:
    """The field must have the format when the condition holds."""

    when: Condition
    format: str
    severity: Severity = "error"


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a reviewer of the form expects of a value beyond its type (`plausibility`).

    `formats` name tests of one text; the first that fails is the finding.
    """

    formats: tuple[str, ...]
    severity: Severity = "error"


@dataclass(frozen=True, slots=True)
class NotBefore:
    """The day must not lie before that of another field."""

    field: str
    severity: Severity = "error"


@dataclass(frozen=True, slots=True)
class AmountStatedIn:
    """The amount is also stated in the text of another field, behind or before one of the words."""

    field: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DisclosureRule:
    """The field has this disclosure leaf when the condition holds."""

    when: Condition
    disclosure: DisclosureLevel


@dataclass(frozen=True, slots=True)
class TierRule:
    """The record is no wider than this tier when the condition holds."""

    when: Condition
    tier: Tier


@dataclass(frozen=True, slots=True)
class DeliveredStateRule:
    """A record of which the condition holds arrives in this state.

    Source: docs/design/ledger.md "Rows that arrive in a state".
    """

    when: Condition
    delivered_state: DeliveredState


@dataclass(frozen=True, slots=True)
class Inference:
    """The field is `value` where `field` is filled in and begins with `prefix`.

    A decisive one also refuses any other value.
    """

    field: str
    prefix: str
    value: str
    decisive: bool = False
