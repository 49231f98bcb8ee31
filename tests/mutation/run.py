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
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from queue import Queue

import cosmic_ray.plugins
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code

from tests.mutation.plan import ALWAYS, PLAN, WHOLE_FILE

ROOT = Path(__file__).parents[2]
EQUIVALENT = Path(__file__).with_name("equivalent.txt")
SECONDS = 240  # for the tests of one mutant; one that takes longer hangs and is noticed
# Of the tests that reach a statement, the module's own and the fastest first: so many in a first
# run, then what takes no more than these seconds. What so many do not notice counts as a survivor,
# though another of hundreds might notice it.
FIRST, WORTH = 20, 30.0
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


def span(module: str, line: int) -> range:
    """Return the lines of the statement at a line: of a compound one, its head."""
    tree = ast.parse((ROOT / module).read_text(encoding="utf-8"))
    spans = []
    for node in ast.walk(tree):
        if isinstance(node, (ast.stmt, ast.ExceptHandler, ast.match_case)):
            start = getattr(node, "lineno", None) or node.pattern.lineno
            body = getattr(node, "body", None)
            end = max(start, body[0].lineno - 1) if body else node.end_lineno
            spans.append(range(start, end + 1))
    return min((found for found in spans if line in found), key=len, default=range(line, line + 1))


class Touched:
    """Which tests reach which lines, and how long each takes, fastest first."""

    def __init__(self, found: dict) -> None:
        self._seconds: dict[str, float] = found["seconds"]
        self._by_module: dict[str, dict[int, set[str]]] = {}
        for test, lines in found["reached"].items():
            for module, line in lines:
                self._by_module.setdefault(module, {}).setdefault(line, set()).add(test)

    def tests(self, mutant: Mutant) -> list[str]:
        """Return tests of a mutant's module that reach it, or, where none does, its module."""
        lines = self._by_module.get(mutant.module, {})
        reached = [lines.get(line, set()) for line in span(mutant.module, mutant.line)]
        named = set().union(*reached) or set().union(*lines.values())
        files = tuple(test.partition("::")[0] for test in named if test.endswith(f"::{WHOLE_FILE}"))
        planned = tuple(PLAN[mutant.module].split())
        every = [test for test in self._seconds if test.startswith(planned)]
        own = f"test_{Path(mutant.module).stem}.py"  # also where values alone are looked at
        files = (*files, *{test.partition("::")[0] for test in every if own in test})
        chosen = [test for test in every if test in named or (files and test.startswith(files))]
        always = [test for test in self._seconds if test.startswith(ALWAYS) and not any(reached)]
        chosen = sorted(
            chosen or every,
            key=lambda test: (test not in named, self._seconds[test] * (0.2 if own in test else 1)),
        )
        spent = accumulate(self._seconds[test] for test in chosen)
        worth = [test for test, sum_ in zip(chosen, spent, strict=True) if sum_ <= WORTH]
        return [*dict.fromkeys(always + (worth or chosen[:1]))]


def copy_tree(into: Path) -> Path:
    for name in KEPT:
        shutil.copytree(ROOT / name, into / name, symlinks=True)
    for name in FILES:
        shutil.copy(ROOT / name, into / name)
    return into


def run_tests(
    python: Path, tree: Path, tests: list[str], seconds: float | None, more: dict[str, str]
) -> subprocess.CompletedProcess[bytes]:
    command = [
        str(python), "-m", "pytest", "-q", "-m", "not slow", "-p", "no:cacheprovider",
        "-p", "tests.mutation.touching", "--hypothesis-profile", "quick", "--timeout", "60", *tests,
    ]  # fmt: skip
    environment = {"PATH": os.defpath, "PYTHONPATH": str(tree), "HOME": str(tree)}
    environment |= {"TMPDIR": str(tree.parent)} | more
    return subprocess.run(
        command, cwd=tree, capture_output=True, timeout=seconds, check=False, env=environment
    )


def touched_by_tests(python: Path, tree: Path, kept: Path | None) -> Touched:
    """Run every test of the plan once and return what each reached, or what an earlier run kept."""
    found = kept or tree / "touched.json"
    if not found.exists():
        tests = sorted({ALWAYS, *(test for tests in PLAN.values() for test in tests.split())})
        run_tests(python, tree, tests, None, {"TOUCHED": str(found)})
    touched = json.loads(found.read_text(encoding="utf-8"))
    for test in touched["not passed"]:  # it notices nothing, as it fails or is skipped by itself
        print(f"left out: {test}", flush=True)
    return Touched(touched)


def noticed(mutant: Mutant, tree: Path, python: Path, touched: Touched) -> bool:
    """Return whether a fast test fails, breaks or hangs with the mutant."""
    file, chosen = tree / mutant.module, tree / "chosen.txt"
    kept = file.read_text(encoding="utf-8")
    tests = touched.tests(mutant)
    file.write_text(mutant.code, encoding="utf-8")
    try:
        # The first few notice most; collecting the others' files takes longer than running them.
        for some in filter(None, (tests[:FIRST], tests[FIRST:])):
            chosen.write_text("\n".join(some), encoding="utf-8")
            files = dict.fromkeys(test.partition("::")[0] for test in some)
            if run_tests(python, tree, ["-x", *files], SECONDS, {"CHOSEN": str(chosen)}).returncode:
                return True
    except subprocess.TimeoutExpired:
        return True
    finally:
        file.write_text(kept, encoding="utf-8")
    return False


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", type=Path, default=ROOT / ".venv/bin/python")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--least", type=float, default=0.85)
    parser.add_argument("--skip", type=int, default=0, help="mutants of the draw not to try")
    parser.add_argument("--touched", type=Path, help="keep here which tests reach what")
    parser.add_argument("--result", type=Path)
    chosen = parser.parse_args()
    equivalent = {
        line.partition("\t")[0]: line.partition("\t")[2]
        for line in EQUIVALENT.read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    }
    mutants = list(draw(chosen.skip + chosen.count, chosen.seed))[chosen.skip :]
    survivors: list[Mutant] = []
    done: list[Mutant] = []
    with tempfile.TemporaryDirectory() as folder:
        trees: Queue[Path] = Queue()
        for number in range(chosen.workers):
            trees.put(copy_tree(Path(folder) / str(number)))
        python = chosen.python.absolute()
        touched = touched_by_tests(
            python, trees.queue[0], chosen.touched and chosen.touched.absolute()
        )

        def tried(mutant: Mutant) -> bool:
            tree = trees.get()
            try:
                killed = noticed(mutant, tree, python, touched)
            finally:
                trees.put(tree)
            done.append(mutant)
            print(f"\r{len(done)} of {len(mutants)} ", end="", file=sys.stderr, flush=True)
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
