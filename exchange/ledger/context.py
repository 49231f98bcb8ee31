"""The components of one open ledger, and the priority of urgent over bulk writers."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from exchange.domain.actor import Actor
from exchange.domain.disclosure_levels import Tier
from exchange.domain.errors import EnvironmentFault
from exchange.domain.identifiers import event_iri, record_iri
from exchange.ledger.clock_heartbeat import AlwaysTrustedClock
from exchange.ledger.database_engine import file_of
from exchange.ledger.model_versions import ModelVersion
from exchange.ledger.read_only_files import is_writable
from exchange.ledger.view_cache import ViewCache

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from exchange.domain.failpoints import FailpointHook
    from exchange.domain.link_rules import LinkRule
    from exchange.ledger.clock_heartbeat import ClockGuard
    from exchange.ledger.database_engine import Database
    from exchange.ledger.ledger_secret import Secret
    from exchange.ledger.seal_store import Seals
    from exchange.ledger.withdrawal_journal import Journal


@dataclass(frozen=True, slots=True)
class Genesis:
    """The identity of a ledger, frozen by its first event (docs/design/model.md "Identity")."""

    base_url: str
    government_url: str
    did: str
    log_origin: str
    format: int = 1


@dataclass(frozen=True, slots=True)
class LedgerLocations:
    """Where a ledger is stored: two SQLAlchemy URLs and the files of journal and secret."""

    url: str
    seals_url: str
    journal: Path
    secret: Path

    def writable(self) -> bool:
        """Return whether this process can write all files that opening a ledger writes.

        A database server counts as writable.
        """
        files = [path for url in (self.url, self.seals_url) if (path := file_of(url))]
        paths = [*files, self.journal]
        return is_writable([*paths, *(path.parent for path in paths)])


class WriterPriority:
    """Lets urgent writers (a withdrawal) run before the next transaction of a load.

    SQLite's lock is not fair, and a load asks for it again at once; without this lock file a
    withdrawal could wait for the whole load.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def urgent(self) -> Iterator[None]:
        """Block bulk writers while the block runs."""
        with self._open() as handle:
            fcntl.flock(handle, fcntl.LOCK_SH)
            yield

    def wait_for_urgent(self) -> None:
        """Block until no urgent writer waits or runs."""
        with self._open() as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)

    @contextmanager
    def _open(self) -> Iterator[int]:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle = os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600)
        except OSError as error:
            raise EnvironmentFault(
                f"The lock file {self._path.name} cannot be opened: {error.strerror}.",
                "Make the folder of the withdrawal journal writable.",
            ) from error
        try:
            yield handle
        finally:
            os.close(handle)


@dataclass(frozen=True, slots=True)
class LedgerContext:
    """The components of one open ledger; every operation takes it as its first argument.

    `clock`: milliseconds since 1970-01-01 UTC; `ticks`: seconds of a monotonic clock; `rules`:
    link rules by relation; `failpoint`: the hook of crash tests; `actor`: named by every event.
    """

    database: Database
    seals: Seals
    secret: Secret
    journal: Journal
    writer_priority: WriterPriority
    genesis: Genesis
    rules: Mapping[str, LinkRule]
    government_kinds: frozenset[str]
    clock: Callable[[], int]
    ticks: Callable[[], float]
    failpoint: FailpointHook
    view_cache: ViewCache = field(default_factory=ViewCache)
    model: ModelVersion = field(default_factory=ModelVersion)
    clock_guard: ClockGuard = field(default_factory=AlwaysTrustedClock)
    actor: Actor = field(default_factory=Actor)

    def iri(self, kind: str, public_id: str) -> str:
        """Return a record's IRI; kinds with a government ceiling have their own address."""
        government = kind in self.government_kinds
        genesis = self.genesis
        return record_iri(genesis.government_url if government else genesis.base_url, public_id)

    def event_iri(self, tier: str, public_id: str) -> str:
        """Return the IRI of a member of a tier's sequence."""
        genesis = self.genesis
        return event_iri(
            genesis.base_url if tier == Tier.PUBLIC else genesis.government_url, public_id
        )

    def person_iri(self, public_id: str) -> str:
        """Return the random local IRI of a natural person (docs/design/model.md "Identity")."""
        return f"{self.genesis.government_url.rstrip('/')}/person/{public_id}"
