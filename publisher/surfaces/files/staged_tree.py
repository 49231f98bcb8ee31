"""A directory of files that changes atomically from one state to the next.

What is new is written under `stage`, synced once, marked complete, then moved into place: what
is linked before what links it, and last the state with the position. A crash before the mark
leaves the old state, after it the new one: opening finishes the moves.
Source: docs/design/surfaces.md "The port".
"""

from __future__ import annotations

import hashlib
import json
import shutil
from typing import TYPE_CHECKING, Any, Final

from exchange.domain.errors import StoreUnavailable
from exchange.domain.failpoints import Failpoint, no_failpoint
from publisher.stores.atomic_files import replace_file, sync_directory, sync_filesystem

if TYPE_CHECKING:
    from pathlib import Path

    from exchange.domain.failpoints import FailpointHook

STATE: Final = "state.json"
_STAGE: Final = "stage"
_COMPLETE: Final = "complete"
# Of the state without it: a position is believed without looking at what it is the position of.
_DIGEST: Final = "sha256"


def read_state(root: Path) -> dict[str, Any] | None:
    """Return the state of the last commit below `root`; None when there was none.

    Raises StoreUnavailable when the file is damaged.
    """
    try:
        state: dict[str, Any] = json.loads((root / STATE).read_bytes())
        digest = state.pop(_DIGEST)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, LookupError, AttributeError) as problem:
        raise damaged_file(root / STATE) from problem
    if digest != hashlib.sha256(_text(state)).hexdigest():
        raise damaged_file(root / STATE)
    return state


def _text(state: dict[str, Any]) -> bytes:
    return json.dumps(state, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def damaged_file(path: Path) -> StoreUnavailable:
    """Return the error of a file that was altered, or cannot be read."""
    return StoreUnavailable(
        f"The file {path.name} of {path.parent.name} is damaged.",
        "Run `credence rebuild`; the ledger has everything it needs.",
        zh=f"{path.parent.name} 中的文件 {path.name} 已损坏。",
        zh_hint="请运行 credence rebuild；账本中有重建所需的一切。",
    )


class StagedTree:
    """Writes the files below `root`; one writer at a time. Raises OSError.

    `failpoint` is called at the failpoints.
    """

    def __init__(self, root: Path, failpoint: FailpointHook = no_failpoint) -> None:
        self._failpoint = failpoint
        self.root = root
        self.stage = root / _STAGE
        self.dirty = False  # whether something was written that readers do not have yet
        root.mkdir(parents=True, exist_ok=True)
        self._recover()

    def put(self, name: str, content: bytes) -> None:
        """Write a file for the next commit."""
        path = self.stage / name
        if not path.parent.is_dir():
            path.parent.mkdir(parents=True)
        path.write_bytes(content)
        self.dirty = True

    def commit(self, state: dict[str, Any]) -> None:
        """Move everything written into place, then the state."""
        self.stage.mkdir(exist_ok=True)
        sealed = {**state, _DIGEST: hashlib.sha256(_text(state)).hexdigest()}
        (self.stage / STATE).write_bytes(_text(sealed))
        sync_filesystem(self.root)
        self._failpoint(Failpoint.STAGE_SYNCED)
        replace_file(self.stage / _COMPLETE, b"", self._failpoint)
        self._failpoint(Failpoint.STAGE_MARKED)
        self._move()
        self.dirty = False

    def order(self, name: str) -> tuple[Any, ...]:
        """Return the sort key of a file among those moved; the state is moved last."""
        return (name,)

    def _recover(self) -> None:
        """Finish or discard a commit that a crash interrupted."""
        if (self.stage / _COMPLETE).exists():
            self._move()
        elif self.stage.exists():
            shutil.rmtree(self.stage)

    def _move(self) -> None:
        staged = [path for path in self.stage.rglob("*") if path.is_file()]
        names = [path.relative_to(self.stage).as_posix() for path in staged]
        moved = [name for name in names if name != _COMPLETE]
        for name in sorted(moved, key=lambda name: (name == STATE, self.order(name))):
            target = self.root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            (self.stage / name).replace(target)
            self._failpoint(Failpoint.DOCUMENT_MOVED)
        sync_filesystem(self.root)
        self._failpoint(Failpoint.DOCUMENTS_SYNCED)
        # Only now: without the mark, what is left in the stage counts as never written.
        (self.stage / _COMPLETE).unlink()
        self._failpoint(Failpoint.MARK_REMOVED)
        sync_directory(self.stage)
        shutil.rmtree(self.stage)
