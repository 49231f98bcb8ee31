"""Conditions of the shapes and the rules that depend on them, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from exchange.domain.disclosure_levels import DisclosureLevel, Tier
    from exchange.domain.record import DeliveredState

# The gravest first. error: the row is rejected. held: it is kept for review and not appended.
Severity = Literal["error", "held", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Condition:
    """Is true when `field` has one of `values` (JSON tokens).

    Without values it is true when the field is absent or, with `present`, when it is filled in.
    With `and_also`, both conditions must be true.
    """

    field: str
    values: tuple[str, ...] = ()
    present: bool = False
    and_also: Condition | None = None

    @property
    def fields(self) -> frozenset[str]:
        """The fields that the condition compares."""
        return frozenset({self.field}) | (self.and_also.fields if self.and_also else frozenset())

    @property
    def absent(self) -> bool:
        """Whether the condition asks for the absence of the field."""
        return not (self.values or self.present)


@dataclass(frozen=True, slots=True)
class Requirement:
    """The field must be filled in when the condition holds.

    With `forms`, it applies to records of these forms only: another form does not require the
    field, or has no column for it.
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
    """The field has this disclosure level when the condition is true."""

    when: Condition
    disclosure: DisclosureLevel


@dataclass(frozen=True, slots=True)
class TierRule:
    """The record is shown to no wider tier than this when the condition is true."""

    when: Condition
    tier: Tier


@dataclass(frozen=True, slots=True)
class DeliveredStateRule:
    """A record for which the condition is true is delivered in this state.

    Source: docs/design/ledger.md "Rows that arrive in a state".
    """

    when: Condition
    delivered_state: DeliveredState


@dataclass(frozen=True, slots=True)
class Inference:
    """The field is `value` where `field` is filled in and begins with `prefix`.

    A decisive inference also refuses any other value.
    """

    field: str
    prefix: str
    value: str
    decisive: bool = False
