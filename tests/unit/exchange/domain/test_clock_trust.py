from __future__ import annotations

import pytest

from exchange.domain.clock_trust import ClockDoubt, ClockReading, assess

DAY = 86_400_000
BOOT = 1_760_000_000_000
KEPT = ClockReading(BOOT + 5 * DAY, 5 * DAY, "boot-1")


def later(wall: int, uptime: int, boot_id: str = "boot-1") -> ClockReading:
    """Return a reading that many milliseconds after the kept one."""
    return ClockReading(KEPT.wall + wall, KEPT.uptime + uptime, boot_id)


@pytest.mark.parametrize("starting", [True, False])
def test_the_first_reading_of_a_directory_is_trusted(starting: bool) -> None:
    assert assess(None, KEPT, starting=starting) is None


@pytest.mark.parametrize("step", [DAY, -DAY, 60_000, -60_000])
def test_a_clock_set_by_up_to_a_day_is_trusted(step: int) -> None:
    assert assess(KEPT, later(step + 1000, 1000), starting=True) is None


@pytest.mark.parametrize("step", [DAY + 1, -DAY - 1, 800 * DAY, -400 * DAY])
@pytest.mark.parametrize("starting", [True, False])
def test_a_clock_set_by_more_than_a_day_within_one_boot_is_doubtful(
    step: int, starting: bool
) -> None:
    assert assess(KEPT, later(step + 1000, 1000), starting=starting) is ClockDoubt.STEPPED


def test_quiet_weeks_under_a_running_service_are_no_doubt() -> None:
    assert assess(KEPT, later(90 * DAY, 90 * DAY), starting=False) is None


@pytest.mark.parametrize("boot_id", ["boot-1", "boot-2", ""])
def test_a_start_more_than_thirty_days_after_the_heartbeat_is_doubtful(boot_id: str) -> None:
    assert assess(KEPT, later(30 * DAY, 30 * DAY, boot_id), starting=True) is None
    late = later(30 * DAY + 1, 30 * DAY + 1, boot_id)
    assert assess(KEPT, late, starting=True) is ClockDoubt.LONG_GAP


@pytest.mark.parametrize("boot_id", ["boot-2", ""])
def test_uptimes_of_two_boots_are_not_compared(boot_id: str) -> None:
    assert assess(KEPT, later(3 * DAY, -KEPT.uptime, boot_id), starting=True) is None


def test_two_readings_of_a_system_without_boot_ids_are_two_boots() -> None:
    kept = ClockReading(BOOT, 0, "")
    assert assess(kept, ClockReading(BOOT + 9 * DAY, 0, ""), starting=True) is None
