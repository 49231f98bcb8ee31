from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.domain.disclosure_levels import Tier
from exchange.domain.errors import QueryTimeout, StoreUnavailable, UsageError
from publisher.surfaces.index import IndexConfig, IndexMapping, IndexReader, index_queries
from publisher.surfaces.port import digest_of
from tests.unit.publisher.surfaces.index.conftest import BASE, Office, code_of

if TYPE_CHECKING:
    from collections.abc import Callable

# A small alphabet, so that substrings are shared by many names.
NAMES = st.text("长治市潞州鑫盛商贸食品有限公司AB12（）·", min_size=2, max_size=12)


@settings(max_examples=25)
@given(names=st.lists(NAMES, min_size=1, max_size=12), data=st.data())
def test_every_substring_of_a_name_finds_exactly_the_names_that_contain_it(
    plan: IndexMapping, names: list[str], data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        office = Office(
            Path(folder), IndexConfig(Path(folder) / "index", Tier.PUBLIC, (BASE,), plan)
        )
        for number, name in enumerate(names):
            office.subject(number, name)
        name = data.draw(st.sampled_from(names))
        start = data.draw(st.integers(0, len(name) - 1))
        part = name[start : start + data.draw(st.integers(1, 4))]
        written = part.translate(str.maketrans("", "", "（）·"))
        expected = [
            each for each in names if written in each.translate(str.maketrans("", "", "（）·"))
        ]
        found = office.names(part) if written else []
        # A code is searched as well; its letters may hold what was asked.
        if not written.isascii():
            assert sorted(found) == sorted(expected)
        assert {each for each in expected if written} <= set(found)
        office.reader.close()
        office.surface.close()


def test_writing_does_not_matter(office: Office) -> None:
    office.penalty("b", 7, "长治市鑫盛（上党）商贸Ａ有限公司")
    code = code_of(7)
    wide = "".join(chr(ord(item) + 0xFEE0) for item in code)
    for asked in ("鑫盛(上党)", "鑫盛 上党", "商贸a", "商贸ａ", code.lower(), wide, code[3:9],
                  "长市监罚[2026]", "长市监罚(2026)B号"):  # fmt: skip
        assert office.names(asked) == ["长治市鑫盛（上党）商贸Ａ有限公司"], asked


def test_every_word_must_be_there_in_any_order(office: Office) -> None:
    office.subject(1, "长治市鑫盛商贸有限公司")
    office.subject(2, "长治市潞州食品有限公司")
    assert office.names("商贸 长治") == ["长治市鑫盛商贸有限公司"]
    assert office.names("商贸　食品") == []


def test_a_phrase_never_runs_from_one_value_into_the_next(office: Office) -> None:
    office.subject(1, "长治市鑫盛商贸", formerName="潞州食品")
    assert office.names("潞州") == ["长治市鑫盛商贸"]
    assert office.names("商贸潞州") == []


def test_subjects_come_first_and_those_that_begin_with_it_before_all(office: Office) -> None:
    office.penalty("b", 3, "潞州食品厂")
    office.subject(1, "长治市潞州商贸")
    office.subject(2, "潞州机械")
    assert office.names("潞州") == ["潞州机械", "长治市潞州商贸", "潞州食品厂"]
    assert office.names("潞州", kinds=["subject"]) == ["潞州机械", "长治市潞州商贸"]
    assert office.names("潞州", kinds=["penalty"]) == ["潞州食品厂"]
    assert office.names("潞州", kinds=["licence"]) == []


def test_what_was_found_is_marked_and_no_text_is_lost(office: Office) -> None:
    office.subject(1, "长治（潞Ａ）商贸潞a")
    [hit] = office.reader.search("潞A").hits
    assert "".join(mark.text for mark in hit.name) == "长治（潞Ａ）商贸潞a"
    assert [mark.text for mark in hit.name if mark.hit] == ["潞Ａ", "潞a"]


def test_pages_follow_one_another_and_hold_each_record_once(office: Office) -> None:
    expected = {office.subject(number, f"潞州商贸{number}") for number in range(45)}
    first = office.reader.search("潞州")
    assert (first.total, first.more, first.pages) == (45, False, 3)
    pages = [office.reader.search("潞州", page=page).hits for page in (1, 2, 3)]
    assert [len(page) for page in pages] == [20, 20, 5]
    assert {hit.entry.iri for page in pages for hit in page} == expected
    assert office.reader.search("潞州", page=99).page == 3
    office.subject(100, "潞州新来")
    assert [hit.entry for hit in office.reader.search("潞州").hits] == [
        hit.entry for hit in pages[0]
    ]


HOSTILE = (
    '"', '""', "'", "*", "潞*", "潞 OR 州", "NEAR(潞 州)", "潞 AND", "NOT 潞", "text : 潞", "^潞",
    "潞\x00州", "\u202e潞", "{潞}", "-潞", "潞+州", "(", "潞;DROP TABLE record", "%", "_", "\ufffd",
    "\\", "<script>alert(1)</script>", "🙂", "潞\u200b州", "\ud83d", "",
)  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_is_a_command_or_an_error(office: Office, text: str) -> None:
    office.subject(1, "长治市潞州商贸")
    found = office.reader.search(text)
    assert found.total in {0, 1}
    assert office.names("潞州") == ["长治市潞州商贸"]


def test_hostile_texts_are_all_there() -> None:
    assert len(HOSTILE) == 27


def test_operators_are_letters_like_others(office: Office) -> None:
    office.subject(1, "潞OR州商贸")
    assert office.names("潞 OR 州") == ["潞OR州商贸"]
    assert office.names("潞OR州") == ["潞OR州商贸"]


def test_a_text_beyond_the_bound_is_refused(office: Office) -> None:
    office.subject(1, "潞" * 200)
    assert office.reader.search("潞" * 200).total == 1
    with pytest.raises(UsageError):
        office.reader.search("潞" * 201)
    with pytest.raises(UsageError):
        office.reader.search("潞" * 1_000_000)


def test_many_words_are_bounded(office: Office) -> None:
    office.subject(1, "潞州")
    assert office.reader.search(" ".join("潞州" * 50)).total == 0


def test_a_name_of_ten_thousand_characters_is_found_and_shown_cut(office: Office) -> None:
    office.subject(1, "潞州" + "长" * 10_000)
    [hit] = office.reader.search("潞州长").hits
    assert len(hit.entry.name) == 300


def test_a_wrong_check_digit_is_said_and_what_exists_is_offered(office: Office) -> None:
    office.subject(5, "潞州商贸")
    office.penalty("b", 5, "潞州商贸")
    code = code_of(5)
    wrong = code[:16] + "7" + code[17:]
    swapped = code[:11] + code[12] + code[11] + code[13:]
    for asked in (wrong, wrong.lower(), swapped):
        found = office.reader.search(asked)
        assert found.hint is not None
        assert found.hint.code == asked.upper()
        assert [entry.code for entry in found.hint.near] == [code]
    assert office.reader.search(code).hint is None
    assert office.reader.search("91140400QQQQ99999").hint is None


def test_a_subject_has_its_records_lists_and_the_measures_that_follow(office: Office) -> None:
    register = office.subject(1, "潞州商贸", division="140403")
    penalty = office.penalty("b", 1, "潞州商贸（旧）", authority=code_of(9))
    entry = office.take(
        "list-entry", "c", counterpart=code_of(1), counterpartName="潞州商贸", onList="tax",
        documentNumber="认1号", decidedOn="2026-01-02", listedUntil="2027-01-01",
    )  # fmt: skip
    measures = [
        office.take(
            "measure", name, measureCode=name, measureName=f"限制{name}", measureClass="statutory",
            legalBasis="某法第一条", implementingUnit="某局", effectiveFrom=since,
            appliesToList=lists,
        )
        for name, since, lists in (
            ("d", "2026-01-01", ["tax", "customs"]),
            ("e", "2026-12-01", ["tax"]),
            ("f", "2026-01-01", ["customs"]),
        )
    ]  # fmt: skip
    found = office.reader.subject(code_of(1))
    assert found is not None
    assert (found.name, found.category, found.status) == ("潞州商贸", "organisation", "active")
    assert found.division == "140403"
    records = {one.iri for role in found.roles for one in role.entries}
    assert records == {register, penalty, entry}
    assert [one.iri for one in found.lists] == [entry]
    [measure] = found.measures
    assert (measure.iri, measure.entry, measure.list) == (measures[0], entry, "tax")
    assert (measure.basis, measure.unit, measure.until) == ("某法第一条", "某局", "2027-01-01")
    assert [one.iri for one in office.reader.measures_of("tax")] == [measures[0], measures[1]]
    assert [one.iri for one in office.reader.measures_of("customs")] == [measures[0], measures[2]]
    assert office.reader.measures_of("none") == []
    about = office.reader.about(code_of(1))
    assert (about.iris, about.after) == (sorted([register, penalty, entry]), "")
    assert office.reader.about(code_of(9)).iris == [], (
        "it decided the record, no record is about it"
    )
    authority = office.reader.subject(code_of(9))
    assert authority is not None
    assert [(role.name, role.total) for role in authority.roles] == [("authority", 1)]
    office.drop(entry)
    left = office.reader.subject(code_of(1))
    assert left is not None
    assert (left.lists, left.measures) == ([], [])
    assert office.reader.subject(code_of(77)) is None


def test_records_about_a_subject_come_in_pages_by_iri_whatever_is_rebuilt(office: Office) -> None:
    iris = sorted(office.penalty(name, 1, "潞州商贸") for name in "hcfbgde")
    first = office.reader.about(code_of(1), size=3)
    assert (first.iris, first.after) == (iris[:3], iris[2])
    office.drop(iris[1])
    second = office.reader.about(code_of(1), first.after, size=3)
    assert (second.iris, second.after) == (iris[3:6], iris[5])
    last = office.reader.about(code_of(1), second.after, size=3)
    assert (last.iris, last.after) == (iris[6:], "")
    assert office.reader.about(code_of(1), size=6).after == ""


def test_a_subject_without_register_record_is_named_by_its_records(office: Office) -> None:
    office.penalty("b", 1, "潞州商贸")
    found = office.reader.subject(code_of(1))
    assert found is not None
    assert (found.name, found.category) == ("潞州商贸", "")


def test_a_list_is_paged_by_cursor_while_it_grows(office: Office) -> None:
    def entry(identifier: str, day: str) -> str:
        return office.take(
            "list-entry", identifier, onList="tax", documentNumber=identifier, decidedOn=day,
            counterpart=code_of(1),
        )  # fmt: skip

    names = [a + b for a in "bcdef" for b in "bcdef"]
    old = [entry(name, f"2026-01-{place % 9 + 1:02d}") for place, name in enumerate(names)]
    seen, cursor, first = [], "", True
    while cursor or first:
        piece = office.reader.listed("tax", cursor, 7)
        seen += piece.entries
        cursor, first = piece.cursor, False
        entry(f"new{len(seen)}".translate(str.maketrans("0123456789", "ghijklmnop")), "2026-09-01")
    days = [one.day for one in seen]
    assert [one.iri for one in seen if one.iri in old] == [one.iri for one in seen]
    assert {one.iri for one in seen} == set(old)
    assert days == sorted(days, reverse=True)
    assert office.reader.lists() == {"tax": len(old) + 4}
    assert office.reader.of_kind("list-entry").total == len(old) + 4
    for bad in ("x", "2026-01-01.x", "2026-01-01.-1", "." * 50, "2026-01-01.१"):
        with pytest.raises(UsageError):
            office.reader.listed("tax", bad)


def test_what_ends_today_is_shown_and_what_ended_yesterday_is_not(office: Office) -> None:
    ends = {"b": "2026-09-20", "c": "2026-09-21", "d": "2026-09-22"}
    for name, end in ends.items():
        office.penalty(name, 1, f"潞州{name}", declaredPublicityEnd=end)
    asked: dict[str, Callable[[], int]] = {
        "search": lambda: office.reader.search("潞州").total,
        "kind": lambda: office.reader.of_kind("penalty").total,
        "latest": lambda: len(office.reader.latest("penalty", 9)),
        "counts": lambda: office.reader.counts()["penalty"],
        "subject": lambda: (
            len(found.roles[0].entries) if (found := office.reader.subject(code_of(1))) else 0
        ),
    }
    for today, left in (("2026-09-20", 3), ("2026-09-21", 2), ("2026-09-23", 0)):
        office.today = today
        assert {name: ask() for name, ask in asked.items()} == dict.fromkeys(asked, left)
    assert office.surface.digest() == digest_of(office.surface, office.views.values())


def test_counts_follow_every_change(office: Office) -> None:
    one = office.penalty("b", 1, "潞州一")
    office.penalty("c", 1, "潞州二", authorityName="另一局")
    office.subject(1, "潞州一")
    assert office.reader.counts() == {"penalty": 2, "subject": 1}
    office.penalty("b", 1, "潞州一改", decidedOn="2026-04-04")
    tallies = [(one.authority, one.month, one.count) for one in office.reader.tallies("penalty")]
    assert tallies == [("长治市市场监督管理局", "2026-04", 1), ("另一局", "2026-03", 1)]
    office.drop(one)
    assert office.reader.counts() == {"penalty": 1, "subject": 1}
    assert len(office.reader.tallies("penalty")) == 1


def test_a_query_that_takes_too_long_is_stopped(office: Office) -> None:
    iris = [BASE + f"{number:026d}" for number in range(4_000)]
    views = [
        office.views.setdefault(iri, b"<%s> <urn:x> <urn:y> .\n" % iri.encode()) for iri in iris
    ]
    office.surface.apply(
        [office.change(iri, "", view) for iri, view in zip(iris, views, strict=True)]
    )
    hurried = IndexReader(office.site, lambda: office.today, seconds=0)
    with pytest.raises(QueryTimeout):
        hurried.of_kind("")
    assert office.reader.of_kind("").total == 4_000
    hurried.close()


def test_before_the_first_index_readers_are_told_so(tmp_path: Path, plan: IndexMapping) -> None:
    reader = IndexReader(IndexConfig(tmp_path, Tier.PUBLIC, (BASE,), plan), lambda: "2026-09-21")
    with pytest.raises(StoreUnavailable):
        reader.search("潞州")


def test_no_question_reads_the_records_one_by_one(office: Office) -> None:
    bound = dict.fromkeys(
        ("today", "match", "most", "numbers", "code", "role", "near", "about", "day", "number",
         "value", "counted", "kind", "after", "list"), "1"
    )  # fmt: skip
    asked = [
        text
        for name, given in vars(index_queries).items()
        if name.isupper() and not name.startswith("_")
        for text in (given.values() if isinstance(given, dict) else [given])
    ]
    assert len(asked) > 15
    with office.reader._readers.reading() as connection:
        for text in asked:
            given = bound if ":" in text else ("1",) * text.count("?")
            plan = connection.execute(f"EXPLAIN QUERY PLAN {text}", given).fetchall()
            steps = [step for *_, step in plan]
            assert not [one for one in steps if one.startswith(("SCAN record", "SCAN m"))], text
