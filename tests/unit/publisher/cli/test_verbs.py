from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

from exchange.domain.disclosure_levels import Tier
from publisher.cli import main
from publisher.cli.main import VERBS as TABLE
from publisher.cli.main import credence

if TYPE_CHECKING:
    from publisher.wiring import Deployment
    from tests.unit.publisher.cli.conftest import Run

VERBS = [
    *("sample", "check", "load", "publish", "withdraw", "suspend", "resume", "reinstate", "erase"),
    *("audit", "rebuild", "query", "status", "verify", "ledger", "derive", "config", "serve"),
    "demo",
]

ROOT = Path(__file__).parents[4]
SURFACES = {
    f"{tier}/{name}"
    for tier in ("public", "government")
    for name in ("triples", "feed", "index", "dumps")
}


def test_every_verb_for_what_stands_is_there() -> None:
    context = click.Context(credence)
    found = {name: credence.get_command(context, name) for name in credence.list_commands(context)}
    assert set(VERBS) <= set(found)
    for name, inner in (("ledger", "verify"), ("config", "show")):
        group = found[name]
        assert isinstance(group, click.Group)
        assert inner in group.commands
    assert all(command and command.help for command in found.values())


def test_the_table_of_verbs_is_what_their_modules_have() -> None:
    for name, verbs in TABLE.items():
        module = import_module(f"publisher.cli.{name}")
        assert tuple(verb.name for verb in module.VERBS) == verbs


def test_no_verb_waits_for_what_only_others_need() -> None:
    script = (
        "import sys; from publisher.cli.main import main\n"
        "main(['--quiet', 'withdraw', '--help'])\n"
        "print([name for name in ('alembic', 'flask', 'granian', 'requests', 'publisher.web.app')"
        " if name in sys.modules])"
    )
    told = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True, cwd=ROOT
    )
    assert told.stdout.splitlines()[-1] == "[]"


def test_a_load_prints_genesis_findings_and_the_receipt_last(empty: Run, sample: Path) -> None:
    assert empty("--json", "load", sample / "penalty.csv") == 1
    lines = [json.loads(line) for line in empty.out.splitlines()]
    assert lines[0]["genesis"]["base_url"] == "https://credit.example"
    assert any("finding" in line for line in lines)
    assert set(lines[-1]) == {
        "position", "accepted", "revised", "unchanged", "outdated", "held", "suppressed",
        "rejected", "rejects",
    }  # fmt: skip
    expected = json.loads((sample / "expected.json").read_text())["penalty"]
    assert lines[-1]["accepted"] == expected["accepted"]
    assert lines[-1]["rejected"] == expected["rejected"]


def test_a_load_of_several_files_ends_with_their_sum(empty: Run, sample: Path) -> None:
    receipt = empty.json("load", sample / "repair-case.csv", sample / "penalty.csv", code=1)
    expected = json.loads((sample / "expected.json").read_text())
    both = (expected[kind]["accepted"] for kind in ("penalty", "repair-case"))
    assert receipt["accepted"] == sum(both)


def test_loading_again_changes_nothing_and_brings_nothing_back(run: Run, sample: Path) -> None:
    receipt = run.json("load", sample / "penalty.csv", code=1)
    assert receipt["accepted"] == receipt["revised"] == 0
    assert receipt["suppressed"] > 0  # those that a repair took away


def test_a_dry_run_writes_nothing_not_even_a_ledger(empty: Run, sample: Path) -> None:
    receipt = empty.json("load", "--dry-run", sample / "penalty.csv", code=1)
    assert receipt["position"] == 0
    assert receipt["accepted"] > 0
    assert not empty.root.exists()


def test_check_finds_the_same_and_writes_nothing(empty: Run, sample: Path) -> None:
    found = empty.json("check", sample / "penalty.csv", code=1)
    expected = json.loads((sample / "expected.json").read_text())["penalty"]
    assert found["files"][0]["rejected"] == expected["rejected"]
    assert not empty.root.exists()


def test_a_refused_file_is_told_and_exits_one(empty: Run, tmp_path: Path) -> None:
    file = tmp_path / "penalty.csv"
    file.write_text("a,b\n1,2\n", encoding="utf-8")
    for verb in ("check", "load"):
        assert empty(verb, file) == 1
        assert "错误" in empty.out + empty.err


def test_publish_brings_new_rows_to_every_surface(empty: Run, sample: Path) -> None:
    empty("load", sample / "penalty.csv")
    assert empty("audit") == 4
    document = empty.json("publish")
    assert set(document["surfaces"]) == SURFACES
    audit = empty.json("audit")
    assert audit["records"] > 0
    assert audit["surfaces"]["public/triples"]["missing"] == []


