"""Small faults put into the code by a tool, one at a time: do the fast tests notice?

    python -m tests.mutation.run --python .venv/bin/python --count 200 --seed 1

Runs in an environment of its own that has cosmic-ray (see `make soak`); the tests run with the
project's Python, in copies of the tree, a copy for each worker. A mutant is one operator at one
place of a module of `plan.PLAN`; places are drawn first, so that an operator with many replacements
does not crowd out the others. Mutants that change nothing but annotations or docstrings are not
drawn. Exit code 1 when fewer than the wanted share is noticed. Survivors that mean the same are
named, with the reason, in `equivalent.txt`; everything else that survives is printed as a diff.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import json
import os
import random
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import Queue

import cosmic_ray.plugins
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code

from tests.mutation.plan import PLAN

ROOT = Path(__file__).parents[2]
EQUIVALENT = Path(__file__).with_name("equivalent.txt")
SECONDS = 240  # for the tests of one mutant; one that takes longer hangs and is noticed
KEPT = ("exchange", "ontology", "publisher", "shapes", "tests", "docs", "sample", "benchmarks")
FILES = ("setup.cfg", "pyproject.toml", "README.md", "README.zh.md", "CHANGELOG.md", "Makefile")


@dataclass(frozen=True)
class Mutant:
    """One fault: the module, where, by which operator, and the whole module with it."""

    module: str
    line: int
    operator: str
    code: str

    def diff(self) -> str:
        """Return what changed, as a diff without context."""
        before = (ROOT / self.module).read_text(encoding="utf-8").splitlines()
        lines = difflib.unified_diff(before, self.code.splitlines(), n=0, lineterm="")
        changed = [line for line in lines if line[:1] in "+-" and line[:3] not in {"+++", "---"}]
        return "\n".join(changed)

    @property
    def name(self) -> str:
        """Name it so that a change elsewhere in the module does not rename it."""
        changed = " / ".join(line.strip() for line in self.diff().split("\n"))
        return f"{self.module} {self.operator} {changed}"


def operators() -> dict[str, object]:
    found = {}
    for name in cosmic_ray.plugins.operator_names():
        made = cosmic_ray.plugins.get_operator(name)
        if not made.arguments():
            found[name] = made()
    return found


def family(operator: str) -> str:
    """Return what an operator is one of: replacements of one comparison are one family."""
    return "_".join(operator.split("_")[:2])


def meaning(code: str) -> str:
    """Return what the code does: without annotations, docstrings and imports for types."""
    tree = ast.parse(code)
    for node in ast.walk(tree):
        for name in ("annotation", "returns"):
            if getattr(node, name, None) is not None:
                setattr(node, name, ast.Constant(None))
        body = getattr(node, "body", None)
        first = body[0] if isinstance(body, list) and body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
            body[0] = ast.Pass()
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            node.test, node.body = ast.Name("TYPE_CHECKING"), [ast.Pass()]
    return ast.dump(tree)


def places(
    module: str, known: dict[str, object]
) -> dict[tuple[str, int, int], list[tuple[str, int]]]:
    """Return by family and place the (operator, occurrence) that may be applied there."""
    tree = get_ast((ROOT / module).read_text(encoding="utf-8"))
    found: dict[tuple[str, int, int], list[tuple[str, int]]] = {}
    for name, operator in known.items():
        positions = (p for node in ast_nodes(tree) for p in operator.mutation_positions(node))
        for occurrence, (start, _) in enumerate(positions):
            found.setdefault((family(name), *start), []).append((name, occurrence))
    return found


def draw(count: int, seed: int) -> Iterator[Mutant]:
    """Yield mutants in a random order, one a place, until `count` of them mean something else."""
    pick, known = random.Random(seed), operators()
    every = [
        (module, place, choices)
        for module in sorted(PLAN)
        for place, choices in sorted(places(module, known).items())
    ]
    pick.shuffle(every)
    for module, (_, line, _), choices in every:
        name, occurrence = pick.choice(choices)
        source = (ROOT / module).read_text(encoding="utf-8")
        code = mutate_code(source, known[name], occurrence)
        try:
            same = code is None or meaning(code) == meaning(source)
        except SyntaxError:
            continue
        if not same:
            yield Mutant(module, line, name, code)
            count -= 1
            if not count:
                return


def copy_tree(into: Path) -> Path:
    for name in KEPT:
        shutil.copytree(ROOT / name, into / name, symlinks=True)
    for name in FILES:
        shutil.copy(ROOT / name, into / name)
    return into


def noticed(mutant: Mutant, tree: Path, python: Path) -> bool:
    """Return whether a fast test fails, breaks or hangs with the mutant."""
    file = tree / mutant.module
    kept = file.read_text(encoding="utf-8")
    file.write_text(mutant.code, encoding="utf-8")
    tests = PLAN[mutant.module].split()
    command = [
        str(python), "-m", "pytest", "-x", "-q", "-m", "not slow", "-p", "no:cacheprovider",
        "--hypothesis-profile", "quick", *tests,
    ]  # fmt: skip
    environment = {"PATH": os.defpath, "PYTHONPATH": str(tree), "HOME": str(tree)}
    try:
        ran = subprocess.run(
            command, cwd=tree, capture_output=True, timeout=SECONDS, check=False, env=environment
        )
    except subprocess.TimeoutExpired:
        return True
    finally:
        file.write_text(kept, encoding="utf-8")
    return ran.returncode != 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", type=Path, default=ROOT / ".venv/bin/python")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--least", type=float, default=0.85)
    parser.add_argument("--result", type=Path)
    chosen = parser.parse_args()
    equivalent = {
        line.partition("\t")[0]: line.partition("\t")[2]
        for line in EQUIVALENT.read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    }
    mutants = list(draw(chosen.count, chosen.seed))
    survivors: list[Mutant] = []
    with tempfile.TemporaryDirectory() as folder:
        trees: Queue[Path] = Queue()
        for number in range(chosen.workers):
            trees.put(copy_tree(Path(folder) / str(number)))

        def tried(mutant: Mutant) -> bool:
            tree = trees.get()
            try:
                killed = noticed(mutant, tree, chosen.python.absolute())
            finally:
                trees.put(tree)
            if not killed and mutant.name not in equivalent:
                survivors.append(mutant)
                print(f"\nsurvives: {mutant.module}:{mutant.line} {mutant.operator}", flush=True)
                print(mutant.diff(), flush=True)
            return killed

        with ThreadPoolExecutor(chosen.workers) as pool:
            killed = sum(pool.map(tried, mutants))
    known = len(mutants) - killed - len(survivors)
    share = killed / max(1, len(mutants) - known)
    result = {
        "seed": chosen.seed, "mutants": len(mutants), "noticed": killed, "equivalent": known,
        "survivors": sorted(mutant.name for mutant in survivors), "share": round(share, 3),
    }  # fmt: skip
    if chosen.result:
        chosen.result.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n")
    print(
        f"\nmutants: {killed} of {len(mutants) - known} noticed ({share:.1%}), {known} equivalent"
    )
    return 0 if share >= chosen.least else 1


if __name__ == "__main__":
    raise SystemExit(main())
