from __future__ import annotations

import json
from itertools import count

import pytest

from exchange.domain.disclosure_levels import Tier
from exchange.domain.errors import Conflict, Gone, NotFound, UsageError
from exchange.domain.identifiers import id_of
from exchange.domain.record import Activity, DeliveredState, Outcome, Visibility

PUBLIC, GOVERNMENT, ARCHIVE = Tier


def outcomes(results):
    return [result.outcome.value for result in results]


def activities(desk, tier=PUBLIC):
    return [change.activity.value for change in desk.ledger.changes(tier, 0, 1000)]


def test_a_new_row_is_published_in_every_tier_with_its_own_view(desk, rows):
    iri = desk.one(rows.row())
    assert iri.startswith("https://credit.example/record/")
    public, government = desk.live(PUBLIC)[iri], desk.live(GOVERNMENT)[iri]
    assert b"gov" not in public
    assert b'"gov ' in government
    assert b"authorised" not in government
    assert b"authorised" in desk.ledger.read(ARCHIVE, iri).view
    assert [desk.ledger.head(tier) for tier in (PUBLIC, GOVERNMENT)] == [1, 1]


def test_the_same_row_again_is_unchanged_and_another_content_is_a_revision(desk, rows):
    first = rows.row()
    assert outcomes(desk.load(first, first, rows.row(text="改"))) == [
        "accepted",
        "unchanged",
        "revised",
    ]
    assert outcomes(desk.load(rows.row(text="改"))) == ["unchanged"]
    assert activities(desk) == ["Create", "Update"]
    assert len(desk.live()) == 1


def test_two_versions_of_one_record_never_share_a_millisecond(desk, rows):
    desk.load(rows.row(), rows.row(number=2), rows.row(text="改"))
    changes = desk.ledger.changes(PUBLIC, 0, 100)
    assert [change.published - rows.noon for change in changes] == [0, 0, 1]


def test_a_reload_after_withdrawal_is_suppressed(desk, rows):
    iri = desk.one(rows.row())
    desk.ledger.withdraw(iri, "repair", "修复决定 1 号")
    results = desk.load(rows.row(), rows.row(text="改"))
    assert outcomes(results) == ["suppressed", "suppressed"]
    assert [result.reason for result in results] == ["key-gone", "key-gone"]
    assert desk.live() == {}
    assert desk.ledger.visibility(PUBLIC, id_of(iri)) is Visibility.GONE


def test_text_of_a_withdrawn_record_is_never_handed_out_again(desk, rows):
    iri = desk.one(rows.row())
    desk.load(rows.row(text="改"))
    desk.ledger.withdraw(iri, "repair")
    changes = desk.ledger.changes(PUBLIC, 0, 100)
    assert [change.activity.value for change in changes] == ["Create", "Update", "Delete"]
    assert [change.view for change in changes] == [None, None, None]
    assert desk.ledger.removals(PUBLIC, 0, 10) == [(3, iri)]
    with pytest.raises(Gone):
        desk.ledger.read(PUBLIC, iri)
    assert b"authorised" in desk.ledger.read(ARCHIVE, iri).view


def test_a_suspended_record_returns_under_the_same_iri_in_its_newest_version(desk, rows):
    iri = desk.one(rows.row())
    desk.ledger.suspend(iri)
    assert desk.ledger.visibility(PUBLIC, id_of(iri)) is Visibility.SUSPENDED
    assert outcomes(desk.load(rows.row(text="改"))) == ["revised"]
    assert desk.live() == {}
    desk.ledger.resume(iri)
    assert "改".encode() in desk.live()[iri]
    changes = desk.ledger.changes(PUBLIC, 0, 100)
    assert [change.activity.value for change in changes] == ["Create", "Delete", "Create"]
    assert changes[0].view is None
    assert "改".encode() in (changes[2].view or b"")


