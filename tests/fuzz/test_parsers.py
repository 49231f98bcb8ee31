"""A hundred thousand hostile inputs over every parser: taken or refused, in time, in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.domain.disclosure_levels import Tier
from exchange.domain.identifiers import id_of
from exchange.model import load_model
from exchange.sample import generate
from publisher.layout import Layout
from publisher.surfaces.files.tree_surface import current_tree
from publisher.web.app import create_app
from publisher.wiring import Deployment
from tests.fuzz import reading_side, service, writing_side
from tests.fuzz.mutation import LARGEST
from tests.fuzz.target import GROWTH, Outcome, Target, fed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.fuzz.conftest import HostileCity

NAMES = (
    *("csv", "json", "json-lines", "record", "encoding", "headers", "cells", "values", "workbook"),
    *(
        "table-address",
        "journal",
        "guard",
        "guard-shapes",
        "sparql-request",
        "wishes",
        "feed-walk",
        "feed-folder",
    ),
    *("settings", "environment"),
)
ALL = 100_000
FEW = 25  # of each target in `make test`
MADE_UP = 500  # of each target, by hypothesis
# At least one input in so many must come through, or the target fuzzes its own front door only.
LEAST_TAKEN = 200


@pytest.fixture(scope="session")
def every(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Target]:
    folder, sample = tmp_path_factory.mktemp("fuzz"), tmp_path_factory.mktemp("sample")
    generate(6, 3, sample)
    found = [*writing_side.targets(load_model(), sample, folder), *reading_side.targets(folder)]
    return {target.name: target for target in found}


@pytest.mark.parametrize("name", NAMES)
def test_some_mutated_inputs_are_taken_or_refused(every: Mapping[str, Target], name: str) -> None:
    outcome = fed(every[name], FEW)
    assert outcome.verdict() == ""
    assert outcome.inputs == FEW
    assert outcome.taken, "the corpus itself must reach the parser"


def test_all_targets_together_have_a_hundred_thousand_inputs(every: Mapping[str, Target]) -> None:
    assert tuple(every) == NAMES
    assert sum(target.inputs for target in every.values()) >= ALL


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", NAMES)
def test_every_mutated_input_is_taken_or_refused(every: Mapping[str, Target], name: str) -> None:
    proven(every[name])


def proven(target: Target) -> None:
    outcome = fed(target, target.inputs)
    print(outcome.said(target))
    assert outcome.verdict() == ""
    assert outcome.inputs == target.inputs
    assert outcome.taken * LEAST_TAKEN >= outcome.inputs, "too few inputs came through"
    assert outcome.growth < GROWTH


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", NAMES)
def test_what_hypothesis_makes_of_a_dictionary_is_taken_or_refused(
    every: Mapping[str, Target], name: str
) -> None:
    target, outcome = every[name], Outcome()
    pieces = st.sampled_from([*target.dictionary, *target.corpus]) | st.binary(max_size=8)

    @settings(max_examples=MADE_UP, deadline=None, database=None, derandomize=True)
    @given(st.lists(pieces, max_size=30))
    def made_up(parts: list[bytes]) -> None:
        outcome.feed(target, b"".join(parts)[:LARGEST])

    made_up()
    print(outcome.said(target))
    assert outcome.verdict() == ""
    assert outcome.inputs >= MADE_UP


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_every_page_of_a_feed_in_every_form_can_be_spoiled(published_city: HostileCity) -> None:
    layout = Layout(published_city.root)
    found = list(reading_side.published(current_tree(layout.feed(Tier.PUBLIC))))
    assert [target.name for target in found] == ["feed-trig", "feed-jsonld", "feed-nq"]
    for target in found:
        proven(target)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_no_address_or_header_makes_the_service_fail(published_city: HostileCity) -> None:
    deployment = Deployment(published_city.root, {"CREDENCE_QUERY_TIMEOUT": "2"})
    with deployment.open() as opened, deployment.query_pool(Tier.PUBLIC) as queries:
        record = next(iri for iri, kind, _ in opened.ledger.live(Tier.PUBLIC) if kind == "penalty")
        path = f"/record/{id_of(record)}"
        (target,) = service.targets(create_app(opened.web_context(queries)), path)
        proven(target)
