"""The compiled functions held to pyoxigraph, PyLD, jsonschema and jsonschema-rs."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import jsonschema
import jsonschema_rs
import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyld import jsonld

import ontology
from exchange.domain.disclosure_levels import Tier
from exchange.domain.record_body import assemble_body, view
from exchange.model.json_schema import json_schema
from exchange.model.plausibility import RULES
from exchange.model.value_checks import FORMATS
from tests.unit.exchange.model.mutants import mutants
from tests.unit.exchange.model.sound import SOUND

if TYPE_CHECKING:
    from exchange.model import CompiledKind, Kind

IRI = "https://c.example/record/a"
SLUGS = sorted({slug for slug, _, _ in SOUND})
CONTEXT = json.loads(ontology.read("derived/context.jsonld"))["@context"]
CODES = ["91140400QQQQ00013E", "11140400QQQQ0003X9", "12140400QQQQ000486"]
quiet = settings(
    deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
texts = st.text(
    st.one_of(
        st.sampled_from('"\\\n\t<>{}^`|\u00a0\u3000\u202e\ufffd\U0001f600\U0010ffff;；…长治'),
        st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"),
    ),
    min_size=1,
    max_size=40,
).filter(
    lambda text: bool(text.translate(dict.fromkeys(map(ord, "\u200b\u00ad\u2060\ufeff"))).split())
)


def of(field: Any) -> st.SearchStrategy[Any]:
    if field.scheme is not None:
        one = st.sampled_from(list(field.scheme.concepts))
    elif (
        field.value_type.slug in {"Unit", "Subject", "Coded"}
        or field.value_type.slug == "UnifiedCode"
    ):
        one = st.sampled_from(CODES)
    elif field.field_type == "date":
        one = st.dates(date(1950, 1, 1), date(2099, 12, 31)).map(str)
    elif field.field_type == "moment":
        one = st.datetimes(datetime(1950, 1, 1), datetime(2099, 12, 31)).map(  # noqa: DTZ001
            lambda time: f"{time:%Y-%m-%dT%H:%M:%S}+08:00"
        )
    elif field.value_type.slug == "Division":
        one = st.integers(100000, 999999).map(str)
    elif field.field_type == "money":
        one = st.integers(0, 10**12).map(lambda n: f"{n // 100}.{n % 100:02}")
    elif field.value_type.slug == "IdNumber":
        one = st.just("14040219900307001X")
    else:
        one = texts.map(lambda text: text[: field.max_length])
    return st.lists(one, min_size=1, max_size=4) if field.many else one


def records(kind: Kind) -> st.SearchStrategy[dict[str, Any]]:
    fields = {field.name: of(field) for field in kind.fields}
    return st.fixed_dictionaries({}, optional=fields).map(
        lambda record: {"type": kind.type_name, **record}
    )


def by_pyoxigraph(document: dict[str, Any]) -> bytes:
    quads = ox.parse(json.dumps(document), ox.RdfFormat.JSON_LD)
    dataset = ox.Dataset(quads)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    lines = ox.serialize(dataset, format=ox.RdfFormat.N_QUADS).decode().split("\n")
    return "".join(sorted(f"{line}\n" for line in lines if line)).encode()


def by_pyld(document: dict[str, Any]) -> bytes:
    options = {"algorithm": "URDNA2015", "format": "application/n-quads"}
    return str(jsonld.normalize(document, options)).encode()


@quiet
@given(data=st.data())
@pytest.mark.parametrize("slug", SLUGS)
def test_bodies_are_what_json_ld_processors_read(
    data: st.DataObject, slug: str, kinds: dict[str, CompiledKind]
) -> None:
    compiled = kinds[slug]
    record = data.draw(records(compiled.kind))
    compiled._complete(record)
    text = compiled.body(record)
    ours = view(text, IRI, Tier.ARCHIVE)
    document = {"@context": CONTEXT, "id": IRI, **record}
    assert ours == by_pyoxigraph(document)
    assert ours == by_pyld(document)
    assert text == assemble_body([line for line in text.split("\n") if line])


def test_every_kind_is_held_to_the_oracles(kinds: dict[str, CompiledKind]) -> None:
    assert sorted(kinds) == SLUGS


def validator(kind: Kind) -> jsonschema.Draft202012Validator:
    formats = jsonschema.FormatChecker(formats=())
    for name, problem in FORMATS.items():
        formats.checks(name)(
            lambda value, p=problem: not isinstance(value, str) or p(value) is None
        )
    document = json.loads(json_schema(kind))
    jsonschema.Draft202012Validator.check_schema(document)
    return jsonschema.Draft202012Validator(document, format_checker=formats)


def verdict(compiled: CompiledKind, record: dict[str, Any]) -> bool:
    # Equality of two fields and what is plausible are beyond JSON Schema.
    return not any(
        item.severity == "error" and item.rule not in {"counterpart", *RULES}
        for item in compiled.check(record)
    )


def test_json_schema_gives_the_same_verdicts(kinds: dict[str, CompiledKind]) -> None:
    validators = {slug: validator(compiled.kind) for slug, compiled in kinds.items()}
    found = {True: 0, False: 0}
    for mutant in mutants(kinds)[::8]:
        ours = verdict(mutant.compiled, mutant.record)
        found[ours] += 1
        theirs = validators[mutant.compiled.kind.slug].is_valid(mutant.record)
        assert ours == theirs, (mutant.record, mutant.compiled.check(mutant.record))
    assert min(found.values()) > 120


@pytest.mark.parametrize("slug", SLUGS)
def test_json_of_the_wrong_type_is_refused_alike(slug: str, kinds: dict[str, CompiledKind]) -> None:
    compiled = kinds[slug]
    check = validator(compiled.kind)
    form, row = next((form, row) for name, form, row in SOUND if name == slug)
    record = compiled.read_row(row, form)[0]
    for field in compiled.kind.fields:
        for value in (1, None, True, {}, [1], "x" if field.many else ["x"]):
            wrong = record | {field.name: value}
            assert compiled.check(wrong)
            assert not check.is_valid(wrong)


def test_the_fast_validator_reads_the_schema_alike(kinds: dict[str, CompiledKind]) -> None:
    formats = {
        name: (lambda value, p=problem: p(value) is None) for name, problem in FORMATS.items()
    }
    fast = {
        slug: jsonschema_rs.Draft202012Validator(
            json.loads(json_schema(compiled.kind)), formats=formats, validate_formats=True
        )
        for slug, compiled in kinds.items()
    }
    cases = mutants(kinds)
    assert len(cases) > 3000
    for mutant in cases:
        ours = verdict(mutant.compiled, mutant.record)
        assert ours == fast[mutant.compiled.kind.slug].is_valid(mutant.record), mutant.record


def constraints(compiled: CompiledKind) -> set[tuple[str, str]]:
    """Return what a value can break by itself: field and rule."""
    found: set[tuple[str, str]] = set()
    for field in compiled.kind.fields:
        if field.required:
            found.add((field.name, "required"))
        if field.max_length is not None:
            found.add((field.name, "max-length"))
        if field.scheme is not None:
            found.add((field.name, "code"))
        if field.value_type.slug in {"Text", "Date", "EndDate", "Moment", "Money"}:
            rule = {"Text": "text", "Moment": "moment", "Money": "money"}
            found.add((field.name, rule.get(field.value_type.slug, "date")))
        found |= {(field.name, "only-when") for _ in field.only_when}
    return found


def test_every_constraint_is_violated_alone_by_a_mutant(kinds: dict[str, CompiledKind]) -> None:
    alone: dict[str, set[tuple[str | None, str]]] = {slug: set() for slug in kinds}
    for mutant in mutants(kinds):
        # A code given to a person differs from the person as well.
        found = mutant.compiled.check(mutant.record)
        problems = [item for item in found if item.rule not in {"counterpart", *RULES}]
        if len(problems) == 1:
            alone[mutant.compiled.kind.slug].add((problems[0].field, problems[0].rule))
    for slug, compiled in kinds.items():
        assert constraints(compiled) - alone[slug] == set(), slug
