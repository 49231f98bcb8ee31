"""A real ledger in a directory of its own, a clock that stands still, and builders of rows.

Making the tables takes most of a test's time, so one empty ledger is made a session and
copied; nothing is replaced by a stand-in.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from exchange.domain.disclosure_levels import DisclosureLevel, Tier
from exchange.domain.link_rules import Cascade
from exchange.domain.record import DeliveredState, Link, Result, Submission
from exchange.domain.record_body import PERSON, assemble_body, restrict_to_tier, statement_line
from exchange.ledger import Ledger, ModelVersion
from tests.factories import (
    NOON,
    append_all,
    genesis,
    ledger_locations,
    link_rule,
    open_delivery,
    public_statement,
    standing_ticks,
)

GENESIS = genesis("https://credit.example", "https://gov.example")
GOVERNMENT = frozenset({"application", "repair-case"})
RULES = {
    rule.relation: rule
    for rule in (
        link_rule("restsOn", "list-entry", "penalty", Cascade.WITHDRAW_WHEN_LAST),
        link_rule("concerns", "inspection", "list-entry", Cascade.DROP_REFERENCE),
        link_rule("appliedTo", "application", "list-entry", Cascade.DECIDE),
        link_rule("checks", "check", "licence", Cascade.DROP_REFERENCE),
        link_rule("repairs", "repair-case", "penalty", Cascade.DROP_REFERENCE),
    )
}
NS = "https://w3id.org/credence/ns#"


def link(relation: str, kind: str, number: object) -> Link:
    return Link(relation, kind, f"{kind}\x1f{number}")


def row(  # noqa: PLR0913 (a row has many columns)
    kind: str = "penalty",
    number: object = 1,
    text: str = "罚款",
    *,
    tier: Tier = Tier.PUBLIC,
    links: Sequence[Link] = (),
    delivered_state: DeliveredState = DeliveredState.LIVE,
    publicity_end: str | None = None,
    person: str | None = None,
    withdraws: Link | None = None,
    projected: bool = True,
    line: int = 0,
) -> Submission:
    lines = [
        public_statement(f'<{NS}text> "{text}"'),
        public_statement(f"<{NS}subject> <https://w3id.org/credence/uscc/{number}>"),
        statement_line(DisclosureLevel.GOV_UNCONDITIONAL, f'<{NS}contact> "gov {text}"'),
        statement_line(DisclosureLevel.AUTHORISED, f'<{NS}telephone> "authorised {text}"'),
    ]
    lines += [
        public_statement(f'<{NS}{item.relation}> "{item.key[-1:]}"', at)
        for at, item in enumerate(links)
    ]
    if person is not None:
        lines.append(statement_line(DisclosureLevel.GOV_CONDITIONAL, f"<{NS}person> {PERSON}"))
    return Submission(
        kind,
        f"{kind}\x1f{number}",
        restrict_to_tier(assemble_body(lines), tier),
        tier,
        tuple(links),
        delivered_state,
        publicity_end,
        person,
        withdraws,
        line,
        projected,
    )


@dataclass
class Desk:
    """A ledger and the hand that works on it."""

    folder: Path
    now: int = NOON
    at: list[str] = field(default_factory=list)
    stop_at: str | None = None
    model: ModelVersion | None = None
    restoring: bool = False
    # No time passes in a transaction, so that it takes as many rows on a busy machine.
    ticks: Callable[[], float] = standing_ticks
    _ledger: Ledger | None = None
    _delivery: int | None = None

    @property
    def ledger(self) -> Ledger:
        if self._ledger is None:
            self._ledger = Ledger.open(
                ledger_locations(self.folder),
                RULES,
                lambda: self.now,
                ticks=self.ticks,
                government_kinds=GOVERNMENT,
                failpoint=self._passed,
                model=self.model,
                restoring=self.restoring,
            )
        return self._ledger

    def _passed(self, point: str) -> None:
        self.at.append(point)
        if point == self.stop_at:
            self.stop_at = None
            raise Crash(point)

    def close(self) -> None:
        if self._ledger is not None:
            self._ledger.close()
        self._ledger = None

    def reopen(self) -> Ledger:
        self.close()
        return self.ledger

    @contextmanager
    def crash(self, point: str) -> Iterator[None]:
        """Break off at a named point, as a killed process would; nothing after it runs."""
        self.stop_at = point
        with pytest.raises(Crash):
            yield
        self.close()

    @contextmanager
    def recovering(self) -> Iterator[None]:
        """Work on a ledger that is older than its journal."""
        self.restoring = True
        self.reopen()
        yield
        self.restoring, self._delivery = False, None

    @property
    def delivery(self) -> int:
        if self._delivery is None:
            self._delivery = open_delivery(self.ledger, form="2018")
        return self._delivery

    def load(self, *rows: Submission) -> list[Result]:
        return append_all(self.ledger, self.delivery, rows)

    def one(self, item: Submission) -> str:
        result = self.load(item)[0]
        assert result.iri is not None, result
        return result.iri

    def live(self, tier: Tier = Tier.PUBLIC) -> dict[str, bytes]:
        return {iri: view for iri, _, view in self.ledger.live(tier)}

    def bytes(self) -> bytes:
        return b"".join(path.read_bytes() for path in self.folder.rglob("*") if path.is_file())


class Crash(BaseException):
    """Raised at a named point."""


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template")
    Ledger.create(
        ledger_locations(folder), GENESIS, RULES, lambda: NOON, government_kinds=GOVERNMENT
    ).close()
    return folder


@pytest.fixture
def desk(template: Path, tmp_path: Path) -> Iterator[Desk]:
    folder = tmp_path / "ledger"
    shutil.copytree(template, folder)
    desk = Desk(folder)
    yield desk
    desk.close()


@pytest.fixture(scope="session")
def rows() -> type[Rows]:
    return Rows


class Rows:
    """The builders, for tests that cannot import this file."""

    row = staticmethod(row)
    link = staticmethod(link)
    locations = staticmethod(ledger_locations)
    rules = RULES
    genesis = GENESIS
    government = GOVERNMENT
    desk = Desk
    crash = Crash
    noon = NOON
