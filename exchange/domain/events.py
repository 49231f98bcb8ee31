"""The events of the ledger, in one table: name, body, views, effect per tier.

The table is the single source: the ledger refuses other names, and docs/events.md is written
from it by `table()`.
Source: docs/design/ledger.md "Events".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Name(StrEnum):
    """Every event that a ledger may hold."""

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


# Events whose body is a stored body (`exchange.domain.record_body`), with views of their own.
VERSIONS: Final = frozenset({Name.PUBLISH, Name.REVISE, Name.CORRECT})
# Events that take a record away from its readers; each has a line in the withdrawal journal.
LEAVING: Final = frozenset({Name.SUSPEND, Name.WITHDRAW, Name.EXPIRE, Name.ERASE})
# Events that only say something; written by `Ledger.note`.
NOTES: Final = frozenset(
    {
        Name.ISSUE,
        Name.RELEASE,
        Name.RECOGNISE,
        Name.MAPPING,
        Name.POLICY,
        Name.TRUST,
        Name.KEY,
        Name.EPOCH,
        Name.REVIEW,
    }
)


@dataclass(frozen=True, slots=True)
class Described:
    """One row of the table: what the event means and what its readers see of it."""

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

EVENTS: Final[dict[Name, Described]] = {
    Name.GENESIS: Described(
        "the ledger begins; its identity is frozen",
        "base_url, government_url, did, log_origin, format",
        _NONE,
        "none",
        _LOGGED,
    ),
    Name.OPEN: Described(
        "a delivery begins",
        "source, name, digest, kind, form; of an accepted row also actor, item",
        _NONE,
        "none",
        _LOGGED,
    ),
    Name.CLOSE: Described("a delivery is complete", "delivery, counts", _NONE, "none", _LOGGED),
    Name.PUBLISH: Described(
        "first version of a record", _STATEMENTS, _OWN_VIEWS, "Create", "first version"
    ),
    Name.REVISE: Described(
        "a later version, from a delivery or because a quoted record left",
        _STATEMENTS,
        _OWN_VIEWS,
        "Update while live; Create or Delete where the tier changed",
        "next version",
    ),
    Name.CORRECT: Described(
        "a later version that mends a wrong one",
        _STATEMENTS,
        _OWN_VIEWS,
        "as revise",
        "next version",
    ),
    Name.OBJECT: Described(
        "the mark of an open objection is set or taken off",
        "open, by (hand, row)",
        _NONE,
        "Update while live, with the mark",
        _LOGGED,
    ),
    Name.SUSPEND: Described("temporary shielding begins", "decision", _NONE, "Delete", _STAYS),
    Name.RESUME: Described(
        "temporary shielding ends",
        "decision",
        _NONE,
        "Create of the newest version, same record IRI",
        _LOGGED,
    ),
    Name.WITHDRAW: Described(
        "the record leaves every surface for good",
        "because (repair, correction, revocation, cascade, restore), decision, cause; tier, where "
        "the ledger never published it",
        _NONE,
        "Delete if live",
        _STAYS,
    ),
    Name.EXPIRE: Described("the publicity period ended", "cause", _NONE, "Delete if live", _STAYS),
    Name.REINSTATE: Described(
        "a withdrawn or expired record may return; a publish of a new record follows",
        "decision, record (the new one)",
        _NONE,
        "none; the publish that follows is a Create under a new IRI",
        _STAYS,
    ),
    Name.ERASE: Described(
        "the seals of all the record's events are destroyed",
        "decision",
        _NONE,
        "Delete if live",
        "bodies and salts unreadable for ever; commitments stay",
    ),
    Name.ISSUE: Described("a credential was issued", "free", _NONE, "none", _LOGGED),
    Name.RELEASE: Described("a report or data set was released", "free", _NONE, "none", _LOGGED),
    Name.RECOGNISE: Described("a foreign record was decided on", "free", _NONE, "none", _LOGGED),
    Name.MAPPING: Described("a mapping set changed", "free", _NONE, "none", _LOGGED),
    Name.POLICY: Described("a policy version was applied", "free", _NONE, "none", _LOGGED),
    Name.TRUST: Described("the trust list changed", "free", _NONE, "none", _LOGGED),
    Name.KEY: Described("a signing key came or went", "free", _NONE, "none", _LOGGED),
    Name.EPOCH: Described(
        "a restored ledger goes on in an epoch that feed roots and manifests name",
        "epoch, reason (restore, rebuild), after",
        _NONE,
        "none",
        _LOGGED,
    ),
    Name.REVIEW: Described(
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
