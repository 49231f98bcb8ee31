"""What an audit finds in the files of a surface, and what compares them with the ledger.

An inspection is fed the tier's sequence from its beginning and works out from it what every
file must say; the files are never believed to say what they are. So damage is found in whatever
form it stands, and told by the name of the file.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from exchange.domain.errors import CredenceError
from publisher.surfaces.text.serialisation_cache import SerialisationCache
from publisher.surfaces.text.statement_serialiser import StatementSerialiser

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

    from exchange.domain.record import Change

T = TypeVar("T")

_HELD: Final = 20_000  # results for one tier that wait for the other
_STATEMENTS: Final = 60_000  # what a chunk of changes says in both tiers
LISTED: Final = 100  # faults named; the count is always whole
_GZIP: Final = 16 + zlib.MAX_WBITS


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong; `file` is a path below the data directory."""

    file: str
    zh: str
    en: str

    def text(self, lang: str) -> str:
        """Return it as a line for people."""
        return f"{self.file}：{self.zh}" if lang == "zh" else f"{self.file}: {self.en}"

    def to_json(self) -> dict[str, str]:
        """Return it with fixed keys."""
        return {"file": self.file, "zh": self.zh, "en": self.en}


@dataclass(slots=True)
class Faults:
    """Faults of one surface: all counted, the first hundred kept."""

    directory: Path
    count: int = 0
    first: list[Fault] = field(default_factory=list)

    def add(self, path: Path | str, zh: str, en: str) -> None:
        """Count a fault of a file, given as a path or relative to the surface's directory."""
        self.count += 1
        if len(self.first) < LISTED:
            self.first.append(Fault(path_in_data_directory(self.directory, path), zh, en))

    def missing(self, path: Path | str) -> None:
        """Count a file that is not there."""
        self.add(path, "缺少该文件。", "The file is missing.")

    def damaged(self, path: Path | str) -> None:
        """Count a file whose bytes are not what was written."""
        self.add(
            path,
            "文件已损坏：不完整、被改动或末尾多出内容。",
            "The file is damaged: cut short, altered, or longer than it was written.",
        )

    def differs(self, path: Path | str) -> None:
        """Count a file that can be read and says something else than the ledger."""
        self.add(
            path, "内容与账本所记不符。", "It does not say what the ledger says, byte for byte."
        )

    def foreign(self, path: Path | str) -> None:
        """Count a file that is handed out, or lies there, and belongs to nothing."""
        self.add(path, "不应有此文件。", "No such file belongs here.")

    def replay(self, others: Faults) -> None:
        """Add what another list has."""
        self.count += others.count
        self.first += others.first[: LISTED - len(self.first)]

    def raised(self, path: Path | str, problem: Exception) -> None:
        """Count what reading has raised, in words."""
        self.add(path, *problem_words(problem))


@dataclass(frozen=True, slots=True)
class Inspected:
    """What an inspection came to.

    `expected` are the records that must be shown; of these `lost` are not in every place where
    they must be, and `extra` are records seen where the ledger has none. Without `named` something
    is wrong that only another inspection, one that reads `closely`, can name.
    """

    expected: Collection[str]
    lost: Collection[str]
    extra: Collection[str]
    faults: Faults
    named: bool = True


class Inspection(Protocol):
    """Compares what a surface serves with the ledger's sequence."""

    def position(self) -> int:
        """Return the change whose result the files show now; it may grow meanwhile.

        Raises StoreUnavailable, OSError.
        """

    def take(self, changes: Sequence[Change]) -> None:
        """Take the next changes, in order and without a gap, none beyond the position."""

    def finish(self) -> Inspected:
        """Compare what is left; may be called again after further changes."""

    def close(self) -> None:
        """Let go of files."""


class SharedWork:
    """What inspections of both tiers work out once: tiers mostly show the same bytes of a version.

    `closely` asks for inspections that name what is wrong where a quicker one sees only that
    something is. Not for several threads.
    """

    def __init__(self, readers: int, *, closely: bool = False) -> None:
        self.closely = closely
        # Feeds and downloads of every tier.
        self.serialiser = SerialisationCache(
            readers=readers,
            phrases=partial(StatementSerialiser, remembered=_STATEMENTS, free_text=True),
        )
        self._held: dict[tuple[str, bytes], Any] = {}

    def memoise(self, use: str, view: bytes, make: Callable[[], T]) -> T:
        """Return what `make` gives for a view; the second tier to ask gets what the first had."""
        key = use, view
        if key in self._held:
            made: T = self._held.pop(key)
            return made
        if len(self._held) >= _HELD:  # of records that one tier alone shows
            self._held.clear()
        self._held[key] = make()
        found: T = self._held[key]
        return found


def path_in_data_directory(directory: Path, path: Path | str) -> str:
    """Return a file's path below the data directory: `surfaces/public/feed/current/...`."""
    below = path if isinstance(path, str) else path.relative_to(directory).as_posix()
    return "/".join([*directory.parts[-3:], *([below] if below else [])])


def problem_words(problem: Exception) -> tuple[str, str]:
    """Return what an exception says in Chinese and English, without quoting any file.

    A parser's own text may quote a statement, and what an audit prints is kept in logs.
    """
    if isinstance(problem, CredenceError):
        details: dict[str, Any] = problem.details
        zh = f"{details.get('zh') or problem.message}{details.get('zh_hint') or ''}"
        return zh, f"{problem.message} {problem.hint}".strip()
    if isinstance(problem, FileNotFoundError):
        return "缺少文件。", "A file is missing."
    if isinstance(problem, OSError):
        why = problem.strerror or "input/output error"
        return f"无法读取：{why}。", f"It cannot be read: {why}."
    return "文件已损坏，无法读取。", "A file is damaged and cannot be read."


def text_within(content: bytes, head: bytes, most: int) -> bytes | None:
    """Return what one whole gzip file holds; None where it is no file of ours.

    Stricter than gunzip: the header is `head` to the byte, nothing follows the end, and a text
    longer than `most` is cut one byte after that, whatever it would unpack to.
    """
    machine = zlib.decompressobj(_GZIP)
    try:
        text = machine.decompress(content, most + 1)
    except zlib.error:
        return None
    whole = machine.eof or len(text) > most
    return text if whole and not machine.unused_data and content.startswith(head) else None
