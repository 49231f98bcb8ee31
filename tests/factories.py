"""Builders that tests of several folders share: statements, rows, a clock, a ledger's files.

Names of records, offices and persons in tests are invented.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from exchange.domain.disclosure_levels import DisclosureLevel
from exchange.domain.link_rules import LinkRule
from exchange.domain.record import Submission
from exchange.domain.record_body import assemble_body, statement_line
from exchange.ledger import Genesis, LedgerLocations

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from exchange.domain.link_rules import Cascade
    from exchange.domain.precedence import Precedence
    from exchange.domain.record import Result
    from exchange.ledger import Ledger

TYPE: Final = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
DECIMAL: Final = "<http://www.w3.org/2001/XMLSchema#decimal>"
NOON: Final = 1_795_406_400_000  # 2026-11-23 12:00 in Asia/Shanghai, milliseconds since 1970 UTC


@dataclass
class Clock:
    """A clock in milliseconds since 1970-01-01 UTC.

    It moves by `step` at each call, and by as much as a test says; with `step` 0 it stands still.
    """

    now: int = 1_700_000_000_000
    step: int = 1

    def __call__(self) -> int:
        self.now += self.step
        return self.now

    def pause(self, seconds: float) -> None:
        """Let time pass, in place of `time.sleep`."""
        self.now += int(seconds * 1000)


def standing_ticks() -> float:
    """Return the same monotonic time at each call.

    A transaction then takes every row that it is given, also on a busy machine.
    """
    return 0.0


def ledger_locations(
    folder: Path, url: str | None = None, seals_url: str | None = None
) -> LedgerLocations:
    """Return the locations of a ledger in a folder, on SQLite unless URLs are given."""
    return LedgerLocations(
        url or f"sqlite:///{folder / 'ledger.sqlite'}",
        seals_url or f"sqlite:///{folder / 'seals.sqlite'}",
        folder / "journal" / "withdrawals.jsonl",
        folder / "ledger.key",
    )


def genesis(
    public: str = "https://credit.example.cn", government: str = "https://gov.credit.example.cn"
) -> Genesis:
    """Return the identity of a ledger whose two sites have these URLs."""
    host = public.partition("://")[2]
    return Genesis(public, government, f"did:web:{host}", f"{host}/log")


def link_rule(relation: str, source: str, target: str, cascade: Cascade) -> LinkRule:
    """Return the rule of a relation from one kind to one other."""
    return LinkRule(relation, frozenset({source}), frozenset({target}), cascade)


def public_statement(statement: str, link: int | None = None) -> str:
    """Return a body line that everybody may read; `link` is the number of the link it states."""
    return statement_line(DisclosureLevel.PUBLIC_OPEN, statement, link)


def typed_statements(kind: str, number: object, text: str) -> list[str]:
    """Return the public body lines of a small record: type, an amount, a text."""
    return [
        public_statement(f"{TYPE} <urn:t:{kind}>"),
        public_statement(f'<urn:t:amount> "{number}.50"^^{DECIMAL}'),
        public_statement(f'<urn:t:text> "{text}"'),
    ]


def submission(kind: str, number: object, lines: Sequence[str], **more: Any) -> Submission:
    """Return a row of the kind, whose key is the number; `more` are fields of `Submission`."""
    return Submission(kind, f"{kind}\x1f{number}", assemble_body(list(lines)), **more)


def open_delivery(
    ledger: Ledger, number: int = 0, *, kind: str = "penalty", form: str | None = None
) -> int:
    """Open the delivery of a file and return its position.

    Each `number` is a file of its own: a file that was loaded before brings nothing new.
    """
    digest = f"{number:064x}"
    return ledger.open_delivery(source=None, name="rows.csv", digest=digest, kind=kind, form=form)


def append_all(
    ledger: Ledger,
    delivery: int,
    rows: Sequence[Submission],
    *,
    precedence: Precedence | None = None,
) -> list[Result]:
    """Append every row of a delivery and return a result for each.

    One call of `Ledger.append` takes only as many rows as time allows, so it is called again.
    """
    options: dict[str, Any] = {} if precedence is None else {"precedence": precedence}
    results: list[Result] = []
    while len(results) < len(rows):
        results += ledger.append(delivery, rows[len(results) :], **options)
    return results
