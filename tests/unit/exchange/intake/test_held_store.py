"""The held rows of a data directory: sealed, bounded, one item for one row."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from exchange.domain.errors import NotFound, UsageError, VerificationFailed
from exchange.domain.record import DeliveredState, Link, Submission
from exchange.domain.submission_json import from_document, to_document
from exchange.intake.held_row import HeldRow, Refusal
from exchange.intake.held_store import FILE_NAME, HeldLimits, HeldRows, HoldResult, ItemDecision
from exchange.ledger import Origin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

KEY = bytes(range(32))
TEXT = "当事人住址在望川区三号楼"


def row(number: int = 1, text: str = TEXT, **more: object) -> HeldRow:
    submission = Submission(
        kind="penalty",
        key=f"penalty\x1fA\x1f{number}",
        body=f'o <p> "{text}"\n',
        links=(Link("repairs", "penalty", "k", ("a",), ("b",), is_partial=True),),
        delivered_state=DeliveredState.OBJECTION,
        withdraws=Link("repairs", "penalty", "k"),
        row=number + 1,
        aliases=("x",),
        uncovered_properties=frozenset({"<q>", "<p>"}),
        held=True,
    )
    finding = {"rule": "address", "severity": "held", "code": "CF_SY"}
    held = HeldRow(
        submission=submission,
        version=0,
        origin=Origin(None, "penalty.csv", "00", "penalty", "2018"),
        delivery=7,
        file="penalty.csv",
        sheet=None,
        findings=(finding,),
        cells={"CF_SY": text},
    )
    return replace(held, **more)  # type: ignore[arg-type]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[..., HeldRows]]:
    made: list[HeldRows] = []

    def _opened(bounds: HeldLimits | None = None, key: bytes = KEY) -> HeldRows:
        made.append(HeldRows(tmp_path / "held", key, lambda: 1_790_000_000_000, bounds))
        return made[-1]

    yield _opened
    for held in made:
        held.close()


@pytest.fixture
def held(opened: Callable[..., HeldRows]) -> HeldRows:
    return opened()


def outcomes(stored: list[tuple[HoldResult, Refusal | None]]) -> list[str]:
    return [str(what) for what, _ in stored]


def test_a_submission_comes_back_from_json_equal() -> None:
    submission = row().submission
    assert from_document(to_document(submission)) == submission
    smallest = Submission("penalty", "k", "o <p> <q>\n")
    assert from_document(to_document(smallest)) == smallest


def test_the_members_of_a_stored_submission_keep_the_names_of_earlier_releases() -> None:
    document = to_document(row().submission)
    members = "kind key body tier links arrival publicity_end person withdraws row projected"
    more = "aliases bare lacking untold keeps_tier keeps_mark held timed_by"
    assert list(document) == f"{members} {more}".split()
    assert list(document["withdraws"]) == ["relation", "kind", "key", "aliases", "bare", "lacking"]


def test_looking_at_nothing_makes_no_file(held: HeldRows, tmp_path: Path) -> None:
    assert (held.count(), list(held.waiting()), held.marked()) == (0, [], set())
    assert held.put([]) == []
    with pytest.raises(NotFound):
        held.waiting_item("0000")
    assert not (tmp_path / "held").exists()


def test_a_row_waits_until_it_is_decided_on(held: HeldRows) -> None:
    assert outcomes(held.put([row(1), row(2)])) == ["held", "held"]
    first = next(held.waiting())
    assert held.waiting_item(first.id[:6]) == first
    with held.deciding(first.id) as (item, decide):
        assert item == first
        decide.remove()
    assert held.count() == 1
    with pytest.raises(NotFound):
        held.waiting_item(first.id)


def test_the_same_row_is_one_item_whichever_file_brings_it(held: HeldRows) -> None:
    held.put([row(1)])
    held._clock = lambda: 1_790_000_060_000  # a minute later
    elsewhere = row(1, delivery=9, file="again.csv", version=4)
    elsewhere = replace(elsewhere, submission=replace(elsewhere.submission, row=77))
    held.put([elsewhere])
    (item,) = held.waiting()
    assert item.row == elsewhere, "the newest look at it counts"
    assert item.at == 1_790_000_000_000, "but it waits since it was held first"


def test_folder_and_file_are_private_and_hold_no_text(held: HeldRows, tmp_path: Path) -> None:
    held.put([row(number) for number in range(1, 30)])
    folder = tmp_path / "held"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        content = path.read_bytes()
        assert TEXT.encode() not in content
        assert b"penalty" not in content


def test_a_copy_opens_with_its_own_secret_only(opened: Callable[..., HeldRows]) -> None:
    opened().put([row()])
    with pytest.raises(VerificationFailed) as refused:
        list(opened(key=bytes(32)).waiting())
    assert "zh" in refused.value.details


def test_rows_beyond_the_bound_are_not_kept_and_say_so(opened: Callable[..., HeldRows]) -> None:
    held = opened(HeldLimits(rows=2))
    assert outcomes(held.put([row(1), row(2), row(3)])) == ["held", "held", "full"]
    assert outcomes(held.put([row(2)])) == ["held"], "one that waits may come again"
    assert held.count() == 2


def test_bytes_are_bounded_too(opened: Callable[..., HeldRows]) -> None:
    held = opened(HeldLimits(bytes=2_000))
    stored = outcomes(held.put([row(number) for number in range(20)]))
    assert stored.count("held") == held.count() < 20
    assert stored[-1] == "full"


def test_a_refused_row_is_recognised_and_its_text_is_destroyed(held: HeldRows) -> None:
    held.put([row()])
    (item,) = held.waiting()
    refusal = Refusal("王某岚", 1_790_000_000_000, "含住址")
    with held.deciding(item.id) as (_, decide):
        decide.replace_by_refusal(refusal)
    assert (held.count(), list(held.waiting())) == (0, [])
    assert held.put([row()]) == [(HoldResult.REFUSED, refusal)]
    assert outcomes(held.put([row(text="当事人地址已删去")])) == ["held"]


def test_refusals_are_bounded_the_oldest_go(opened: Callable[..., HeldRows]) -> None:
    held = opened(HeldLimits(refused=2))
    for number in (1, 2, 3):
        held.put([row(number)])
        (item,) = held.waiting()
        with held.deciding(item.id) as (_, decide):
            decide.replace_by_refusal(Refusal("a", number, "b"))
    assert outcomes(held.put([row(1), row(2), row(3)])) == ["held", "refused", "refused"]


def _fail_after(decide: ItemDecision) -> None:
    decide.remove()
    raise UsageError("It failed afterwards.")


def test_an_item_stays_when_deciding_on_it_fails(held: HeldRows) -> None:
    held.put([row()])
    (item,) = held.waiting()
    with pytest.raises(UsageError), held.deciding(item.id) as (_, decide):
        _fail_after(decide)
    assert held.count() == 1


def test_what_names_no_item_or_several_is_refused(held: HeldRows) -> None:
    held.put([row(number) for number in range(900)])
    begun = [item.id[:4] for item in held.waiting()]
    several = next(begin for begin in begun if begun.count(begin) > 1)
    for wrong in ("", "abc", "../../x", "%%%%", "____", several):
        with pytest.raises(UsageError):
            held.waiting_item(wrong)
    with pytest.raises(NotFound):
        held.waiting_item("zzzz")


def test_marked_rows_are_destroyed_or_kept_as_the_erasure_ends(
    held: HeldRows, tmp_path: Path
) -> None:
    held.put([row(number) for number in (1, 2, 3)])
    assert held.mark_for_erasure("r1", lambda each: each.submission.row == 2) == 1
    assert held.mark_for_erasure("r2", lambda each: each.submission.row == 3) == 1
    assert held.marked() == {"r1", "r2"}
    held.unmark("r2")
    size = (tmp_path / "held" / FILE_NAME).stat().st_size
    assert held.destroy_marked("r1") == [("penalty.csv", 2)]
    assert held.destroy_marked("r2") == []
    assert held.count() == 2
    assert (tmp_path / "held" / FILE_NAME).stat().st_size == size


def sizes(held: HeldRows, tmp_path: Path) -> list[int]:
    with closing(sqlite3.connect(tmp_path / "held" / FILE_NAME)) as connection:
        return [size for (size,) in connection.execute("SELECT size FROM item ORDER BY size")]


def test_what_waits_already_counts_towards_the_bounds(
    opened: Callable[..., HeldRows], tmp_path: Path
) -> None:
    held = opened(HeldLimits(rows=2))
    assert [outcomes(held.put([row(number)])) for number in (1, 2, 3)] == [
        ["held"],
        ["held"],
        ["full"],
    ]
    (one, other) = sizes(held, tmp_path)
    # A waiting row may come again where there is no more room, and its room is free afterwards.
    exact = opened(HeldLimits(bytes=one + other))
    assert outcomes(exact.put([row(1), row(2)])) == ["held", "held"]
    with exact.deciding(next(exact.waiting()).id) as (_, decide):
        decide.remove()
    assert outcomes(exact.put([row(1), row(2), row(3)])).count("full") == 1
    assert exact.count() == 2
    less = opened(HeldLimits(bytes=one + other - 1))
    assert "full" in outcomes(less.put([row(4, text=TEXT * 2)]))


def test_as_many_bytes_as_the_bound_are_kept_and_one_more_is_not(
    opened: Callable[..., HeldRows], tmp_path: Path
) -> None:
    held = opened()
    held.put([row()])
    (size,) = sizes(held, tmp_path)
    with held.deciding(next(held.waiting()).id) as (_, decide):
        decide.remove()
    assert outcomes(opened(HeldLimits(bytes=size - 1)).put([row()])) == ["full"]
    assert held.count() == 0
    assert outcomes(opened(HeldLimits(bytes=size)).put([row(), row()])) == ["held", "held"]
    assert held.count() == 1


def test_the_bounds_are_those_of_the_documentation() -> None:
    assert (HeldLimits().rows, HeldLimits().bytes, HeldLimits().refused) == (
        10_000,
        67_108_864,
        10_000,
    )


def test_a_row_waits_since_it_came_first_and_the_oldest_is_first(tmp_path: Path) -> None:
    now = [1_790_000_000_000]
    held = HeldRows(tmp_path / "held", KEY, lambda: now[0])
    for number in (3, 1, 2):
        now[0] += 1_000
        held.put([row(number)])
    now[0] += 1_000
    held.put([row(3)])
    found = [(item.at - 1_790_000_000_000, item.row.submission.row) for item in held.waiting()]
    assert found == [(1_000, 4), (2_000, 2), (3_000, 3)]
    held.close()
    held.close()
    assert held.count() == 3, "it opens again"


def test_the_number_of_a_row_depends_on_its_content_alone(held: HeldRows) -> None:
    first = held.id_of(row())
    assert len(first) == 16
    assert first == held.id_of(row(file="other.csv", delivery=9, version=3, cells={}))
    moved = replace(row(), submission=replace(row().submission, row=99, held=False))
    assert held.id_of(moved) == first
    assert held.id_of(row(text="别的")) != first


def test_a_row_is_found_by_four_characters_of_its_number_in_any_case(held: HeldRows) -> None:
    held.put([row()])
    (item,) = held.waiting()
    for begin in (item.id, item.id[:4], item.id[:15], item.id.upper()):
        assert held.waiting_item(begin) == item
    with pytest.raises(UsageError, match="names no held row"):
        held.waiting_item(item.id[:3])
    with pytest.raises(NotFound):
        held.waiting_item(f"{item.id}0")
    with held.deciding(item.id) as (given, decide):
        assert given == item
        decide.replace_by_refusal(Refusal("a", 1, "b"))
    with pytest.raises(NotFound):
        held.waiting_item(item.id)


def test_nothing_is_made_and_nothing_found_where_no_row_was_ever_held(
    held: HeldRows, tmp_path: Path
) -> None:
    with pytest.raises(NotFound, match="waits for review"):
        held.waiting_item("abcd")
    with pytest.raises(NotFound, match="waits for review"), held.deciding("abcd"):
        pass
    assert held.put([]) == []
    assert held.mark_for_erasure("r", lambda _: True) == 0
    assert held.marked() == set()
    assert held.destroy_marked("r") == []
    held.unmark("r")
    assert list(held.waiting()) == []
    assert not (tmp_path / "held").exists()
    (tmp_path / "held").mkdir()
    (tmp_path / "held" / FILE_NAME).touch()
    assert held.count() == 0, "a file that was begun and never written"


def test_erasing_names_file_and_row_in_order_and_leaves_the_refused(held: HeldRows) -> None:
    held.put([row(5), row(1), row(3, file="a.csv")])
    held.put([row(9)])
    refused = next(item for item in held.waiting() if item.row.submission.row == 10)
    with held.deciding(refused.id) as (_, decide):
        decide.replace_by_refusal(Refusal("a", 1, "b"))
    assert held.mark_for_erasure("r", lambda _: True) == 3
    assert held.destroy_marked("r") == [("a.csv", 4), ("penalty.csv", 2), ("penalty.csv", 6)]
    assert outcomes(held.put([row(9)])) == ["refused"]
    assert held.marked() == set()
