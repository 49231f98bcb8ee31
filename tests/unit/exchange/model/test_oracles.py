"""The compiled functions held to four oracles: pyoxigraph, PyLD, jsonschema, pySHACL."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import jsonschema
import jsonschema_rs
import pyoxigraph as ox
import pyshacl
import pytest
import rdflib
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyld import jsonld

import ontology
from exchange.domain.access import Tier
from exchange.domain.body import body, view
from exchange.model.checks import FORMATS
from exchange.model.derive import PUBLIC
from exchange.model.schema import schema
from exchange.model.shape import shape

if TYPE_CHECKING:
    from exchange.model import Compiled, Kind

IRI = "https://c.example/record/a"
CONTEXT = json.loads(ontology.read("derived/context.jsonld"))["@context"]
CODES = ["91140400QQQQ00013E", "11140400QQQQ0003X9", "12140400QQQQ000486"]
KIND_NAMES = ["fine", "confiscation", "warning", "other", "licence-suspension-or-revocation"]
quiet = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
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
    elif field.value.slug in {"Unit", "Subject", "Coded"} or field.value.slug == "UnifiedCode":
        one = st.sampled_from(CODES)
    elif field.sort == "date":
        one = st.dates(date(1950, 1, 1), date(2099, 12, 31)).map(str)
    elif field.sort == "moment":
        one = st.datetimes(datetime(1950, 1, 1), datetime(2099, 12, 31)).map(  # noqa: DTZ001
            lambda time: f"{time:%Y-%m-%dT%H:%M:%S}+08:00"
        )
    elif field.value.slug == "Division":
        one = st.integers(100000, 999999).map(str)
    elif field.sort == "money":
        one = st.integers(0, 10**12).map(lambda n: f"{n // 100}.{n % 100:02}")
    elif field.value.slug == "IdNumber":
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
@pytest.mark.parametrize("slug", ["penalty", "repair-case"])
def test_bodies_are_what_json_ld_processors_read(
    data: st.DataObject, slug: str, penalty: Compiled, repair: Compiled
) -> None:
    compiled = penalty if slug == "penalty" else repair
    record = data.draw(records(compiled.kind))
    compiled._complete(record)
    text = compiled._body(record)
    ours = view(text, IRI, Tier.ARCHIVE)
    document = {"@context": CONTEXT, "id": IRI, **record}
    assert ours == by_pyoxigraph(document)
    assert ours == by_pyld(document)
    assert text == body([line for line in text.split("\n") if line])


def validator(kind: Kind) -> jsonschema.Draft202012Validator:
    formats = jsonschema.FormatChecker(formats=())
    for name, problem in FORMATS.items():
        formats.checks(name)(
            lambda value, p=problem: not isinstance(value, str) or p(value) is None
        )
    document = json.loads(schema(kind))
    jsonschema.Draft202012Validator.check_schema(document)
    return jsonschema.Draft202012Validator(document, format_checker=formats)


# JSON only: RDF knows no such values, or neither oracle the check digits.
MUTATIONS: dict[str, list[Any]] = {
    "text": [
        "",
        " ",
        "\u3000\t",
        "a\x07b",
        "a\x85",
        "x\x7f",
        "长" * 5000,
        "好\n好",
        '"',
        "\U0001f600",
    ],
    "code": ["", "nonsense", "fine ", "organisation", "other", "resident-id", "penalty", "granted"],
    "organisation": [
        "",
        "x",
        CODES[0],
        CODES[1],
        "9114",
        "91140400qqqq00013e",
        "9114040OQQQQ00013E",
    ],
    "date": ["", "2024-02-31", "2024-13-01", "1900-01-01", "2024-02-29", "9999-09-09", "24-1-1"],
    "moment": ["", "2024-02-31T00:00:00+08:00", "2024-02-29T23:59:59+08:00", "2024-02-29"],
    "money": ["", "1", "1.5", "-1.00", "0.00", "1e3", "12345678.90", "1,000.00"],
}


def mutants(compiled: Compiled, sound: dict[str, Any]) -> list[dict[str, Any]]:
    made = [{k: v for k, v in sound.items() if k != field.name} for field in compiled.kind.fields]
    for field in compiled.kind.fields:
        values = MUTATIONS[field.sort.value]
        if field.value.slug in {"UnifiedCode", "IdNumber"}:
            values = [*MUTATIONS["organisation"], "14040219900307001X", "E1234567"]
        made += [sound | {field.name: [v] if field.many else v} for v in values]
    return made


@pytest.fixture
def mutated(
    penalty: Compiled,
    repair: Compiled,
    row: dict[str, str],
    person_row: dict[str, str],
    case_row: dict[str, str],
) -> list[tuple[Compiled, dict[str, Any]]]:
    """Return several hundred records, each a sound one with one thing changed."""
    rows = [(penalty, row), (penalty, person_row), (repair, case_row)]
    return [
        (compiled, mutant)
        for compiled, given in rows
        for mutant in mutants(compiled, compiled.record(given, compiled.kind.forms[-1])[0])
    ]


def verdict(compiled: Compiled, record: dict[str, Any], *, without: frozenset[str]) -> bool:
    return not any(
        item.severity == "error" and item.rule not in without for item in compiled.check(record)
    )


def test_json_schema_gives_the_same_verdicts(
    mutated: list[tuple[Compiled, dict[str, Any]]], penalty: Compiled, repair: Compiled
) -> None:
    validators = {c.kind.slug: validator(c.kind) for c in (penalty, repair)}
    without = frozenset({"counterpart"})  # equality of two fields is beyond JSON Schema
    found = {True: 0, False: 0}
    for compiled, record in mutated:
        ours = verdict(compiled, record, without=without)
        found[ours] += 1
        theirs = validators[compiled.kind.slug].is_valid(record)
        assert ours == theirs, (record, compiled.check(record))
    assert min(found.values()) > 100


def test_the_fast_validator_reads_the_schema_alike(
    mutated: list[tuple[Compiled, dict[str, Any]]], penalty: Compiled, repair: Compiled
) -> None:
    formats = {
        name: (lambda value, p=problem: p(value) is None) for name, problem in FORMATS.items()
    }
    fast = {
        compiled.kind.slug: jsonschema_rs.Draft202012Validator(
            json.loads(schema(compiled.kind)), formats=formats, validate_formats=True
        )
        for compiled in (penalty, repair)
    }
    without = frozenset({"counterpart"})
    for compiled, record in mutated:
        ours = verdict(compiled, record, without=without)
        assert ours == fast[compiled.kind.slug].is_valid(record), record


def graph_of(records_: list[dict[str, Any]], compiled: Compiled) -> rdflib.Graph:
    lines = []
    for number, record in enumerate(records_):
        iri = f"{IRI}{number}"
        lines.append(view(compiled._body(record), iri, Tier.ARCHIVE).decode())
    graph = rdflib.Graph()
    graph.parse(data="".join(lines), format="nt")
    return graph


@pytest.mark.parametrize("step", [4, pytest.param(1, marks=pytest.mark.slow)])
def test_shacl_gives_the_same_verdicts(
    mutated: list[tuple[Compiled, dict[str, Any]]], step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # rdflib would mend lexical forms before the engine sees them.
    monkeypatch.setattr(rdflib, "NORMALIZE_LITERALS", False)
    # Check digits and equality of fields are beyond SHACL Core.
    without = frozenset(
        {
            "counterpart",
            "uscc-check-digit",
            "id-check-digit",
            "id-length",
            "id-character",
            "id-birth-date",
        }
    )
    for slug in ("penalty", "repair-case"):
        chosen = [(c, r) for c, r in mutated if c.kind.slug == slug]
        compiled = chosen[0][0]
        # A body is only ever written of values that N-Quads can hold as IRIs.
        sayable = [record for _, record in chosen if is_sayable(compiled, record)][::step]
        assert len(sayable) > 120 / step
        graph = graph_of(sayable, compiled)
        bad = violations(graph, shape(compiled.kind))
        for number, record in enumerate(sayable):
            ours = verdict(compiled, record, without=without)
            assert ours == (f"{IRI}{number}" not in bad), (record, compiled.check(record))


def is_sayable(compiled: Compiled, record: dict[str, Any]) -> bool:
    iris = [field.name for field in compiled.kind.fields if field.datatype is None]
    return all(" " not in value for name in iris for value in record.get(name, ()))


def violations(graph: rdflib.Graph, shapes: bytes) -> set[str]:
    shapes_graph = rdflib.Graph().parse(data=shapes.decode(), format="turtle")
    _, report, _ = pyshacl.validate(graph, shacl_graph=shapes_graph)
    sh = rdflib.Namespace("http://www.w3.org/ns/shacl#")
    return {
        str(report.value(result, sh.focusNode))
        for result in report.subjects(sh.resultSeverity, sh.Violation)
    }


def test_public_views_keep_to_the_closed_public_shape(
    penalty: Compiled, row: dict[str, str], person_row: dict[str, str]
) -> None:
    lines = ""
    for number, filled in enumerate((row, person_row)):
        made = penalty.submission(penalty.record(filled, "2018")[0])
        lines += view(made.body, f"{IRI}{number}", Tier.PUBLIC).decode()
    leaked = f'<{IRI}9> <https://w3id.org/credence/ns#personName> "x" .\n'
    leaked += view(made.body, f"{IRI}9", Tier.PUBLIC).decode()
    graph = rdflib.Graph().parse(data=lines + leaked, format="nt")
    assert violations(graph, shape(penalty.kind, PUBLIC)) == {f"{IRI}9"}
