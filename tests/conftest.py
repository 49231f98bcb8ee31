"""Fixture strategy.

Unit tests build what they need by hand from real parts in `tmp_path`; nothing is patched, a
different part is passed instead. Clocks are plain callables. Flow tests (`tests/flows`) run the
installed command line in processes of its own over a data directory in `tmp_path`, and every one
of them ends with `credence audit` and `credence ledger verify`, both of which must exit 0.
"""

from __future__ import annotations

import hypothesis
import pytest

# `make test` draws fewer examples than hypothesis does by itself (100); `make test-all` all.
# No example has a deadline: machines are shared, and time is for benchmarks.
hypothesis.settings.register_profile("all", deadline=None)
hypothesis.settings.register_profile(
    "quick", parent=hypothesis.settings.get_profile("all"), max_examples=25
)
hypothesis.settings.load_profile("all")

# A property recorded under this name is a line of the run's summary.
SUMMARY = "summary"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests recorded for the summary: where a process was killed."""
    reports = [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]
    for report in reports:
        for name, line in report.user_properties:
            if name == SUMMARY:
                terminalreporter.write_line(str(line))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the folder of the published suites be named, and the number of kills (tests/crash)."""
    parser.addoption("--suites", default="", help="folder of the published test suites")
    parser.addoption("--rows", default="21000", help="rows behind the kills at random moments")
    parser.addoption("--histories", default="1000", help="random histories of each soak test")
    parser.addoption("--twins", default="3", help="pairs of ledgers alike but for one record")
    parser.addoption("--kills", default="100", help="how many kills tests/crash has in all")
