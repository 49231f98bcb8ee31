"""Rebuilds between the steps of a running projector: those requested, and those of the night.

A triple store keeps removed text in its files until it is rebuilt (docs/decisions/0002). An
erasure rebuilds it at once, a withdrawal in the next night. Readers keep the old store
meanwhile, and removals still reach it.
Source: docs/design/surfaces.md "Triple stores" (bytes leave the disk by scheduled or forced
rebuild).
"""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from exchange.domain.publicity_period import CHINA
from publisher.stores.atomic_files import replace_file
from publisher.surfaces.port import label

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

    from publisher.surfaces.port import ChangeSource, Surface
    from publisher.surfaces.runtime.runner import Runner

_REQUEST: Final = "rebuild-asked.json"
_NOTES: Final = "rebuilt.json"
_AGAIN: Final = 600_000  # milliseconds after a rebuild that failed


class RebuildRequest:
    """A file in which another process requests a rebuild of the running projector.

    `root` is the directory of the surfaces.
    """

    def __init__(self, root: Path) -> None:
        self._path = root / _REQUEST

    def write(self, names: Collection[str]) -> None:
        """Request a rebuild of the named surfaces, all without names."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(self._path, json.dumps(sorted(names)).encode())

    def is_pending(self) -> bool:
        """Whether the request has not been done yet."""
        return self._path.exists()

    def names(self) -> list[str] | None:
        """Return the requested names, None without a request; empty (all) if it is unreadable."""
        try:
            return [str(name) for name in json.loads(self._path.read_bytes())]
        except FileNotFoundError:
            return None
        except (ValueError, TypeError):
            return []

    def remove(self) -> None:
        """Remove the request, which tells the requesting process that it is done."""
        self._path.unlink(missing_ok=True)


class Maintenance:
    """Rebuilds surfaces on request, and at night those that keep removed text in their files.

    `keeping` are the latter, `hour` (0-23, China) is the time of the nightly rebuild, `clock`
    is milliseconds. A night missed while the projector was stopped is made up for.
    """

    def __init__(
        self,
        root: Path,
        ledger: ChangeSource,
        keeping: Sequence[Surface],
        clock: Callable[[], int],
        hour: int,
    ) -> None:
        self._request = RebuildRequest(root)
        self._path = root / _NOTES
        self._ledger = ledger
        self._keeping = keeping
        self._clock = clock
        self._hour = hour
        self._again_at = 0

    def __call__(self, runner: Runner) -> None:
        """Rebuild what is due. The runner raises the alarm of a surface that fails."""
        names = self._request.names()
        if names is not None and not self._waits():
            self._rebuild(runner, names, self._request.remove)
        self._by_night(runner)

    def _by_night(self, runner: Runner) -> None:
        now = datetime.fromtimestamp(self._clock() / 1000, CHINA)
        if now.hour < self._hour or self._waits():
            return
        notes = self._notes()
        if notes is None:  # a new deployment: the first night is the next one
            self._note({"day": now.date().isoformat(), "built": {}})
        elif date.fromisoformat(notes["day"]) < now.date():
            self._clean(runner, now.date(), dict(notes["built"]))

    def _clean(self, runner: Runner, day: date, built: dict[str, int]) -> None:
        stale = [s for s in self._keeping if self._removed_since(s, built.get(label(s), 0))]
        # Records removed during the rebuild may be in the new files: they count for the next night.
        heads = {label(surface): self._ledger.head(surface.tier) for surface in stale}

        def done() -> None:
            self._note({"day": day.isoformat(), "built": {**built, **heads}})

        if stale:
            self._rebuild(runner, list(heads), done)
        else:
            done()

    def _removed_since(self, surface: Surface, after: int) -> bool:
        return bool(self._ledger.removals(surface.tier, after, 1))

    def _rebuild(self, runner: Runner, names: list[str], done: Callable[[], None]) -> None:
        if runner.rebuild(names):
            done()
        else:
            self._again_at = self._clock() + _AGAIN

    def _waits(self) -> bool:
        """Whether a failure is too recent; a later time is from before the clock was set back."""
        return 0 < self._again_at - self._clock() <= _AGAIN

    def _notes(self) -> dict[str, Any] | None:
        try:
            notes: dict[str, Any] = json.loads(self._path.read_bytes())
            date.fromisoformat(notes["day"])
            dict(notes["built"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return notes

    def _note(self, notes: dict[str, Any]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(self._path, json.dumps(notes).encode())
