"""The table of every kind: names of columns, cells, and metadata that a CSVW reader takes."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import csvw
import pytest

from exchange.domain.disclosure_levels import PUBLISHED_TIERS, Tier
from exchange.model import load_model
from publisher.surfaces.dumps.addresses import HEADERS
from publisher.surfaces.dumps.csv_columns import CsvTable, metadata

if TYPE_CHECKING:
    from pathlib import Path

KINDS = load_model().kinds
NS = "https://w3id.org/credence/ns#"
IRI = b"https://a.example/record/1"
TYPICAL = {"moment": "2024-01-02T03:04:05+08:00", "money": "12.50", "date": "2024-02-29"}


def row_of(view: str, kind: str = "penalty") -> list[str]:
    """Return the cells of a view, a predicate and a term a line."""
    lines = "".join(f"<{IRI.decode()}> <{NS}{line} .\n" for line in view.splitlines())
    row = CsvTable(KINDS[kind], Tier.PUBLIC).row(IRI, lines.encode(), objection=False)
    [cells] = csv.reader(io.StringIO(row.decode(), newline=""))
    return cells


def test_every_kind_has_a_table() -> None:
    assert len(KINDS) >= 6


@pytest.mark.parametrize("tier", PUBLISHED_TIERS)
@pytest.mark.parametrize("slug", KINDS)
def test_a_reader_of_csv_on_the_web_takes_every_first_row(
    slug: str, tier: Tier, tmp_path: Path
) -> None:
    kind = KINDS[slug]
    table = CsvTable(kind, tier)
    cells = [TYPICAL.get(c.field.field_type, "") if c.field else "" for c in table.columns]
    row = ",".join([IRI.decode(), *cells[1:]]).encode() + b"\r\n"
    described = tmp_path / f"{slug}.csv-metadata.json"
    for head in HEADERS:
        names = [column.names[head] for column in table.columns]
        assert len(set(names)) == len(names)
        described.write_bytes(metadata(kind, tier, f"{slug}.csv", head))
        (tmp_path / f"{slug}.csv").write_bytes(table.heads()[head] + row)
        assert len(list(csvw.Table.from_file(described).iterdicts(strict=True))) == 1


def test_no_property_of_a_narrower_tier_has_a_public_column() -> None:
    names = {c.field.name for c in CsvTable(KINDS["penalty"], Tier.PUBLIC).columns if c.field}
    assert "documentNumber" in names
    assert not names & {"personName", "personIdNumber", "legalRepresentative", "remark"}


def test_several_values_share_a_cell_and_codes_go_by_their_name() -> None:
    codes = "https://w3id.org/credence/code/penalty-kind/"
    cells = row_of(f"penaltyKind> <{codes}fine>\npenaltyKind> <{codes}warning>")
    assert {*cells} == {IRI.decode(), "", "罚款；警告"}


@pytest.mark.parametrize(
    ("text", "cell"),
    [("=1", "'=1"), ("'=1", "''=1"), ("＝1", "'＝1"), ("'1", "'1"), ("a=1", "a=1"), ("—1", "—1")],
)
def test_what_a_spreadsheet_would_run_has_one_quote_before_it(text: str, cell: str) -> None:
    assert cell in row_of(f'violationFacts> "{text}"')


def test_what_no_column_shows_is_left_out() -> None:
    assert set(row_of('noSuchTerm> "x"')) == {IRI.decode(), ""}
