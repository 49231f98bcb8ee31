from __future__ import annotations

import csv
import json
import stat

import pytest

from exchange.domain.disclosure_levels import Tier
from exchange.domain.errors import EnvironmentFault, Rejected, UsageError
from exchange.intake import order_by_links

REPAIR = {
    "XF_SLDW": "示例市发展和改革委员会",
    "XF_SLDWDM": "11140400QQQQ0003X9",
    "XF_AJBH": "示信修〔2026〕1号",
    "XF_JLZL": "行政处罚",
    "XF_JDJG": "示例市市场监督管理局",
    "XF_JDJGDM": "11140400QQQQ0003X9",
    "XF_WSH": "示市监罚字[2026]1号",
    "XF_XDR_SHXYM": "91140400qqqq00013e",
    "XF_SQRQ": "2026-06-01",
    "XF_JDRQ": "2026-06-20",
    "XF_JG": "准予修复",
}


def counts(receipt):
    return (
        receipt.accepted,
        receipt.revised,
        receipt.unchanged,
        receipt.suppressed,
        receipt.rejected,
    )


def test_a_receipt_counts_every_row(office, write, make, table):
    rows = [make(1), make(2), make(3, CF_JDRQ="2026-13-01"), make(4)]
    receipt = office.load(write(table(rows)))
    assert counts(receipt) == (3, 0, 0, 0, 1)
    assert (receipt.rows, receipt.exit_code) == (4, 1)
    assert receipt.position == office.ledger.position()
    assert " ".join(receipt.as_json()) == (
        "position accepted revised unchanged outdated held suppressed rejected rejects"
    )
    assert office.ledger.head(Tier.PUBLIC) == 3


def test_a_row_with_a_held_finding_is_held_and_not_appended(office, write, make, table, holding):
    both = make(3, CF_SY=holding, CF_JDRQ="2026-13-01")
    receipt = office.load(write(table([make(1), make(2, CF_SY=holding), both])))
    assert (receipt.accepted, receipt.held, receipt.rejected) == (1, 1, 1)
    assert (receipt.rows, receipt.reviews, receipt.exit_code) == (3, 1, 1)
    assert office.ledger.head(Tier.PUBLIC) == 1
    assert [(item.severity, item.location.row) for item in office.findings] == [
        ("held", 3),
        ("error", 4),
        ("held", 4),
    ]


def test_a_delivery_whose_only_fault_is_a_held_row_ends_with_one(
    office, write, make, table, holding
):
    receipt = office.load(write(table([make(1, CF_SY=holding)])))
    assert (receipt.held, receipt.rejects, receipt.exit_code) == (1, None, 1)


def test_the_close_event_counts_held_and_outdated_rows(office, write, make, table, holding):
    office.load(write(table([make(1), make(2, CF_SY=holding)])))
    counted = json.loads(office.ledger.deliveries(1)[0].counts)
    assert counted == {
        "accepted": 1, "revised": 0, "unchanged": 0, "outdated": 0, "held": 1,
        "suppressed": 0, "rejected": 0,
    }  # fmt: skip


def test_a_reload_changes_nothing_and_a_changed_text_revises(office, write, make, table):
    path = write(table([make(1), make(2)]))
    office.load(path)
    assert counts(office.load(path)) == (0, 0, 2, 0, 0)
    changed = write(table([make(1, CF_SY="改写。"), make(2)]))
    assert counts(office.load(changed)) == (0, 1, 1, 0, 0)


def test_a_reload_after_withdrawal_is_suppressed(office, write, make, table):
    path = write(table([make(1)]))
    office.load(path)
    ((iri, _, _),) = office.ledger.live(Tier.PUBLIC)
    office.ledger.withdraw(iri, "repair")
    assert counts(office.load(path)) == (0, 0, 0, 1, 0)


def test_an_interrupted_delivery_is_finished_by_loading_the_file_again(office, write, make, table):
    def stop(done, total):
        raise KeyboardInterrupt

    path = write(table(make(number) for number in range(1, 5)))
    with pytest.raises(KeyboardInterrupt):
        office.load(path, progress=stop)
    assert [item.closed for item in office.ledger.deliveries(5)] == [None]
    assert counts(office.load(path)) == (0, 0, 4, 0, 0)


def test_refused_rows_come_back_in_the_senders_own_columns(office, write, make, table):
    header = [*make(), "自定义列"]
    bad = {**make(2, CF_JDRQ="2026-02-31", CF_SY="两\n行"), "自定义列": "x"}
    receipt = office.load(write(table([make(1), bad], header)))
    rejects = office.rejects / "000001-penalty.csv"
    assert receipt.rejects == str(rejects)
    with rejects.open(encoding="utf-8-sig", newline="") as stream:
        assert list(csv.reader(stream)) == [header, [bad.get(name, "") for name in header]]
    told = (office.rejects / "000001-penalty.findings.jsonl").read_text(encoding="utf-8")
    findings = [json.loads(line) for line in told.splitlines()]
    assert [(item["rule"], item.get("row")) for item in findings] == office.rules()
    assert findings[-1]["column"] == "L"
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (office.rejects, rejects)]
    assert modes == [0o700, 0o600]
    # Mended, the rejects file is a delivery of its own.
    mended = write(rejects.read_text(encoding="utf-8-sig").replace("02-31", "02-28"))
    assert counts(office.load(mended)) == (1, 0, 0, 0, 0)


