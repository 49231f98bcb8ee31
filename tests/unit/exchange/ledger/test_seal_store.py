from __future__ import annotations

import os

import pytest

from exchange.ledger.seal_store import SqlSeals


@pytest.fixture
def seals(tmp_path):
    store = SqlSeals.open(f"sqlite:///{tmp_path}/seals.sqlite")
    yield store
    store.close()


def files(tmp_path):
    return b"".join(path.read_bytes() for path in tmp_path.iterdir())


def test_seals_come_back_by_number(seals):
    kept = [os.urandom(32) for _ in range(1200)]
    numbers = seals.put(kept)
    assert numbers == list(range(1, 1201))
    assert seals.get(numbers) == dict(zip(numbers, kept, strict=True))
    assert seals.get([0, 5000]) == {}
    assert list(seals.ids()) == numbers
    assert list(seals.ids(after=1190)) == numbers[1190:]
    assert seals.put([]) == []


def test_destroyed_seals_are_in_no_file_while_it_is_still_open(seals, tmp_path):
    kept = [os.urandom(32) for _ in range(300)]
    numbers = seals.put(kept)
    assert all(seal in files(tmp_path) for seal in kept)
    seals.destroy(numbers[::3])
    bytes_left = files(tmp_path)
    assert [seal in bytes_left for seal in kept] == [at % 3 != 0 for at in range(300)]
    seals.destroy(numbers[::3])


def test_numbers_are_never_used_again(seals, tmp_path):
    numbers = seals.put([os.urandom(32)] * 3)
    seals.destroy(numbers)
    again = SqlSeals.open(f"sqlite:///{tmp_path}/seals.sqlite")
    assert again.put([os.urandom(32)]) == [4]
    again.close()
