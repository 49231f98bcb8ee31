"""What a command says begins like a sentence, unless it begins with what somebody typed."""

from __future__ import annotations

import pytest

from exchange.domain.errors import UsageError
from publisher.cli.shell_output import Console


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("the file is empty", "The file is empty."),
        ("no: nothing is left", "No: nothing is left."),
        ("http://127.0.0.1:9 does not answer", "http://127.0.0.1:9 does not answer."),
        ("cut.csv ends in the middle", "cut.csv ends in the middle."),
        ("data/cut ends in the middle", "data/cut ends in the middle."),
        ("--here needs a backup", "--here needs a backup."),
        ("base_url is no address", "base_url is no address."),
    ],
)
def test_what_is_quoted_at_the_beginning_stays_as_it_is(
    capsys: pytest.CaptureFixture[str], given: str, told: str
) -> None:
    Console("en", as_json=False, quiet=False).error(UsageError(given, given))
    error, hint = capsys.readouterr().err.splitlines()
    assert told in error
    assert told in hint
