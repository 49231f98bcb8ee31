"""Compares the files of a surface with the ledger, and reports faults by file.

An inspection is given the tier's sequence from its start and computes what every file must
contain; what the files say of themselves is not trusted.
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

_HELD: Final = 20_000  # results of one tier that are kept for the other
_STATEMENTS: Final = 60_000  # statements of a chunk of changes in both tiers
LISTED: Final = 100  # faults named; all are counted
_GZIP: Final = 16 + zlib.MAX_WBITS


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a file; `file` is a path below the data directory."""

    file: str
    zh: str
    en: str

    def text(self, lang: str) -> str:
        """Return the fault as a line of text, in `zh` or `en`."""
        return f"{self.file}：{self.zh}" if lang == "zh" else f"{self.file}: {self.en}"

    def to_json(self) -> dict[str, str]:
        """Return the fault as a JSON object."""
        return {"file": self.file, "zh": self.zh, "en": self.en}


@dataclass(slots=True)
class Faults:
    """Faults of one surface: all are counted, the first LISTED are kept."""

    directory: Path
    count: int = 0
    first: list[Fault] = field(default_factory=list)

    def add(self, path: Path | str, zh: str, en: str) -> None:
        """Add a fault; the file is a path, or a name relative to the surface's directory."""
        self.count += 1
        if len(self.first) < LISTED:
            self.first.append(Fault(path_in_data_directory(self.directory, path), zh, en))

    def missing(self, path: Path | str) -> None:
        """Add the fault of a missing file."""
        self.add(path, "缺少该文件。", "The file is missing.")

    def damaged(self, path: Path | str) -> None:
        """Add the fault of a file whose bytes were altered."""
        self.add(
            path,
            "文件已损坏：不完整、被改动或末尾多出内容。",
            "The file is damaged: cut short, altered, or longer than it was written.",
        )

    def differs(self, path: Path | str) -> None:
        """Add the fault of a readable file whose content differs from the ledger."""
        self.add(
            path, "内容与账本所记不符。", "It does not say what the ledger says, byte for byte."
        )

    def foreign(self, path: Path | str) -> None:
        """Add the fault of a file that does not belong to the surface."""
        self.add(path, "不应有此文件。", "No such file belongs here.")

    def replay(self, others: Faults) -> None:
        """Add the faults of another list."""
        self.count += others.count
        self.first += others.first[: LISTED - len(self.first)]

    def raised(self, path: Path | str, problem: Exception) -> None:
        """Add the fault of a file whose reading raised an exception."""
        self.add(path, *problem_words(problem))


@dataclass(frozen=True, slots=True)
class Inspected:
    """Result of an inspection.

    `expected` are the records that must be shown. `lost` are those of them that are missing
    somewhere, `extra` are records shown that the ledger does not have. `named` is False when the
    inspection saw a difference but cannot name it: repeat it with `closely`.
    """

    expected: Collection[str]
    lost: Collection[str]
    extra: Collection[str]
    faults: Faults
    named: bool = True


class Inspection(Protocol):
    """Compares what a surface serves with the ledger's sequence."""

    def position(self) -> int:
        """Return the sequence number that the files show now; it may grow meanwhile.

        Raises StoreUnavailable, OSError.
        """

    def take(self, changes: Sequence[Change]) -> None:
        """Add the next changes, in order, without a gap, none beyond the position."""

    def finish(self) -> Inspected:
        """Compare the rest and return the result; may be called again after more changes."""

    def close(self) -> None:
        """Close all files."""


class SharedWork:
    """Results that inspections of both tiers share, since tiers mostly show the same bytes.

    `closely` selects slower inspections, which name every difference. Not thread-safe.
    """

    def __init__(self, readers: int, *, closely: bool = False) -> None:
        self.closely = closely
        # Feeds and downloads of every tier.
        self.serialiser = SerialisationCache(
            readers=readers,
            serialisers=partial(StatementSerialiser, remembered=_STATEMENTS, free_text=True),
        )
        self._held: dict[tuple[str, bytes], Any] = {}

    def memoise(self, use: str, view: bytes, make: Callable[[], T]) -> T:
        """Return `make()` for a view; the second tier that asks gets the first one's result."""
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
    """Return an exception's message in Chinese and English, without quoting any file.

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
    """Return the text of a complete gzip file; None for a file that we did not write.

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
