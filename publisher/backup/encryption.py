"""Files encrypted in chunks under the bytes of a key file (docs/decisions/0045).

A file is a magic word and 32 random bytes, then chunks of 64 KiB, each sealed by AES-256-GCM. The
key of a file is derived (HKDF-SHA256) from the key file and those random bytes; the nonce counts
the chunks and marks the last, so that none can be left out, moved or added.
"""

from __future__ import annotations

import os
from typing import IO, TYPE_CHECKING, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from exchange.domain.errors import EnvironmentFault, UsageError, VerificationFailed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAGIC: Final = b"credence-backup-1\n"
_SALT: Final = 32
_CHUNK: Final = 64 * 1024
_TAG: Final = 16
_INFO: Final = b"credence backup file"
LEAST: Final = 32  # bytes of a key file
_MOST: Final = 64 * 1024


def read_key(path: Path) -> bytes:
    """Return the bytes of a key file, as they are.

    Raises:
        EnvironmentFault: it cannot be read.
        UsageError: it is too short to be a key, or too long to be meant as one.

    """
    try:
        with path.open("rb") as file:
            key = file.read(_MOST + 1)
    except OSError as error:
        raise EnvironmentFault(
            f"The key file {path} cannot be read: {error.strerror}.",
            "Give the path of the key file.",
            zh=f"无法读取密钥文件 {path}：{error.strerror}。",
            zh_hint="请给出密钥文件的路径。",
        ) from error
    if not LEAST <= len(key) <= _MOST:
        raise UsageError(
            f"The key file {path} has {len(key)} bytes; {LEAST} to {_MOST} are needed.",
            "Make one by `openssl rand -out backup.key 32`, and keep it apart from the backups.",
            zh=f"密钥文件 {path} 应有 {LEAST} 至 {_MOST} 字节。",
            zh_hint="可用 openssl rand -out backup.key 32 生成，并与备份分开保存。",
        )
    return key


def encrypt(source: IO[bytes], target: IO[bytes], key: bytes) -> None:
    """Write a stream encrypted."""
    salt = os.urandom(_SALT)
    cipher = _cipher(key, salt)
    target.write(MAGIC + salt)
    number, chunk = 0, source.read(_CHUNK)
    while True:
        following = source.read(_CHUNK)
        last = not following
        target.write(cipher.encrypt(_nonce(number, last=last), chunk, MAGIC))
        if last:
            return
        number, chunk = number + 1, following


def decrypt(source: IO[bytes], key: bytes, name: str) -> Iterator[bytes]:
    """Yield the text of an encrypted stream; `name` is said where it cannot be opened.

    Raises:
        VerificationFailed: the key is another, or the file was altered or cut.

    """
    head = source.read(len(MAGIC) + _SALT)
    if len(head) < len(MAGIC) + _SALT or not head.startswith(MAGIC):
        raise _unopened(name)
    cipher = _cipher(key, head[len(MAGIC) :])
    number, chunk = 0, source.read(_CHUNK + _TAG)
    while True:
        following = source.read(_CHUNK + _TAG)
        last = not following
        try:
            yield cipher.decrypt(_nonce(number, last=last), chunk, MAGIC)
        except (InvalidTag, ValueError) as error:
            raise _unopened(name) from error
        if last:
            return
        number, chunk = number + 1, following


def _cipher(key: bytes, salt: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, salt, _INFO).derive(key))


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\x01" if last else b"\x00")


def _unopened(name: str) -> VerificationFailed:
    return VerificationFailed(
        f"{name} cannot be decrypted: the key is another, or the file was altered.",
        "Give the key file that the backup was made with by --key-file, or take another backup.",
        zh=f"无法解密 {name}：密钥不符，或文件已被改动。",
        zh_hint="请用 --key-file 给出制作备份时的密钥文件，或改用另一份备份。",
    )
