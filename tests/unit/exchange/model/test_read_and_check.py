"""The pass that reads and checks at once gives what reading and then checking would."""

from __future__ import annotations

import csv
import sys
from typing import TYPE_CHECKING

import pytest

from exchange.domain.record_body import assemble_body
from exchange.model import compile_kind, load_model, value_checks
from exchange.sample import generate
from tests.unit.exchange.model import sound as rows

if TYPE_CHECKING:
    from pathlib import Path

    from exchange.model import CompiledKind

FORM = {"penalty": "2018", "licence": "2018"}


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    generate(200, 5, folder)
    return folder


def rows_of(path: Path, compiled: CompiledKind, form: str) -> list[dict[str, str]]:
    """Return the sample's rows by code, each also with one cell less, blank, and odd."""
    codes = {
        column.label: column.code
        for field in compiled.kind.fields
        for column in field.columns_in(form)
    }
    rows = []
    with path.open(encoding="utf-8-sig", newline="") as stream:
        for number, line in enumerate(csv.DictReader(stream)):
            row = {codes[label]: cell for label, cell in line.items() if cell}
            rows.append(row)
            code = list(row)[number % len(row)]
            rows.append({key: cell for key, cell in row.items() if key != code})
            rows += [row | {code: odd} for odd in (" ", "无", "x\x07", "值" * 3000, "\u3000值 ")]
    return rows


@pytest.mark.parametrize(
    "slug", ["subject", "penalty", "licence", "list-entry", "measure", "repair-case"]
)
def test_one_pass_gives_what_two_give(
    sample: Path, kinds: dict[str, CompiledKind], slug: str
) -> None:
    compiled = kinds[slug]
    form = FORM.get(slug, "credence")
    rows = rows_of(sample / f"{slug}.csv", compiled, form)
    clean = 0
    for row in rows[:700]:
        record, noticed = compiled.read_row(row, form)
        apart = [*noticed, *compiled.check(record, form)]
        assert compiled.read_and_check(row, form) == (record, apart)
        clean += not apart
        if not any(item.severity == "error" for item in apart):
            lines = compiled.body(record).splitlines()
            assert compiled.body(record) == assemble_body(lines)
    assert 0 < clean < min(len(rows), 700)


def test_printable_free_text_is_sound_unchanged(kinds: dict[str, CompiledKind]) -> None:
    test = value_checks.value_check(kinds["penalty"].kind.field("violationFacts"))
    printable = [chr(code) for code in range(sys.maxunicode + 1) if chr(code).isprintable()]
    assert len(printable) > 100_000
    odd = [item for item in printable if item != " " and test(item)]
    assert odd == []
    assert test("".join(printable[:1000])) is None


def test_a_text_as_received_beyond_its_bound_is_found_where_its_code_is_sound():
    compiled = compile_kind(load_model(), "penalty")
    long = {**rows.PENALTY, "CF_CFLB": "其他-" + "长" * 4000}
    record, problems = compiled.read_and_check(long, "2018")
    assert record["penaltyKind"] == ["other"]
    assert ("max-length", "penaltyKindReceived") in [(one.rule, one.field) for one in problems]


@pytest.mark.parametrize("category", ["其他", "个体户", "x"])
def test_a_name_is_kept_where_its_category_is_unknown(category):
    compiled = compile_kind(load_model(), "penalty")
    record, problems = compiled.read_and_check({**rows.PENALTY, "CF_XDR_LB": category}, "2018")
    assert rows.PENALTY["CF_XDR_MC"] in (record.get("counterpartName"), record.get("personName"))
    assert [one.field for one in problems] == ["counterpartCategory"]
