"""What comments and docstrings say as `module.name` is defined in that module.

A name before the dot that is neither a module of ours nor anything in the file itself is a module
that is no more.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parents[2]
PACKAGES: Final = ("exchange", "ontology", "publisher", "shapes")
REFERENCE: Final = re.compile(r"`([a-z_]\w*)\.(\w+)(?:\(\))?`")
# After the dot, of a file and not of a module.
SUFFIXES: Final = re.compile(
    r"cfg|css|csv|gz|html|jsonl?|jsonld|key|lock|md|nq|nt|py|sqlite|toml|trig|ttl|txt|xlsx|xml"
)


def sources() -> list[Path]:
    return sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


@cache
def modules() -> dict[str, frozenset[str]]:
    """Return what each module defines or imports, by its last name; packages also their modules."""
    found: dict[str, frozenset[str]] = {}
    for path in sources():
        package = path.name == "__init__.py"
        name = path.parent.name if package else path.stem
        defined = set(_defined(ast.parse(path.read_text(encoding="utf-8"))))
        if package:
            defined |= {child.stem for child in path.parent.iterdir()}
        found[name] = found.get(name, frozenset()) | defined
    return found


def _defined(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.alias():
                yield node.asname or node.name
            case ast.Name(id=name, ctx=ast.Store()):
                yield name


def _used(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
                yield name
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.alias():
                yield (node.asname or node.name).rpartition(".")[2]


def dangling(text: str) -> list[str]:
    """Return the references of a source text that lead nowhere."""
    used = set(_used(ast.parse(text)))
    return [
        f"{module}.{name}"
        for module, name in REFERENCE.findall(text)
        if not SUFFIXES.fullmatch(name)
        and module not in used
        and name not in modules().get(module, ())
    ]


def missing_files(text: str) -> list[str]:
    return [
        f"{module}.py"
        for module, name in REFERENCE.findall(text)
        if name == "py" and module not in modules()
    ]


def test_every_name_that_a_comment_gives_with_its_module_is_defined_there() -> None:
    texts = {path: path.read_text(encoding="utf-8") for path in sources()}
    assert sum(len(REFERENCE.findall(text)) for text in texts.values()) >= 30
    wrong = {
        path.relative_to(ROOT).as_posix(): found
        for path, text in texts.items()
        if (found := dangling(text) + missing_files(text))
    }
    assert wrong == {}


@pytest.mark.parametrize(
    "reference", ["`lexikon.tokens`", "`lifecycle.arrives_by_train`", "`no_such_module.py`"]
)
def test_a_reference_that_leads_nowhere_is_found(reference: str) -> None:
    text = f'"""As {reference} says."""'
    assert len(dangling(text) + missing_files(text)) == 1


def test_a_reference_to_a_function_of_ours_is_none_of_them() -> None:
    assert dangling('"""As `lifecycle.advance` and `query_guard.check` say."""') == []
