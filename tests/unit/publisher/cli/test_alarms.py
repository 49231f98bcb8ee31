"""Alarms of surfaces are told in the language that was chosen, also by the projector of `serve`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from publisher.cli.context import CliContext
from publisher.cli.run import AlarmPrinter
from publisher.cli.serve import reports
from publisher.cli.shell_output import Console
from publisher.serve import project_command
from publisher.surfaces.runtime.alarms import Alarm

if TYPE_CHECKING:
    from pathlib import Path

ALARM = Alarm("public/feed", "It is shut. Open it.", 1, 1, "库已关闭。请打开。")


@pytest.mark.parametrize(("lang", "said"), [("zh", ALARM.zh), ("en", ALARM.message)])
def test_an_alarm_is_told_in_the_language_chosen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], lang: str, said: str
) -> None:
    context = CliContext()
    context.directory, context.lang = str(tmp_path), lang
    AlarmPrinter(context)(ALARM)
    told = capsys.readouterr().err
    assert said in told
    assert ({ALARM.zh, ALARM.message} - {said}).pop() not in told


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_serve_hands_its_language_to_the_projector(tmp_path: Path, lang: str) -> None:
    console = Console(lang, as_json=False, quiet=False)
    command = project_command(tmp_path, reports(console, lambda: None).lang)
    assert command[command.index("--lang") + 1] == lang
    assert command[-1] == "project"
