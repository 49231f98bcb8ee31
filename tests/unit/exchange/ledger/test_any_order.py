"""Any order of events: refused, or every invariant holds.

The oracle is the naive model beside this file. `verify` then checks all the rest.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from exchange.domain.disclosure_levels import DisclosureLevel, Tier
from exchange.domain.errors import Conflict
from exchange.domain.record import DeliveredState, Link, Visibility
from exchange.domain.record_body import assemble_body
from tests.unit.exchange.ledger.naive import GONE, LINKED_KINDS, Model, key_variants

PUBLIC, GOVERNMENT = Tier.PUBLIC, Tier.GOVERNMENT
KINDS = ("penalty", "licence", *LINKED_KINDS)
KEYS = [(kind, n) for kind in KINDS for n in (1, 2)] + [("repair-case", 1)]
WAYS = {
    "penalty": ["both", "both", "code", "name", "name", "crossed"],
    "licence": ["a", "b", "partial", "partial-both"],
}
LINK_KEYS = {"licence": ["a", "b", "partial"], "penalty": ["both", "code", "name", "crossed"]}
EXTRA = "<https://w3id.org/credence/ns#extra>"


def ways_of(key):
    return st.sampled_from(WAYS.get(key[0], ["code"]))


def rows_of(keys, arrivals, ended, tiers):
    return keys.flatmap(
        lambda key: st.fixed_dictionaries(
            {
                "key": st.just(key),
                "way": ways_of(key),
                "text": st.sampled_from(["甲", "乙"]),
                "form": st.sampled_from(["new", "new", "old"]),
                "extra": st.sampled_from([None, "丙", "丁"]),
                "links": st.lists(st.sampled_from([1, 2, 3]), unique=True, min_size=1, max_size=2),
                "link_keys": st.sampled_from(
                    LINK_KEYS.get(LINKED_KINDS.get(key[0], "--")[1], ["code"])
                ),
                "tier": st.sampled_from(tiers),
                "delivered_state": st.sampled_from(arrivals),
                "ended": st.sampled_from(ended),
                "target": st.sampled_from(TARGETS),
            }
        )
    )


TARGETS = [("penalty", n, way) for n in (1, 2, 3) for way in LINK_KEYS["penalty"]]
TARGETS += [("licence", n, way) for n in (1, 2) for way in LINK_KEYS["licence"]]
ROWS = rows_of(
    st.sampled_from(KEYS),
    [DeliveredState.LIVE] * 4 + [DeliveredState.OBJECTION, DeliveredState.REVOKED],
    [False] * 5 + [True],
    [PUBLIC, PUBLIC, GOVERNMENT],
)
COMMANDS = ["withdraw", "suspend", "resume", "expire", "reinstate", "erase", "mark", "unmark"]
# First a world in which everything quotes something, so that each step has something to change.
WORLD = st.tuples(
    *(rows_of(st.just(key), [DeliveredState.LIVE], [False], [PUBLIC]) for key in KEYS[:-1])
).map(list)
STEPS = st.tuples(
    WORLD,
    st.lists(
        st.one_of(
            st.tuples(st.sampled_from(COMMANDS), st.integers(0, len(KEYS))),
            st.tuples(st.sampled_from(COMMANDS), st.integers(0, 4)),
            st.lists(ROWS, min_size=1, max_size=3),
            st.just("reopen"),
        ),
        min_size=6,
        max_size=16,
    ),
).map(lambda pair: [pair[0], *pair[1]])


def keys_of(kind, number, way):
    full, partial = key_variants(kind, number, way)
    told = full or partial
    return {
        "key": told[0],
        "aliases": tuple(told[1:]),
        "partial": tuple(partial) if full else (),
        "is_partial": not full,
    }


def a_link(relation, kind, number, way):
    return Link(relation, kind, **keys_of(kind, number, way))


def a_row(rows, item):
    kind, number = item["key"]
    links = []
    if kind in LINKED_KINDS:
        relation, target = LINKED_KINDS[kind]
        links = [a_link(relation, target, n, item["link_keys"]) for n in item["links"]]
    case, old = kind == "repair-case", item["form"] == "old"
    made = rows.row(
        kind,
        number,
        item["text"],
        tier=item["tier"],
        links=links,
        delivered_state=item["delivered_state"],
        publicity_end="2020-01-01" if item["ended"] else None,
        withdraws=a_link("repairs", *item["target"]) if case else None,
        projected=not case,
    )
    text = made.body
    if item["extra"] and not old:
        letter = (
            DisclosureLevel.PUBLIC_OPEN
            if item["tier"] is PUBLIC
            else DisclosureLevel.GOV_UNCONDITIONAL
        )
        text = assemble_body([*text.split("\n")[:-1], f'{letter.letter} {EXTRA} "{item["extra"]}"'])
    untold = frozenset({EXTRA}) if old else frozenset()
    told = keys_of(kind, number, item["way"])
    return replace(
        made,
        **told,
        body=text,
        uncovered_properties=untold,
        inherits_tier=old,
        inherits_objection=old,
    )


def play(desk, rows, model, step):
    if step == "reopen":
        desk.reopen()
    elif isinstance(step, list):
        load(desk, rows, model, step)
    else:
        name, at = step
        if found := model.newest():
            command(desk.ledger, model, name, found[at % len(found)])


def load(desk, rows, model, step):
    delivery, submissions = desk.delivery, [a_row(rows, item) for item in step]
    with desk.ledger.dry_run() as tried:
        foreseen = [
            result
            for at in range(len(submissions))
            for result in tried.append(delivery, submissions[at : at + 1])
        ]
    results = desk.load(*submissions)
    assert [answer(result) for result in foreseen] == [answer(result) for result in results]
    for item, result in zip(step, results, strict=True):
        before = len(model.records)
        assert result.outcome.value == model.take(item)
        for record in model.records[before:]:
            record.iri = result.iri


def answer(result):
    """Return what a dry run must foresee: all but the IRI of a record that is new."""
    return result.outcome, result.reason, result.row, result.review, result.superseded


def command(ledger, model, name, record):
    iri = record.iri
    calls = {
        "withdraw": lambda: ledger.withdraw(iri, "repair"),
        "reinstate": lambda: ledger.reinstate(iri, "decision"),
        "mark": lambda: ledger.set_objection(iri, open=True),
        "unmark": lambda: ledger.set_objection(iri, open=False),
    }
    before = ledger.position()
    done = model.command(name, record)
    try:
        answer = calls.get(name, lambda: getattr(ledger, name)(iri))()
    except Conflict:
        assert not done
        assert ledger.position() == before
        return
    assert done
    if name == "reinstate":
        model.records[-1].iri = answer


def agree(ledger, model):
    for tier in (PUBLIC, GOVERNMENT):
        live = {iri: view.decode() for iri, _, view in ledger.live(tier)}
        expected = {r.iri: r for r in model.records if sees(r, tier)}
        assert set(live) == set(expected)
        for iri, record in expected.items():
            assert f'"{record.text}"' in live[iri] or tier is PUBLIC
            extra = f'#extra> "{record.extra}"' if record.extra else "#extra>"
            assert (extra in live[iri]) is bool(record.extra) or tier is PUBLIC
            relation = LINKED_KINDS.get(record.key[0], ("none",))[0]
            for number, stated in record.links.items():
                assert (f'#{relation}> "{number}" .' in live[iri]) is stated
            assert ledger.read(tier, iri).objection is bool(record.mark)
        for record in model.records:
            assert ledger.visibility(tier, record.iri[-26:]) is standing(record, tier)
        shown = replay(ledger, tier)
        assert shown == live, "a consumer of the sequence holds what is live"
    undecided = sum(len(r.undecided) for r in model.records if r.state in {"live", "suspended"})
    assert len(ledger.pending_decisions()) == undecided


def sees(record, tier):
    return record.state == "live" and record.tier.rank <= tier.rank


def standing(record, tier):
    if record.widest.rank > tier.rank:
        return Visibility.ABSENT
    if record.tier.rank > tier.rank or record.state in GONE:
        return Visibility.GONE
    return Visibility.LIVE if record.state == "live" else Visibility.SUSPENDED


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
@settled(3)
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
