from __future__ import annotations

from publisher.surfaces.runtime.last_result import LastAnswer


def test_the_last_answer_stands_until_the_question_is_another() -> None:
    asked: list[str] = []

    def answer(said: str, *, held: bool) -> bool:
        asked.append(said)
        return held

    last = LastAnswer()
    assert last.to(("one", 1), lambda: answer("first", held=True))
    assert last.to(("one", 1), lambda: answer("again", held=False))
    assert not last.to(("two", 1), lambda: answer("other", held=False))
    assert asked == ["first", "other"]
