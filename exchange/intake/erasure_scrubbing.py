"""Removes the text of an erased record from rejects, findings and staged copies.

Source: docs/design/ledger.md "Removal".
"""

from __future__ import annotations

import csv
import html
import io
import json
import os
import re
import secrets
import unicodedata
import zipfile
import zlib
from typing import IO, TYPE_CHECKING, Final

from exchange.domain.failpoints import Failpoint, no_failpoint
from exchange.intake.encoding import UTF8_BOM, Encoding, detect_encoding
from exchange.intake.file_reader import XLSX
from exchange.intake.limits import DEFAULT_LIMITS
from exchange.intake.staged_copies import OWNER_FILE, sync_directory

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    from exchange.domain.failpoints import FailpointHook

_CHUNK: Final = 1024 * 1024
_PART: Final = ".scrub"
_ESCAPE: Final = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)


def scrub(
    directories: Sequence[Path], literals: Collection[str], failpoint: FailpointHook = no_failpoint
) -> int:
    """Delete every row that contains one of the literals; return how many rows or files went.

    Width, case and blanks do not matter. A file is replaced in one step. A file that cannot be
    split into rows is deleted as a whole if it contains a literal. Empty literals are ignored.
    """
    wanted = normalise_texts(literals)
    if not wanted:
        return 0
    removed = 0
    for directory in directories:
        if not directory.is_dir():
            continue
        removed_here = 0
        for path in sorted(directory.iterdir()):
            # Behind a dot: locks, and what a killed scrub left, which healing takes away.
            if path.is_file() and not path.is_symlink() and not path.name.startswith("."):
                removed_here += _scrub_file(path, wanted, failpoint)
        if removed_here:
            sync_directory(directory)
        removed += removed_here
    return removed


def normalise_texts(literals: Collection[str]) -> tuple[str, ...]:
    """Return the texts for comparison: half-width, upper case, without blanks."""
    return tuple({alike for item in literals if (alike := _normalise(item))})


def contains_any(document: str, wanted: tuple[str, ...]) -> bool:
    """Return whether a JSON document contains one of the texts that `normalise_texts` returned."""
    return any(_contains(text, wanted) for text in _readings(document))


def _scrub_file(path: Path, wanted: tuple[str, ...], failpoint: FailpointHook) -> int:
    with path.open("rb") as stream:
        if stream.read(len(XLSX)) == XLSX:
            return _drop_archive(path, wanted)
        encoding = detect_encoding(stream, path.name)
    if not isinstance(encoding, Encoding) or path.suffix not in {".csv", ".jsonl", ".ndjson"}:
        return _drop_whole(path, wanted)
    part = path.with_name(f".{secrets.token_hex(4)}{path.name}{_PART}")
    try:
        removed = _rewrite(path, part, encoding, wanted)
        if removed:
            failpoint(Failpoint.SCRUB_WRITTEN)
            part.replace(path)
    except csv.Error:
        return _drop_whole(path, wanted)
    finally:
        part.unlink(missing_ok=True)
    return removed


def _rewrite(path: Path, part: Path, encoding: Encoding, wanted: tuple[str, ...]) -> int:
    before = path.stat()
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW
    with (
        path.open(encoding=encoding.codec, newline="") as source,
        os.fdopen(
            os.open(part, flags, OWNER_FILE), "w", encoding=encoding.codec, newline=""
        ) as target,
    ):
        rewrite = _rewrite_csv if path.suffix == ".csv" else _rewrite_lines
        removed = rewrite(source, target, wanted)
        target.flush()
        os.utime(target.fileno(), ns=(before.st_atime_ns, before.st_mtime_ns))
        os.fsync(target.fileno())
    return removed


def _rewrite_csv(source: IO[str], target: IO[str], wanted: tuple[str, ...]) -> int:
    csv.field_size_limit(DEFAULT_LIMITS.cell_characters)
    writer = csv.writer(target)
    removed = 0
    for cells in csv.reader(source, strict=True):
        if _contains("\x1f".join(cells), wanted):
            removed += 1
        else:
            writer.writerow(cells)
    return removed


def _rewrite_lines(source: IO[str], target: IO[str], wanted: tuple[str, ...]) -> int:
    removed = 0
    for line in source:
        if _repeats_cut_literal(line, wanted) or any(
            _contains(text, wanted) for text in _readings(line)
        ):
            removed += 1
        else:
            target.write(line)
    return removed


def _readings(text: str) -> Iterator[str]:
    """Yield a text as written, and with its HTML and JSON escapes undone."""
    yield text
    if "&" in text:
        yield html.unescape(text)
    if "\\" in text:
        plain = _ESCAPE.sub(_unescaped, text)
        yield plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _unescaped(match: re.Match[str]) -> str:
    code = match.group(1)
    if len(code) > 1:
        return chr(int(code[1:], 16))
    return "" if code in "bfnrt" else code


def _repeats_cut_literal(line: str, wanted: tuple[str, ...]) -> bool:
    """Whether a finding repeats the beginning of a literal, cut off at its length limit."""
    if "…" not in line:
        return False
    try:
        value = json.loads(line).get("value", "")
    except (ValueError, AttributeError):
        return False
    begin = _normalise(str(value).removesuffix("…"))
    return bool(begin) and str(value).endswith("…") and any(begin in item for item in wanted)


def _drop_whole(path: Path, wanted: tuple[str, ...]) -> int:
    for encoding in (UTF8_BOM.codec, "gb18030", "utf-16-le", "utf-16-be"):
        with path.open(encoding=encoding, errors="replace", newline="") as stream:
            if _stream_contains(stream, wanted):
                path.unlink(missing_ok=True)
                return 1
    return 0


def _drop_archive(path: Path, wanted: tuple[str, ...]) -> int:
    """Delete a workbook that contains a literal, or that cannot be read."""
    try:
        with zipfile.ZipFile(path) as archive:
            for item in archive.infolist():
                with io.TextIOWrapper(archive.open(item), UTF8_BOM.codec, "replace") as stream:
                    if _stream_contains(stream, wanted):
                        break
            else:
                return 0
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError):
        pass  # cut short: not to be looked through
    path.unlink(missing_ok=True)
    return 1


def _stream_contains(stream: IO[str], wanted: tuple[str, ...]) -> bool:
    kept = ""
    while chunk := stream.read(_CHUNK):
        text = kept + chunk
        if any(_contains(reading, wanted) for reading in _readings(text)):
            return True
        kept = text[-max(map(len, wanted)) * 8 :]
    return False


def _contains(text: str, wanted: tuple[str, ...]) -> bool:
    alike = _normalise(text)
    return any(item in alike for item in wanted)


def _normalise(text: str) -> str:
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return "".join(text.split()).upper()
