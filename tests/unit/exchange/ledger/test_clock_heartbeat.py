from __future__ import annotations

import stat
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from exchange.domain.clock_trust import ClockDoubt, ClockReading
from exchange.domain.errors import ClockDoubtful, EnvironmentFault
from exchange.domain.record import DeliveredState, Outcome, Result
from exchange.ledger import Heartbeat, Ledger
from exchange.ledger.clock_heartbeat import PERIOD
from tests.factories import NOON, append_all, ledger_locations
from tests.unit.exchange.ledger.conftest import GENESIS, RULES, row

DAY = 86_400_000


@dataclass
class Machine:
    """A machine whose clocks are set by hand; `wall` is off by `shift` milliseconds."""

    folder: Path
    passed: int = 0
    shift: int = 0
    boot_id: str = "boot-1"
    booted: int = field(default=NOON - 3 * DAY)

    def clock(self) -> int:
        return NOON + self.passed + self.shift

    def heartbeat(self) -> Heartbeat:
        """Return the heartbeat as a newly started program sees it."""
        return Heartbeat(self.folder / "clock.json", self.read)

    def read(self) -> ClockReading:
        return ClockReading(self.clock(), NOON + self.passed - self.booted, self.boot_id)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_heartbeat_is_kept_for_its_owner_only_and_at_most_once_a_minute(machine: Machine) -> None:
    heartbeat = machine.heartbeat()
    heartbeat.beat()
    path = machine.folder / "clock.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    machine.passed = PERIOD - 1
    heartbeat.beat()
    assert heartbeat.trusted_time() == NOON
    machine.passed = PERIOD
    heartbeat.beat()
    assert heartbeat.trusted_time() == NOON + PERIOD
    assert [one.name for one in machine.folder.iterdir()] == ["clock.json"]


def test_a_doubtful_reading_is_never_kept_and_the_right_clock_ends_the_doubt(
    machine: Machine,
) -> None:
    machine.heartbeat().beat()
    machine.shift, machine.passed = 800 * DAY, 5 * PERIOD
    wrong = machine.heartbeat()
    wrong.beat()
    assert wrong.doubt() is ClockDoubt.STEPPED
    assert wrong.trusted_time() == NOON
    machine.shift = 0
    assert wrong.doubt() is None


def test_a_person_ends_the_doubt_for_every_program(machine: Machine) -> None:
    machine.heartbeat().beat()
    running = machine.heartbeat()
    machine.passed = machine.shift = 40 * DAY
    assert running.doubt() is ClockDoubt.STEPPED
    machine.heartbeat().confirm()
    assert running.doubt() is None
    assert machine.heartbeat().doubt() is None


def test_a_program_that_trusted_the_clock_once_sees_no_gap_afterwards(machine: Machine) -> None:
    machine.heartbeat().beat()
    running = machine.heartbeat()
    assert running.doubt() is None
    machine.passed = 31 * DAY
    assert running.doubt() is None
    assert machine.heartbeat().doubt() is ClockDoubt.LONG_GAP


def test_a_clock_set_back_before_a_boot_does_not_replace_a_later_time(machine: Machine) -> None:
    machine.heartbeat().beat()
    machine.shift, machine.boot_id = -400 * DAY, "boot-2"
    machine.heartbeat().beat()
    assert machine.heartbeat().trusted_time() == NOON
    machine.shift = 0
    assert machine.heartbeat().doubt() is None


@pytest.mark.parametrize("text", [b"", b"{}", b"[1]", b'{"wall":"x","uptime":1,"boot_id":""}'])
def test_a_damaged_heartbeat_is_a_doubt_that_a_person_ends(machine: Machine, text: bytes) -> None:
    (machine.folder / "clock.json").write_bytes(text)
    heartbeat = machine.heartbeat()
    heartbeat.beat()
    assert heartbeat.doubt() is ClockDoubt.UNREADABLE
    assert heartbeat.trusted_time() is None
    heartbeat.confirm()
    assert heartbeat.doubt() is None