def test_a_reinstated_record_has_a_new_iri_and_the_old_one_stays_removed(desk, rows):
    old = desk.one(rows.row())
    desk.ledger.withdraw(old, "repair")
    new = desk.ledger.reinstate(old, "撤销修复决定 2 号")
    assert new != old
    assert list(desk.live()) == [new]
    assert desk.ledger.visibility(PUBLIC, id_of(old)) is Visibility.GONE
    assert outcomes(desk.load(rows.row())) == ["unchanged"]
    with pytest.raises(Conflict):
        desk.ledger.reinstate(old, "again")
    with pytest.raises(UsageError):
        desk.ledger.reinstate(new, " ")


def test_an_objection_is_a_mark_and_the_record_stays(desk, rows):
    iri = desk.one(rows.row())
    desk.ledger.set_objection(iri, open=True)
    assert iri in desk.live()
    assert desk.ledger.read(PUBLIC, iri).objection
    assert [change.objection for change in desk.ledger.changes(PUBLIC, 0, 9)] == [False, True]
    with pytest.raises(Conflict):
        desk.ledger.set_objection(iri, open=True)
    assert outcomes(desk.load(rows.row())) == ["unchanged"], "a row does not close it"
    desk.ledger.set_objection(iri, open=False)
    assert not desk.ledger.read(PUBLIC, iri).objection


def test_a_row_under_objection_sets_the_mark_and_the_next_row_takes_it_off(desk, rows):
    iri = desk.one(rows.row(delivered_state=DeliveredState.OBJECTION))
    assert desk.ledger.read(PUBLIC, iri).objection
    assert outcomes(desk.load(rows.row())) == ["revised"]
    assert not desk.ledger.read(PUBLIC, iri).objection


def test_a_row_that_arrives_revoked_withdraws_a_known_key_and_suppresses_a_new_one(desk, rows):
    desk.load(rows.row())
    revoked = [rows.row(number=n, delivered_state=DeliveredState.REVOKED) for n in (1, 2)]
    assert outcomes(desk.load(*revoked)) == ["revised", "suppressed"]
    assert desk.live() == {}
    assert outcomes(desk.load(rows.row(number=2))) == ["accepted"]


def test_a_publicity_end_in_the_past_is_never_published(desk, rows):
    past, today = "2026-11-22", "2026-11-23"
    results = desk.load(
        rows.row(number=1, publicity_end=past), rows.row(number=2, publicity_end=today)
    )
    assert outcomes(results) == ["suppressed", "accepted"]
    assert results[0].reason == "publicity-ended"
    assert outcomes(desk.load(rows.row(number=2, publicity_end=past))) == ["suppressed"]
    assert desk.live() == {}


def test_the_day_is_that_of_shanghai(desk, rows):
    desk.now = rows.noon + 12 * 3600 * 1000  # midnight there, 16:00 UTC the day before
    assert outcomes(desk.load(rows.row(publicity_end="2026-11-23"))) == ["suppressed"]


def test_a_granted_repair_withdraws_its_target_and_is_itself_never_shown(desk, rows):
    target = desk.one(rows.row())
    case = rows.row(
        "repair-case",
        7,
        tier=GOVERNMENT,
        withdraws=rows.link("repairs", "penalty", 1),
        projected=False,
    )
    result = desk.load(case)[0]
    assert result.outcome is Outcome.ACCEPTED
    assert desk.live() == desk.live(GOVERNMENT) == {}
    assert result.iri is not None
    assert result.iri.startswith("https://gov.example/record/")
    assert desk.ledger.visibility(GOVERNMENT, id_of(result.iri)) is Visibility.ABSENT
    assert desk.ledger.visibility(PUBLIC, id_of(target)) is Visibility.GONE
    assert outcomes(desk.load(case)) == ["unchanged"]


def test_an_open_repair_case_leaves_the_government_tier_when_it_is_closed(desk, rows):
    desk.load(rows.row())
    iri = desk.one(rows.row("repair-case", 7, tier=GOVERNMENT))
    assert iri in desk.live(GOVERNMENT)
    desk.load(rows.row("repair-case", 7, "closed", tier=GOVERNMENT, projected=False))
    assert iri not in desk.live(GOVERNMENT)
    assert desk.ledger.visibility(GOVERNMENT, id_of(iri)) is Visibility.GONE
    assert activities(desk, GOVERNMENT) == ["Create", "Create", "Delete"]
    assert desk.ledger.head(PUBLIC) == 1


