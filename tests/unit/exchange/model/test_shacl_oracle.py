"""The compiled check held to pySHACL: verdict, focus, path and constraint component."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pyshacl
import pytest
import rdflib

from exchange.domain.disclosure_levels import Tier
from exchange.domain.record_body import view
from exchange.model import plausibility
from exchange.model.derived_files import PUBLIC
from exchange.model.plausibility import RULES
from exchange.model.public_shape import public_shape
from tests.unit.exchange.model import sound as rows
from tests.unit.exchange.model.mutants import Mutant, mutants

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exchange.model import CompiledKind

IRI = "https://c.example/record/a"
NS = "https://w3id.org/credence/ns#"
SH = rdflib.Namespace("http://www.w3.org/ns/shacl#")
FLOOR = 1000
# Beyond SHACL Core: check digits, that one field equals another, and what is plausible.
BEYOND = frozenset(
    {
        *("counterpart", "uscc-check-digit", "uscc-placeholder"),
        *("id-check-digit", "id-length", "id-character", "id-birth-date"),
        *RULES,
    }
)
OR = "OrConstraintComponent"
# The component of a rule; where a bad value breaks further ones, they stand behind.
COMPONENTS = {
    "required": ("MinCount",),
    "max-length": ("MaxLength",),
    "text": ("Pattern", "MaxLength"),
    "pattern": ("Pattern",),
    "uscc-length": ("Pattern",),
    "uscc-character": ("Pattern",),
    "date": ("Pattern", "Datatype"),
    "moment": ("Pattern", "Datatype"),
    "money": ("Pattern", "Datatype"),
    "code": ("In",),
}
# One result of a report: the property, or None for a rule between fields.
Found = dict[str | None, Counter[str]]


def expected(compiled: CompiledKind, record: dict[str, Any]) -> Iterator[tuple[str | None, str]]:
    """Yield the field and rule of every error, the rules between fields all of them."""
    for name, required, test in compiled._tests:
        value = record.get(name)
        broken = test(value) if name in record else "required" if required else None
        if broken and broken not in BEYOND:
            yield name, broken
    # Those of plausibility are beyond SHACL, and look at sound values alone.
    between = [item for item in compiled._rules if item.check.__module__ != plausibility.__name__]
    for rule in between:
        problem = rule.check(record, None)
        if problem and problem.severity == "error" and problem.rule not in BEYOND:
            yield None, problem.rule


def reported(lines: str, shapes: bytes) -> dict[str, Found]:
    """Return what pySHACL reports as violations, by record."""
    graph = rdflib.Graph().parse(data=lines, format="nt")
    shapes_graph = rdflib.Graph().parse(data=shapes.decode(), format="turtle")
    _, report, _ = pyshacl.validate(graph, shacl_graph=shapes_graph)
    assert isinstance(report, rdflib.Graph)
    found: dict[str, Found] = {}
    for result in report.subjects(SH.resultSeverity, SH.Violation):
        focus = str(report.value(result, SH.focusNode))
        path = report.value(result, SH.resultPath)
        component = str(report.value(result, SH.sourceConstraintComponent)).removeprefix(str(SH))
        name = None if path is None else str(path).removeprefix(NS)
        found.setdefault(focus, {}).setdefault(name, Counter())[component] += 1
    return found


def agree(mutant: Mutant, theirs: Found) -> None:
    """Fail unless both found the same properties, each broken in the same component."""
    ours: dict[str | None, list[str]] = {}
    for name, rule in expected(mutant.compiled, mutant.record):
        ours.setdefault(name, []).append(rule)
    assert ours.keys() == theirs.keys(), (mutant.record, ours, theirs)
    for name, rules in ours.items():
        if name is None:
            assert theirs[None] == {OR: len(rules)}, (mutant.record, ours, theirs)
            continue
        allowed = {f"{item}ConstraintComponent" for item in COMPONENTS[rules[0]]}
        assert set(theirs[name]) & allowed, (mutant.record, ours, theirs)
        assert set(theirs[name]) <= allowed | {"PatternConstraintComponent"}, (ours, theirs)


@pytest.fixture
def exact(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep rdflib from mending lexical forms before the engine sees them."""
    monkeypatch.setattr(rdflib, "NORMALIZE_LITERALS", False)


def statements(compiled: CompiledKind, record: dict[str, Any], number: int) -> str:
    return view(compiled.body(record), f"{IRI}{number}", Tier.ARCHIVE).decode()


