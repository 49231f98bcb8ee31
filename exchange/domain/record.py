"""What the intake hands to the ledger and what the ledger hands to the surfaces."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from exchange.domain.disclosure import Tier


class Arrival(StrEnum):
    """In which state a row says its record is (2016 states 0, 1, 2)."""

    LIVE = "live"
    REVOKED = "revoked"
    OBJECTION = "objection"


@dataclass(frozen=True, slots=True)
class Link:
    """A quotation of another record by its key; the rule of its cascade is in links.ttl.

    `aliases`, `bare` and `lacking`: how else it tells the key (`exchange.domain.keys.Telling`).
    """

    relation: str
    kind: str
    key: str
    aliases: tuple[str, ...] = ()
    bare: tuple[str, ...] = ()
    lacking: bool = False


@dataclass(frozen=True, slots=True)
class Submission:
    """One checked row, ready for the ledger.

    `key` and `Link.key` are clear key strings (`exchange.domain.keys`); the ledger stores
    their HMAC only. `person` is the canonical ID number of a natural person, if the body
    names one by the placeholder. `aliases`, `bare` and `lacking` say how else the row tells
    its key (`exchange.domain.keys.Telling`). `untold` are the properties (`<iri>`) that its form
    has no column for: the record keeps what another form told of them, with `keeps_tier` its
    tier where that is the stricter, with `keeps_mark` its mark. `timed_by` is the property
    (`<iri>`) of the body in which the source says when the row was last changed, where it does.
    """

    kind: str
    key: str
    body: str
    tier: Tier = Tier.PUBLIC
    links: tuple[Link, ...] = ()
    arrival: Arrival = Arrival.LIVE
    publicity_end: str | None = None
    person: str | None = None
    # For a closed repair case granted: the target to withdraw.
    withdraws: Link | None = None
    row: int = 0
    # False for what is logged and never shown (a closed repair case,
    # docs/design/ledger.md "Repair").
    projected: bool = True
    aliases: tuple[str, ...] = ()
    bare: tuple[str, ...] = ()
    lacking: bool = False
    untold: frozenset[str] = frozenset()
    keeps_tier: bool = False
    keeps_mark: bool = False
    # True for what only a person may let through: the ledger looks at it and appends nothing.
    held: bool = False
    timed_by: str | None = None


class Outcome(StrEnum):
    """What became of a submission; the receipt counts them in this order.

    `outdated`: it says what a later version has replaced. `held`: a person has to decide, so
    that it is kept for review and not appended.
    """

    ACCEPTED = "accepted"
    REVISED = "revised"
    UNCHANGED = "unchanged"
    OUTDATED = "outdated"
    HELD = "held"
    SUPPRESSED = "suppressed"
    REJECTED = "rejected"


class Superseded(NamedTuple):
    """A version that another one replaced: when each of the two was received.

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
    """One step of a tier's own sequence.

    `view` is None for a Delete, and for a Create or Update whose record has left since: text
    of a withdrawn record is never handed out again. `veils` says that earlier text of the
    record has to go: at every Delete, and at an Update that was re-issued without a reference.
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
    veils: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One member of a tier's sequence about a record.

    `event` is its IRI, `published` milliseconds since 1970-01-01 UTC; `delivered` is
    when the delivery that brought it was opened, None for what no file brought.
    """

    activity: Activity
    event: str
    published: int
    delivered: int | None


class Standing(StrEnum):
    """How a record stands for the readers of one tier."""

    ABSENT = "absent"
    LIVE = "live"
    SUSPENDED = "suspended"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class VisibleRecord:
    """The newest version of a record that the readers of one tier see at this moment.

    `view` is its text for that tier as canonical N-Quads; `objection` says that an objection to
    it is open, which no view says.
    """

    iri: str
    kind: str
    objection: bool
    view: bytes