def test_a_repair_of_an_unknown_record_is_rejected(desk, rows):
    case = rows.row("repair-case", 7, withdraws=rows.link("repairs", "penalty", 99))
    result = desk.load(case)[0]
    assert (result.outcome, result.reason) == (Outcome.REJECTED, "unknown-target")
    assert desk.ledger.counts().records == {}


def test_a_row_for_a_stricter_tier_leaves_the_wider_one_with_its_older_text(desk, rows):
    iri = desk.one(rows.row())
    desk.load(rows.row(tier=GOVERNMENT))
    assert desk.live(PUBLIC) == {}
    assert iri in desk.live(GOVERNMENT)
    assert [c.view for c in desk.ledger.changes(PUBLIC, 0, 9)] == [None, None]
    assert activities(desk) == ["Create", "Delete"]
    assert desk.ledger.visibility(PUBLIC, id_of(iri)) is Visibility.GONE
    assert desk.ledger.visibility(GOVERNMENT, id_of(iri)) is Visibility.LIVE
    desk.load(rows.row())
    assert activities(desk) == ["Create", "Delete", "Create"]


def test_a_record_of_the_government_tier_is_absent_for_the_public(desk, rows):
    iri = desk.one(rows.row(tier=GOVERNMENT))
    assert desk.ledger.visibility(PUBLIC, id_of(iri)) is Visibility.ABSENT
    assert desk.ledger.head(PUBLIC) == 0
    with pytest.raises(NotFound):
        desk.ledger.read(PUBLIC, iri)
    desk.ledger.withdraw(iri, "correction")
    assert desk.ledger.visibility(PUBLIC, id_of(iri)) is Visibility.ABSENT


def test_a_person_has_one_random_iri_and_the_number_is_nowhere(desk, rows):
    number = "140402199001011234"
    first = desk.one(rows.row(person=number))
    second = desk.one(rows.row(number=2, person=number))
    views = [desk.ledger.read(ARCHIVE, iri).view for iri in (first, second)]
    persons = [view.split(b"https://gov.example/person/")[1][:26] for view in views]
    assert persons[0] == persons[1]
    assert b"urn:credence:person" not in b"".join(views)
    assert all(view == b"".join(sorted(view.splitlines(keepends=True))) for view in views)
    assert number.encode() not in desk.bytes()


def test_views_are_sorted_canonical_lines_about_the_record_alone(desk, rows):
    iri = desk.one(rows.row())
    lines = desk.live()[iri].decode().splitlines()
    assert lines == sorted(lines)
    assert all(line.startswith(f"<{iri}> <") and line.endswith(" .") for line in lines)


def test_an_append_takes_at_most_a_thousand_rows(desk, rows):
    many = [rows.row(number=number, line=number) for number in range(1100)]
    taken = desk.ledger.append(desk.delivery, many)
    assert [result.row for result in taken] == list(range(1000))
    assert desk.ledger.append(desk.delivery, []) == []


@pytest.mark.parametrize(("between_looks", "taken"), [(0.2, 1), (0.011, 11), (0.001, 100)])
def test_an_append_ends_when_its_time_is_up(desk, rows, between_looks, taken):
    watch = count()
    desk.ticks = lambda: next(watch) * between_looks
    many = [rows.row(number=number, line=number) for number in range(200)]
    results = desk.ledger.append(desk.delivery, many)
    assert [result.row for result in results] == list(range(taken))


def test_a_row_twice_in_one_file_is_one_record(desk, rows):
    twice = [rows.row(number=number % 5) for number in range(10)]
    assert outcomes(desk.load(*twice)) == ["accepted"] * 5 + ["unchanged"] * 5


def test_a_delivery_must_be_open(desk, rows):
    with pytest.raises(UsageError):
        desk.ledger.append(99, [rows.row()])
    desk.load(rows.row())
    desk.ledger.close_delivery(desk.delivery, {"accepted": 1})
    with pytest.raises(UsageError):
        desk.load(rows.row())
    with pytest.raises(Conflict):
        desk.ledger.close_delivery(desk.delivery, {})


