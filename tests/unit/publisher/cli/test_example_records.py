from __future__ import annotations

import re

import pytest

from exchange.domain.disclosure_levels import Tier
from exchange.sample import generate
from exchange.use_case_types import LoadObserver, LoadOptions
from publisher.cli.example_records import LIST, Showcase, showcase
from publisher.wiring import Deployment


def test_an_empty_ledger_shows_nothing() -> None:
    assert showcase([]) == Showcase()


@pytest.mark.slow
def test_a_repair_of_what_is_shown_takes_the_list_and_the_measures_with_it(
    tmp_path, monkeypatch
) -> None:
    generate(400, 20, tmp_path / "sample")
    deployment = Deployment(tmp_path / "data", {"CREDENCE_BASE_URL": "https://credit.example"})
    with deployment.open_or_create() as opened:
        files = sorted((tmp_path / "sample").glob("*.csv"))
        list(opened.exchange().load(files, LoadOptions(), LoadObserver()))
        shown = showcase(opened.ledger.live(Tier.PUBLIC))
        assert shown.code

        def on_the_list() -> set[str]:
            mark = re.compile(
                rf'credit-list/{LIST}>.*?/ns#uscc> "{shown.code}"'.encode(), re.DOTALL
            )
            return {iri for iri, _, view in opened.ledger.live(Tier.PUBLIC) if mark.search(view)}

        before = on_the_list()
        assert before
        opened.ledger.withdraw(shown.record, "repair")
        assert len(on_the_list()) < len(before)


def test_without_such_a_list_any_penalty_is_shown() -> None:
    ns = "https://w3id.org/credence/ns#"
    view = f'<r> <{ns}documentNumber> "1" .\n<r> <{ns}uscc> "9111" .\n'.encode()
    assert showcase([("r", "penalty", view)]) == Showcase("r", "9111")
    assert showcase([("r", "licence", view)]) == Showcase()
