"""Older data never overwrite newer in silence: files, tables, marks, source times, corrections."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exchange.domain.disclosure_levels import DisclosureLevel, Tier
from exchange.domain.precedence import Precedence
from exchange.domain.record import DeliveredState
from exchange.domain.record_body import assemble_body, statement_line
from exchange.ledger import ModelVersion, received_versions
from tests.factories import append_all

TIME = "<https://w3id.org/credence/ns#sourceUpdatedAt>"
DAY = 86_400_000


@pytest.fixture
def files(desk, rows):
    return Files(desk, rows)


class Files:
    """Delivers files; each name stands for the bytes of one."""

    def __init__(self, desk, rows):
        self.desk, self.rows = desk, rows

    def __call__(self, name, *items, table=False, allow=False, close=True, part=0):
        ledger = self.desk.ledger
        self.desk.now += DAY
        given = {"name": name, "digest": name.ljust(64, "0"), "part": part}
        number = ledger.open_delivery(source=None, kind="penalty", form="2018", **given)
        precedence = Precedence.CURRENT if table else Precedence.REVIEW
        submissions = [replace(item, row=at) for at, item in enumerate(items, 2)]
        given = Precedence.APPLY if allow else precedence
        found = append_all(ledger, number, submissions, precedence=given)
        if close:
            ledger.close_delivery(number, {})
        return [told(item) for item in found]

    def row(self, text, number=1, **more):
        return self.rows.row(number=number, text=text, **more)

    def text(self):
        return b"".join(self.desk.live().values()).decode()


def told(result):
    said = f"{result.outcome}" if result.reason is None else f"{result.outcome} {result.reason}"
    return said + (" review" if result.review else "")


REPEATED = "outdated outdated-repeated"
VERSION = "outdated outdated-version review"


def test_an_older_file_after_a_newer_one_changes_nothing(files):
    assert files("monday", files.row("甲")) == ["accepted"]
    assert files("tuesday", files.row("乙")) == ["revised"]
    before = files.desk.live()
    for name, row in {"monday": "甲", "tuesday": "乙"}.items():
        answer = files(name, files.row(row))
        assert answer == ([REPEATED] if name == "monday" else ["unchanged"])
    assert files.desk.live() == before


def test_what_another_file_brings_back_waits_for_a_person(files):
    files("first", files.row("甲"))
    files("second", files.row("乙"))
    assert files("copy of the first", files.row("甲")) == [VERSION]
    assert '"乙"' in files.text()
    assert files("copy of the first", files.row("甲"), allow=True) == ["revised"]
    assert '"甲"' in files.text()
    # and from now on the second is the older one
    assert files("second", files.row("乙")) == [REPEATED]


def test_a_result_says_when_the_version_came_and_when_it_was_replaced(files):
    start = files.desk.now
    for name, text in (("a", "甲"), ("b", "乙"), ("c", "丙")):
        files(name, files.row(text))
    number = files.desk.ledger.open_delivery(
        source=None, name="d", digest="d" * 64, kind="penalty", form=None
    )
    result = files.desk.ledger.append(number, [files.row("乙")])[0]
    assert result.superseded == (start + 2 * DAY, start + 3 * DAY)
    assert result.iri in files.desk.live()


def test_versions_back_and_forth_are_each_known(files):
    files("1", files.row("甲"))
    files("2", files.row("乙"))
    files("3", files.row("甲"), allow=True)
    files("4", files.row("丙"))
    for name, text in (("1", "甲"), ("2", "乙"), ("3", "甲")):
        assert files(name, files.row(text)) == [REPEATED]
    assert files("5", files.row("甲")) == [VERSION]
    assert '"丙"' in files.text()


def test_a_table_says_what_its_database_holds_now(files):
    files("table", files.row("甲"), table=True)
    files("table changed", files.row("乙"), table=True)
    assert files("table", files.row("甲"), table=True) == ["revised"]
    assert '"甲"' in files.text()


def test_rows_of_one_file_follow_each_other(files):
    twice = [files.row("甲"), files.row("乙"), files.row("甲")]
    assert files("twice", *twice) == ["accepted", "revised", "revised"]
    assert files("twice", *twice) == ["unchanged", REPEATED, "unchanged"]
    files("later", files.row("丁"))
    assert files("twice", *twice) == [REPEATED] * 3


def test_a_broken_off_file_goes_on_where_it_broke_off(files):
    """Its first rows are older by now; the others were never taken, and count as news."""
    files("before", files.row("甲"), files.row("甲", 2))
    files("broken", files.row("乙"), close=False)
    whole = [files.row("乙"), files.row("乙", 2), files.row("丙", 3)]
    assert files("broken", *whole) == ["unchanged", "revised", "accepted"]
    files("after", files.row("丁"))
    assert files("broken", *whole) == [REPEATED, "unchanged", "unchanged"]


def test_how_far_a_broken_off_file_was_taken_is_known(files):
    files("broken", files.row("甲"), close=False)
    files("after", files.row("乙"))
    assert files("broken", files.row("甲"), close=False) == [REPEATED], "taken before"


def test_a_row_that_was_not_applied_is_no_news_at_the_reload(files):
    """The last row has no time, so that nothing but the order of the file speaks against it."""
    rows = [timed(files, "甲", JULY), timed(files, "乙", JUNE), files.row("丙")]
    assert files("1", *rows) == ["accepted", "outdated outdated-by-time", "revised"]
    answer = [REPEATED, "outdated outdated-file review", "unchanged"]
    assert files("1", *rows) == answer
    assert '"丙"' in files.text()


def test_a_correction_that_was_never_taken_is_not_called_delivered_before(files):
    """The file that goes back to 甲 broke off before its row: the reload still asks a person."""
    files("1", files.row("甲"))
    files("2", files.row("乙"))
    files("correction", files.row("甲", 9), close=False)
    assert files("correction", files.row("甲", 9), files.row("甲")) == ["unchanged", VERSION]


def test_a_broken_off_file_does_not_overwrite_what_came_meanwhile(files):
    files("old", files.row("甲", 9), close=False)
    files("new", files.row("乙"))
    answer = files("old", files.row("甲", 9), files.row("丙"))
    assert answer == ["unchanged", "outdated outdated-file review"]
    assert '"乙"' in files.text()


def test_sheets_of_one_workbook_are_compared_separately(files):
    files("book", files.row("甲"), part=0)
    files("book", files.row("乙"), part=1)
    assert files("book", files.row("甲"), part=0) == [REPEATED]
    assert files("book", files.row("乙"), part=1) == ["unchanged"]


def timed(files, text, time, **more):
    row = files.row(text, **more)
    said = statement_line(
        DisclosureLevel.GOV_UNCONDITIONAL,
        f'{TIME} "{time}"^^<http://www.w3.org/2001/XMLSchema#dateTime>',
    )
    return replace(row, body=assemble_body([*row.body.split("\n")[:-1], said]), timed_by=TIME)


MAY, JUNE, JULY = (f"2026-0{month}-01T08:00:00+08:00" for month in (5, 6, 7))


def test_the_time_of_the_source_decides(files):
    files("1", timed(files, "甲", JUNE))
    assert files("2", timed(files, "乙", MAY)) == ["outdated outdated-by-time"]
    assert files("3", timed(files, "乙", JULY)) == ["revised"]
    assert files("1", timed(files, "甲", JUNE)) == ["outdated outdated-by-time"]
    assert files("4", timed(files, "甲", JUNE), table=True) == ["outdated outdated-by-time"]
    later = timed(files, "甲", "2026-07-02T08:00:00+08:00")
    assert files("5", later) == ["revised"], "a true correction back has its way"


def test_a_time_to_come_decides_nothing(files):
    files("1", timed(files, "甲", "2062-06-01T08:00:00+08:00"))
    assert files("2", timed(files, "乙", JUNE)) == ["revised"]


def test_what_a_person_applied_outweighs_a_later_source_time(files):
    files("1", timed(files, "甲", JULY))
    assert files("2", timed(files, "乙", JUNE), allow=True) == ["revised"]
    assert files("1", timed(files, "甲", JULY)) == [REPEATED]


def test_a_form_without_source_time_is_compared_by_its_own_properties(files):
    files("2016", timed(files, "甲", JUNE))
    short = replace(files.row("乙"), uncovered_properties=frozenset({TIME}))
    assert files("2018", short) == ["revised"]
    assert files("2016", timed(files, "甲", JUNE)) == [REPEATED]
    assert files("2018 again", replace(short, body=files.row("甲").body)) == [VERSION]


def test_an_older_end_of_publicity_does_not_take_the_record_away(files):
    files("1", files.row("甲", publicity_end="2026-11-25"))
    files("2", files.row("乙", publicity_end="2027-11-25"))
    files.desk.now += 30 * DAY
    assert files("1", files.row("甲", publicity_end="2026-11-25")) == [REPEATED]
    assert '"乙"' in files.text()


OBJECTION = DeliveredState.OBJECTION


def test_a_mark_taken_off_by_hand_is_not_set_by_a_reload(files):
    files("1", files.row("甲", delivered_state=OBJECTION))
    (iri,) = files.desk.live()
    files.desk.ledger.set_objection(iri, open=False)
    assert files("1", files.row("甲", delivered_state=OBJECTION)) == [REPEATED]
    assert files("2", files.row("甲", delivered_state=OBJECTION)) == [VERSION]
    assert not files.desk.ledger.read(Tier.PUBLIC, iri).objection
    assert files("2", files.row("甲", delivered_state=OBJECTION), allow=True) == ["revised"]
    assert files.desk.ledger.read(Tier.PUBLIC, iri).objection


def test_a_mark_that_came_with_its_version_is_taken_off_by_another_file(files):
    files("1", files.row("甲", delivered_state=OBJECTION))
    (iri,) = files.desk.live()
    assert files("2", files.row("甲")) == ["revised"]
    assert not files.desk.ledger.read(Tier.PUBLIC, iri).objection
    assert files("1", files.row("甲", delivered_state=OBJECTION)) == [REPEATED]


def test_a_mark_that_was_taken_before_the_newest_version_is_not_set_again(files):
    files("1", files.row("甲", delivered_state=OBJECTION))
    files("2", files.row("乙"))
    files("3", files.row("甲"), allow=True)
    (iri,) = files.desk.live()
    assert not files.desk.ledger.read(Tier.PUBLIC, iri).objection
    assert files("1", files.row("甲", delivered_state=OBJECTION)) == [REPEATED]
    assert not files.desk.ledger.read(Tier.PUBLIC, iri).objection
    assert files("1", files.row("甲", delivered_state=OBJECTION), table=True) == ["revised"]
    assert files.desk.ledger.read(Tier.PUBLIC, iri).objection


def test_an_older_row_does_not_take_off_a_newer_mark(files):
    files("1", files.row("甲"))
    files("2", files.row("甲", delivered_state=OBJECTION))
    (iri,) = files.desk.live()
    assert files.desk.ledger.read(Tier.PUBLIC, iri).objection, "news of a mark is taken"
    assert files("1", files.row("甲")) == [REPEATED]
    assert files.desk.ledger.read(Tier.PUBLIC, iri).objection
    assert files("3", files.row("甲"), table=True) == ["revised"]
    assert not files.desk.ledger.read(Tier.PUBLIC, iri).objection


def test_a_reinstated_record_is_not_revoked_again_by_the_old_file(files):
    files("1", files.row("甲"))
    (old,) = files.desk.live()
    files("2", files.row("甲", delivered_state=DeliveredState.REVOKED))
    iri = files.desk.ledger.reinstate(old, "decision")
    assert files("2", files.row("甲", delivered_state=DeliveredState.REVOKED)) == [REPEATED]
    assert set(files.desk.live()) == {iri}
    assert files("3", files.row("甲", delivered_state=DeliveredState.REVOKED)) == ["revised"], (
        "a new takedown"
    )


def test_versions_from_before_a_reinstatement_are_older_too(files):
    files("1", files.row("甲"))
    files("2", files.row("乙"))
    (old,) = files.desk.live()
    files.desk.ledger.withdraw(old, "correction")
    files.desk.ledger.reinstate(old, "decision")
    assert files("1", files.row("甲")) == [REPEATED]
    assert files("2", files.row("乙")) == ["unchanged"]
    assert files("3", files.row("甲")) == [VERSION]
    files.desk.ledger.verify()


def test_a_version_without_a_reference_that_had_to_go_is_found_again(files, rows):
    files("licence", files.row("许可", 5, kind="licence"))
    (licence,) = files.desk.live()
    files.desk.ledger.withdraw(licence, "correction")
    links = [rows.link("checks", "licence", 5)]
    files("1", files.row("甲", kind="check", links=links))
    assert "checks" not in files.text(), "the ledger left the reference out"
    files("2", files.row("乙", kind="check", links=links))
    assert files("3", files.row("甲", kind="check", links=links)) == [VERSION]
    more = [*links, rows.link("checks", "licence", 6)]
    assert files("4", files.row("甲", kind="check", links=more)) == ["revised"], "says more"
    files.desk.ledger.reinstate(licence, "decision")
    assert files("2", files.row("乙", kind="check", links=links)) == [REPEATED]


def test_a_person_is_known_again_in_a_superseded_version(files):
    number = "11010119900307123X"
    files("1", files.row("甲", person=number))
    files("2", files.row("乙", person=number))
    assert files("1", files.row("甲", person=number)) == [REPEATED]
    assert files("3", files.row("甲", person=number)) == [VERSION]


def test_beyond_the_bound_a_person_decides(files, monkeypatch):
    monkeypatch.setattr(received_versions, "COMPARED_VERSIONS", 3)
    for at in range(5):
        files(f"{at}", files.row(f"文 {at}"), allow=True)
    assert files("3 again", files.row("文 3")) == [VERSION]
    assert files("0 again", files.row("文 0")) == ["held too-many-versions review"]
    assert files("table", files.row("文 9"), table=True) == ["revised"]
    timed_row = timed(files, "文 10", JULY)
    assert files("timed", timed_row, allow=True) == ["revised"]


def test_nothing_is_opened_where_a_record_has_one_version(files, monkeypatch):
    files("1", *[files.row("甲", at) for at in range(5)])

    def opened(*_):
        raise AssertionError("opened")

    monkeypatch.setattr(received_versions, "_rows", opened)
    assert files("2", *[files.row("乙", at) for at in range(5)]) == ["revised"] * 5
    assert files("2 again", *[files.row("乙", at) for at in range(5)]) == ["unchanged"] * 5


def test_an_outdated_row_adds_no_key_variant(files):
    files("1", files.row("甲"))
    files("2", files.row("乙"))
    files("3", replace(files.row("甲"), aliases=("penalty\x1f别名",)))
    other = replace(files.row("丙"), key="penalty\x1f别名")
    assert files("4", other) == ["accepted"]


# --- models ---

NEW = "<https://w3id.org/credence/ns#new>"
KNOWN = frozenset(
    f"<https://w3id.org/credence/ns#{name}>" for name in ("text", "contact", "telephone", "subject")
)


def under(files, digest, properties):
    """Let the program be one that reads with other shapes."""
    files.desk.close()
    files.desk.model = ModelVersion(digest * 64, {"penalty": properties})


def with_new(row, value="新"):
    said = statement_line(DisclosureLevel.PUBLIC_OPEN, f'{NEW} "{value}"')
    return replace(row, body=assemble_body([*row.body.split("\n")[:-1], said]))


def test_an_upgrade_of_the_shapes_turns_no_row_into_a_revision(files):
    under(files, "a", KNOWN | {TIME})
    files("1", timed(files, "甲", JUNE))
    files("2", timed(files, "乙", JULY))
    # The next shapes know a property more and one less.
    under(files, "b", KNOWN | {NEW})
    assert files("2", files.row("乙")) == ["unchanged"]
    assert files("1", files.row("甲")) == [REPEATED]
    assert files("3", with_new(files.row("甲"))) == [VERSION], "compared on what both know"
    assert files("4", with_new(files.row("乙"))) == ["revised"], (
        "what only the new one knows is news"
    )
    files.desk.ledger.verify()


def test_a_file_that_is_read_otherwise_by_newer_shapes_is_taken_again(files):
    under(files, "a", KNOWN)
    files("1", files.row("甲"))
    under(files, "b", KNOWN)
    assert files("1", files.row("甲，读法已改")) == ["revised"]


def test_who_may_see_a_statement_is_a_part_of_the_newest_version(files):
    under(files, "a", KNOWN)
    files("1", files.row("甲"))
    under(files, "b", KNOWN)
    row = files.row("甲")
    stricter = replace(
        row,
        body=row.body.replace(
            f"{DisclosureLevel.GOV_UNCONDITIONAL.letter} ", f"{DisclosureLevel.ARCHIVE.letter} "
        ),
    )
    assert files("1", stricter) == ["revised"]
