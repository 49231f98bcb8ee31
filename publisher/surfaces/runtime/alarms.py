"""Alarms of failing surfaces, in files that `/readyz` and `status` read.

surfaces/<tier>/<name>/alarm.json exists while the surface fails. It is a file because the
web workers and the command line are other processes than the projector.
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
    """Why a surface does not advance; `since` is milliseconds since 1970-01-01 UTC.

    `zh` is the message in Chinese; empty where there is none.
    """

    surface: str  # public/triples
    message: str
    since: int
    attempts: int
    zh: str = ""


class Alarms:
    """Writes alarms below `root` (the data directory's `surfaces`); calls `on_alarm` for each."""

    def __init__(self, root: Path, on_alarm: Callable[[Alarm], None]) -> None:
        self._root = root
        self._on_alarm = on_alarm

    def raise_alarm(self, surface: SurfaceReader, alarm: Alarm) -> None:
        """Report the alarm and write its file, if the disk allows it."""
        self._on_alarm(alarm)
        path = self._path(surface)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(path, json.dumps(asdict(alarm), ensure_ascii=False).encode())
        except OSError:
            return  # a full disk may be the cause; the alarm was reported

    def clear(self, surface: SurfaceReader) -> None:
        """Remove the alarm, if there is one."""
        self._path(surface).unlink(missing_ok=True)

    def _path(self, surface: SurfaceReader) -> Path:
        return self._root / surface.tier.value / surface.name / _FILE


def standing_alarms(root: Path) -> list[Alarm]:
    """Return every alarm below `root`, by surface; an unreadable file counts as an alarm."""
    return [_read(path) for path in sorted(root.glob(f"*/*/{_FILE}"))]


def describe(problem: Exception) -> str:
    """Return an error's message without any text of a record.

    Our own errors and the system's are safe; a parser's text may quote a statement, and an
    alarm file would outlive an erasure.
    """
    if isinstance(problem, CredenceError):
        return f"{problem.message} {problem.hint}".strip()
    if isinstance(problem, OSError):
        return f"{type(problem).__name__}: {problem.strerror or problem}"
    return type(problem).__name__


def describe_in_chinese(problem: Exception) -> str:
    """Return the message in Chinese; empty for an error without a Chinese message."""
    if not isinstance(problem, CredenceError) or "zh" not in problem.details:
        return ""
    return f"{problem.details['zh']}{problem.details.get('zh_hint', '')}"


def _read(path: Path) -> Alarm:
    surface = "/".join(path.parts[-3:-1])
    try:
        stored = json.loads(path.read_bytes())
        message, zh = str(stored["message"]), str(stored.get("zh", ""))
        return Alarm(surface, message, int(stored["since"]), int(stored["attempts"]), zh)
    except (OSError, ValueError, KeyError):
        return Alarm(surface, "the alarm itself cannot be read", 0, 0)
