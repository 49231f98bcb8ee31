"""The questions: one of each sort for every record and code, no text ever asked twice.

`slots` cuts them into files for the driver. Each line is the query string of one request, percent
encoded; every server of a round gets the same file, every round another one, so that no answer
that a server keeps is asked for again.
"""

from __future__ import annotations

import itertools
import json
import random
from pathlib import Path
from urllib.parse import quote
from urllib.request import Request, urlopen

from pyoxigraph import Store

PREFIX = "PREFIX cr: <https://w3id.org/credence/ns#>\n"
RECORD = "CONSTRUCT {{ <{0}> ?p ?o }} WHERE {{ <{0}> ?p ?o }}"
LOOKUP = PREFIX + 'SELECT ?record ?p ?o WHERE {{ ?record cr:uscc "{0}" ; ?p ?o }}'
ACCEPT = {"construct": "application/n-triples", "lookup": "application/sparql-results+json"}
_ASKED = {
    "construct": PREFIX + "SELECT ?x WHERE { ?x a cr:AdministrativePenalty }",
    "lookup": PREFIX + "SELECT DISTINCT ?x WHERE { ?s cr:uscc ?x }",
}


def subjects(store: Store) -> dict[str, list[str]]:
    """Return the record IRIs and the codes that the store holds, each in a drawn order."""
    found = {}
    for sort, query in _ASKED.items():
        found[sort] = sorted(row["x"].value for row in store.query(query))
        random.Random(11).shuffle(found[sort])
    return found


class Questions:
    """Texts of which none is ever asked twice, until they have run out."""

    def __init__(self, values: dict[str, list[str]]) -> None:
        self._left = {sort: iter(each) for sort, each in values.items()}

    def draw(self, sort: str, count: int) -> list[str]:
        """Return the next texts of a sort, fewer where they end; raises RuntimeError at none."""
        form = RECORD if sort == "construct" else LOOKUP
        texts = [form.format(value) for value in itertools.islice(self._left[sort], count)]
        if not texts:
            raise RuntimeError(f"All {sort} questions have been asked; take more records.")
        return texts


def line(text: str) -> str:
    """Return the query string of a request."""
    return f"query={quote(text, safe='')}"


def write(path: Path, texts: list[str]) -> Path:
    """Write one query string a line."""
    path.write_text("".join(line(text) + "\n" for text in texts))
    return path


def answer(url: str, sort: str, text: str) -> tuple[bytes, str | None]:
    """Ask once; return the body and its ETag."""
    asking = Request(f"{url}?{line(text)}", headers={"Accept": ACCEPT[sort]})
    with urlopen(asking, timeout=60) as reply:
        return reply.read(), reply.headers["ETag"]


def counted(sort: str, body: bytes) -> int:
    """Return how many statements or rows an answer holds."""
    if sort == "construct":
        return sum(1 for each in body.splitlines() if each.strip())
    return len(json.loads(body)["results"]["bindings"])
