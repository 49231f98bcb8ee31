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

from exchange.domain import record_body
from exchange.domain.disclosure import DisclosureLevel, Tier
from exchange.domain.link_rules import Cascade, LinkRule
from exchange.domain.record import DeliveredState, Link, Result, Submission
from exchange.ledger import Genesis, Ledger, LedgerLocations, ModelVersion
from tests.appending import append_all

NOON = 1_795_406_400_000  # 2026-11-23 12:00 in Asia/Shanghai
GENESIS = Genesis(
    "https://credit.example", "https://gov.example", "did:web:credit.example", "credit.example/log"
)
GOVERNMENT = frozenset({"application", "repair-case"})
RULES = {
    rule.relation: rule
    for rule in (
        LinkRule("restsOn", "list-entry", "penalty", Cascade.WITHDRAW_WHEN_LAST),
        LinkRule("concerns", "inspection", "list-entry", Cascade.DROP_REFERENCE),
        LinkRule("appliedTo", "application", "list-entry", Cascade.DECIDE),
        LinkRule("checks", "check", "licence", Cascade.DROP_REFERENCE),
        LinkRule("repairs", "repair-case", "penalty", Cascade.DROP_REFERENCE),
    )
}
NS = "https://w3id.org/credence/ns#"


def locations(folder: Path) -> LedgerLocations:
    return LedgerLocations(
        f"sqlite:///{folder}/ledger.sqlite",
        f"sqlite:///{folder}/seals.sqlite",
        folder / "journal" / "withdrawals.jsonl",
        folder / "ledger.key",
    )


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
        record_body.statement_line(DisclosureLevel.PUBLIC_OPEN, f'<{NS}text> "{text}"'),
        record_body.statement_line(
            DisclosureLevel.PUBLIC_OPEN, f"<{NS}subject> <https://w3id.org/credence/uscc/{number}>"
        ),
        record_body.statement_line(
            DisclosureLevel.GOV_UNCONDITIONAL, f'<{NS}contact> "gov {text}"'
        ),
        record_body.statement_line(
            DisclosureLevel.AUTHORISED, f'<{NS}telephone> "authorised {text}"'
        ),
    ]
    lines += [
        record_body.statement_line(
            DisclosureLevel.PUBLIC_OPEN, f'<{NS}{item.relation}> "{item.key[-1:]}"', at
        )
        for at, item in enumerate(links)
    ]
    if person is not None:
        lines.append(
            record_body.statement_line(
                DisclosureLevel.GOV_CONDITIONAL, f"<{NS}person> {record_body.PERSON}"
            )
        )
    return Submission(
        kind,
        f"{kind}\x1f{number}",
        record_body.restrict_to_tier(record_body.assemble_body(lines), tier),
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
    ticks: Callable[[], float] = lambda: 0.0
    _ledger: Ledger | None = None
    _delivery: int | None = None

    @property
    def ledger(self) -> Ledger:
        if self._ledger is None:
            self._ledger = Ledger.open(
                locations(self.folder),
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
            self._delivery = self.ledger.open_delivery(
                source=None, name="rows.csv", digest="0" * 64, kind="penalty", form="2018"
            )
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
        locations(folder), GENESIS, RULES, lambda: NOON, government_kinds=GOVERNMENT
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
    locations = staticmethod(locations)
    rules = RULES
    genesis = GENESIS
    government = GOVERNMENT
    desk = Desk
    crash = Crash
    noon = NOON
