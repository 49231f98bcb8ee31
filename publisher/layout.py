"""Every path of a deployment: its data directory, and the journal beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from exchange.domain.errors import EnvironmentFault

if TYPE_CHECKING:
    from pathlib import Path

    from exchange.domain.disclosure_levels import Tier

CONFIG: Final = "credence.toml"
RESTORING: Final = "restoring.json"


@dataclass(frozen=True, slots=True)
class Layout:
    """Every path inside a data directory."""

    root: Path

    @property
    def config(self) -> Path:
        """The TOML file of the settings."""
        return self.root / CONFIG

    @property
    def ledger(self) -> Path:
        """The ledger, where it is SQLite."""
        return self.root / "ledger.sqlite"

    @property
    def seals(self) -> Path:
        """The seals, where they are SQLite."""
        return self.root / "seals.sqlite"

    @property
    def secret(self) -> Path:
        """The key that turns clear keys into HMACs (mode 0600)."""
        return self.root / "secrets" / "ledger.key"

    @property
    def journal(self) -> Path:
        """The withdrawal journal of a new ledger: beside the directory, so it survives it."""
        return self.root.with_name(f"{self.root.name}.journal") / "withdrawals.jsonl"

    @property
    def journal_inside(self) -> Path:
        """Where older versions put the withdrawal journal; it stays there until it is moved."""
        return self.root / "journal" / "withdrawals.jsonl"

    @property
    def staging(self) -> Path:
        """Copies of files under load (mode 0700), emptied at the receipt."""
        return self.root / "staging"

    @property
    def watched(self) -> Path:
        """Which files of watched folders have been dealt with (mode 0700)."""
        return self.root / "watched"

    @property
    def rejects(self) -> Path:
        """Rejected rows (mode 0700), kept 30 days."""
        return self.root / "rejects"

    @property
    def held(self) -> Path:
        """Rows that wait for a person to decide, sealed (mode 0700)."""
        return self.root / "held"

    @property
    def surfaces(self) -> Path:
        """The surfaces' directory; it can be rebuilt from the ledger alone."""
        return self.root / "surfaces"

    def triples(self, tier: Tier) -> Path:
        """Return the directory of a tier's triple store and its generations."""
        return self.surfaces / tier.value / "triples"

    def dumps(self, tier: Tier) -> Path:
        """Return the directory of one tier's dumps."""
        return self.surfaces / tier.value / "dumps"

    def feed(self, tier: Tier) -> Path:
        """Return the directory of a tier's feed."""
        return self.surfaces / tier.value / "feed"

    def index(self, tier: Tier) -> Path:
        """Return the directory of a tier's index."""
        return self.surfaces / tier.value / "index"

    @property
    def heartbeat(self) -> Path:
        """The last clock reading of this machine that was trusted."""
        return self.root / "clock.json"

    @property
    def service_lock(self) -> Path:
        """Locked (flock) by a service of this directory; holds its address."""
        return self.root / "serve.lock"

    @property
    def restoring(self) -> Path:
        """A file that exists during a restore: nothing else may use the directory."""
        return self.root / RESTORING

    def holds(self, path: Path) -> bool:
        """Whether a path would be lost, or set back, with the data directory."""
        return path.resolve().is_relative_to(self.root.resolve())

    @property
    def projector_lock(self) -> Path:
        """Locked (flock) by the one process that projects."""
        return self.root / "projector.lock"


def journal_of(layout: Layout) -> Path:
    """Return the journal where it is; beside the directory where there is none yet."""
    return layout.journal_inside if layout.journal_inside.exists() else layout.journal


def require_one_journal(chosen: Path, layout: Layout) -> None:
    """Refuse two journals, since it is unknown which one has every removal."""
    known = dict.fromkeys((chosen, layout.journal, layout.journal_inside))
    found = [str(path) for path in known if path.is_file()]
    if len(found) > 1:
        raise EnvironmentFault(
            f"There are two withdrawal journals: {' and '.join(found)}.",
            "Keep the one that ends at the later position (its last line), and move the other "
            "away; `withdrawal_journal` names the place.",
            zh=f"存在两份撤下日志：{'、'.join(found)}。",
            zh_hint="请保留末行 position 较大的一份，移走另一份；位置由 withdrawal_journal 指定。",
        )
