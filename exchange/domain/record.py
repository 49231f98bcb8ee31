"""Types that the intake passes to the ledger, and the ledger to the surfaces."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from exchange.domain.disclosure_levels import Tier


class DeliveredState(StrEnum):
    """The state that a row declares for its record (2016 states 0, 1, 2)."""

    LIVE = "live"
    REVOKED = "revoked"
    OBJECTION = "objection"


@dataclass(frozen=True, slots=True)
class Link:
    """A reference to another record by its key; links.ttl holds the cascade rule of the relation.

    `key`, `aliases`, `partial` and `is_partial` are those of `exchange.domain.keys.RecordKey`.
    """

    relation: str
    kind: str
    key: str
    aliases: tuple[str, ...] = ()
    partial: tuple[str, ...] = ()
    is_partial: bool = False


@dataclass(frozen=True, slots=True)
class Submission:
    """One checked row, ready for the ledger.

    `key`, `aliases`, `partial` and `is_partial` are those of `exchange.domain.keys.RecordKey`:
    clear key strings, of which the ledger stores HMACs only. `person` is the canonical ID number
    of a natural person, if the body names one by the placeholder. `uncovered_properties` are the
    properties (`<iri>`) for which the form of the row has no column: the new version copies
    their statements from the one before; with `inherits_tier` it keeps the stricter of both
    tiers, with `inherits_objection` the objection mark. `timed_by` is the property (`<iri>`) of
    the body that holds the source's own time of change, None where there is none.
    """

    kind: str
    key: str
    body: str
    tier: Tier = Tier.PUBLIC
    links: tuple[Link, ...] = ()
    delivered_state: DeliveredState = DeliveredState.LIVE
    publicity_end: str | None = None
    person: str | None = None
    # A granted repair case: the record that it withdraws.
    withdraws: Link | None = None
    row: int = 0
    # False for a record that is logged and never published (a repair case,
    # docs/design/ledger.md "Repair").
    projected: bool = True
    aliases: tuple[str, ...] = ()
    partial: tuple[str, ...] = ()
    is_partial: bool = False
    uncovered_properties: frozenset[str] = frozenset()
    inherits_tier: bool = False
    inherits_objection: bool = False
    # True for a row that a person has to review: the ledger compares it and appends nothing.
    held: bool = False
    timed_by: str | None = None


class Outcome(StrEnum):
    """The outcome of a submission; the receipt counts outcomes in this order.

    `outdated`: a later version has replaced its content. `held`: the row is kept for review by
    a person and not appended.
    """

    ACCEPTED = "accepted"
    REVISED = "revised"
    UNCHANGED = "unchanged"
    OUTDATED = "outdated"
    HELD = "held"
    SUPPRESSED = "suppressed"
    REJECTED = "rejected"


class Superseded(NamedTuple):
    """A version that another one replaced: the times at which each of the two was received.

    Milliseconds since 1970-01-01 UTC.
    """

    received: int
    replaced: int


@dataclass(frozen=True, slots=True)
class Result:
    """Outcome of one submission.

    `iri` names the record where there is one, `reason` the rule by which the row was not applied
    (`exchange.domain.lifecycle`). With `review` the row is kept for a person to decide, whatever
    its outcome; `version` is then the position of its record's newest version, 0 for none.
    `superseded` is the version that an outdated row is equal to.
    """

    outcome: Outcome
    iri: str | None = None
    reason: str | None = None
    row: int = 0
    review: bool = False
    version: int = 0
    superseded: Superseded | None = None


class Activity(StrEnum):
    """ActivityStreams activity of a feed member."""

    CREATE = "Create"
    UPDATE = "Update"
    DELETE = "Delete"


class Change(NamedTuple):
    """One member of a tier's feed sequence.

    `view` is None for a Delete, and for a Create or Update whose record was removed since: text
    of a removed record is never published again. `retracts_text`: earlier text of the record has
    to be removed; so at every Delete, and at an Update that drops a link.
    """

    seq: int
    activity: Activity
    iri: str
    event: str
    kind: str
    published: int  # milliseconds since 1970-01-01 UTC
    page: int
    objection: bool
    view: bytes | None
    retracts_text: bool = False


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One entry of a record's history: a member of a tier's feed sequence about it.

    `event` is its IRI, `published` milliseconds since 1970-01-01 UTC; `delivered` is
    when the delivery that brought it was opened, None for what no file brought.
    """

    activity: Activity
    event: str
    published: int
    delivered: int | None


class Visibility(StrEnum):
    """The state of a record for the readers of one tier.

    | value | the readers get |
    |---|---|
    | absent | 404: the tier never saw the record |
    | live | the newest version |
    | suspended | 410: shielded for a time |
    | gone | 410: removed for good |
    """

    ABSENT = "absent"
    LIVE = "live"
    SUSPENDED = "suspended"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class VisibleRecord:
    """The newest version of a record that the readers of one tier see.

    `view` is its text for that tier as canonical N-Quads; `objection`: an objection to it is
    open (no view states it).
    """

    iri: str
    kind: str
    objection: bool
    view: bytes
