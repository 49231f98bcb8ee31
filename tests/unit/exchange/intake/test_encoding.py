from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.domain.errors import Rejected
from exchange.intake import encoding, open_sheets


@pytest.mark.parametrize(
    "case", [("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8 BOM"), ("gb18030", "GB18030")]
)
def test_the_encoding_is_detected_and_named(write, model, make, table, case):
    codec, label = case
    (sheet,) = open_sheets(write(table([make(1)]).encode(codec)), model)
    (row,) = sheet.rows()
    assert sheet.encoding.label == label
    assert row.cells["CF_CFJG"] == "示例市市场监督管理局"


def found(error):
    (one,) = error.value.details["findings"]
    return one.rule, one.location.line


def test_a_broken_byte_in_utf_8_does_not_make_it_gb18030(write, model, make, table):
    data = table([make(1), make(2)]).encode()
    at = data.rindex("虚假".encode())
    with pytest.raises(Rejected) as error:
        open_sheets(write(data[:at] + b"\xff" + data[at:]), model)
    assert found(error) == ("encoding-broken", 3)


def test_a_file_cut_inside_a_character_has_a_finding_of_its_own(write, model, make, table):
    data = table([make(1)]).encode()
    with pytest.raises(Rejected) as error:
        open_sheets(write(data[: data.rindex("市场".encode()) + 1]), model)
    assert found(error) == ("cut-character", 2)


def test_a_long_file_is_broken_at_its_line(write, model, make, table, monkeypatch):
    monkeypatch.setattr(encoding, "_CHUNK", 100)
    data = table(make(number) for number in range(50)).encode()
    at = data.rindex("虚假".encode())
    with pytest.raises(Rejected) as error:
        open_sheets(write(data[:at] + b"\xfe" + data[at:]), model)
    assert found(error) == ("encoding-broken", 51)


def test_utf_16_is_refused_with_a_way_out(write, model, make, table):
    with pytest.raises(Rejected, match="UTF-16") as error:
        open_sheets(write(table([make(1)]).encode("utf-16")), model)
    assert "CSV UTF-8" in error.value.hint


@pytest.mark.parametrize(
    ("head", "word"), [(b"PK\x03\x04", "workbook"), (b"%PDF-1.7", "PDF"), (b"", "empty")]
)
def test_other_files_are_refused_by_name(write, model, head, word):
    with pytest.raises(Rejected, match=word):
        open_sheets(write(head), model)


@given(st.text(alphabet=st.characters(codec="gb18030"), min_size=1))
def test_utf_8_text_is_never_taken_for_anything_else(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / "encoding.txt"
    path.write_bytes(text.encode())
    with path.open("rb") as stream:
        assert encoding.detect_encoding(stream, "x").codec in ("utf-8", "utf-8-sig")


def test_a_file_that_changes_while_it_is_read_is_a_fault(write, model, make, table):
    path = write(table([make(1)]))
    (sheet,) = open_sheets(path, model)
    path.write_bytes(table([make(1)]).encode() + b"\xff\xff")
    list(sheet.rows())
    assert [fault.rule for fault in sheet.faults] == ["encoding-broken"]
