"""A member says the same in its three forms, whatever the record's text is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyld import jsonld

from exchange.domain.disclosure_levels import Tier
from exchange.domain.record import Activity, Change
from exchange.model import load_model
from exchange.model.canonical_terms import literal
from exchange.model.jsonld_context import context_terms
from publisher.surfaces.feed.addresses import ENVELOPE, FORMS, FeedConfig
from publisher.surfaces.feed.members import MemberWriter, header_of, view_of
from publisher.surfaces.feed.pages import Page

if TYPE_CHECKING:
    from collections.abc import Iterable

BASE = "https://credit.example.cn"
RECORD, EVENT = f"{BASE}/record/a", f"{BASE}/event/b"
NOON = 1_700_000_000_007
MODEL = load_model()
XSD = "http://www.w3.org/2001/XMLSchema#"
CR = "https://w3id.org/credence/ns#"
PLACE = FeedConfig(Path("nowhere"), Tier.PUBLIC, BASE, MODEL.kinds, lambda _: ())
TYPE = f"<http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <{CR}AdministrativePenalty>"
ENVELOPE_LINES = 6  # two memberships, type, object, published, seq

texts = st.text(
    st.one_of(
        st.sampled_from('"\\\n\t\r<>{}^`|,. ;\u00a0\u3000\u202e\u2028\ufffd\U0001f600；…长治'),
        st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"),
    ),
    max_size=40,
)
hostile = st.sampled_from(
    [
        ' a as:Delete ; as:object <urn:x> ; as:published "y" ; cr:seq 1',
        '"type":"Delete","object":"urn:x","published":"y","seq":1',
        f"<{CR}uscc>",
        f'"^^<{XSD}date>',
        " .\n<https://credit.example.cn/feed/penalty#stream> ",
        "\n,{",
    ]
)
values = st.one_of(
    (texts | hostile).map(literal),
    st.sampled_from(
        [
            f'"2026-01-05"^^<{XSD}date>',
            f'"0.10"^^<{XSD}decimal>',
            f'"x"^^<{XSD}token>',
            '"文"@zh',
            "<https://w3id.org/credence/code/penalty-kind/fine>",
            "<https://w3id.org/credence/uscc/91140400QQQQ00013E>",
            "<urn:x:other>",
            f"<{CR}AdministrativePenalty>",
        ]
    ),
)
properties = st.sampled_from([field.iri for field in MODEL.kinds["penalty"].fields] + ["urn:p:1"])
bodies = st.lists(st.tuples(properties, values), max_size=8)


def change(lines: Iterable[str], activity: Activity = Activity.CREATE, **more: Any) -> Change:
    view = "".join(f"<{RECORD}> {line} .\n" for line in sorted(set(lines))).encode()
    given = {"objection": False, "view": view or None} | more
    return Change(7, activity, RECORD, EVENT, "penalty", NOON, 1, **given)


def page_of(*changes: Change, closed: bool = False) -> dict[str, bytes]:
    members, page = MemberWriter(PLACE, "penalty"), Page("penalty", 1)
    for item in changes:
        page.add(item, members)
    return dict(zip(FORMS, page.documents(PLACE, members, closed=closed), strict=True))


def quads(text: bytes, form: ox.RdfFormat) -> set[str]:
    return {str(quad) for quad in ox.parse(text, form)}


def of_jsonld(text: bytes) -> set[str]:
    said = jsonld.to_rdf(json.loads(text), {"format": "application/n-quads"})
    return quads(said.encode(), ox.RdfFormat.N_QUADS)


@settings(max_examples=60)
@given(body=bodies, objection=st.booleans())
def test_the_three_forms_say_the_same(body: list[tuple[str, str]], objection: bool) -> None:
    lines = [TYPE, *(f"<{name}> {value}" for name, value in body)]
    made = page_of(change(lines, objection=objection))
    said = quads(made["nq"], ox.RdfFormat.N_QUADS)
    assert len(said) == 1 + ENVELOPE_LINES + objection + len(set(lines))
    assert quads(made["trig"], ox.RdfFormat.TRIG) == said
    assert of_jsonld(made["jsonld"]) == said


@settings(max_examples=60)
@given(body=bodies)
def test_the_view_can_be_had_back_byte_for_byte(body: list[tuple[str, str]]) -> None:
    given = change([TYPE, *(f"<{name}> {value}" for name, value in body)])
    block = MemberWriter(PLACE, "penalty").block(given)[2]
    assert view_of(block, RECORD) == given.view


@settings(max_examples=60)
@given(body=bodies)
def test_every_form_of_a_block_names_its_record(body: list[tuple[str, str]]) -> None:
    block = MemberWriter(PLACE, "penalty").block(
        change(f"<{name}> {value}" for name, value in body)
    )
    for form, text in enumerate(block):
        entry = header_of(form, text)
        assert (entry.activity, entry.record, entry.seq) == ("Create", RECORD, 7)


@settings(max_examples=30)
@given(body=bodies, other=bodies)
def test_a_page_is_read_back_as_it_was_written(
    body: list[tuple[str, str]], other: list[tuple[str, str]]
) -> None:
    changes = [change(f"<{n}> {v}" for n, v in item) for item in (body, [], other)]
    texts, members = page_of(*changes, closed=True), MemberWriter(PLACE, "penalty")
    page = Page.of("penalty", 1, list(texts.values()), members)
    assert [len(blocks) for blocks in page.blocks] == [3, 3, 3]
    assert list(page.documents(PLACE, members, closed=True)) == list(texts.values())


def test_a_tombstone_has_an_envelope_and_nothing_else() -> None:
    made = page_of(change([], Activity.DELETE))
    said = quads(made["nq"], ox.RdfFormat.N_QUADS)
    assert len(said) == 1 + ENVELOPE_LINES
    assert of_jsonld(made["jsonld"]) == quads(made["trig"], ox.RdfFormat.TRIG) == said


def test_a_mark_stands_in_the_envelope_and_leaves_with_the_text() -> None:
    marked = page_of(change([TYPE], objection=True))["nq"].decode()
    assert f"<{EVENT}> <{CR}objectionOpen>" in marked
    gone = page_of(change([], Activity.DELETE, objection=True))
    assert not any(b"objectionOpen>" in text for text in gone.values())
    assert b'"objectionOpen":true' not in gone["jsonld"]


def test_a_closed_page_says_so_in_every_form() -> None:
    made = page_of(change([TYPE]), closed=True)
    [line] = [x for x in quads(made["nq"], ox.RdfFormat.N_QUADS) if "immutable" in x]
    assert line in quads(made["trig"], ox.RdfFormat.TRIG) & of_jsonld(made["jsonld"])


def test_the_record_of_the_feed_is_the_json_of_its_page() -> None:
    line = "<https://w3id.org/credence/ns#penaltyKind> <{}fine>"
    scheme = "https://w3id.org/credence/code/penalty-kind/"
    made = json.loads(page_of(change([TYPE, line.format(scheme)]))["jsonld"])
    [record] = made["@graph"][1]["@graph"]
    assert record == {"id": RECORD, "type": "AdministrativePenalty", "penaltyKind": ["fine"]}


@pytest.mark.parametrize("slug", MODEL.kinds)
def test_no_name_or_code_of_the_model_is_a_term_of_the_envelope(slug: str) -> None:
    kind = MODEL.kinds[slug]
    codes = {
        concept.notation
        for field in kind.fields
        if field.scheme
        for concept in field.scheme.concepts.values()
    }
    assert not (set(context_terms([kind])) | codes) & set(ENVELOPE)


def test_what_is_no_member_is_refused() -> None:
    for form in range(len(FORMS)):
        with pytest.raises(ValueError, match="no member"):
            header_of(form, b"tree:member <x> .")
