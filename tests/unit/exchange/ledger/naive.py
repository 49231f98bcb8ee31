"""What the ledger must do, told naively: dictionaries and loops, and no code of the ledger's.

Written from docs/design/ledger.md "Events": what each row and command does, which records each tier
sees with which references, and what waits for a decision.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from exchange.domain.disclosure_levels import Tier
from exchange.domain.record import DeliveredState

PUBLIC = Tier.PUBLIC
GONE = {"withdrawn", "expired", "erased"}
LINKED_KINDS = {
    "list-entry": ("restsOn", "penalty"),
    "inspection": ("concerns", "list-entry"),
    "application": ("appliedTo", "list-entry"),
    "check": ("checks", "licence"),
}


def key_variants(kind, number, way):
    """Return the full and the partial ways in which a row may tell a key; all end by the number."""
    code, name = f"{kind}\x1fcode {number}", f"{kind}\x1fname {number}"
    ways = {
        "code": ([code], []),
        "name": ([name], []),
        "both": ([code, name], []),
        # Code and name of two authorities: which record is meant?
        "crossed": ([code, f"{kind}\x1fname {number % 2 + 1}"], []),
    }
    for part in "ab":
        ways[part] = ([f"{kind}\x1f{part} {number}"], [code])
    ways["partial"] = ([], [code])
    ways["partial-both"] = ([], [name, code])
    return ways[way]


@dataclass(eq=False)
class Held:
    """A record as the model knows it; `full` and `partial` are the ways its key was told."""

    key: tuple
    chain: object
    state: str = "live"
    tier: Tier = PUBLIC
    widest: Tier = PUBLIC
    received: tuple | None = ()
    text: str = ""
    extra: str | None = None
    links: dict = field(default_factory=dict)  # target number -> still stated
    ways: dict = field(default_factory=dict)  # target number -> how it is told
    mark: str = ""
    iri: str = ""
    by_hand: bool = False  # a person set or took off the mark since the newest version
    undecided: set = field(default_factory=set)
    full: set = field(default_factory=set)
    partial: set = field(default_factory=set)
    newest: bool = True


class Model:
    """The naive oracle."""

    def __init__(self):
        self.records = []

    def newest(self):
        return [record for record in self.records if record.newest]

    def resolve(self, full, partial):
        """Return the records that a telling leads to, and whether several share a partial one."""
        known = self.newest()
        hits = [r for told in full for r in known if told in r.full]
        if full:
            hits += [r for told in partial for r in known if not r.full and told in r.partial]
            return list(dict.fromkeys(hits)), False
        fits = [[r for r in known if told in r.partial] for told in partial]
        hits = [found[0] for found in fits if len(found) == 1]
        return list(dict.fromkeys(hits)), any(len(found) > 1 for found in fits)

    def target(self, record, number):
        """Return the record that a quotation means today."""
        hits, shared = self.resolve(
            *key_variants(LINKED_KINDS[record.key[0]][1], number, record.ways[number])
        )
        return hits[0] if hits and not shared else None

    def target_state(self, record, number):
        target = self.target(record, number)
        return "none" if target is None else target.state

    # --- rows ---

    def take(self, row):
        full, partial = key_variants(*row["key"], row["way"])
        hits, shared = self.resolve(full, partial)
        if shared or len(hits) > 1:
            gone = all(record.state in GONE for record in hits)
            return "suppressed" if gone and not shared else "rejected"
        if not hits:
            return self.unknown(row, full, partial)
        outcome = self.known(row, hits[0])
        if outcome not in {"rejected", "outdated"}:
            self.attach(hits[0], full, partial)
        return outcome

    def unknown(self, row, full, partial):
        if row["delivered_state"] is DeliveredState.REVOKED or row["ended"]:
            return "suppressed"
        outcome = self.write(row, None, self.received(row, None))
        if outcome == "accepted":
            self.records[-1].full |= set(full)
            self.records[-1].partial |= set(partial)
            self.order(row, self.records[-1])
        return outcome

    def attach(self, record, full, partial):
        before = {
            (other, number): self.target(other, number)
            for other in self.records
            for number in other.links
        }
        if record.full or record.state not in GONE:
            record.full |= set(full)
        record.partial |= set(partial)
        if record.state in GONE:
            for (other, number), was in before.items():
                held = other.state in {"live", "suspended"} and other.links[number]
                if held and was is not record and self.target(other, number) is record:
                    self.lose_link(other, number, record)

    def known(self, row, record):
        received = self.received(row, record)
        if record.state in GONE:
            return "suppressed"
        if row["delivered_state"] is DeliveredState.REVOKED:
            self.leave(record, "withdrawn")
            return "revised"
        if record.received == received:
            if (
                record.by_hand
                and row["delivered_state"] is DeliveredState.OBJECTION
                and not record.mark
            ):
                return "outdated"  # a person took the mark off since the row came
            return "revised" if self.mark_by_row(record, row) else "unchanged"
        if row["ended"]:
            self.leave(record, "expired")
            return "suppressed"
        outcome = self.write(row, record, received)
        if outcome == "revised":
            self.order(row, record)
        return outcome

    def received(self, row, record):
        """Return what the record says after the row, which keeps what its form cannot tell."""
        kind, tier, extra = row["key"][0], row["tier"], row["extra"]
        says = row["target"] if kind == "repair-case" else None
        if kind in LINKED_KINDS:
            says = tuple((n, key_variants("", n, row["link_keys"])[0][:1]) for n in row["links"])
        if row["form"] == "old":
            told = row["text"], tier, row["ended"], says, None, row["key"]
            if record is not None and record.received == told:
                return told  # word by word what came last
            extra = None if record is None else record.extra
            if record is not None and record.state not in GONE:
                tier = max(tier, record.tier, key=lambda item: item.rank)
        return row["text"], tier, row["ended"], says, extra, row["key"]

    def write(self, row, record, received):
        key = row["key"]
        links = row["links"] if key[0] in LINKED_KINDS else []
        made = Held(key, object(), tier=Tier.ARCHIVE, widest=Tier.ARCHIVE)
        made.ways = dict.fromkeys(links, row["link_keys"])
        states = {number: self.target_state(made, number) for number in links}
        if key[0] == "list-entry" and lost(states.values()):
            if record is not None:
                self.leave(record, "withdrawn")
            return "suppressed"
        if key[0] == "repair-case":
            hits, shared = self.resolve(*key_variants(*row["target"]))
            if shared or len(hits) != 1:
                return "rejected"
        outcome = "accepted" if record is None else "revised"
        if record is None:
            record = made
            self.records.append(record)
        record.received, record.text, record.extra = received, row["text"], received[4]
        record.tier = Tier.ARCHIVE if key[0] == "repair-case" else received[1]
        record.widest = min(record.widest, record.tier, key=lambda tier: tier.rank)
        record.undecided, record.by_hand = set(), False
        record.links, record.ways = {}, made.ways
        for number, state in states.items():
            keeps = state not in GONE or (key[0] == "application" and state != "erased")
            record.links[number] = keeps
        if key[0] == "application" and any(state in GONE for state in states.values()):
            record.undecided = {"arrived"}
        self.mark_by_row(record, row)
        return outcome

    def order(self, row, record):
        """Do what a repair case orders."""
        if record.key[0] == "repair-case":
            target = self.resolve(*key_variants(*row["target"]))[0][0]
            if target.state not in GONE:
                self.leave(target, "withdrawn")

    def mark_by_row(self, record, row):
        before = record.mark
        if row["delivered_state"] is DeliveredState.OBJECTION and not record.mark:
            record.mark = "row"
        elif (
            row["delivered_state"] is DeliveredState.LIVE
            and record.mark == "row"
            and row["form"] == "new"
        ):
            record.mark = ""
        return record.mark != before

    # --- departures ---

    def leave(self, record, state):
        record.state = state
        record.undecided = set()
        for other in self.records:
            for number in list(other.links):
                held = other.state in {"live", "suspended"}
                if held and other.links.get(number) and self.target(other, number) is record:
                    self.lose_link(other, number, record)

    def lose_link(self, other, number, record):
        if other.key[0] == "application":
            other.undecided.add((record, record.state))
            if record.state != "erased":
                return
        others = [n for n, stated in other.links.items() if stated and n != number]
        standing = [n for n in others if self.target_state(other, n) not in GONE]
        if other.key[0] == "list-entry" and record.state != "expired" and not standing:
            self.leave(other, "withdrawn")  # and says for ever what it rested on
        else:
            other.links[number] = False

    # --- commands ---

    def command(self, name, record):
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
        stated = [n for n, stated in record.links.items() if stated]
        states = [self.target_state(record, n) for n in stated]
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
        record.mark, record.by_hand = "hand", True

    def do_unmark(self, record):
        record.mark, record.by_hand = "", True

    def do_erase(self, record):
        chain = [r for r in self.records if r.chain is record.chain and r is not record]
        for each in [record, *chain]:
            if each.state != "erased":
                self.leave(each, "erased")
                each.links = {}

    def do_reinstate(self, old):
        new = Held(old.key, old.chain, tier=old.tier, widest=old.tier, received=old.received)
        new.text, new.extra, new.full, new.partial = old.text, old.extra, old.full, old.partial
        new.links, new.ways = dict(old.links), dict(old.ways)
        for number, stated in old.links.items():
            state = self.target_state(old, number)
            if not stated:
                new.received = None
            elif state in GONE:
                asked = new.key[0] == "application"
                new.undecided |= {"arrived"} if asked else set()
                if not asked or state == "erased":
                    new.links[number] = False
                    new.received = None
        self.records.append(new)
        old.newest = False
        self.quoted_again(new)

    def quoted_again(self, new):
        for other in self.records:
            for number, stated in other.links.items():
                if not stated and self.target(other, number) is new:
                    other.received = None


def lost(states):
    """Whether every basis there is was withdrawn or erased."""
    return bool(states) and all(state in {"withdrawn", "erased"} for state in states)
