from __future__ import annotations

from publisher.stores.query_dataset import Dataset
from publisher.stores.query_pool import Answer
from publisher.web.endpoints.query_cache import Key, QueryCache


def _key(text: str, dataset: Dataset | None = None, media: str = "text/csv") -> Key:
    return (text, dataset, media)


def _answer(body: bytes, generation: str = "1") -> Answer:
    return Answer("text/csv", body, generation)


def test_an_answer_is_kept_for_its_query_dataset_and_type_alone() -> None:
    cache = QueryCache()
    assert cache.get("1", _key("ASK {}")) is None
    cache.put(_key("ASK {}"), _answer(b"true"))
    assert cache.get("1", _key("ASK {}")) == _answer(b"true")
    assert cache.get("1", _key("ASK { }")) is None
    assert cache.get("1", _key("ASK {}", Dataset(("urn:g",)))) is None
    assert cache.get("1", _key("ASK {}", media="text/turtle")) is None


def test_a_new_generation_forgets_everything_and_nothing_of_an_old_one_is_kept() -> None:
    cache = QueryCache()
    cache.get("1", _key("a"))
    cache.put(_key("a"), _answer(b"1"))
    assert cache.get("2", _key("a")) is None
    cache.put(_key("b"), _answer(b"late", "1"))
    assert cache.get("2", _key("b")) is None
    assert cache.get("1", _key("a")) is None


def test_the_longest_unused_answers_make_room_and_large_ones_are_not_kept() -> None:
    cache = QueryCache(max_bytes=30, max_answer=20)
    cache.get("1", _key("a"))
    cache.put(_key("a"), _answer(b"x" * 8))
    cache.put(_key("b"), _answer(b"x" * 8))
    assert cache.get("1", _key("a")) is not None
    cache.put(_key("c"), _answer(b"x" * 8))
    assert cache.get("1", _key("b")) is None
    assert cache.get("1", _key("a")) is not None
    cache.put(_key("d"), _answer(b"x" * 100))
    assert cache.get("1", _key("d")) is None
