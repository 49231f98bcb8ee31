"""Staged copies of deliveries: the rows checked are the rows loaded, even if the file changes.

The directory has mode 0700, a copy 0600. A copy is locked while its delivery runs, so that later
deliveries can delete the copies of crashed ones.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import secrets
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, BinaryIO, Final

from exchange.domain.errors import EnvironmentFault
from exchange.domain.personal_data import mask
from exchange.intake.database_source import DatabaseTable
from exchange.intake.file_reader import file_rejected, opened_file, require_file, unreadable
from exchange.intake.findings import CellLocation, finding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from exchange.intake.limits import Limits

_CHUNK: Final = 1024 * 1024
_LOCK: Final = ".lock"
OWNER_DIRECTORY: Final = 0o700
OWNER_FILE: Final = 0o600


@dataclass(frozen=True, slots=True)
class StagedCopy:
    """A staged copy: path, name of the original file, SHA-256 in hex, size in bytes."""

    path: Path
    name: str
    digest: str
    size: int


@contextlib.contextmanager
def staged(source: Path | DatabaseTable, directory: Path, limits: Limits) -> Iterator[StagedCopy]:
    """Copy a file or table into the staging directory and sync it; delete the copy at the end.

    Raises:
        UsageError: it is no regular file, or there is no such table.
        Rejected: it is larger than allowed.
        EnvironmentFault: it cannot be read, or the directory not written.

    """
    if isinstance(source, DatabaseTable):
        suffix, fill = ".csv", source.copy
    else:
        require_file(source)
        suffix, fill = source.suffix, partial(_fill, source)
    try:
        copy, stream = _create(suffix, directory)
    except OSError as error:
        raise _fault(directory, error) from error
    try:
        with stream:
            try:
                digest, size = fill(stream, limits)
                stream.flush()
                os.fsync(stream.fileno())
                sync_directory(directory)
            except OSError as error:
                raise _fault(source, error) from error
            yield StagedCopy(copy, mask(source.name), digest, size)
    finally:
        copy.unlink(missing_ok=True)


def private_directory(directory: Path) -> Path:
    """Create a directory of mode 0700 and return it."""
    directory.mkdir(mode=OWNER_DIRECTORY, parents=True, exist_ok=True)
    directory.chmod(OWNER_DIRECTORY)
    return directory


def sync_directory(directory: Path) -> None:
    """Sync the entries of a directory to the disk."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def delete_abandoned_copies(directory: Path) -> int:
    """Delete the copies of deliveries that crashed; return how many."""
    if not directory.is_dir():
        return 0
    with _locked(directory):
        return sum(_abandoned(item) for item in directory.iterdir() if item.name != _LOCK)


def _create(suffix: str, directory: Path) -> tuple[Path, BinaryIO]:
    private_directory(directory)
    delete_abandoned_copies(directory)
    copy = directory / (secrets.token_hex(8) + suffix.lower()[:8])
    with _locked(directory):
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW
        stream = os.fdopen(os.open(copy, flags, OWNER_FILE), "wb")
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return copy, stream


def _fill(path: Path, stream: BinaryIO, limits: Limits) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    for chunk in _chunks(path):
        size += len(chunk)
        if size > limits.file_bytes:
            name = mask(path.name)
            location = CellLocation(name)
            fault = finding("file-size", location, size=size, limit=limits.file_bytes)
            raise file_rejected(name, [fault])
        digest.update(chunk)
        stream.write(chunk)
    return digest.hexdigest(), size


def _chunks(path: Path) -> Iterator[bytes]:
    with opened_file(path) as original:
        while True:
            try:
                chunk = original.read(_CHUNK)
            except OSError as error:
                raise unreadable(path, error) from error
            if not chunk:
                return
            yield chunk


@contextlib.contextmanager
def _locked(directory: Path) -> Iterator[None]:
    descriptor = os.open(directory / _LOCK, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, OWNER_FILE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _abandoned(item: Path) -> bool:
    """Delete a copy that no process has locked; return whether it was deleted."""
    try:
        descriptor = os.open(item, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        item.unlink(missing_ok=True)
        return True
    finally:
        os.close(descriptor)


def _fault(what: Path | DatabaseTable, error: OSError) -> EnvironmentFault:
    return EnvironmentFault(
        f"{what} cannot be staged: {error.strerror}.",
        "Check its permissions and the space on the disk of the data directory.",
    )
