"""Templates and their metadata: what a department fills in comes back through the intake."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path

import csvw
import pytest
import python_calamine

from exchange.intake import detect_kind_and_form, open_sheets
from exchange.model import CompiledKind, Model, derived_files
from tests.unit.exchange.model import sound as rows
from tests.unit.exchange.model.sound import Row

FORMS = [(slug, form) for slug, form, _ in dict.fromkeys((s, f, "") for s, f, _ in rows.SOUND)]


def stem(model: Model, slug: str, form: str) -> str:
    return f"{slug}.{form}" if len(model.kinds[slug].forms) > 1 else slug


@pytest.fixture(scope="module")
def derived(model: Model) -> dict[str, bytes]:
    return {Path(name).name: data for name, data in derived_files.derive_files(model).items()}


@pytest.mark.parametrize(("slug", "form"), FORMS)
def test_a_workbook_names_every_column_in_chinese_and_by_code(
    model: Model, derived: dict[str, bytes], slug: str, form: str
) -> None:
    data = derived[f"{stem(model, slug, form)}.xlsx"]
    (sheet,) = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data)).sheet_names
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
    names, codes = book.get_sheet_by_name(sheet).to_python()
    assert sheet == model.kinds[slug].label.zh
    assert codes == list(model.kinds[slug].columns(form))
    (header,) = csv.reader(
        io.StringIO(derived[f"{stem(model, slug, form)}.csv"].decode("utf-8-sig"))
    )
    assert header == codes
    assert all(str(name).strip("*") for name in names)


def test_stars_mark_what_must_be_filled_in(derived: dict[str, bytes]) -> None:
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(derived["penalty.2018.xlsx"]))
    names, codes = book.get_sheet_by_index(0).to_python()
    starred = {code for name, code in zip(names, codes, strict=True) if str(name).endswith("*")}
    assert {"CF_XDR_MC", "CF_XDR_LB", "CF_WSH", "CF_CFJGDM", "CF_SJLY"} <= starred
    assert not starred & {"BZ", "CF_NR_FK", "CF_XDR_SHXYM", "CF_GSJZQ"}


def test_workbooks_hold_nothing_that_changes_by_itself(derived: dict[str, bytes]) -> None:
    for name, data in derived.items():
        if name.endswith(".xlsx"):
            with zipfile.ZipFile(io.BytesIO(data)) as parts:
                assert {item.compress_type for item in parts.infolist()} == {zipfile.ZIP_STORED}
                assert {item.date_time[0] for item in parts.infolist()} == {1980}


@pytest.mark.parametrize("end", ["csv", "xlsx"])
@pytest.mark.parametrize(("slug", "form"), FORMS)
def test_the_intake_knows_an_empty_template(  # noqa: PLR0913, PLR0917
    model: Model, derived: dict[str, bytes], tmp_path: Path, slug: str, form: str, end: str
) -> None:
    file = tmp_path / f"filled.{end}"
    file.write_bytes(derived[f"{stem(model, slug, form)}.{end}"])
    assert detect_kind_and_form(file, model) == (slug, form)
    for sheet in open_sheets(file, model):
        assert list(sheet.rows()) == []


def write(path: Path, columns: list[str], row: Row) -> None:
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, columns)
        writer.writeheader()
        writer.writerow(row)


@pytest.mark.parametrize(("slug", "form", "row"), rows.SOUND)
def test_a_reader_of_csv_on_the_web_finds_sound_rows_sound(  # noqa: PLR0913, PLR0917
    model: Model,
    kinds: dict[str, CompiledKind],
    derived: dict[str, bytes],
    tmp_path: Path,
    slug: str,
    form: str,
    row: Row,
) -> None:
    name = f"{stem(model, slug, form)}.csv"
    described = tmp_path / f"{name}-metadata.json"
    described.write_bytes(derived[described.name])
    # Dates have one writing there, and one separator parts several values.
    record, _ = kinds[slug].read_row(row, form)
    dates = {
        column.code: record[field.name]
        for field in model.kinds[slug].fields
        for column in field.columns_in(form)
        if field.field_type == "date" and field.name in record
    }
    write(
        tmp_path / name,
        list(model.kinds[slug].columns(form)),
        {code: text.replace(";", "；") for code, text in (row | dates).items()},
    )
    table = csvw.Table.from_file(described)
    (found,) = table.iterdicts(strict=True)
    assert set(found) == set(model.kinds[slug].columns(form))
    given = {code for code, text in row.items() if text and text != "无"}
    assert {code for code, value in found.items() if value not in (None, [], "")} >= given


@pytest.mark.parametrize(
    ("slug", "form", "change"),
    [
        ("penalty", "2018", {"CF_JDRQ": "2026-02-30"}),
        ("penalty", "2018", {"CF_XDR_LB": "外星人"}),
        ("penalty", "2018", {"CF_WSH": ""}),
        ("penalty", "2018", {"CF_NR_FK": "many"}),
        ("penalty", "2018", {"CF_WSH": "长" * 129}),
        ("licence", "2018", {"XK_ZT": "0"}),
    ],
)
def test_a_reader_of_csv_on_the_web_refuses_what_we_refuse(  # noqa: PLR0913, PLR0917
    model: Model, derived: dict[str, bytes], tmp_path: Path, slug: str, form: str, change: Row
) -> None:
    sound = next(r for s, f, r in rows.SOUND if (s, f) == (slug, form))
    plain = {"CF_JDRQ": "2026-02-12", "CF_CFLB": "罚款；没收违法所得"}
    row = sound | {code: text for code, text in plain.items() if code in sound}
    columns = list(model.kinds[slug].columns(form))
    name = f"{stem(model, slug, form)}.csv"
    described = tmp_path / f"{name}-metadata.json"
    described.write_bytes(derived[described.name])
    write(tmp_path / name, columns, {k: v for k, v in (row | change).items() if k in columns})
    with pytest.raises(ValueError, match=next(iter(change))):
        list(csvw.Table.from_file(described).iterdicts(strict=True))


def test_metadata_name_properties_of_the_vocabulary_only(derived: dict[str, bytes]) -> None:
    document = json.loads(derived["penalty.2018.csv-metadata.json"])
    columns = {item["name"]: item for item in document["tableSchema"]["columns"]}
    assert columns["CF_WSH"]["propertyUrl"].endswith("#documentNumber")
    # A column of two fields, a label of a code and another unit are no values of a property.
    for code in ("CF_XDR_MC", "CF_CFLB", "CF_NR_FK"):
        assert "propertyUrl" not in columns[code]
