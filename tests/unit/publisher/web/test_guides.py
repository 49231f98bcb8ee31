"""The queries that docs/query.md promises run, and find something in the sample."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from werkzeug.test import Client

GUIDE = Path(__file__).parents[4] / "docs" / "query.md"
QUERIES = re.findall(r"```sparql\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
CODE = re.compile(r'"(9[0-9A-Z]{17})"')


def test_the_guide_has_queries() -> None:
    assert len(QUERIES) == 5


@pytest.mark.parametrize("query", QUERIES, ids=range(len(QUERIES)))
def test_a_query_of_the_guide_finds_something(client: Client, query: str) -> None:
    some_company = client.get(
        "/sparql",
        query_string={
            "query": "PREFIX cr: <https://w3id.org/credence/ns#> SELECT ?code WHERE { ?register "
            "cr:uscc ?code ; cr:describes ?company . ?record cr:counterpart ?company } LIMIT 1"
        },
        headers={"Accept": "text/csv"},
    ).text.split()[1]
    asked = CODE.sub(f'"{some_company}"', query)
    answer = client.get("/sparql", query_string={"query": asked}, headers={"Accept": "text/csv"})
    assert answer.status_code == 200, answer.text
    assert len(answer.text.splitlines()) > 1
