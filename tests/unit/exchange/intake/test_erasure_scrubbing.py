from __future__ import annotations

import json
import os
import stat

import pytest
import xlsxwriter

from exchange.domain.disclosure_levels import Tier
from exchange.intake import purge_rejects, scrub
from tests.syncs import noted_syncs

NAME = "示例市望川区云岑商贸（示例）有限公司"


@pytest.fixture
def place(tmp_path):
    directory = tmp_path / "rejects"
    directory.mkdir()
    return directory


def rest(place):
    return b"".join(path.read_bytes() for path in place.rglob("*"))


@pytest.mark.parametrize("codec", ["utf-8-sig", "gb18030"])
def test_rows_with_a_literal_go_and_others_stay(place, make, table, codec):
    path = place / "000001-penalty.csv"
    other = make(2, CF_XDR_MC="示例市别家有限公司", CF_SY="一\n二")
    path.write_bytes(table([make(1), other]).encode(codec))
    path.chmod(0o600)
    assert scrub([place, place / "missing"], [NAME]) == 1
    text = path.read_bytes().decode(codec)
    assert text == table([other])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [item.name for item in place.iterdir()] == [path.name]


def test_width_case_and_blanks_do_not_hide_a_row(place, table, make):
    path = place / "a.csv"
    path.write_text(table([make(1, CF_XDR_MC="示例市 望川区云岑商贸(示例)有限公司")]))
    assert scrub([place], [NAME]) == 1


def test_escapes_do_not_hide_a_json_record(place):
    lines = [json.dumps({"a": NAME}), json.dumps({"a": "𠮷" + "别家"})]
    (place / "a.jsonl").write_text("\n".join(lines) + "\n")
    assert scrub([place], [NAME, "𠮷野家的名字"]) == 1
    assert scrub([place], ["𠮷别"]) == 1
    assert rest(place) == b""


def test_a_finding_with_the_beginning_of_a_long_text_is_deleted(place):
    text = "很长的事实" * 60
    line = json.dumps({"value": text[:119] + "…", "rule": "x"}, ensure_ascii=False)
    (place / "a.findings.jsonl").write_text(line + "\n", encoding="utf-8")
    assert scrub([place], [text]) == 1


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("x.json", json.dumps([{"a": NAME}]).encode()),
        ("x.csv", f'a,"{NAME}'.encode()),
        ("x.csv", NAME.encode("utf-16")),
        ("x", b"\xff" + NAME.encode()),
        ("x.json", b" " * 1_048_570 + NAME.encode()),
    ],
)
def test_what_cannot_be_taken_apart_is_deleted_whole(place, name, data):
    (place / name).write_bytes(data)
    assert scrub([place], [NAME]) == 1
    assert list(place.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("x.json", b'[{"a": "other"'),
        ("x.csv", b'a,"other'),
        ("x.csv", "别的文字".encode("utf-16")),
        ("x", b"\xff\xfe\x00other"),
        ("x.jsonl", b"{\nother\n"),
        ("empty.csv", b""),
    ],
)
def test_what_cannot_be_taken_apart_stays_where_it_holds_no_literal(place, name, data):
    (place / name).write_bytes(data)
    assert scrub([place], [NAME]) == 0
    assert (place / name).read_bytes() == data


def test_files_without_the_literals_stay_as_they_are(place, make, table):
    path = place / "a.csv"
    path.write_text(table([make(1)]).replace("\r\n", "\n"))
    before = path.read_bytes()
    assert scrub([place], ["别的文字", "", " "]) == 0
    assert path.read_bytes() == before


def test_after_an_erasure_no_text_of_the_record_is_left_in_rejects_or_staging(
    office, write, make, table
):
    office.load(write(table([make(1)])))
    office.load(write(table([make(1, CF_JDRQ="2026-02-31", CF_SY="当事人发布虚假广告。")])))
    left = office.staging / "0123456789abcdef.json"
    left.write_text(json.dumps([make(1)]))
    ((iri, _, _),) = office.ledger.live(Tier.PUBLIC)
    erasure = office.ledger.erase(iri)
    assert scrub([office.rejects, office.staging], erasure.literals) == 2
    for path in (*office.rejects.iterdir(), *office.staging.iterdir()):
        data = path.read_bytes()
        assert not any(text.encode() in data for text in erasure.literals), path


def test_a_workbook_that_contains_a_literal_is_deleted_as_a_whole(place):
    for name, text in (("a", "示例市 R&D <望川区> 有限公司"), ("b", "别家")):
        with xlsxwriter.Workbook(str(place / f"{name}.xlsx")) as book:
            book.add_worksheet().write_string(0, 0, text)
    (place / "cut.xlsx").write_bytes((place / "b.xlsx").read_bytes()[:2000])
    assert scrub([place], ["示例市R&D<望川区>有限公司"]) == 2
    assert [item.name for item in place.iterdir()] == ["b.xlsx"]


def test_scrubbing_keeps_the_day_from_which_rejects_are_kept(place, table, make):
    path = place / "a.csv"
    path.write_text(table([make(1), make(2, CF_XDR_MC="示例市别家有限公司")]), encoding="utf-8")
    now = 1_790_000_000_000
    os.utime(path, (now / 1000 - 31 * 24 * 60 * 60,) * 2)
    assert scrub([place], [NAME]) == 1
    assert purge_rejects(place, now) == ["a.csv"]


def test_what_was_scrubbed_is_on_the_disk_before_it_is_acknowledged(
    place, table, make, monkeypatch
):
    path = place / "a.csv"
    path.write_text(table([make(1)]), encoding="utf-8")
    synced = noted_syncs(monkeypatch)
    assert scrub([place], [NAME]) == 1
    written, folder = synced
    assert written.endswith(".scrub")
    assert folder == str(place)
