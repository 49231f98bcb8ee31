"""What surfaces of another history know goes into the ledger, once, and guards keep their times."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from exchange.domain.disclosure_levels import Tier
from exchange.domain.errors import StoreUnavailable
from exchange.domain.identifiers import new_id
from exchange.domain.record import Visibility
from exchange.domain.restore_reconciliation import KnownRecord
from publisher.surfaces.runtime.checkpoints import Checkpoint, Checkpoints
from publisher.surfaces.runtime.freshness_guard import SurfaceGuard
from publisher.surfaces.runtime.removal_recovery import RemovalRecovery

IRI = "https://credit.example.cn/record/"


@dataclass
class Shown:
    """Stands for a surface that lists records, and where it stands."""

    records: dict[str, str]
    tier: Tier = Tier.PUBLIC
    name: str = "triples"
    at: int = 0
    broken: bool = False

    def known(self) -> Any:
        for public_id, kind in self.records.items():
            yield IRI + public_id, kind
        if self.broken:
            raise OSError(5, "Input/output error")

    def position(self) -> int:
        return self.at


@dataclass
class Kind:
    class_iri: str


@dataclass
class Asked:
    """A recovery over the real ledger and checkpoints."""

    city: Any
    shown: list[Shown]
    kinds: dict[str, Any] = field(
        default_factory=lambda: {"penalty": Kind("https://w3id.org/credence/ns#Penalty")}
    )

    @property
    def kept(self) -> Checkpoints:
        return Checkpoints(self.city.root, self.city.ledger)

    @property
    def recovery(self) -> RemovalRecovery:
        return RemovalRecovery(self.city.ledger, self.kept, [], self.shown, self.kinds)


def test_each_record_that_the_ledger_lacks_is_known_by_kind_and_widest_tier(city: Any) -> None:
    [there, *_] = city.publish(1)
    named, classed, other, both = (new_id() for _ in range(4))
    public = Shown(
        {
            there[-26:]: "penalty",
            named: "licence",
            classed: "https://w3id.org/credence/ns#Penalty",
            other: "https://elsewhere.example/Thing",
            both: "https://elsewhere.example/Thing",
        }
    )
    government = Shown({both: "penalty"}, Tier.GOVERNMENT)
    found = Asked(city, [government, public]).recovery.known()
    assert found == {
        named: KnownRecord(named, "licence", Tier.PUBLIC),
        classed: KnownRecord(classed, "penalty", Tier.PUBLIC),
        other: KnownRecord(other, None, Tier.PUBLIC),
        both: KnownRecord(both, "penalty", Tier.PUBLIC),
    }
    asked = Asked(city, [government, public]).recovery
    assert set(asked.known({"government/triples"})) == {both}
    assert asked.known({"public/other"}) == asked.known(()) == {}


def test_more_records_than_are_asked_for_at_once_are_all_known(city: Any) -> None:
    many = {new_id(): "penalty" for _ in range(1_203)}
    assert set(Asked(city, [Shown(many)]).recovery.known()) == set(many)


def test_what_breaks_off_does_not_hide_what_others_know(city: Any) -> None:
    lost, other = new_id(), new_id()
    broken = Shown({lost: "penalty"}, broken=True)
    found = Asked(city, [broken, Shown({other: "penalty"}, name="index")]).recovery.known()
    assert other in found


def test_what_is_known_is_taken_in_once_and_noted(city: Any) -> None:
    lost = new_id()
    shown = Shown({lost: "penalty"})
    asked = Asked(city, [shown])
    assert asked.kept.read(shown) is None
    done = asked.recovery([shown])
    assert (done.epoch, done.opened, done.entered) == (2, True, 1)
    assert city.ledger.visibility(Tier.PUBLIC, lost) is Visibility.GONE
    assert asked.kept.read(shown) == Checkpoint(taken_in=2)
    # Asked again it is taken in already; one that was not asked is.
    again = asked.recovery([shown])
    assert (again.epoch, again.opened, again.entered) == (2, False, 0)
    late = Shown({new_id(): "penalty"}, name="index")
    assert Asked(city, [shown, late]).recovery([shown, late]).entered == 1
    assert city.ledger.epoch() == 3


def test_nothing_new_opens_no_epoch_unless_a_surface_is_of_a_later_one(city: Any) -> None:
    [there, *_] = city.publish(1)
    shown = Shown({there[-26:]: "penalty"})
    asked = Asked(city, [shown])
    assert not asked.recovery([shown]).opened
    assert asked.recovery.epoch([shown]) == 1
    asked.kept.take_in(shown, 1)
    path = city.root / "public" / "triples" / "checkpoint.json"
    path.write_text('{"epoch": 7}')
    other = Shown({}, name="index")
    assert asked.recovery.epoch([other, shown]) == 7
    done = asked.recovery([shown])
    assert (done.epoch, done.opened) == (8, True)


def test_a_checkpoint_changes_one_thing_at_a_time_and_what_is_cleared_only_grows(
    city: Any,
) -> None:
    city.publish(3)
    shown = Shown({}, at=3)
    kept = Asked(city, []).kept
    assert kept.is_unverified(shown)
    assert not kept.is_unverified(Shown({}))
    kept.cleared(shown, 2)
    assert kept.read(shown) == Checkpoint(cleared=2)
    assert kept.is_unverified(shown), "no root is known"
    for seq, cleared in ((1, 2), (2, 2), (3, 3)):
        kept.cleared(shown, seq)
        assert kept.read(shown) == Checkpoint(cleared=cleared)
    point = city.ledger.tree_point(Tier.PUBLIC, 2)
    kept.take_in(shown, 5)
    kept.advance(shown, 2)
    whole = Checkpoint(point.size, point.root.hex(), point.epoch, cleared=3, taken_in=5)
    assert kept.read(shown) == whole
    assert not kept.is_unverified(shown)
    kept.advance(shown, 99)
    assert kept.read(shown) == whole, "the ledger has no such change"
    kept.restart(shown, 2)
    assert kept.read(shown) == Checkpoint(point.size, point.root.hex(), point.epoch, 2)
    kept.restart(shown, 99)
    assert kept.read(shown) == Checkpoint(cleared=99)
    path = city.root / "public" / "triples" / "checkpoint.json"
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("text", "legible"),
    [
        ('{"size": 0}', True),
        ('{"size": -1}', False),
        ('{"size": true}', False),
        ('{"size": 1.0}', False),
        ('{"epoch": -1}', False),
        ('{"cleared": "0"}', False),
        ('{"taken_in": null}', False),
        ('{"root": null}', False),
        ('{"root": "00"}', True),
        ("\udcff", False),
    ],
)
def test_numbers_of_a_checkpoint_are_whole_and_not_negative(
    city: Any, text: str, legible: bool
) -> None:
    path = city.root / "public" / "triples" / "checkpoint.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(text.encode(errors="surrogateescape"))
    assert (Asked(city, []).kept.read(Shown({})) is not None) is legible


def test_a_surface_at_the_head_is_of_this_ledger_and_one_ahead_is_not(city: Any) -> None:
    city.publish(3)
    kept = Asked(city, []).kept
    assert [kept.difference(Shown({}, at=at)) for at in (0, 3, 4)] == [None, None, "ahead"]
    kept.advance(Shown({}), 3)
    assert [kept.difference(Shown({}, at=at)) for at in (0, 3, 4)] == [None, None, "ahead"]


def test_a_removal_has_five_seconds_and_an_answer_counts_for_half_a_second(city: Any) -> None:
    [first, *_] = city.publish(3)
    shown, ticks = Shown({}, at=3), [0.0]
    now = [city.clock.now]
    kept = Asked(city, []).kept
    guard = SurfaceGuard(city.ledger, kept, [shown], lambda: now[0], lambda: ticks[0])
    city.ledger.withdraw(first, "repair")
    left = city.clock.now

    def reads(after: int, tick: float) -> bool:
        now[0], ticks[0] = left + after, ticks[0] + tick
        try:
            guard.require("triples")
        except StoreUnavailable:
            return False
        return True

    assert reads(4_900, 1)
    assert reads(5_100, 0.5), "asked half a second ago"
    assert not reads(5_100, 0.1)
    shown.at = 4
    assert not reads(5_100, 0.5), "asked half a second ago"
    assert reads(5_100, 0.1)
    # What was shown ahead of the backlog counts as followed.
    shown.at = 3
    kept.cleared(shown, 4)
    assert reads(60_000, 1)
    shown.at = 99
    assert not reads(0, 1)
