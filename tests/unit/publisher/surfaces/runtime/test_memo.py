from __future__ import annotations

from publisher.surfaces.runtime.memo import LastResult


def test_the_last_answer_stands_until_the_question_is_another() -> None:
    asked: list[str] = []

    def answer(said: str, *, held: bool) -> bool:
        asked.append(said)
        return held

    last = LastResult()
    assert last.get(("one", 1), lambda: answer("first", held=True))
    assert last.get(("one", 1), lambda: answer("again", held=False))
    assert not last.get(("two", 1), lambda: answer("other", held=False))
    assert asked == ["first", "other"]
