"""Comunica's link traversal reads a feed by its tree:relation links."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.timeout(200)]

CONFIG = "node_modules/@comunica/config-query-sparql-link-traversal/config/config-tree.json"
ENGINE = "node_modules/.bin/comunica-dynamic-sparql-link-traversal"
QUERY = """PREFIX as: <https://www.w3.org/ns/activitystreams#>
PREFIX tree: <https://w3id.org/tree#>
SELECT (COUNT(DISTINCT ?m) AS ?n) {{ <{0}#stream> tree:member ?m . ?m as:published ?t }}"""


def test_every_member_is_found_by_following_links(city: Any, node: Path) -> None:
    feed = f"{city.base}/feed/penalty"
    done = subprocess.run(
        [ENGINE, feed, QUERY.format(feed), "-t", "application/sparql-results+json"],
        cwd=node,
        env={**os.environ, "COMUNICA_CONFIG": CONFIG},
        capture_output=True,
        text=True,
        timeout=150,
        check=True,
    )
    [row] = json.loads(done.stdout)["results"]["bindings"]
    pages = range(1, 1 + sum(1 for _ in city.feed("penalty").glob("p/*.nq.gz")))
    stated = [city.get(f"/feed/penalty/p/{page}.nq").count(b"#published>") for page in pages]
    assert int(row["n"]["value"]) == sum(stated) > 700