@pytest.mark.slow
def test_publish_as_of_a_later_day_ends_declared_publicity(
    empty: Run, sample: Path, tmp_path: Path
) -> None:
    text = (sample / "penalty.csv").read_text(encoding="utf-8-sig")
    file = tmp_path / "penalty.csv"
    file.write_text(text.replace("9999-09-09", "2098-12-31"), encoding="utf-8")
    empty("load", file)
    assert empty.json("publish", "--at", "2098-12-31", "--yes")["expired"] == 0  # shown to its end
    shown = empty.json("status")["records"]["penalty"]["live"]
    expired = empty.json("publish", "--at", "2099-01-01", "--yes")["expired"]
    assert expired > 0
    assert empty.json("status")["records"]["penalty"] == {
        "live": shown - expired,
        "expired": expired,
    }
    assert empty("audit") == 0
    assert empty("ledger", "verify") == 0


@pytest.mark.slow
def test_rebuild_makes_the_surfaces_from_the_ledger_alone(run: Run, own: Deployment) -> None:
    before = run.json("audit")
    shutil.rmtree(own.layout.surfaces)
    assert run("audit") == 4
    assert run("rebuild") == 0
    assert run.json("audit") == before
    assert run("rebuild", "nothing") == 2


@pytest.mark.slow
def test_rebuild_beside_a_running_projector_is_done_by_it(run: Run, own: Deployment) -> None:
    stop, holds_the_lock = threading.Event(), threading.Event()

    def beside(until: threading.Event) -> None:
        holds_the_lock.set()
        until.wait()

    with own.open() as opened:
        projector = opened.projector(lambda _: None)
        running = threading.Thread(target=projector.run, args=(stop, beside))
        running.start()
        try:
            assert holds_the_lock.wait(30)
            assert run("rebuild", "triples") == 0
            assert run("rebuild", "nothing") == 2
        finally:
            stop.set()
            running.join(30)
    assert run("audit") == 0


def test_query_answers_in_the_form_asked(run: Run) -> None:
    found = run.json("query", "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }")
    assert int(found["results"]["bindings"][0]["n"]["value"]) > 0
    assert run("query", "ASK {}") == 0
    assert run.out == "true\n"
    assert run("query", "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o } LIMIT 1") == 0
    assert run("query", "SELECT") == 1
    assert run("query", "CLEAR ALL") == 1


def test_the_government_tier_has_its_own_store(run: Run) -> None:
    text = "ASK { ?case a <https://w3id.org/credence/ns#RepairCase> }"
    assert run.json("query", text)["boolean"] is False
    assert run.json("query", text, "--tier", "government")["boolean"] is True


def test_status_tells_what_there_is(run: Run) -> None:
    document = run.json("status")
    assert document["records"]["penalty"]["live"] > 0
    assert document["surfaces"]["public/triples"]["behind"] == 0
    assert run("status") == 0
    assert "public/triples" in run.out


def test_config_show_names_the_origin_of_each_value(run: Run) -> None:
    rows = {row["key"]: row for row in run.json("config", "show")}
    assert rows["base_url"]["origin"] == "genesis"
    assert rows["base_url"]["value"] == "https://credit.example"
    assert rows["query_timeout"]["origin"] == "default"


