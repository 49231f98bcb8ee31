"""`dump` writes what `load` reads: a kind of the archive comes back without a change."""

from __future__ import annotations

import csv
import stat
from typing import TYPE_CHECKING

import pyoxigraph as ox

from exchange.model.form_writer import escape_formula

if TYPE_CHECKING:
    from pathlib import Path

    from tests.flows.conftest import Credence

FORMS = {
    "subject": "credence",
    "penalty": "2018",
    "licence": "2018",
    "list-entry": "credence",
    "measure": "credence",
    "repair-case": "credence",
}
HOSTILE = (
    "<script>alert(1)</script>",
    '=HYPERLINK("http://a.example","看")',
    "+1+1",
    "-1",
    "@SUM(1)",
    "＝１＋１",
    "'=1",
    "'它",
    "右\u202e左\u200f",
    '🚫, "引号"；分号\n第二行\t制表',
    "长" * 1990,
)
RDF = {"nq": ox.RdfFormat.N_QUADS, "jsonld": ox.RdfFormat.JSON_LD, "ttl": ox.RdfFormat.TURTLE}


def test_loading_a_dump_of_any_kind_changes_nothing(credence: Credence, tmp_path: Path) -> None:
    files = tmp_path / "files"
    credence("sample", "--records", "60", "--seed", "11", "-o", files)
    credence("load", *sorted(files.glob("*.csv")), code=1)
    dumped = []
    for kind, form in FORMS.items():
        file = tmp_path / f"{kind}.csv"
        made = credence("dump", kind, "--format", "csv", "--form", form, "-o", file).result
        assert made["records"] > 2
        assert made["lossy"] == 0
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        dumped.append((file, made["records"]))
    for file, records in dumped:
        found = credence("load", file).result
        assert found["unchanged"] == records, file
        assert [found[name] for name in ("accepted", "revised", "suppressed", "rejected")] == [
            0
        ] * 4


def test_hostile_text_comes_back_as_it_was(
    credence: Credence, sample: Path, tmp_path: Path
) -> None:
    with (sample / "penalty.csv").open(encoding="utf-8-sig", newline="") as source:
        rows = [row for _, row in zip(HOSTILE, csv.DictReader(source), strict=False)]
    for row, text in zip(rows, HOSTILE, strict=True):
        row["违法事实"] = escape_formula(text)
    name = tmp_path / "hostile.csv"
    with name.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    loaded = credence("load", name, "--kind", "penalty").result
    assert loaded["accepted"] == len(HOSTILE)
    file = tmp_path / "again.csv"
    assert credence("dump", "penalty", "--format", "csv", "-o", file).result["lossy"] == 0
    with file.open(encoding="utf-8-sig", newline="") as source:
        cells = [row["CF_SY"] for row in csv.DictReader(source)]
    assert not [cell for cell in cells if cell[0] in "=+-@＝"]
    assert credence("load", file).result["unchanged"] == len(HOSTILE)
    for form, media in RDF.items():
        out = tmp_path / f"again.{form}"
        credence("dump", "penalty", "--format", form, "-o", out)
        quads = ox.parse(out.read_bytes(), media)
        facts = {q.object.value for q in quads if q.predicate.value.endswith("#violationFacts")}
        assert facts == set(HOSTILE)


def test_what_cannot_be_dumped_is_a_clear_error(published: Credence, tmp_path: Path) -> None:
    file = tmp_path / "x"
    for arguments in (
        ("none", "--format", "csv"),
        ("penalty", "--format", "csv", "--form", "2020"),
        ("penalty", "--format", "nq", "--form", "2018"),
    ):
        ran = published("dump", *arguments, "-o", file, code=2)
        assert "Try:" in ran.err
        assert not file.exists()


def test_a_form_without_a_column_says_what_is_lost(published: Credence, tmp_path: Path) -> None:
    ran = published("dump", "penalty", "--format", "csv", "--form", "2016", "-o", tmp_path / "x")
    assert ran.result["lossy"] > 0