@pytest.fixture
def ledger(machine: Machine) -> Ledger:
    made = Ledger.create(
        ledger_locations(machine.folder),
        GENESIS,
        RULES,
        machine.clock,
        clock_guard=machine.heartbeat(),
    )
    machine.passed += PERIOD
    return made


def load(ledger: Ledger, *rows: object) -> list[Result]:
    digest = f"{len(rows)}" * 64  # one file has as many rows whenever it is loaded
    delivery = ledger.open_delivery(source=None, name="f", digest=digest, kind="k", form=None)
    return append_all(ledger, delivery, rows)  # type: ignore[arg-type]


def test_a_ledger_write_keeps_the_heartbeat(machine: Machine, ledger: Ledger) -> None:
    load(ledger, row())
    assert machine.heartbeat().trusted_time() == NOON + PERIOD


def test_no_publicity_ends_for_good_while_the_clock_is_doubtful(
    machine: Machine, ledger: Ledger
) -> None:
    [live] = load(ledger, row(publicity_end="2027-06-30"))
    machine.shift = 800 * DAY
    for end in (ledger.expire, lambda iri: ledger.expire_all([iri])):
        with pytest.raises(ClockDoubtful, match="doubtful"):
            end(str(live.iri))
    again = load(
        ledger,
        row(text="改", publicity_end="2027-06-30"),
        row(number=2, publicity_end="2028-01-01"),
    )
    assert [(one.outcome, one.reason) for one in again] == [
        (Outcome.SUPPRESSED, "clock-doubtful"),
        (Outcome.SUPPRESSED, "clock-doubtful"),
    ]
    machine.shift = 0
    again = load(
        ledger,
        row(text="改", publicity_end="2027-06-30"),
        row(number=2, publicity_end="2028-01-01"),
    )
    assert [one.outcome for one in again] == [Outcome.REVISED, Outcome.ACCEPTED]


def test_a_clock_set_back_publishes_nothing_that_had_ended(
    machine: Machine, ledger: Ledger
) -> None:
    machine.shift = -800 * DAY
    [result] = load(ledger, row(publicity_end="2026-11-01"))
    assert (result.outcome, result.reason) == (Outcome.SUPPRESSED, "clock-doubtful")


def test_a_takedown_does_not_ask_the_clock(machine: Machine, ledger: Ledger) -> None:
    first, second = load(ledger, row(), row(number=2))
    machine.shift = 800 * DAY
    ledger.withdraw(str(first.iri), "repair")
    [revoked] = load(ledger, row(number=2, delivered_state=DeliveredState.REVOKED))
    assert revoked.outcome is Outcome.REVISED
    assert second.iri == revoked.iri


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"\xff",
        b"[]",
        b"null",
        b"{}",
        b'{"wall": 1, "uptime": 1}',
        b'{"wall": "x", "uptime": 1, "boot_id": ""}',
        b'{"wall": null, "uptime": 1, "boot_id": ""}',
    ],
)
def test_whatever_is_no_heartbeat_is_unreadable_and_no_time_is_trusted(
    machine: Machine, text: bytes
) -> None:
    (machine.folder / "clock.json").write_bytes(text)
    heartbeat = machine.heartbeat()
    assert heartbeat.doubt() is ClockDoubt.UNREADABLE
    assert heartbeat.trusted_time() is None


def test_a_heartbeat_that_cannot_be_read_or_written_is_reported(machine: Machine) -> None:
    (machine.folder / "clock.json").mkdir()
    heartbeat = machine.heartbeat()
    assert heartbeat.doubt() is ClockDoubt.UNREADABLE
    assert heartbeat.trusted_time() is None
    with pytest.raises(EnvironmentFault, match="cannot be written") as caught:
        heartbeat.confirm()
    assert "无法写入" in caught.value.details["zh"]


def test_without_a_heartbeat_nothing_is_doubted(machine: Machine) -> None:
    heartbeat = machine.heartbeat()
    assert heartbeat.trusted_time() is None
    assert heartbeat.doubt() is None
    assert heartbeat.confirm().wall == NOON == heartbeat.trusted_time()