def test_another_base_url_is_refused_and_changes_no_address(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDENCE_BASE_URL", "https://other.example")
    assert run("status") == 2
    assert "https://credit.example" in run.err
    monkeypatch.delenv("CREDENCE_BASE_URL")
    assert run.json("status")["ledger"]["base_url"] == "https://credit.example"


def test_a_store_that_is_not_built_yet_is_refused_and_not_ignored(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDENCE_STORE", "http://127.0.0.1:7878/query")
    assert run("status") == 2


def test_without_a_ledger_the_verbs_say_how_to_begin(empty: Run) -> None:
    for verb in (["publish"], ["audit"], ["status"], ["ledger", "verify"]):
        assert empty(*verb) == 1
        assert "办法：" in empty.err
    assert empty("--lang", "en", "status") == 1
    first, second, *_ = empty.err.splitlines()
    assert (first[:27], second[:5]) == ("Error: There is no ledger i", "Try: ")


@pytest.mark.parametrize(
    "arguments",
    [
        *(["nothing"], ["load"]),
        ["withdraw", "a" * 26],
        ["withdraw", "x", "--because", "repair"],
        ["load", "sqlite:///x.db"],
        ["load", "/no/such/file.csv"],
        ["--lang", "fr", "status"],
        ["publish", "--at", "yesterday"],
        ["serve", "--port", "0"],
    ],
)
def test_a_wrong_call_exits_two(run: Run, arguments: list[str]) -> None:
    assert run(*arguments) == 2
    assert run.err
    assert run.out == ""


def test_an_unknown_record_exits_one(run: Run) -> None:
    assert run("withdraw", "a" * 26, "--because", "repair") == 1


def test_options_may_stand_after_the_verb(
    own: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["status", "--json", "-C", str(own.layout.root)]) == 0
    assert json.loads(capsys.readouterr().out)["records"]


def test_quiet_says_nothing_but_the_result(run: Run) -> None:
    assert run("--quiet", "publish") == 0
    assert run.out == ""
    assert run.json("--quiet", "publish")["surfaces"]


def test_derived_files_match_their_sources(run: Run) -> None:
    assert run("derive", "--check") == 0


def test_sample_is_deterministic(empty: Run, tmp_path: Path) -> None:
    for name in ("a", "b"):
        empty.json("sample", "--records", "20", "--seed", "3", "-o", tmp_path / name)
    first, second = (
        sorted((path.name, path.read_bytes()) for path in (tmp_path / name).rglob("*.csv"))
        for name in ("a", "b")
    )
    assert first == second


@pytest.mark.slow
def test_the_installed_command_and_the_module_answer_alike(own: Deployment) -> None:
    module = [sys.executable, "-m", "publisher.cli"]
    script = [str(Path(sys.executable).parent / "credence")]
    for program in (module, script):
        done = subprocess.run(
            [*program, "-C", own.layout.root, "audit", "--json"],
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["surfaces"]
        wrong = subprocess.run([*program, "nothing"], capture_output=True, check=False, timeout=60)
        assert wrong.returncode == 2


def test_a_folder_a_table_and_a_marked_workbook(run: Run, tmp_path: Path) -> None:
    run.json("sample", "--records", "20", "-o", tmp_path / "sample")
    (tmp_path / "sample" / "notes.csv").write_text("a,b\n1,2\n")
    whole = run.json("load", tmp_path / "sample", code=1)
    expected = json.loads((tmp_path / "sample" / "expected.json").read_text())
    # The measures, alike in every sample, stand already.
    known = whole["accepted"] + whole["unchanged"]
    assert known == sum(item["accepted"] for item in expected.values())
    marked = tmp_path / "marked.xlsx"
    checked = run.json("check", tmp_path / "sample" / "penalty.csv", "--marked", marked, code=1)
    assert checked["files"][0]["encoding"] == "UTF-8 BOM"
    assert marked.stat().st_size > 0
    two = [tmp_path / "sample" / f"{kind}.csv" for kind in ("penalty", "repair-case")]
    assert run("check", *two, "--marked", marked) == 2
    assert run("load", "--watch", tmp_path / "sample", *two) == 2
    assert run("check") == 2
    assert run("load", "sqlite:///nowhere.db#penalty") == 2


def test_rows_of_another_unit_are_refused_under_a_bound_source(run: Run, tmp_path: Path) -> None:
    run.json("sample", "--records", "20", "-o", tmp_path / "sample")
    other = run.json(
        "load", tmp_path / "sample" / "penalty.csv", "--source", "12140400QQQQ000486", code=1
    )
    assert (other["accepted"], other["rejected"]) == (0, 20)


def test_verify_checks_the_feeds_of_a_directory(run: Run, own: Deployment, tmp_path: Path) -> None:
    current = own.layout.feed(Tier.PUBLIC) / "current"
    document = run.json("verify", current)
    assert document["valid"]
    assert {report["form"] for report in document["feeds"]} == {"trig", "jsonld", "nq"}
    assert run("verify", current, "--form", "nq") == 0
    root = current / "feed" / "penalty.nq.gz"
    root.unlink()
    shutil.copy(current / "feed" / "penalty" / "p" / "1.nq.gz", root)
    assert run("verify", current) == 4
    assert run("verify", tmp_path / "nothing") == 2


def test_an_error_without_chinese_of_its_own_tells_an_operator_in_english(
    run: Run, own: Deployment
) -> None:
    own.layout.secret.write_bytes(b"short")
    assert run("--lang", "zh", "status") == 3
    assert "错误：服务环境故障。The ledger secret ledger.key is not 32 bytes long." in run.err
    assert "办法：Restore the file from the backup it belongs to." in run.err
