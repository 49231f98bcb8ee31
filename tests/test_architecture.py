"""The house rules, and proof that each of them bites: every contract is broken once on purpose."""

from __future__ import annotations

import ast
import configparser
import shutil
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import exchange

ROOT = Path(__file__).parent.parent
FOLDERS = ("ontology", "shapes", "exchange", "publisher")
LINE_LIMIT = 400
BIN = Path(sys.executable).parent


def python_files() -> list[Path]:
    return [
        path
        for folder in (*FOLDERS, "tests", "benchmarks")
        for path in (ROOT / folder).rglob("*.py")
        # Peers of the benchmarks have environments of their own in there.
        if not any(
            part == "node_modules" or part[0] == "." for part in path.relative_to(ROOT).parts
        )
    ]


def test_no_file_is_longer_than_four_hundred_lines() -> None:
    files = python_files()
    assert len(files) > 40
    long = {
        str(path.relative_to(ROOT)): count
        for path in files
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > LINE_LIMIT
    }
    assert long == {}


def imports_of(root: Path) -> dict[str, set[str]]:
    """Return which of our modules each imports, also for types alone; packages count as none."""
    paths = [
        path
        for folder in FOLDERS
        for path in (root / folder).rglob("*.py")
        if path.name != "__init__.py"
    ]
    modules = {".".join(path.relative_to(root).with_suffix("").parts): path for path in paths}
    found: dict[str, set[str]] = {}
    for module, path in modules.items():
        names = {
            name
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.ImportFrom) and node.module
            for name in (node.module, *(f"{node.module}.{item.name}" for item in node.names))
        }
        found[module] = names & modules.keys()
    return found


def circle(imports: dict[str, set[str]]) -> list[str]:
    """Return a circle of modules that import each other; empty where there is none."""
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_modules_import_each_other_in_a_circle() -> None:
    imports = imports_of(ROOT)
    assert len(imports) > 300
    assert sum(map(len, imports.values())) > 1_000
    assert circle(imports) == []


def test_a_circle_that_is_there_for_types_alone_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "exchange"
    folder.mkdir()
    (folder / "one.py").write_text("from exchange.two import B\n")
    (folder / "two.py").write_text("if TYPE_CHECKING:\n    from exchange import one\n")
    assert set(circle(imports_of(tmp_path))) == {"exchange.one", "exchange.two"}


def test_the_installed_code_is_this_code() -> None:
    assert exchange.__file__ is not None
    assert Path(exchange.__file__).is_relative_to(ROOT)


@pytest.fixture
def seeded(tmp_path: Path) -> Path:
    """Return a copy of the four folders in which a test may break a rule."""
    for folder in FOLDERS:
        shutil.copytree(
            ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__")
        )
    for name in ("setup.cfg", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def run(tool: str, *arguments: str, where: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BIN / tool, *arguments],
        cwd=where,
        env={"PYTHONPATH": str(where), "PATH": str(BIN)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


VIOLATIONS = {
    "folders": ("ontology/__init__.py", "import exchange"),
    "inside exchange": ("exchange/domain/disclosure_levels.py", "import exchange.ledger"),
    "inside publisher": ("publisher/settings.py", "import publisher.stores"),
    "input and output": ("exchange/domain/disclosure_levels.py", "import socket"),
    "knows HTTP": ("exchange/ledger/__init__.py", "import flask"),
}


def test_every_contract_has_its_seeded_violation() -> None:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    names = [
        config[section]["name"] for section in config if section.startswith("importlinter:contract")
    ]
    assert len(names) == len(VIOLATIONS)
    assert all(any(part in name for part in VIOLATIONS) for name in names)


def test_the_layers_hold_as_they_stand(seeded: Path) -> None:
    result = run("lint-imports", "--no-cache", where=seeded)
    assert result.returncode == 0, result.stdout


@pytest.mark.slow
@pytest.mark.parametrize("contract", VIOLATIONS)
def test_a_broken_layer_is_caught(seeded: Path, contract: str) -> None:
    file, statement = VIOLATIONS[contract]
    target = seeded / file
    target.write_text(target.read_text(encoding="utf-8") + f"\n{statement}\n", encoding="utf-8")
    result = run("lint-imports", "--no-cache", where=seeded)
    broken = [line for line in result.stdout.splitlines() if line.endswith("BROKEN")]
    assert result.returncode == 1
    assert any(contract in line for line in broken), result.stdout


@pytest.mark.slow
def test_an_unplaced_module_is_caught(seeded: Path) -> None:
    (seeded / "exchange" / "elsewhere.py").write_text('"""Nowhere."""\n')
    result = run("lint-imports", "--no-cache", where=seeded)
    assert result.returncode == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("TID251", "import os\n\nHOME = os.environ['HOME']\n"),
        ("PLC0415", "def f() -> None:\n    import json\n\n    json.dumps(1)\n"),
        ("BLE001", "def f() -> None:\n    try:\n        f()\n    except Exception:\n        f()\n"),
    ],
)
def test_a_broken_habit_is_caught(seeded: Path, rule: str, code: str) -> None:
    target = seeded / "exchange" / "domain" / "seeded.py"
    target.write_text(f'"""Seeded."""\n\n{code}')
    result = run("ruff", "check", "--no-cache", str(target), where=seeded)
    assert rule in result.stdout


@pytest.mark.slow
def test_a_wrong_type_is_caught(seeded: Path) -> None:
    target = seeded / "exchange" / "domain" / "seeded.py"
    target.write_text('"""Seeded."""\n\nNUMBER: int = "one"\n')
    result = run("mypy", "--no-incremental", str(target), where=seeded)
    assert "Incompatible types" in result.stdout
