from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from exchange.domain.disclosure_levels import Tier
from exchange.domain.errors import StoreUnavailable
from publisher.surfaces.runtime.alarms import (
    Alarm,
    Alarms,
    describe,
    describe_in_chinese,
    standing_alarms,
)
from publisher.surfaces.triples.config import TriplesConfig
from publisher.surfaces.triples.surface import TriplesReader

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def surface(tmp_path: Path) -> TriplesReader:
    return TriplesReader(TriplesConfig(tmp_path, Tier.PUBLIC, ()))


def test_an_alarm_is_told_written_read_and_cleared(tmp_path: Path, surface: TriplesReader) -> None:
    told: list[Alarm] = []
    alarms = Alarms(tmp_path, told.append)
    alarm = Alarm("public/triples", "磁盘已满。", 1_700_000_000_000, 2)
    alarms.raise_alarm(surface, alarm)
    assert told == [alarm]
    assert standing_alarms(tmp_path) == [alarm]
    alarms.clear(surface)
    alarms.clear(surface)
    assert standing_alarms(tmp_path) == []


def test_an_alarm_keeps_its_chinese_words_where_the_problem_has_them(
    tmp_path: Path, surface: TriplesReader
) -> None:
    problem = StoreUnavailable("it is shut.", "Open it.", zh="库已关闭。", zh_hint="请打开。")
    zh = describe_in_chinese(problem)
    assert zh == "库已关闭。请打开。"
    assert describe_in_chinese(ValueError("甲公司")) == ""
    alarm = Alarm("public/triples", describe(problem), 1, 1, zh)
    Alarms(tmp_path, lambda _: None).raise_alarm(surface, alarm)
    assert standing_alarms(tmp_path) == [alarm]


def test_an_alarm_that_cannot_be_written_is_still_told(
    tmp_path: Path, surface: TriplesReader
) -> None:
    told: list[Alarm] = []
    (tmp_path / "public").write_text("in the way")
    Alarms(tmp_path, told.append).raise_alarm(surface, Alarm("public/triples", "x", 1, 1))
    assert len(told) == 1


def test_an_unreadable_alarm_still_counts(tmp_path: Path) -> None:
    (tmp_path / "public" / "triples").mkdir(parents=True)
    (tmp_path / "public" / "triples" / "alarm.json").write_text("{")
    assert [alarm.surface for alarm in standing_alarms(tmp_path)] == ["public/triples"]


@dataclass
class Case:
    problem: Exception
    message: str


@pytest.mark.parametrize(
    "case",
    [
        Case(StoreUnavailable("it is shut.", "Open it."), "it is shut. Open it."),
        Case(OSError(28, "No space left on device"), "OSError: No space left on device"),
        Case(ValueError('near "甲公司"'), "ValueError"),
    ],
)
def test_an_alarm_quotes_no_text_of_a_record(case: Case) -> None:
    assert describe(case.problem) == case.message
