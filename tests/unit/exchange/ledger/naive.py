"""What the ledger must do, told naively: dictionaries and loops, and no code of the ledger's.

Written from DETAILS and DESIGN §4: what each row and command does, which records each tier sees
with which references, and what waits for a decision.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from exchange.domain.access import Tier
from exchange.domain.record import Arrival

PUBLIC = Tier.PUBLIC
GONE = {"withdrawn", "expired", "erased"}
QUOTES = {
    "list-entry": ("restsOn", "penalty"),
    "inspection": ("concerns", "list-entry"),
    "application": ("appliedTo", "list-entry"),
}


@dataclass
class Held:
    """A record as the model knows it."""

    key: tuple
    state: str = "live"
    tier: Tier = PUBLIC
    widest: Tier = PUBLIC
    received: tuple | None = ()
    text: str = ""
    quotes: dict = field(default_factory=dict)  # target number -> still stated
    mark: str = ""
    iri: str = ""
    undecided: int = 0
    projected: bool = True


class Model:
    """The naive oracle."""

    def __init__(self):
        self.records = []
        self.current = {}

    def state(self, key):
        return self.current[key].state if key in self.current else "none"

    def target(self, record, number):
        return QUOTES[record.key[0]][1], number

    # --- rows ---

    def take(self, row):
        key = row["key"]
        state, record = self.state(key), self.current.get(key)
        received = (row["text"], row["tier"], row["ended"])
        received += (tuple(row["quotes"]) if key[0] in QUOTES else row["target"],)
        if key[0] == "penalty":
            received = received[:3]
        if state in GONE:
            return "suppressed"
        if row["arrival"] is Arrival.REVOKED:
            if state == "none":
                return "suppressed"
            self.leave(record, "withdrawn")
            return "revised"
        if record is not None and record.received == received:
            return "revised" if self.mark_by_row(record, row) else "unchanged"
        if row["ended"]:
            if record is not None:
                self.leave(record, "expired")
            return "suppressed"
        return self.write(row, record, received)

    def quoted_states(self, row):
        if row["key"][0] not in QUOTES:
            return {}
        kind = QUOTES[row["key"][0]][1]
        return {number: self.state((kind, number)) for number in row["quotes"]}

    def write(self, row, record, received):
        key = row["key"]
        states = self.quoted_states(row)
        if key[0] == "list-entry" and lost(states.values()):
            if record is not None:
                self.leave(record, "withdrawn")
            return "suppressed"
        target = ("penalty", row["target"])
        if key[0] == "repair-case" and target not in self.current:
            return "rejected"
        outcome = "accepted" if record is None else "revised"
        if record is None:
            record = Held(key, tier=Tier.ARCHIVE, widest=Tier.ARCHIVE)
            self.records.append(record)
            self.current[key] = record
        record.received, record.text = received, row["text"]
        record.tier = Tier.ARCHIVE if key[0] == "repair-case" else row["tier"]
        record.widest = min(record.widest, record.tier, key=lambda tier: tier.rank)
        record.undecided = 0
        record.quotes = {}
        for number, state in states.items():
            keeps = state not in GONE or (key[0] == "application" and state != "erased")
            record.quotes[number] = keeps
        if key[0] == "application" and any(state in GONE for state in states.values()):
            record.undecided = 1
        self.mark_by_row(record, row)
        if key[0] == "repair-case" and self.state(target) not in GONE:
            self.leave(self.current[target], "withdrawn")
        return outcome

    def mark_by_row(self, record, row):
        before = record.mark
        if row["arrival"] is Arrival.OBJECTION and not record.mark:
            record.mark = "row"
        elif row["arrival"] is Arrival.LIVE and record.mark == "row":
            record.mark = ""
        return record.mark != before

    # --- departures ---

    def leave(self, record, state):
        record.state = state
        record.undecided = 0
        for other in [r for r in self.records if r.state in {"live", "suspended"}]:
            if quotes(other, record.key[0]) and other.quotes.get(record.key[1]):
                self.quoted(other, record.key[1], state)

    def quoted(self, other, number, state):
        if other.key[0] == "application":
            other.undecided += 1
            if state != "erased":
                return
        others = [n for n, stated in other.quotes.items() if stated and n != number]
        standing = [n for n in others if self.state(self.target(other, n)) not in GONE]
        if other.key[0] == "list-entry" and state != "expired" and not standing:
            self.leave(other, "withdrawn")  # and says for ever what it rested on
        else:
            other.quotes[number] = False

    # --- commands ---

    def command(self, name, key):
        record = self.current[key]
        allowed = {
            "withdraw": {"live", "suspended"},
            "expire": {"live", "suspended"},
            "suspend": {"live"},
            "resume": {"suspended"},
            "reinstate": {"withdrawn", "expired"},
            "erase": {"live", "suspended", "withdrawn", "expired"},
            "mark": {"live", "suspended"} if not record.mark else set(),
            "unmark": {"live", "suspended"} if record.mark else set(),
        }[name]
        if record.state not in allowed or (name == "reinstate" and self.baseless(record)):
            return False
        getattr(self, "do_" + name)(record)
        return True

    def baseless(self, record):
        stated = [n for n, stated in record.quotes.items() if stated]
        states = [self.state(self.target(record, n)) for n in stated]
        return record.key[0] == "list-entry" and lost(states)

    def do_withdraw(self, record):
        self.leave(record, "withdrawn")

    def do_expire(self, record):
        self.leave(record, "expired")

    def do_suspend(self, record):
        record.state = "suspended"

    def do_resume(self, record):
        record.state = "live"

    def do_mark(self, record):
        record.mark = "hand"

    def do_unmark(self, record):
        record.mark = ""

    def do_erase(self, record):
        chain = [r for r in self.records if r.key == record.key and r is not record]
        for each in [record, *chain]:
            if each.state != "erased":
                self.leave(each, "erased")
                each.quotes = {}

    def do_reinstate(self, old):
        new = Held(old.key, tier=old.tier, widest=old.tier, received=old.received, text=old.text)
        new.quotes = dict(old.quotes)
        for number, stated in old.quotes.items():
            state = self.state(self.target(old, number))
            if not stated:
                new.received = None
            elif state in GONE and new.key[0] == "application" and state != "erased":
                new.undecided = 1
            elif state in GONE:
                new.undecided += new.key[0] == "application"
                new.quotes[number] = False
                new.received = None
        self.records.append(new)
        self.current[old.key] = new
        for other in self.records:
            if quotes(other, old.key[0]) and other.quotes.get(old.key[1]) is False:
                other.received = None


def quotes(record, kind):
    """Whether records of its kind quote that kind."""
    return record.key[0] in QUOTES and QUOTES[record.key[0]][1] == kind


def lost(states):
    """Whether every basis there is was withdrawn or erased."""
    return bool(states) and all(state in {"withdrawn", "erased"} for state in states)