def test_an_interrupted_delivery_is_visible(desk, rows):
    desk.load(rows.row())
    desk.reopen()
    row = desk.ledger.deliveries(10)[0]
    assert (row.name, row.closed, desk.ledger.counts().open_deliveries) == ("rows.csv", None, 1)
    desk.ledger.close_delivery(row.id, {"accepted": 1})
    assert json.loads(desk.ledger.deliveries(1)[0].counts or "") == {"accepted": 1}


def test_changes_never_cut_a_group(desk, rows):
    desk.load(*(rows.row(number=number) for number in range(250)))
    seen, after = [], 0
    while found := desk.ledger.changes(PUBLIC, after, 130):
        seen.append(len(found))
        after = found[-1].seq
    assert sum(seen) == 250
    assert all(count in {50, 100, 200} for count in seen), seen
    assert len(desk.ledger.changes(PUBLIC, 0, 1)) in {50, 100}


def test_pages_take_groups_whole_and_leave_holes(desk, rows):
    desk.load(*(rows.row(number=number) for number in range(90)))
    for start in range(100, 500, 90):
        desk.load(*(rows.row(number=number) for number in range(start, start + 90)))
    pages = [change.page for change in desk.ledger.changes(PUBLIC, 0, 1000)]
    assert pages == sorted(pages)
    assert max(pages.count(page) for page in set(pages)) <= 250
    first = desk.ledger.changes(PUBLIC, 0, 1)[0]
    desk.ledger.withdraw(first.iri, "repair")
    assert [c.page for c in desk.ledger.changes(PUBLIC, 0, 1000)][:-1] == pages


def test_lifecycle_commands_refuse_what_the_state_does_not_allow(desk, rows):
    iri = desk.one(rows.row())
    for refused in (desk.ledger.resume, lambda ref: desk.ledger.reinstate(ref, "d")):
        with pytest.raises(Conflict):
            refused(iri)
    with pytest.raises(UsageError):
        desk.ledger.withdraw(iri, "whim")
    desk.ledger.withdraw(iri, "repair")
    for refused in (
        desk.ledger.suspend,
        desk.ledger.expire,
        lambda ref: desk.ledger.withdraw(ref, "repair"),
        lambda ref: desk.ledger.set_objection(ref, open=True),
    ):
        with pytest.raises(Conflict):
            refused(iri)
    with pytest.raises(NotFound):
        desk.ledger.withdraw("a" * 26, "repair")
    with pytest.raises(UsageError):
        desk.ledger.withdraw("nothing", "repair")


def test_a_refused_event_leaves_no_trace(desk, rows):
    iri = desk.one(rows.row())
    before = desk.ledger.position()
    with pytest.raises(Conflict):
        desk.ledger.resume(iri)
    assert desk.ledger.position() == before
    desk.ledger.verify()


def test_notes_are_logged_and_other_names_refused(desk):
    before = desk.ledger.position()
    assert desk.ledger.append_note("policy", {"version": "2026-1"}) == before + 1
    for name in ("publish", "withdraw", "genesis", "gossip"):
        with pytest.raises(UsageError):
            desk.ledger.append_note(name, {})


def test_a_correcting_delivery_logs_corrections(desk, rows):
    iri = desk.one(rows.row())
    result = desk.ledger.append(desk.delivery, [rows.row(text="改")], correcting=True)[0]
    assert (result.outcome, result.iri) == (Outcome.REVISED, iri)
    assert desk.ledger.changes(PUBLIC, 1, 9)[0].activity is Activity.UPDATE
    desk.ledger.verify()


def test_the_archive_has_no_sequence(desk):
    for ask in (desk.ledger.head, lambda tier: desk.ledger.changes(tier, 0, 1)):
        with pytest.raises(UsageError):
            ask(ARCHIVE)


def test_a_record_read_names_the_version_of_its_tier(desk, rows):
    iri = desk.one(rows.row())
    desk.load(rows.row(text="改"))
    held = desk.ledger.read(PUBLIC, iri)
    assert held.version == desk.ledger.changes(PUBLIC, 1, 9)[0].event
    assert held.view == desk.live()[iri]
    government = desk.ledger.read(GOVERNMENT, iri).version
    assert government is not None
    assert government.startswith("https://gov.example/event/")
