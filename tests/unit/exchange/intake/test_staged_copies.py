from __future__ import annotations

import os
from dataclasses import replace

import pytest

from exchange.domain.errors import EnvironmentFault, Rejected
from exchange.intake import DEFAULT_LIMITS, delete_abandoned_copies, purge_rejects
from exchange.intake.staged_copies import staged

DAY = 24 * 60 * 60


def test_a_copy_is_private_whole_and_short_lived(tmp_path, write):
    path = write("hello")
    with staged(path, tmp_path / "staging", DEFAULT_LIMITS) as copy:
        assert copy.path.read_text() == "hello"
        assert (copy.name, copy.size) == ("penalty.csv", 5)
        assert copy.digest.startswith("2cf24dba5fb0a30e26e83b2ac5b9e29e")
        assert copy.path.stat().st_mode & 0o777 == 0o600
    assert not copy.path.exists()


def test_copies_of_killed_deliveries_are_swept_and_running_ones_are_not(tmp_path, write):
    directory = tmp_path / "staging"
    with staged(write("x"), directory, DEFAULT_LIMITS) as copy:
        (directory / "left.csv").write_text("left by a killed one")
        assert delete_abandoned_copies(directory) == 1
        assert copy.path.exists()
    assert delete_abandoned_copies(tmp_path / "missing") == 0


def test_a_file_beyond_the_bound_is_refused(tmp_path, write):
    limits = replace(DEFAULT_LIMITS, file_bytes=4)
    with (
        pytest.raises(Rejected, match="more than the 4 allowed"),
        staged(write("hello"), tmp_path / "staging", limits),
    ):
        pass
    assert [item.name for item in (tmp_path / "staging").iterdir()] == [".lock"]


def test_rejects_are_kept_for_thirty_days(tmp_path):
    now = 1_790_000_000_000
    for name, days in (("old.csv", 31), ("old.findings.jsonl", 31), ("new.csv", 29)):
        path = tmp_path / name
        path.write_text("x")
        os.utime(path, (now / 1000 - days * DAY,) * 2)
    assert purge_rejects(tmp_path, now) == ["old.csv", "old.findings.jsonl"]
    assert [path.name for path in tmp_path.iterdir()] == ["new.csv"]
    assert purge_rejects(tmp_path / "missing", now) == []


def test_rejects_are_never_written_through_a_link(office, tmp_path, write, make, table):
    target = tmp_path / "elsewhere"
    target.write_text("theirs")
    rejects = tmp_path / "rejects"
    rejects.mkdir(mode=0o700)
    (rejects / "000001-penalty.csv").symlink_to(target)
    with pytest.raises((EnvironmentFault, OSError)):
        office.load(write(table([make(1, CF_JDRQ="2026-13-01")])))
    assert target.read_text() == "theirs"
