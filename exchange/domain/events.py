"""The types of ledger events in one table: body, views, effect per tier.

The table is the single source: the ledger refuses other types, and docs/events.md is generated
from it by `table()`.
Source: docs/design/ledger.md "Events".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class EventType(StrEnum):
    """The type of a ledger event."""

    GENESIS = "genesis"
    OPEN = "open"
    CLOSE = "close"
    PUBLISH = "publish"
    REVISE = "revise"
    CORRECT = "correct"
    OBJECT = "object"
    SUSPEND = "suspend"
    RESUME = "resume"
    WITHDRAW = "withdraw"
    EXPIRE = "expire"
    REINSTATE = "reinstate"
    ERASE = "erase"
    ISSUE = "issue"
    RELEASE = "release"
    RECOGNISE = "recognise"
    MAPPING = "mapping"
    POLICY = "policy"
    TRUST = "trust"
    KEY = "key"
    EPOCH = "epoch"
    REVIEW = "review"


# Events that carry a version of a record: a stored body (`exchange.domain.record_body`).
VERSION_EVENTS: Final = frozenset({EventType.PUBLISH, EventType.REVISE, EventType.CORRECT})
# Events that remove a record from its readers; each has a line in the withdrawal journal.
REMOVAL_EVENTS: Final = frozenset(
    {EventType.SUSPEND, EventType.WITHDRAW, EventType.EXPIRE, EventType.ERASE}
)
# Events that change no record; written by `Ledger.append_note`.
NOTE_EVENTS: Final = frozenset(
    {
        EventType.ISSUE,
        EventType.RELEASE,
        EventType.RECOGNISE,
        EventType.MAPPING,
        EventType.POLICY,
        EventType.TRUST,
        EventType.KEY,
        EventType.EPOCH,
        EventType.REVIEW,
    }
)
# Events whose bodies are not given the actor of the command: the genesis is the identity alone, and
# a review names the person who decided.
ACTORLESS_EVENTS: Final = frozenset({EventType.GENESIS, EventType.REVIEW})


@dataclass(frozen=True, slots=True)
class EventSpec:
    """One row of the table: meaning of an event type, its body, and its effect for readers."""

    meaning: str
    body: str
    views: str
    served: str  # effect in the public and government tiers
    archive: str  # effect for authorised auditors


_STATEMENTS: Final = "stored body (format 1)"
_OWN_VIEWS: Final = "one per tier that may see the record"
_NONE: Final = "archive only"
_STAYS: Final = "logged; the record's versions stay readable"
_LOGGED: Final = "logged"

EVENTS: Final[dict[EventType, EventSpec]] = {
    EventType.GENESIS: EventSpec(
        "the ledger begins; its identity is frozen",
        "base_url, government_url, did, log_origin, format",
        _NONE,
        "none",
        _LOGGED,
    ),
    EventType.OPEN: EventSpec(
        "a delivery begins",
        "source, name, digest, kind, form; of an accepted row also item; its actor accepted it",
        _NONE,
        "none",
        _LOGGED,
    ),
    EventType.CLOSE: EventSpec(
        "a delivery is complete", "delivery, counts", _NONE, "none", _LOGGED
    ),
    EventType.PUBLISH: EventSpec(
        "first version of a record", _STATEMENTS, _OWN_VIEWS, "Create", "first version"
    ),
    EventType.REVISE: EventSpec(
        "a later version, from a delivery or because the target of a link was removed",
        _STATEMENTS,
        _OWN_VIEWS,
        "Update while live; Create or Delete where the tier changed",
        "next version",
    ),
    EventType.CORRECT: EventSpec(
        "a later version that mends a wrong one",
        _STATEMENTS,
        _OWN_VIEWS,
        "as revise",
        "next version",
    ),
    EventType.OBJECT: EventSpec(
        "the mark of an open objection is set or taken off",
        "open, by (hand, row)",
        _NONE,
        "Update while live, with the mark",
        _LOGGED,
    ),
    EventType.SUSPEND: EventSpec("temporary shielding begins", "decision", _NONE, "Delete", _STAYS),
    EventType.RESUME: EventSpec(
        "temporary shielding ends",
        "decision",
        _NONE,
        "Create of the newest version, same record IRI",
        _LOGGED,
    ),
    EventType.WITHDRAW: EventSpec(
        "the record is removed from every surface for good",
        "because (repair, correction, revocation, cascade, restore), decision, cause; tier, where "
        "the ledger never published it",
        _NONE,
        "Delete if live",
        _STAYS,
    ),
    EventType.EXPIRE: EventSpec(
        "the publicity period ended", "cause", _NONE, "Delete if live", _STAYS
    ),
    EventType.REINSTATE: EventSpec(
        "a withdrawn or expired record may return; a publish of a new record follows",
        "decision, record (the new one)",
        _NONE,
        "none; the publish that follows is a Create under a new IRI",
        _STAYS,
    ),
    EventType.ERASE: EventSpec(
        "the seals of all the record's events are destroyed",
        "decision",
        _NONE,
        "Delete if live",
        "bodies and salts unreadable for ever; commitments stay",
    ),
    EventType.ISSUE: EventSpec("a credential was issued", "free", _NONE, "none", _LOGGED),
    EventType.RELEASE: EventSpec(
        "a report or data set was released", "free", _NONE, "none", _LOGGED
    ),
    EventType.RECOGNISE: EventSpec(
        "a foreign record was decided on", "free", _NONE, "none", _LOGGED
    ),
    EventType.MAPPING: EventSpec("a mapping set changed", "free", _NONE, "none", _LOGGED),
    EventType.POLICY: EventSpec("a policy version was applied", "free", _NONE, "none", _LOGGED),
    EventType.TRUST: EventSpec("the trust list changed", "free", _NONE, "none", _LOGGED),
    EventType.KEY: EventSpec("a signing key came or went", "free", _NONE, "none", _LOGGED),
    EventType.EPOCH: EventSpec(
        "a restored ledger goes on in an epoch that feed roots and manifests name",
        "epoch, reason (restore, rebuild), after",
        _NONE,
        "none",
        _LOGGED,
    ),
    EventType.REVIEW: EventSpec(
        "a person let a held row through or refused it",
        "item, decision (accept, refuse), actor, because, rule, delivery, row",
        _NONE,
        "none",
        _LOGGED,
    ),
}


def table() -> str:
    """Return docs/events.md: the table of events in Markdown."""
    rows = [
        "# Events of the ledger",
        "",
        "Written from `exchange/domain/events.py` by `events.table()`; a test holds it equal.",
        "Create, Update and Delete are the members of the tier's feed; a record that is",
        "suspended or narrower than a tier has none there. Views are what the entry commits to.",
        "",
        "| name | meaning | body | views | public and government | archive |",
        "|---|---|---|---|---|---|",
    ]
    rows += [
        f"| `{name}` | {row.meaning} | {row.body} | {row.views} | {row.served} | {row.archive} |"
        for name, row in EVENTS.items()
    ]
    return "\n".join(rows) + "\n"
