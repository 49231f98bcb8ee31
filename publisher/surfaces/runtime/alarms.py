"""State of a failing surface, where `/readyz` and `status` find it.

surfaces/<tier>/<name>/alarm.json stands as long as the surface fails: a file, since the web
workers and the command line are other processes than the projector.
Source: docs/design/surfaces.md "The port".
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from exchange.domain.errors import CredenceError
from publisher.stores.atomic_files import replace_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from publisher.surfaces.port import SurfaceReader

_FILE = "alarm.json"


@dataclass(frozen=True, slots=True)
class Alarm:
    """Why a surface stands still: `since` is milliseconds since 1970-01-01 UTC.

    `zh` says the same in Chinese; empty where the problem has no Chinese words of its own.
    """

    surface: str  # public/triples
    message: str
    since: int
    attempts: int
    zh: str = ""


class Alarms:
    """Keeps the alarms below `root` (the data directory's `surfaces`) and tells of each."""

    def __init__(self, root: Path, tell: Callable[[Alarm], None]) -> None:
        self._root = root
        self._tell = tell

    def raise_alarm(self, surface: SurfaceReader, alarm: Alarm) -> None:
        """Tell of the alarm and write it, if the disk lets us."""
        self._tell(alarm)
        path = self._path(surface)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(path, json.dumps(asdict(alarm), ensure_ascii=False).encode())
        except OSError:
            return  # a full disk may be the alarm itself; it has been told of

    def clear(self, surface: SurfaceReader) -> None:
        """Take the alarm away; none is no error."""
        self._path(surface).unlink(missing_ok=True)

    def _path(self, surface: SurfaceReader) -> Path:
        return self._root / surface.tier.value / surface.name / _FILE


def standing_alarms(root: Path) -> list[Alarm]:
    """Return every alarm below `root`, by surface; a file cut short by a full disk counts."""
    return [_read(path) for path in sorted(root.glob(f"*/*/{_FILE}"))]


def describe(problem: Exception) -> str:
    """Return a message for people that quotes nothing of a record.

    Our own errors and the system's are safe; a parser's text may quote a statement, and an
    alarm file would outlive an erasure.
    """
    if isinstance(problem, CredenceError):
        return f"{problem.message} {problem.hint}".strip()
    if isinstance(problem, OSError):
        return f"{type(problem).__name__}: {problem.strerror or problem}"
    return type(problem).__name__


def describe_in_chinese(problem: Exception) -> str:
    """Return the same message in Chinese; empty for a problem that has no Chinese words."""
    if not isinstance(problem, CredenceError) or "zh" not in problem.details:
        return ""
    return f"{problem.details['zh']}{problem.details.get('zh_hint', '')}"


def _read(path: Path) -> Alarm:
    surface = "/".join(path.parts[-3:-1])
    try:
        found = json.loads(path.read_bytes())
        said, zh = str(found["message"]), str(found.get("zh", ""))
        return Alarm(surface, said, int(found["since"]), int(found["attempts"]), zh)
    except (OSError, ValueError, KeyError):
        return Alarm(surface, "the alarm itself cannot be read", 0, 0)