def is_sayable(mutant: Mutant) -> bool:
    """Whether N-Quads can hold the values as IRIs; a body is only written of those that can."""
    iris = [field.name for field in mutant.compiled.kind.fields if field.datatype is None]
    return not any(
        set(text) & set(' <>"\\\n\t\x07') for name in iris for text in mutant.record.get(name, "")
    )


@pytest.mark.timeout(900)
@pytest.mark.usefixtures("exact")
@pytest.mark.parametrize("step", [150, pytest.param(1, marks=pytest.mark.slow)])
def test_shacl_finds_what_the_check_finds(step: int, kinds: dict[str, CompiledKind]) -> None:
    cases = [mutant for mutant in mutants(kinds) if is_sayable(mutant)][::step]
    alone = 0
    for slug, compiled in kinds.items():
        chosen = [mutant for mutant in cases if mutant.compiled is compiled]
        lines = "".join(
            statements(compiled, mutant.record, number) for number, mutant in enumerate(chosen)
        )
        found = reported(lines, public_shape(compiled.kind))
        for number, mutant in enumerate(chosen):
            theirs = found.get(f"{IRI}{number}", {})
            agree(mutant, theirs)
            alone += len(theirs) == 1 and sum(theirs.popitem()[1].values()) == 1
        assert chosen, slug
    print(f"{len(cases)} mutants, {alone} with one constraint violated alone")
    assert len(cases) >= 3 * FLOOR / step
    assert alone >= FLOOR / step


@pytest.mark.usefixtures("exact")
@pytest.mark.parametrize("slug", sorted({slug for slug, _, _ in rows.SOUND}))
def test_a_second_value_and_an_unknown_property_are_found_where_they_stand(
    slug: str, kinds: dict[str, CompiledKind]
) -> None:
    compiled = kinds[slug]
    form, row = next((form, row) for name, form, row in rows.SOUND if name == slug)
    record = compiled.read_row(row, form)[0]
    single = [field for field in compiled.kind.fields if not field.many]
    twice = [field for field in single if field.name in record and not field.scheme]
    lines = ""
    for number, field in enumerate(twice):
        value = record[field.name]
        lines += statements(compiled, record, number)
        lines += _second(lines, f"{IRI}{number}", field.iri)
        assert compiled.check(record | {field.name: [value, value]})
    lines += f'<{IRI}0> <{NS}surprise> "x" .\n'
    found = reported(lines, public_shape(compiled.kind))
    for number, field in enumerate(twice):
        assert found[f"{IRI}{number}"][field.name]["MaxCountConstraintComponent"] == 1
    assert found[f"{IRI}0"]["surprise"] == {"ClosedConstraintComponent": 1}
    (unknown,) = compiled.check(record | {"surprise": "x"})
    assert unknown.rule == "unknown-field"


def _second(lines: str, subject: str, predicate: str) -> str:
    """Return another statement of the same property."""
    start = f"<{subject}> <{predicate}> "
    stated = next(line for line in lines.split("\n") if line.startswith(start))
    value = stated.removeprefix(start)
    other = "<https://other.example/a> ." if value[0] == "<" else value.replace('"', '"1', 1)
    return f"{start}{other}\n"


def test_sound_rows_are_sound_to_shacl(kinds: dict[str, CompiledKind]) -> None:
    for slug, compiled in kinds.items():
        records = [kinds[s].read_row(row, form)[0] for s, form, row in rows.SOUND if s == slug]
        lines = "".join(statements(compiled, item, number) for number, item in enumerate(records))
        assert reported(lines, public_shape(compiled.kind)) == {}


def test_public_views_keep_to_the_closed_public_shape(kinds: dict[str, CompiledKind]) -> None:
    for slug, compiled in kinds.items():
        if compiled.kind.max_tier is not Tier.PUBLIC:
            continue
        made = [
            compiled.submission(compiled.read_row(row, form)[0])
            for name, form, row in rows.SOUND
            if name == slug
        ]
        lines = "".join(
            view(item.body, f"{IRI}{number}", Tier.PUBLIC).decode()
            for number, item in enumerate(made)
        )
        leaked = view(made[0].body, f"{IRI}9", Tier.PUBLIC).decode()
        leaked += f'<{IRI}9> <{NS}personIdNumber> "x" .\n'
        found = reported(lines + leaked, public_shape(compiled.kind, PUBLIC))
        assert set(found) == {f"{IRI}9"}, slug
