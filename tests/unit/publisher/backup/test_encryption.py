"""Files encrypted in chunks: what was put in comes out, and nothing else does."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from exchange.domain.errors import EnvironmentFault, UsageError, VerificationFailed
from publisher.backup.encryption import MAGIC, decrypt, encrypt, read_key

KEY = bytes(range(32))
CHUNK = 64 * 1024
SEALED = CHUNK + 16
HEAD = len(MAGIC) + 32


def sealed(text: bytes, key: bytes = KEY) -> bytes:
    target = io.BytesIO()
    encrypt(io.BytesIO(text), target, key)
    return target.getvalue()


def opened(data: bytes, key: bytes = KEY) -> bytes:
    return b"".join(decrypt(io.BytesIO(data), key, "x"))


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_what_was_put_in_comes_out(size: int) -> None:
    text = os.urandom(size)
    data = sealed(text)
    assert opened(data) == text
    assert size < 40 or text[:40] not in data


def test_the_same_text_is_never_the_same_file() -> None:
    assert sealed(b"text") != sealed(b"text")


@pytest.mark.parametrize(
    "harm",
    [
        lambda data: data[:-1],
        lambda data: data[:HEAD],
        lambda data: data[: HEAD + SEALED],  # without the last chunk
        lambda data: data[:HEAD] + data[HEAD + SEALED :],  # without the first
        lambda data: data[:HEAD] + data[HEAD + SEALED : HEAD + 2 * SEALED] + data[HEAD:],
        lambda data: data + b"x",
        lambda data: b"X" + data[1:],
        lambda data: data[: HEAD - 1] + bytes([data[HEAD - 1] ^ 1]) + data[HEAD:],
        lambda data: data[: HEAD + 9] + bytes([data[HEAD + 9] ^ 1]) + data[HEAD + 10 :],
    ],
)
def test_what_was_cut_moved_added_or_altered_is_refused(harm) -> None:
    with pytest.raises(VerificationFailed):
        opened(harm(sealed(os.urandom(2 * CHUNK + 5))))


def test_another_key_opens_nothing() -> None:
    with pytest.raises(VerificationFailed, match="key"):
        opened(sealed(b"text"), bytes(32))


@pytest.mark.parametrize(("size", "good"), [(0, False), (31, False), (32, True), (65, True)])
def test_a_key_file_has_at_least_32_bytes(tmp_path: Path, size: int, good: bool) -> None:
    path = tmp_path / "key"
    path.write_bytes(b"k" * size)
    if good:
        assert read_key(path) == b"k" * size
    else:
        with pytest.raises(UsageError, match="32"):
            read_key(path)


def test_a_key_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault, match="nokey"):
        read_key(tmp_path / "nokey")
