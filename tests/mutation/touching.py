"""A pytest plugin: which tests touch which statements, and to run only those of one mutant.

With TOUCHED=FILE a run records for every test its seconds and the lines of the modules of
`plan.PLAN` that it reached. With CHOSEN=FILE only the tests named there run, in that order. What a
fixture of a file reaches counts for every test of the file.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from tests.mutation.plan import PLAN, WHOLE_FILE


class Recorder:
    """Records the lines that are reached, under the name of the test at work."""

    def __init__(self, root: Path, result: Path) -> None:
        self._modules = {str(root / module): module for module in PLAN}
        self._result = result
        self._seconds: dict[str, float] = {}
        self._not_passed: set[str] = set()
        self._reached: dict[str, set[tuple[str, int]]] = {}
        self._now: set[tuple[str, int]] = set()

    def trace(self, frame: FrameType, _event: str, _: Any) -> Any:
        module = self._modules.get(frame.f_code.co_filename)
        if module is None:
            return None
        now = self._now
        now.add((module, frame.f_lineno))

        def lines(inner: FrameType, _event: str, _: Any) -> Any:
            self._now.add((module, inner.f_lineno))
            return lines

        return lines

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self._now = self._reached.setdefault(item.nodeid, set())
        sys.settrace(self.trace)
        threading.settrace(self.trace)
        try:
            return (yield)
        finally:
            sys.settrace(None)
            threading.settrace(None)  # type: ignore[arg-type]

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
    ) -> Iterator[None]:
        if fixturedef.scope in {"function", "session"}:  # of a session: the first that needs it
            return (yield)
        kept, file = self._now, request.node.nodeid.partition("::")[0]
        self._now = self._reached.setdefault(f"{file}::{WHOLE_FILE}", set())
        try:
            return (yield)
        finally:
            self._now = kept

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._seconds[report.nodeid] = self._seconds.get(report.nodeid, 0) + report.duration
        if report.outcome != "passed":
            self._not_passed.add(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        found = {
            "seconds": {k: v for k, v in self._seconds.items() if k not in self._not_passed},
            "not passed": sorted(self._not_passed),
            "reached": {test: sorted(lines) for test, lines in self._reached.items() if lines},
        }
        self._result.write_text(json.dumps(found), encoding="utf-8")


class Chosen:
    """Keeps the tests that are named in a file, in its order."""

    def __init__(self, named: Path) -> None:
        tests = named.read_text(encoding="utf-8").splitlines()
        self._order = {test: number for number, test in enumerate(tests)}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        last = len(self._order)
        items[:] = [item for item in items if item.nodeid in self._order]
        items.sort(key=lambda item: self._order.get(item.nodeid, last))


def pytest_configure(config: pytest.Config) -> None:
    """Register what the environment asks for."""
    if touched := os.environ.get("TOUCHED"):
        config.pluginmanager.register(Recorder(config.rootpath, Path(touched)))
    if chosen := os.environ.get("CHOSEN"):
        config.pluginmanager.register(Chosen(Path(chosen)))
