"""The ledger secret: keys, persons and contents are stored as HMACs under it, never in clear."""

from __future__ import annotations

import contextlib
import hmac
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from exchange.domain.errors import EnvironmentFault
from exchange.ledger.withdrawal_journal import sync_folder

if TYPE_CHECKING:
    from pathlib import Path

    from exchange.domain.record import Link, Submission

SIZE = 32
_CHECK = "credence ledger secret"


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """32 random bytes; a prefix per use keeps the HMACs of different uses apart."""

    value: bytes

    def key(self, key: str) -> bytes:
        """Return the HMAC of a record's clear key."""
        return self._mac("key", key)

    def person(self, number: str) -> bytes:
        """Return the HMAC of a natural person's canonical ID number."""
        return self._mac("person", number)

    def resemblance(self, mark: str) -> bytes:
        """Return the HMAC of a fingerprint of a removed record."""
        return self._mac("resemblance", mark)

    def content(self, row: Submission) -> bytes:
        """Return the HMAC of the content of a row: body, tier, dates, person and links."""
        context = [
            row.body,
            row.tier,
            str(row.projected),
            row.publicity_end or "",
            row.person or "",
        ]
        context += [_link_text(link) for link in row.links]
        context.append(_link_text(row.withdraws) if row.withdraws else "")
        return self._mac("content", "\x1e".join(context))

    def derived(self, purpose: str) -> bytes:
        """Return a key of 32 bytes for one purpose; it does not reveal the secret."""
        return self._mac("derived", purpose)

    def check(self) -> bytes:
        """Return the HMAC by which a ledger recognises its secret."""
        return self._mac("check", _CHECK)

    def _mac(self, use: str, text: str) -> bytes:
        return hmac.digest(self.value, f"{use}\x1f{text}".encode(), "sha256")


def _link_text(link: Link) -> str:
    return f"{link.relation}\x1d{link.kind}\x1d{link.key}"


def create_secret(path: Path) -> Secret:
    """Return the secret in the file; create the file (mode 0600) if it is missing.

    It is written aside and linked, so that neither a kill nor a full disk leaves a part of it.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        if not path.exists():
            _write(aside, os.urandom(SIZE))
            with contextlib.suppress(FileExistsError):  # a neighbour was quicker
                os.link(aside, path)
            sync_folder(path.parent)
    except OSError as error:
        raise _fault(path, error) from error
    finally:
        aside.unlink(missing_ok=True)
    return read_secret(path)


def _write(path: Path, value: bytes) -> None:
    handle = os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(value)
        file.flush()
        os.fsync(file.fileno())


def read_secret(path: Path) -> Secret:
    """Return the secret in the file.

    Raises:
        EnvironmentFault: the file is missing, unreadable or not 32 bytes.

    """
    try:
        value = path.read_bytes()
    except OSError as error:
        raise _fault(path, error) from error
    if len(value) != SIZE:
        raise EnvironmentFault(
            f"The ledger secret {path.name} is not {SIZE} bytes long.",
            "Restore the file from the backup it belongs to.",
        )
    return Secret(value)


def _fault(path: Path, error: OSError) -> EnvironmentFault:
    return EnvironmentFault(
        f"The ledger secret {path} cannot be read or made: {error.strerror}.",
        "Copy secrets/ledger.key from the host that began this ledger, or from its backup "
        '(docs/operate.md, "A second host"); where it is there, correct the permissions.',
        zh=f"无法读取或创建账本密钥 {path}：{error.strerror}。",
        zh_hint="请从创建该账本的主机或其备份复制 secrets/ledger.key"
        "（见 docs/operate.md）；若文件已在，请更正权限。",
    )
