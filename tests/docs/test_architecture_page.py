"""ARCHITECTURE.md is true of the code: what it calls is defined, and it stays short."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
SECTIONS: Final = dict(re.findall(r"^## (.+)\n((?:(?!^## ).*\n)*)", PAGE, re.MULTILINE))
FLOWS: Final = ("A submission", "A withdrawal", "A page", "A query")
# A module and, right behind it, what is called there.
CALL: Final = re.compile(r"`((?:exchange|publisher)/[\w/]+\.py)` `(\w+)`")

CALLED: Final = re.compile(r"(\w+)\(")


def defined(module: str) -> set[str]:
    """Return the names of the functions, methods and classes of a module."""
    tree = ast.parse((ROOT / module).read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.ClassDef)
    return {node.name for node in ast.walk(tree) if isinstance(node, kinds)}


def undefined(text: str) -> list[str]:
    return [
        f"{module} {name}"
        for module, name in CALL.findall(text)
        if not (ROOT / module).is_file() or name not in defined(module)
    ]


def test_the_page_is_short() -> None:
    assert len(PAGE.splitlines()) <= 230


def test_the_glossary_has_at_most_25_words_and_the_design_uses_each() -> None:
    words = re.findall(r"^\| ([a-z][^|]*?) \|", SECTIONS["Glossary"], re.MULTILINE)[1:]
    assert 15 <= len(words) <= 25
    assert len(set(words)) == len(words)
    design = [path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "design").glob("*.md")]
    rest = " ".join([PAGE.replace(SECTIONS["Glossary"], ""), *design]).lower()
    assert [word for word in words if not re.search(rf"\b{word.rstrip('y')}", rest)] == []


@pytest.mark.parametrize("flow", FLOWS)
def test_each_step_of_a_flow_is_numbered_and_calls_what_exists(flow: str) -> None:
    steps = [int(number) for number in re.findall(r"^(\d+)\. ", SECTIONS[flow], re.MULTILINE)]
    assert steps == list(range(1, len(steps) + 1))
    assert len(steps) >= 6
    assert len(CALL.findall(SECTIONS[flow])) >= 4
    assert undefined(SECTIONS[flow]) == []


@pytest.mark.parametrize("what", ["a kind", "a surface", "a page", "a check"])
def test_it_says_where_to_add(what: str) -> None:
    assert f"| **{what}**" in SECTIONS["Where to change what"]


def test_a_call_that_is_not_defined_is_found() -> None:
    assert undefined("`exchange/intake/delivery.py` `deliver_pizza`") != []
    assert undefined("`exchange/intake/delivery.py` `deliver`") == []


def test_the_port_of_the_design_is_the_port_of_the_code() -> None:
    design = (ROOT / "docs" / "design" / "surfaces.md").read_text(encoding="utf-8")
    section = design.partition("## The port\n")[2].partition("\n## ")[0]
    told = {name for line in re.findall(r"`([^`]*\))`", section) for name in CALLED.findall(line)}
    tree = ast.parse((ROOT / "publisher" / "surfaces" / "port.py").read_text(encoding="utf-8"))
    port = {
        method.name
        for node in tree.body
        if isinstance(node, ast.ClassDef) and node.name in {"SurfaceReader", "Surface"}
        for method in node.body
        if isinstance(method, ast.FunctionDef) and not method.decorator_list
    }
    assert told == port
