"""Parameters and results of the commands (`exchange.use_cases`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from exchange.domain.failpoints import no_failpoint

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from exchange.domain.failpoints import FailpointHook
    from exchange.intake import Finding
    from exchange.ledger.removals import Removal


@dataclass(frozen=True, slots=True)
class Workspace:
    """The folders of deliveries (staged copies, rejects, held rows) and the clock.

    `clock`: milliseconds since 1970-01-01 UTC; `failpoint`: the hook of crash tests.
    """

    staging: Path
    rejects: Path
    held: Path
    clock: Callable[[], int]
    failpoint: FailpointHook = no_failpoint


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """Options of a load: kind, form and delivering unit of the files; detected where None.

    `dry_run`: nothing is written. `allow_older`: rows may replace newer versions.
    """

    kind: str | None = None
    form: str | None = None
    source: str | None = None
    dry_run: bool = False
    allow_older: bool = False


@dataclass(frozen=True, slots=True)
class LoadObserver:
    """Callbacks of a load: `progress(rows done, rows in all)` and `report(finding)`."""

    progress: Callable[[int, int], None] | None = None
    report: Callable[[Finding], None] | None = None


@dataclass(frozen=True, slots=True)
class RemovalResult:
    """The position of a removal; `before`: the earlier removal, if the record was gone already."""

    position: int
    before: Removal | None = None


@dataclass(frozen=True, slots=True)
class ErasureResult:
    """The result of an erasure: the record, and the number of rows removed from rejects and copies.

    `held`: the held rows (file, row) that were destroyed with it; `before`: the earlier erasure,
    if the record was erased already.
    """

    iri: str
    scrubbed: int
    held: tuple[tuple[str, int], ...] = ()
    before: Removal | None = None
