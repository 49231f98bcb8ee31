"""One source: what is derived follows it, and what cannot be derived is refused."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import jsonschema
import pyoxigraph as ox
import pytest
from pyld import jsonld

import ontology
import shapes
from exchange.domain.disclosure_levels import Tier
from exchange.domain.errors import DataInvalid
from exchange.domain.link_rules import Cascade
from exchange.model import CompiledKind, Model, compile_kind, derived_files, read_model
from exchange.model.derived_files import PUBLIC
from exchange.model.model_lint import RESERVED_TERMS, check_model
from exchange.model.public_shape import public_shape
from exchange.model.rule_conditions import Condition

if TYPE_CHECKING:
    from pathlib import Path

WORDS = {name: ontology.read(name) for name in ontology.sources()}
LOOKS = {name: shapes.read(name) for name in shapes.sources()}


META = {"2016.csv-metadata.json", "2018.csv-metadata.json"}
BOOKS = {"2016.xlsx", "2018.xlsx"}
SHEETS = {"2018.csv", "2018.csv-metadata.json", "2018.xlsx"}


def changed(file: str, old: str, new: str) -> Model:
    """Return the model after one edit of one shape or code list."""
    words, looks = dict(WORDS), dict(LOOKS)
    files = looks if file in looks else words
    text = files[file].decode()
    assert old in text
    files[file] = text.replace(old, new, 1).encode()
    return read_model(words, looks)


def test_the_committed_files_are_the_derived_ones(model: Model) -> None:
    assert derived_files.stale_files(model) == ()


def test_deriving_twice_gives_the_same_bytes(model: Model) -> None:
    assert derived_files.derive_files(model) == derived_files.derive_files(read_model(WORDS, LOOKS))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new", "stale"),
    [
        ("sh:maxLength 128", "sh:maxLength 64", {"md", "public.ttl", "schema.json", *META}),
        ('"CF_WSH"', '"CF_WSH2"', {"md", *SHEETS}),
        (
            '"行政处罚决定书文号"@zh',
            '"文号"@zh',
            {"md", "public.ttl", "schema.json", "2018.xlsx", "2018.csv-metadata.json"},
        ),
        ("sh:minCount 1 ;\n", "", {"md", "public.ttl", "schema.json", *META, *BOOKS}),
        ("leaf:gov-unconditional", "leaf:authorised", {"md"}),
    ],
)
def test_a_fact_changed_in_a_shape_is_noticed_in_every_file(
    old: str, new: str, stale: set[str]
) -> None:
    found = derived_files.stale_files(changed("penalty.ttl", old, new))
    assert set(found) == {f"shapes/derived/penalty.{end}" for end in stale}


def test_writing_brings_a_folder_up_to_date(model: Model, tmp_path: Path) -> None:
    left = tmp_path / "shapes" / "derived" / "former.md"
    left.parent.mkdir(parents=True)
    left.write_text("no kind of ours")
    assert "shapes/derived/former.md" in derived_files.write_derived_files(model, tmp_path)
    assert derived_files.stale_files(model, tmp_path) == ()
    assert not left.exists()


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("shared.ttl", "leaf:public-page", "leaf:public-secret"),
        ("shared.ttl", 'cr:code "*XDR_LB"', 'cr:code "*XDR_LB" ; cr:constant leaf:archive'),
        ("shared.ttl", 'cr:prefix "92"', 'cr:prefix "92" ; cr:suffix "X"'),
        ("shared.ttl", "cr:token subject-category:organisation", "cr:token subject-category:x"),
        ("licence.ttl", "cr:fills cr:deliveredState", "cr:fills cr:personName"),
        ("list-entry.ttl", 'cr:relation "rests-on"', 'cr:relation "leans-on"'),
        ("list-entry.ttl", "( kind:penalty )", "( kind:penalty kind:measure )"),
        ("list-entry.ttl", "( kind:penalty )", "( leaf:archive )"),
        ("repair-case.ttl", "cr:targetEdition cr:targetMeasureCode )", "cr:targetEdition )"),
        ("repair-case.ttl", 'cr:targetSlug "measure"', 'cr:targetSlug "interview"'),
        ("penalty.ttl", "sh:maxLength 128", "sh:maxLength 128 ; sh:minLength 3"),
        ("penalty.ttl", "sh:maxLength 128", "sh:maxLength 128 ; sh:equals cr:uscc"),
        ("penalty.ttl", "sh:maxLength 128", "sh:maxLength 128 ; cr:surprise true"),
        ("penalty.ttl", "sh:closed true", "sh:closed true ; sh:not [ ]"),
        ("penalty.ttl", 'cr:code "CF_WSH"', 'cr:code "CF_WSH" ; cr:field cr:uscc'),
        ("penalty.ttl", "sh:maxCount 1", "sh:maxCount 2"),
        ("penalty.ttl", "sh:node common:Text", "sh:node common:Number"),
        ("penalty.ttl", '"行政处罚决定书文号"@zh, ', ""),
        ("penalty.ttl", "code/penalty-kind>", "code/no-such-list>"),
        ("penalty.ttl", "cr:key ( cr:authority", "cr:key ( cr:nothing"),
        ("penalty.ttl", "penalty-kind:fine", "penalty-kind:whip"),
        ("penalty.ttl", "sh:targetClass", "sh:targetClass cr:RepairCase ; sh:targetClass"),
        ("penalty.ttl", "sh:closed true", "sh:closed true ; sh:sparql [ sh:select 'x' ]"),
        ("shared.ttl", "sh:order 1 ;", "sh:order 1 ; sh:qualifiedMinCount 1 ;"),
        ("shared.ttl", "sh:order 1 ;", "sh:order 1 ; sh:deactivated true ;"),
        ("links.ttl", 'cr:cascade "decide"', 'cr:cascade "forget"'),
        ("links.ttl", 'cr:cascade "decide"', 'cr:cascade "decide" ; sh:minCount 1'),
        ("links.ttl", "@prefix link:", "<x:y> cr:code 'nobody asks' . @prefix link:"),
        ("shared.ttl", "shared:remark a", "shared:nowhere a sh:PropertyShape . shared:remark a"),
        ("common.ttl", "common:Money a", "common:Weight a sh:NodeShape . common:Money a"),
        ("common.ttl", "sh:datatype xsd:decimal", "sh:datatype xsd:double"),
        ("common.ttl", "sh:datatype xsd:decimal", "sh:datatype xsd:decimal ; sh:minInclusive 0"),
        ("common.ttl", 'cr:format "date"', 'cr:format "moon"'),
        ("common.ttl", "[0-9]{2}-[0-9]{2}$", r"\\d{2}-\\d{2}$"),
        ("common.ttl", "@prefix", "prefix prefix"),
    ],
)
def test_what_cannot_be_translated_is_refused(file: str, old: str, new: str) -> None:
    with pytest.raises(DataInvalid):
        changed(file, old, new)


@pytest.mark.parametrize("name", ["proof", "Bad", "a-b", "uscc"])
def test_a_reserved_malformed_or_taken_json_name_is_refused(name: str) -> None:
    with pytest.raises(DataInvalid, match="JSON name"):
        changed(
            "penalty.ttl",
            "sh:path cr:documentNumber ;",
            f'sh:path cr:documentNumber ; cr:jsonName "{name}" ;',
        )


def test_every_term_of_a_credential_is_refused_as_a_name(model: Model) -> None:
    kind = model.kinds["penalty"]
    for word in RESERVED_TERMS:
        named = replace(kind, fields=(*kind.fields[1:], replace(kind.fields[0], name=word)))
        with pytest.raises(DataInvalid, match="JSON name"):
            check_model(replace(model, kinds={"penalty": named}))


def test_one_property_is_written_alike_in_all_kinds() -> None:
    with pytest.raises(DataInvalid, match="differs between kinds"):
        changed("repair-case.ttl", "sh:path cr:grounds", "sh:path cr:fineAmount")


def test_a_code_equal_to_a_json_name_is_refused() -> None:
    with pytest.raises(DataInvalid, match="code"):
        changed("codes/penalty-kind.ttl", 'skos:notation "fine"', 'skos:notation "remark"')


def test_a_condition_may_narrow_the_tier() -> None:
    model = changed(
        "penalty.ttl",
        "use-scope:government-only ) ; cr:maxTier",
        """use-scope:publicity ) ; cr:maxTier tier:public ] , [ cr:field cr:counterpartCategory ;
            cr:oneOf ( <https://w3id.org/credence/code/subject-category/sole-trader> ) ;
            cr:maxTier""",
    )
    narrowed = compile_kind(model, "penalty")
    record = {
        "counterpartCategory": "sole-trader",
        "uscc": "92140403QQQQ00021H",
        "documentNumber": "1",
        "authorityName": "测试局",
    }
    made = narrowed.submission(narrowed.normalise(record)[0])
    assert made.tier is Tier.GOVERNMENT
    assert not any(line.startswith(("o", "p")) for line in made.body.splitlines())
    record = narrowed.normalise(record | {"counterpartCategory": "organisation"})[0]
    assert narrowed.submission(record).tier is Tier.PUBLIC


def test_the_links_are_read_from_their_file(model: Model) -> None:
    rule = model.link_rules["concerns"]
    assert rule.sources == {"repair-case"}
    assert rule.targets == {"penalty", "licence", "list-entry", "measure"}
    assert {item.cascade for item in model.link_rules.values()} <= set(Cascade)


# How many columns the national forms have; the codes are in their dictionaries.
COLUMNS = {
    ("penalty", "2018"): 30,
    ("penalty", "2016"): 23,
    ("licence", "2018"): 28,
    ("licence", "2016"): 19,
}


@pytest.mark.parametrize(("slug", "form"), COLUMNS)
def test_every_column_of_the_national_forms_has_its_place(
    model: Model, slug: str, form: str
) -> None:
    columns = [item for field in model.kinds[slug].fields for item in field.columns_in(form)]
    assert len({column.code for column in columns}) == COLUMNS[slug, form]
    prefix = {"penalty": "CF_", "licence": "XK_"}[slug]
    others = {"BZ", "DFBM", "SJC"}
    assert all(column.code.startswith(prefix) or column.code in others for column in columns)
    assert not any("*" in code for column in columns for code in (column.code, *column.aliases))


def test_the_other_names_of_columns_are_known(model: Model) -> None:
    fields = [f for slug in ("penalty", "licence") for f in model.kinds[slug].fields]
    aliases = {a for field in fields for column in field.columns.values() for a in column.aliases}
    both = {"FDDB", "FR", "FR_SFZH"}
    assert aliases == {f"{prefix}_{name}" for prefix in ("CF", "XK") for name in both} | {
        *("CF_WFSS", "CF_LYDW", "CF_LYDWDM", "XK_SJLY", "XK_SJLYDM")
    }


def test_a_code_that_depends_on_the_form_binds_its_kind_to_a_form(model: Model) -> None:
    assert {slug for slug, kind in model.kinds.items() if kind.codes_differ_by_form} == {"licence"}


def test_the_template_opens_in_spreadsheets(model: Model) -> None:
    data = derived_files.derive_files(model)["shapes/derived/penalty.2018.csv"]
    assert data.startswith(b"\xef\xbb\xbf")
    (header,) = csv.reader(io.StringIO(data.decode("utf-8-sig")))
    assert header[0] == "CF_XDR_MC"
    assert len(header) == len(set(header)) == 30


def test_the_schema_is_closed_and_its_name_has_no_fragment(model: Model) -> None:
    derived = derived_files.derive_files(model)
    for slug in model.kinds:
        document: dict[str, Any] = json.loads(derived[f"shapes/derived/{slug}.schema.json"])
        jsonschema.Draft202012Validator.check_schema(document)
        assert document["additionalProperties"] is False
        assert "#" not in document["$id"]


def test_only_kinds_with_a_public_ceiling_have_a_public_shape(model: Model) -> None:
    shapes_ = [name for name in derived_files.derive_files(model) if name.endswith(".public.ttl")]
    public = {kind.slug for kind in model.kinds.values() if kind.max_tier is Tier.PUBLIC}
    assert public == {"subject", "penalty", "licence", "list-entry", "measure"}
    assert set(shapes_) == {f"shapes/derived/{slug}.public.ttl" for slug in public}


def test_a_rule_that_asks_for_a_hidden_field_is_none_of_a_public_shape(
    penalty: CompiledKind,
) -> None:
    kind = penalty.kind
    hidden = next(field for field in kind.fields if field.disclosure not in PUBLIC)
    shown = next(field for field in kind.fields if field.disclosure in PUBLIC)
    when = Condition(shown.name, present=True, and_also=Condition(hidden.name, present=True))
    for condition in (when, Condition(shown.name, present=True, and_also=when)):
        fields = tuple(replace(one, only_when=(condition,)) for one in kind.fields)
        text = public_shape(replace(kind, fields=fields), PUBLIC).decode()
        assert f"<{shown.iri}>" in text
        assert f"<{hidden.iri}>" not in text


def test_the_context_may_follow_the_one_of_credentials(model: Model) -> None:
    first = {"@version": 1.1, "@protected": True, "id": "@id", "type": "@type"}
    ours = json.loads(derived_files.derive_files(model)["ontology/derived/context.jsonld"])[
        "@context"
    ]
    document = {"@context": [first, ours], "id": "urn:x:y", "remark": "z"}
    assert jsonld.expand(document)[0]["https://w3id.org/credence/ns#remark"] == [{"@value": "z"}]


def test_the_vocabulary_stands_in_sorted_n_triples_without_blank_nodes(model: Model) -> None:
    lines = model.vocabulary().decode().splitlines()
    assert lines == sorted(set(lines))
    quads = list(ox.parse(model.vocabulary(), ox.RdfFormat.N_TRIPLES))
    assert len(quads) == len(lines)
    assert all(isinstance(quad.subject, ox.NamedNode) for quad in quads)


def test_compiled_functions_know_the_kind(penalty: CompiledKind) -> None:
    assert penalty.kind.type_name == "AdministrativePenalty"
    assert penalty.kind.field("uscc").iri.endswith("#uscc")
    with pytest.raises(KeyError):
        penalty.kind.field("nothing")
