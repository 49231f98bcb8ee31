"""What a running projector does between its steps: rebuilds asked for, and those of the night.

A triple store keeps the text of what was taken out in its files until it is built anew (docs/
decisions/0002). An erasure forces that at once; a withdrawal waits for the next night. Readers
keep the old store meanwhile, and withdrawals go on reaching it.
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

    from publisher.surfaces.port import Source, Surface
    from publisher.surfaces.runtime.runner import Runner

_REQUEST: Final = "rebuild-asked.json"
_NOTES: Final = "rebuilt.json"
_AGAIN: Final = 600_000  # milliseconds after a rebuild that failed


class Request:
    """A rebuild that another process asks of the running projector; `root` is the surfaces'."""

    def __init__(self, root: Path) -> None:
        self._path = root / _REQUEST

    def ask(self, names: Collection[str]) -> None:
        """Ask for surfaces by name, all of them without names."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(self._path, json.dumps(sorted(names)).encode())

    def stands(self) -> bool:
        """Whether it waits to be done."""
        return self._path.exists()

    def names(self) -> list[str] | None:
        """Return what is asked for, None when nothing is; what cannot be read asks for all."""
        try:
            return [str(name) for name in json.loads(self._path.read_bytes())]
        except FileNotFoundError:
            return None
        except (ValueError, TypeError):
            return []

    def done(self) -> None:
        """Take it away; whoever asked waits for that."""
        self._path.unlink(missing_ok=True)


class Upkeep:
    """Rebuilds on request, and by night what keeps deleted text in its files.

    `keeping` are those surfaces, `hour` (0-23, China) is when a day's withdrawals are cleaned
    up, `clock` is milliseconds. A night that was slept through is made up for.
    """

    def __init__(
        self,
        root: Path,
        ledger: Source,
        keeping: Sequence[Surface],
        clock: Callable[[], int],
        hour: int,
    ) -> None:
        self._request = Request(root)
        self._path = root / _NOTES
        self._ledger = ledger
        self._keeping = keeping
        self._clock = clock
        self._hour = hour
        self._again_at = 0

    def __call__(self, runner: Runner) -> None:
        """Do what is due. A surface that fails meanwhile has its alarm from the runner."""
        names = self._request.names()
        if names is not None and not self._waits():
            self._rebuild(runner, names, self._request.done)
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
        stale = [one for one in self._keeping if self._left_since(one, built.get(label(one), 0))]
        # What leaves during the rebuild may lie in the new files: it counts for the next night.
        heads = {label(one): self._ledger.head(one.tier) for one in stale}

        def done() -> None:
            self._note({"day": day.isoformat(), "built": {**built, **heads}})

        if stale:
            self._rebuild(runner, list(heads), done)
        else:
            done()

    def _left_since(self, surface: Surface, after: int) -> bool:
        return bool(self._ledger.departures(surface.tier, after, 1))

    def _rebuild(self, runner: Runner, names: list[str], done: Callable[[], None]) -> None:
        if runner.rebuild(names):
            done()
        else:
            self._again_at = self._clock() + _AGAIN

    def _waits(self) -> bool:
        """Whether a failure is too fresh; a time further off is one before the clock went back."""
        return 0 < self._again_at - self._clock() <= _AGAIN

    def _notes(self) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = json.loads(self._path.read_bytes())
            date.fromisoformat(found["day"])
            dict(found["built"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return found

    def _note(self, notes: dict[str, Any]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(self._path, json.dumps(notes).encode())
