"""Opens the ledger of a data directory, or creates one from the settings.

Errors: NotFound (there is none), UsageError (the settings contradict the frozen genesis), and those
of the ledger itself.
"""

from __future__ import annotations

from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from exchange.domain.disclosure_levels import Tier
from exchange.domain.errors import EnvironmentFault, NotFound, UsageError
from exchange.ledger import Genesis, Ledger, ModelVersion, ledger_in_memory
from exchange.ledger.leftover_files import leftover_files, missing_ledger
from exchange.use_case_types import Workspace
from exchange.use_cases import Exchange
from publisher import settings
from publisher.layout import CONFIG

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from exchange.domain.actor import Actor
    from exchange.domain.failpoints import FailpointHook
    from exchange.ledger import ClockGuard, LedgerLocations
    from exchange.model import Model
    from publisher.layout import Layout


@dataclass(frozen=True, slots=True)
class LedgerOpener:
    """Opens the ledger of one data directory; `clock` is milliseconds since 1970-01-01 UTC."""

    layout: Layout
    settings: settings.Settings
    places: LedgerLocations
    model: Model
    clock: Callable[[], int]
    clock_guard: ClockGuard
    failpoint: FailpointHook
    actor: Actor

    def open(
        self,
        on_created: Callable[[Genesis], None] | None = None,
        *,
        read_only: bool = False,
        restoring: bool = False,
    ) -> Ledger:
        """Open the ledger; with `on_created`, create a missing one and pass on its genesis.

        `read_only`: the files cannot be written. `restoring`: the ledger may be older than its
        journal. Raises NotFound (no ledger, no `on_created`), UsageError (settings and genesis
        differ), EnvironmentFault (a restore is under way).
        """
        if not restoring:
            self._require_restored()
        ledger = self._open_or_create(on_created, read_only=read_only, restoring=restoring)
        try:
            self._require_same_identity(ledger.genesis)
        except UsageError:
            ledger.close()
            raise
        return ledger.by(self.actor)

    def _require_restored(self) -> None:
        if self.layout.restoring.exists():
            raise EnvironmentFault(
                f"A restore of {self.layout.root} is under way, or broke off.",
                "Wait for it, or run the same `credence restore` again.",
                zh=f"{self.layout.root} 正在恢复，或恢复中途中断。",
                zh_hint="请等待其完成，或再次运行同一条 credence restore 命令。",
            )

    def _open_or_create(
        self, on_created: Callable[[Genesis], None] | None, *, read_only: bool, restoring: bool
    ) -> Ledger:
        kinds = self._government_kinds()
        if read_only:
            return Ledger.open_read_only(
                self.places,
                self.model.link_rules,
                self.clock,
                government_kinds=kinds,
                clock_guard=self.clock_guard,
                model=self._model_version(),
            )
        if Ledger.exists(self.places, read_only=not self.places.writable()):
            return Ledger.open(
                self.places,
                self.model.link_rules,
                self.clock,
                government_kinds=kinds,
                failpoint=self.failpoint,
                clock_guard=self.clock_guard,
                model=self._model_version(),
                restoring=restoring,
            )
        self.require_no_remains()
        if on_created is None:
            raise NotFound(
                f"There is no ledger in {self.layout.root}.",
                "Load a file first, or see `credence demo`.",
                zh=f"{self.layout.root} 中还没有账本。",
                zh_hint="请先用 credence load 导入文件，或运行 credence demo。",
            )
        return self._create(on_created)

    def require_ledger(self) -> None:
        """Return if the data directory has its ledger, or has nothing that needs one.

        Raises EnvironmentFault when the ledger is missing or is being restored.
        """
        self._require_restored()
        if not Ledger.exists(self.places, read_only=not self.places.writable()):
            self.require_no_remains()

    def require_no_remains(self) -> None:
        """Return if no file of a lost ledger is left in the data directory.

        Raises:
            EnvironmentFault: names the files, and what to remove to start anew.

        """
        surfaces = [self.layout.surfaces] if self._has_surfaces() else []
        if leftover := [*leftover_files(self.places), *surfaces]:
            raise missing_ledger(self.places, leftover)

    def _has_surfaces(self) -> bool:
        return any(self.layout.surfaces.glob("*/*/current"))

    @contextmanager
    def dry_run(self) -> Iterator[Exchange]:
        """Open the use cases for a dry run, which changes no file of the data directory.

        The ledger is read without a lock; a missing one is replaced by an empty one in memory.
        Raises as `open`.
        """
        there = Ledger.exists(self.places, read_only=True)
        with TemporaryDirectory(prefix="credence-") as elsewhere:
            kept = there and self.places.writable()
            staging = self.layout.staging if kept else Path(elsewhere)
            with closing(
                self.open(None, read_only=True) if there else self.empty_in_memory()
            ) as ledger:
                workspace = Workspace(staging, self.layout.rejects, self.layout.held, self.clock)
                yield Exchange(ledger, self.model, workspace, _no_takedown)

    def empty_in_memory(self) -> Ledger:
        """Return an empty ledger in memory for a dry run. Raises as `require_no_remains`."""
        self.require_no_remains()
        return ledger_in_memory(
            self.places,
            self._genesis(),
            self.model.link_rules,
            self.clock,
            government_kinds=self._government_kinds(),
            clock_guard=self.clock_guard,
            model=self._model_version(),
        )

    def _genesis(self) -> Genesis:
        chosen = self.settings
        return Genesis(chosen.base_url, chosen.government_url, chosen.did, chosen.log_origin)

    def _create(self, on_created: Callable[[Genesis], None]) -> Ledger:
        genesis = self._genesis()
        self.layout.root.mkdir(parents=True, exist_ok=True)
        self.layout.secret.parent.mkdir(mode=0o700, exist_ok=True)
        self._make_journal_folder()
        ledger = Ledger.create(
            self.places,
            genesis,
            self.model.link_rules,
            self.clock,
            government_kinds=self._government_kinds(),
            failpoint=self.failpoint,
            clock_guard=self.clock_guard,
            model=self._model_version(),
        )
        on_created(genesis)
        return ledger

    def _model_version(self) -> ModelVersion:
        properties = {
            slug: frozenset(f"<{field.iri}>" for field in kind.fields)
            for slug, kind in self.model.kinds.items()
        }
        return ModelVersion(self.model.digest, properties, self.model.resemblances())

    def _make_journal_folder(self) -> None:
        folder = self.places.journal.parent
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise EnvironmentFault(
                f"The folder of the withdrawal journal, {folder}, cannot be made: "
                f"{error.strerror}.",
                f"Make it for this account, or name another place by `withdrawal_journal` in "
                f"{CONFIG}.",
                zh=f"无法创建撤下日志所在目录 {folder}：{error.strerror}。",
                zh_hint="请为本账户创建该目录，或用设置项 withdrawal_journal 另选位置。",
            ) from error

    def _government_kinds(self) -> frozenset[str]:
        kinds = self.model.kinds.items()
        return frozenset(slug for slug, kind in kinds if kind.max_tier is not Tier.PUBLIC)

    def _require_same_identity(self, genesis: Genesis) -> None:
        for name in settings.FROZEN:
            set_to, frozen = getattr(self.settings, name), getattr(genesis, name)
            if self.settings.origin[name] != "default" and set_to != frozen:
                raise UsageError(
                    f"{name} is set to {set_to}, but this ledger was begun with {frozen}.",
                    f"Set {name} back to {frozen}; addresses are identity and never change.",
                    zh=f"设置项 {name} 为 {set_to}，但本账本创建时固定为 {frozen}。",
                    zh_hint=f"请把 {name} 改回 {frozen}；地址即身份，不可更改。",
                )


def _no_takedown(_: str) -> None:
    """Do nothing: a dry run orders no removal."""
