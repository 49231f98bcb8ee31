"""From a penalty file to linked data, and back out by a repair: the test to read first.

Each step is a command of `credence`, run as a user would: load files, publish, look at what is
public, repair, withdraw, erase, verify.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.flows.conftest import Credence


def expected(sample: Path) -> dict[str, dict[str, int]]:
    return json.loads((sample / "expected.json").read_text(encoding="utf-8"))


def penalties(sample: Path) -> list[Path]:
    return sorted(path for path in sample.iterdir() if path.name.startswith("penalty"))


def load_penalties(credence: Credence, sample: Path) -> list[dict[str, int]]:
    rejected = expected(sample)["penalty"]["rejected"]
    return [
        json.loads(line)
        for line in credence("load", *penalties(sample), code=1 if rejected else 0)
        .out.strip()
        .splitlines()
        if '"accepted"' in line
    ]


def test_the_sample_lands_as_expected_and_its_repairs_take_records_back(
    credence: Credence, sample: Path
) -> None:
    receipts = load_penalties(credence, sample)
    counts = expected(sample)["penalty"]
    assert sum(receipt["accepted"] for receipt in receipts) == counts["accepted"]
    assert sum(receipt["rejected"] for receipt in receipts) == counts["rejected"]
    credence("publish")
    before = credence.records()
    assert credence.records("government") >= before
    credence(
        "load",
        sample / "repair-case.csv",
        code=1 if expected(sample)["repair-case"]["rejected"] else 0,
    )
    credence("publish")
    after = credence.records()
    assert after < before
    for iri in before - after:
        credence("audit", iri)


def test_a_second_load_of_the_same_file_changes_nothing(credence: Credence, sample: Path) -> None:
    load_penalties(credence, sample)
    again = load_penalties(credence, sample)
    counts = expected(sample)["penalty"]
    assert sum(receipt["accepted"] + receipt["revised"] for receipt in again) == 0
    assert sum(receipt["unchanged"] for receipt in again) == counts["accepted"]


def test_a_reload_after_withdrawal_is_suppressed(published: Credence, sample: Path) -> None:
    iri = min(published.records())
    published("withdraw", iri, "--because", "repair")
    published("publish")
    again = load_penalties(published, sample)
    assert sum(receipt["suppressed"] for receipt in again) == 1
    published("publish")
    assert iri not in published.records()


def test_a_suspended_record_returns_under_its_iri_and_a_reinstated_one_under_a_new_one(
    published: Credence, sample: Path, tmp_path: Path
) -> None:
    before = published.records()
    iri = min(before)
    published("suspend", iri)
    published("publish")
    assert published.records() == before - {iri}
    published("resume", iri)
    published("publish")
    assert published.records() == before
    published("withdraw", iri, "--because", "revocation")
    decision = tmp_path / "decision.txt"
    decision.write_text("an invented decision", encoding="utf-8")
    published("reinstate", iri, "--decision", decision)
    published("publish")
    after = published.records()
    assert iri not in after
    assert len(after) == len(before)


def test_after_erase_no_file_of_the_data_directory_holds_the_text(
    published: Credence, sample: Path
) -> None:
    row = min(
        published.bindings(
            "PREFIX cr: <https://w3id.org/credence/ns#> SELECT ?record ?number ?facts WHERE "
            "{ ?record cr:documentNumber ?number ; cr:violationFacts ?facts ; cr:uscc ?code }"
        ),
        key=lambda found: found["record"],
    )
    number = row["number"].encode()
    assert any(number in data for data in every_file(published.directory))
    published("erase", row["record"])
    assert not any(number in data for data in every_file(published.directory))
    assert published("erase", row["record"]).result["already"]["event"] == "erase"


def every_file(directory: Path) -> list[bytes]:
    return [path.read_bytes() for path in directory.rglob("*") if path.is_file()]


def test_an_unknown_record_is_a_clear_error(published: Credence) -> None:
    for verb in ("withdraw", "suspend", "resume", "erase"):
        more = ["--because", "repair"] if verb == "withdraw" else []
        assert published(verb, "a" * 26, *more, code=1).err
