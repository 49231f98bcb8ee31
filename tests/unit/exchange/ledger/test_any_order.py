"""Any order of events: refused, or every invariant holds (issue 2, item 3).

The oracle is a naive model in dictionaries, written from DETAILS and DESIGN §4 and sharing no
code with the ledger: it says what each row and command must do, which records each tier must
see with which references, and what waits for a decision. `verify` then checks all the rest.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from exchange.domain.access import Tier
from exchange.domain.errors import Conflict
from exchange.domain.record import Arrival, Standing

PUBLIC, GOVERNMENT = Tier.PUBLIC, Tier.GOVERNMENT
GONE = {"withdrawn", "expired", "erased"}
QUOTES = {
    "list-entry": ("restsOn", "penalty"),
    "inspection": ("concerns", "list-entry"),
    "application": ("appliedTo", "list-entry"),
}
KEYS = [(kind, n) for kind in ("penalty", *QUOTES) for n in (1, 2)] + [("repair-case", 1)]


def rows_of(key, arrivals, ended, tiers):
    return st.fixed_dictionaries(
        {
            "key": key,
            "text": st.sampled_from(["甲", "乙"]),
            "quotes": st.lists(st.sampled_from([1, 2, 3]), unique=True, min_size=1, max_size=2),
            "tier": st.sampled_from(tiers),
            "arrival": st.sampled_from(arrivals),
            "ended": st.sampled_from(ended),
            "target": st.sampled_from([1, 2, 3]),
        }
    )


ROWS = rows_of(
    st.sampled_from(KEYS),
    [Arrival.LIVE] * 4 + [Arrival.OBJECTION, Arrival.REVOKED],
    [False] * 5 + [True],
    [PUBLIC, PUBLIC, GOVERNMENT],
)
COMMANDS = ["withdraw", "suspend", "resume", "expire", "reinstate", "erase", "mark", "unmark"]
# First a world in which everything quotes something, so that each step has something to change.
WORLD = st.tuples(
    *(rows_of(st.just(key), [Arrival.LIVE], [False], [PUBLIC]) for key in KEYS[:-1])
).map(list)
STEPS = st.tuples(
    WORLD,
    st.lists(
        st.one_of(
            st.tuples(st.sampled_from(COMMANDS), st.sampled_from(KEYS)),
            st.tuples(st.sampled_from(COMMANDS), st.sampled_from(KEYS[:4])),
            st.lists(ROWS, min_size=1, max_size=3),
            st.just("reopen"),
        ),
        min_size=6,
        max_size=16,
    ),
).map(lambda pair: [pair[0], *pair[1]])


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
        other.quotes[number] = False
        if other.key[0] == "list-entry" and state != "expired" and not standing:
            self.leave(other, "withdrawn")

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


def a_row(rows, item):
    kind, number = item["key"]
    links = []
    if kind in QUOTES:
        relation, target = QUOTES[kind]
        links = [rows.link(relation, target, n) for n in item["quotes"]]
    case = kind == "repair-case"
    return rows.row(
        kind,
        number,
        item["text"],
        tier=item["tier"],
        links=links,
        arrival=item["arrival"],
        publicity_end="2020-01-01" if item["ended"] else None,
        withdraws=rows.link("repairs", "penalty", item["target"]) if case else None,
        projected=not case,
    )


def play(desk, rows, model, step):
    if step == "reopen":
        desk.reopen()
    elif isinstance(step, list):
        expected = []
        results = desk.load(*(a_row(rows, item) for item in step))
        for item, result in zip(step, results, strict=True):
            expected.append(model.take(item))
            record = model.current.get(item["key"])
            if result.iri is not None and record is not None and not record.iri:
                record.iri = result.iri
        assert [result.outcome.value for result in results] == expected
    else:
        name, key = step
        if key in model.current:
            command(desk.ledger, model, name, key)


def command(ledger, model, name, key):
    iri = model.current[key].iri
    calls = {
        "withdraw": lambda: ledger.withdraw(iri, "repair"),
        "reinstate": lambda: ledger.reinstate(iri, "decision"),
        "mark": lambda: ledger.object_(iri, open=True),
        "unmark": lambda: ledger.object_(iri, open=False),
    }
    before = ledger.position()
    done = model.command(name, key)
    try:
        answer = calls.get(name, lambda: getattr(ledger, name)(iri))()
    except Conflict:
        assert not done
        assert ledger.position() == before
        return
    assert done
    if name == "reinstate":
        model.current[key].iri = answer


def agree(ledger, model):
    for tier in (PUBLIC, GOVERNMENT):
        live = {iri: view.decode() for iri, _, view in ledger.live(tier)}
        expected = {r.iri: r for r in model.records if sees(r, tier)}
        assert set(live) == set(expected)
        for iri, record in expected.items():
            assert f'"{record.text}"' in live[iri] or tier is PUBLIC
            relation = QUOTES.get(record.key[0], ("none",))[0]
            for number, stated in record.quotes.items():
                assert (f'#{relation}> "{number}" .' in live[iri]) is stated
            assert ledger.read(tier, iri).objection is bool(record.mark)
        for record in model.records:
            assert ledger.standing(tier, record.iri[-26:]) is standing(record, tier)
        shown = replay(ledger, tier)
        assert shown == live, "a consumer of the sequence holds what is live"
    undecided = sum(r.undecided for r in model.records if r.state in {"live", "suspended"})
    assert len(ledger.pending_decisions()) == undecided


def sees(record, tier):
    return record.state == "live" and record.tier.rank <= tier.rank


def standing(record, tier):
    if record.widest.rank > tier.rank:
        return Standing.ABSENT
    if record.tier.rank > tier.rank or record.state in GONE:
        return Standing.GONE
    return Standing.LIVE if record.state == "live" else Standing.SUSPENDED


def replay(ledger, tier):
    held, after = {}, 0
    while changes := ledger.changes(tier, after, 3):
        for change in changes:
            if change.activity.value == "Delete":
                del held[change.iri]
            else:
                assert (change.iri in held) is (change.activity.value == "Update")
                held[change.iri] = None if change.view is None else change.view.decode()
        after = changes[-1].seq
    return held


def settled(examples):
    return settings(
        max_examples=examples,
        deadline=None,
        # Each example writes to the disk; to shrink one takes minutes. The blob repeats it.
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
        print_blob=True,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


@given(STEPS)
@settled(15)
def test_any_order_of_events_is_refused_or_keeps_every_invariant(template, rows, steps):
    run(template, rows, steps)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@given(STEPS)
@settled(600)
def test_many_more_orders_of_events(template, rows, steps):
    run(template, rows, steps)


def run(template, rows, steps):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "ledger"
        shutil.copytree(template, folder)
        desk, model = rows.desk(folder), Model()
        try:
            for step in steps:
                play(desk, rows, model, step)
            agree(desk.ledger, model)
            desk.ledger.verify()
            agree(desk.reopen(), model)
        finally:
            desk.close()
