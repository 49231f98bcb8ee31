from __future__ import annotations

from typing import TYPE_CHECKING

import pyoxigraph as ox
from hypothesis import given
from hypothesis import strategies as st

from exchange.domain.disclosure_levels import Tier
from exchange.domain.keys import searchable
from publisher.surfaces.index import IndexMapping
from publisher.surfaces.index.index_row import BREAK, LONGEST, NAMES, NUMBERS, view_hash
from publisher.surfaces.index.search_terms import highlight, likely_codes
from tests.unit.publisher.surfaces.index.conftest import BASE, NS, USCC, code_of, view_of

if TYPE_CHECKING:
    from publisher.wiring import Deployment

IRI = f"{BASE}{'a' * 26}"


@given(name=st.text(min_size=1, max_size=40), number=st.text(min_size=1, max_size=40))
def test_any_text_is_read_as_it_was_written(plan: IndexMapping, name: str, number: str) -> None:
    view = view_of(IRI, "penalty", counterpartName=name, documentNumber=number)
    facts, _ = plan.read(IRI, view)
    assert (facts.name, facts.number) == (name, number)
    assert facts.words == f"{searchable(name)}{BREAK}{searchable(number)}"


def test_a_text_that_looks_like_a_statement_is_a_text(plan: IndexMapping) -> None:
    text = f'a" .\n<{IRI}> <{NS}subjectName> "b\\'
    facts, _ = plan.read(IRI, view_of(IRI, "penalty", counterpartName=text))
    assert facts.name == text


def test_a_long_text_is_kept_cut(plan: IndexMapping) -> None:
    facts, _ = plan.read(IRI, view_of(IRI, "penalty", counterpartName="长" * 10_000))
    assert facts.name == "长" * LONGEST
    assert len(facts.words) == 1_000


def test_what_is_read_of_every_record_is_what_a_parser_reads(town: Deployment) -> None:
    plan = IndexMapping(town.model.kinds.values())
    seen = set()
    with town.open() as opened:
        rows = [row for tier in (Tier.PUBLIC, Tier.GOVERNMENT) for row in opened.ledger.live(tier)]
    for iri, kind, view in rows:
        facts, rest = plan.read(iri, view)
        relevant = plan.indexed_statements(iri, view)
        assert plan.read(iri, relevant) == (facts._replace(print=view_hash(relevant)), rest)
        assert set(relevant.split(b"\n")) < set(view.split(b"\n"))
        said: dict[str, list[ox.NamedNode | ox.Literal]] = {}
        for quad in ox.parse(view, ox.RdfFormat.N_QUADS):
            said.setdefault(quad.predicate.value.removeprefix(NS), []).append(quad.object)

        def first(names: tuple[str, ...], said: dict[str, list[ox.Literal]] = said) -> str:
            return next((said[name][0].value for name in names if name in said), "")

        assert facts.kind == kind
        assert facts.name == first(NAMES)
        assert facts.number == first(NUMBERS)
        assert facts.authority == first(("authorityName",))
        named = {
            (name, node.value.removeprefix(USCC))
            for name, nodes in said.items()
            for node in nodes
            if isinstance(node, ox.NamedNode) and node.value.startswith(USCC)
        }
        assert set(rest.mentions) == named
        ends = town.model.kinds[kind].publicity_end
        assert (facts.until or "") == (first((ends,)) if ends else "")
        assert (facts.list is not None) == ("onList" in said)
        assert (rest.subject is not None) == (kind == "subject")
        assert (rest.measure is not None) == (kind == "measure")
        seen.add(kind)
    assert {"penalty", "licence", "subject", "list-entry", "measure"} <= seen


def test_no_id_digits_and_no_person_reach_the_index(town: Deployment) -> None:
    with town.open() as opened:
        persons = [
            view
            for _, _, view in opened.ledger.live(Tier.PUBLIC)
            if b"subject-category/natural-person" in view
        ]
    plan = IndexMapping(town.model.kinds.values())
    assert persons
    assert all(not plan.read("x", view)[0].name for view in persons)


@given(text=st.text("潞州（）Ａa·B1 ", max_size=20), start=st.integers(0, 20))
def test_marking_loses_nothing_and_marks_only_what_was_asked(text: str, start: int) -> None:
    words = [word for word in [searchable(text[start : start + 3])] if word]
    pieces = highlight(text, words)
    assert "".join(piece.text for piece in pieces) == text
    hits = [searchable(piece.text) for piece in pieces if piece.hit]
    assert bool(hits) == bool(words)
    # Two places that touch are one piece.
    assert all(words[0] in hit for hit in hits)


def test_neighbours_of_a_code_are_sound_and_one_slip_away() -> None:
    code = code_of(5)
    near = likely_codes(code[:-1] + ("1" if code[-1] != "1" else "2"))
    assert code in near
    assert 10 < len(near) < 60
    for each in near:
        differing = sum(one != other for one, other in zip(each, code, strict=True))
        assert differing <= 3