def test_a_broken_file_is_refused_as_a_whole_before_anything_is_written(office, write, make, table):
    before = office.ledger.position()
    text = table([make(1), make(2), make(3)]).replace("当事人发布", '"当事人发布')
    with pytest.raises(Rejected, match="as a whole") as error:
        office.load(write(text))
    assert [item.rule for item in error.value.details["findings"]] == ["unclosed-quote"] * 3
    assert office.rules() == [("unclosed-quote", row) for row in (2, 3, 4)]
    assert office.ledger.position() == before
    assert not office.rejects.exists()


def test_missing_columns_refuse_the_file(office, write, make, table):
    with pytest.raises(Rejected) as error:
        office.load(write(table([make(1)], ["CF_WSH", "CF_SY", "CF_NR"])))
    named = {item.location.code for item in error.value.details["findings"]}
    assert {"CF_XDR_MC", "CF_JDRQ", "CF_CFJGDM"} <= named


def test_the_staged_copy_is_gone_after_the_receipt_and_after_an_error(office, write, make, table):
    office.load(write(table([make(1)])))
    with pytest.raises(Rejected):
        office.load(write(b"\xff\xfe\x00"))
    assert [item.name for item in office.staging.iterdir()] == [".lock"]
    assert stat.S_IMODE(office.staging.stat().st_mode) == 0o700


def test_a_dry_run_writes_nothing(office, write, make, table):
    before = office.ledger.position()
    receipt = office.load(write(table([make(1), make(2, CF_WSH="")])), dry_run=True)
    assert counts(receipt) == (1, 0, 0, 0, 1)
    assert (receipt.position, receipt.rejects) == (before, None)
    assert ("required", 3) in office.rules()
    assert office.ledger.deliveries(1) == []
    assert not office.rejects.exists()


def test_rows_of_another_source_unit_are_refused(office, write, make, table):
    rows = [make(1), make(2, CF_SJLYDM="12140400QQQQ000486"), make(3, CF_SJLYDM="")]
    receipt = office.load(write(table(rows)), source="11140400qqqq0003x9")
    assert receipt.accepted == 1
    assert ("wrong-source", 3) in office.rules()
    (delivery,) = office.ledger.deliveries(1)
    assert delivery.source == "11140400QQQQ0003X9"
    with pytest.raises(UsageError, match="not a unified social credit code"):
        office.load(write(table(rows)), source="123")


def test_a_key_twice_in_a_file_revises_and_is_warned_of(office, write, make, table):
    receipt = office.load(write(table([make(1), make(2), make(1, CF_SY="后来的。")])))
    assert counts(receipt) == (2, 1, 0, 0, 0)
    assert office.rules() == [("repeated-key", 4)]


def test_a_granted_repair_withdraws_and_an_unknown_target_is_found_at_its_row(
    office, write, make, table
):
    office.load(write(table([make(1)])))
    unknown = {**REPAIR, "XF_AJBH": "二", "XF_WSH": "示市监罚字〔2026〕99号"}
    receipt = office.load(write(table([unknown, REPAIR], REPAIR), "repair-case.csv"))
    assert counts(receipt) == (1, 0, 0, 0, 1)
    assert office.rules() == [("unknown-target", 2)]
    with (office.rejects / "000002-repair-case.csv").open(encoding="utf-8-sig") as stream:
        assert [row["XF_AJBH"] for row in csv.DictReader(stream)] == ["二"]
    assert list(office.ledger.live(Tier.PUBLIC)) == []


def test_json_makes_the_same_records_as_csv(office, write, make, table):
    codes = json.dumps([make(1)], ensure_ascii=False)
    office.load(write(table([make(1)])))
    assert counts(office.load(write(codes, "penalty.json"))) == (0, 0, 1, 0, 0)


def test_refused_json_records_come_back_as_json_lines(office, write, make):
    text = json.dumps([make(1), make(2, CF_JDRQ="")], ensure_ascii=False, indent=1)
    receipt = office.load(write(text, "penalty.json"))
    assert receipt.rejected == 1
    (line,) = (office.rejects / "000001-penalty.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["CF_WSH"] == make(2)["CF_WSH"]


def test_progress_ends_at_all_rows(office, write, make, table):
    seen = []
    path = write(table(make(number) for number in range(1, 1102)))
    office.load(path, progress=lambda *both: seen.append(both))
    assert seen == [(1000, 1101), (1101, 1101)]


def test_files_are_ordered_by_the_links_between_their_kinds(model, write, make, table):
    repair = write(table([REPAIR], REPAIR), "repair-case.csv")
    second = write(table([make(1)]), "export.csv")
    first = write(table([make(1)]), "penalty.csv")
    assert order_by_links([repair, second, first], model) == [second, first, repair]
    assert order_by_links([repair], model) == [repair]


def test_a_missing_file_is_a_wrong_call(office, tmp_path):
    with pytest.raises(UsageError, match="no file"):
        office.load(tmp_path / "nowhere.csv")
    with pytest.raises(UsageError, match="no file"):
        office.load(tmp_path)


def test_a_staging_place_that_cannot_be_made_is_a_fault_of_the_environment(
    office, write, make, table
):
    office.staging.write_text("in the way")
    with pytest.raises(EnvironmentFault, match="staged"):
        office.load(write(table([make(1)])))


def test_a_name_as_long_as_a_file_may_have_does_not_stop_the_rejects(office, write, make, table):
    name = "行政处罚" * 20 + ".csv"  # 244 bytes; with what we add it would be more than 255
    receipt = office.load(
        write(table([make(1), make(2, CF_JDRQ="2026-13-01")]), name), kind="penalty"
    )
    assert counts(receipt) == (1, 0, 0, 0, 1)
    assert receipt.rejects is not None
