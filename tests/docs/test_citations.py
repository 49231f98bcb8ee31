"""Every document, heading and file that code, tests and documents cite is in the repository.

A citation is a path from the root, for a section followed by its heading in quotes, as in the first
lines of most modules of `exchange`. Links between documents are checked as well, anchors included.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
FOLDERS: Final = ("benchmarks", "docs", "exchange", "ontology", "publisher", "shapes", "tests")
SUFFIXES: Final = {
    ".cfg",
    ".css",
    ".html",
    ".js",
    ".lua",
    ".mako",
    ".md",
    ".mjs",
    ".py",
    ".toml",
    ".ttl",
}
MADE: Final = {"__pycache__", "derived", "node_modules"}

SECTION: Final = re.compile(r'\b(docs/[\w/-]+\.md)[\s#]+"([^"]+)"')
DECISION: Final = re.compile(r"\bdecisions?[/ ](\d{4})\b")
LINK: Final = re.compile(r"\]\(([^)\s:]+)\)")
HEADING: Final = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
# A path below one of our folders; what has a placeholder (`shapes/<kind>.ttl`, `*.json`) is none.
PATH: Final = re.compile(rf"(?<![\w./<-])((?:{'|'.join(FOLDERS)})/[\w./-]+)(?![\w./*<{{-])")
BARE: Final = re.compile(rf"`(?!(?:{'|'.join(FOLDERS)})/)([\w/]+\.py)`")

# What a reader of the repository cannot look up: documents that are not in it, its issues, and
# the workplace of whoever wrote a line.
ELSEWHERE: Final = {
    "a document by its old name": re.compile(
        r"\b(?:DESIGN|DETAILS|CONTRACT|TERMS|ROADMAP)\b(?=\.md|[ \n#]*[§\"`]| \d)"
    ),
    "a note of research": re.compile(r"\bresearch/\w|\b[a-z]+\.md §"),
    "an issue of this work": re.compile(r"\b[Ii]ssue #?\d"),
    "a folder beside the repository": re.compile(r"\bshared/[a-z]|/work/[a-z]|/tmp/wt/"),
}
# It names the folder that holds the published suites by default, and nothing else may.
MAY_NAME_A_NEIGHBOUR: Final = {".ci/run"}


def texts() -> Iterator[tuple[str, str]]:
    """Yield path and text of each file that people write, but for this one."""
    below = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*")]
    named = [ROOT / "Makefile", ROOT / ".ci" / "run"]
    for path in sorted({*below, *ROOT.glob("*.*"), *named}):
        ours = path.suffix in SUFFIXES or path in named
        if path.is_file() and ours and not MADE & set(path.parts) and path != Path(__file__):
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def documents() -> list[tuple[str, str]]:
    return [(name, text) for name, text in TEXTS if name.endswith(".md")]


TEXTS: Final = list(texts())


def plain(heading: str) -> str:
    """Return a heading as it is cited: without backticks and the mark of what is planned."""
    return heading.replace("`", "").removesuffix(" *(later)*").strip()


def headings(document: str) -> set[str]:
    text = (ROOT / document).read_text(encoding="utf-8")
    return {plain(heading) for heading in HEADING.findall(text)}


def anchors(document: Path) -> set[str]:
    """Return the anchors that a web view makes of a document's headings."""
    found = HEADING.findall(document.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


def dangling_sections(name: str, text: str) -> list[str]:
    """Return what is wrong with each section that a text cites."""
    wrong = []
    for document, heading in SECTION.findall(text):
        if not (ROOT / document).is_file():
            wrong.append(f"{name}: no document {document}")
        elif plain(re.sub(r"[\s#]+", " ", heading)) not in headings(document):
            wrong.append(f"{name}: no heading {heading!r} in {document}")
    return wrong


def dangling_decisions(name: str, text: str) -> list[str]:
    return [
        f"{name}: no decision {number}"
        for number in DECISION.findall(text)
        if not list((ROOT / "docs" / "decisions").glob(f"{number}-*.md"))
    ]


def dangling_paths(name: str, text: str) -> list[str]:
    """Return each path that a document names and nothing has; `x.py` is found by its ending."""
    wrong = [
        f"{name}: no {path}"
        for path in (found.rstrip(".,") for found in PATH.findall(text))
        if not (ROOT / path).exists() and not DECISION.search(path)
    ]
    ends = tuple(f"/{other}" for other, _ in TEXTS if other.endswith(".py"))
    return wrong + [
        f"{name}: no {path}"
        for path in BARE.findall(text)
        if not any(end.endswith(f"/{path}") for end in ends)
    ]


def foreign(name: str, text: str) -> list[str]:
    allowed = "a folder beside the repository" if name in MAY_NAME_A_NEIGHBOUR else ""
    return [
        f"{name}: {what}: {match.group()!r}"
        for what, pattern in ELSEWHERE.items()
        if what != allowed
        for match in pattern.finditer(text)
    ]


def test_every_cited_section_exists() -> None:
    assert sum(len(SECTION.findall(text)) for _, text in TEXTS) >= 110
    assert [wrong for name, text in TEXTS for wrong in dangling_sections(name, text)] == []


def test_every_cited_decision_exists() -> None:
    assert sum(len(DECISION.findall(text)) for _, text in TEXTS) >= 60
    assert [wrong for name, text in TEXTS for wrong in dangling_decisions(name, text)] == []


def test_every_file_that_a_document_names_exists() -> None:
    named = [path for _, text in documents() for path in PATH.findall(text) + BARE.findall(text)]
    assert len(named) >= 250
    assert [wrong for name, text in documents() for wrong in dangling_paths(name, text)] == []


def test_every_link_with_an_anchor_leads_to_a_heading() -> None:
    wrong = [
        f"{name}: {link}"
        for name, text in documents()
        for link in LINK.findall(text)
        if "#" in link
        and link.partition("#")[2] not in anchors((ROOT / name).parent / link.partition("#")[0])
    ]
    assert wrong == []


def test_nothing_cites_what_is_not_in_the_repository() -> None:
    assert len(TEXTS) >= 700
    assert [wrong for name, text in TEXTS for wrong in foreign(name, text)] == []


@pytest.mark.parametrize(
    ("check", "text"),
    [
        (dangling_sections, 'see docs/design/ledger.md "A Heading That Is Not There"'),
        (dangling_sections, 'see docs/design/nowhere.md "Events"'),
        (dangling_sections, 'see docs/design/ledger.md\n# "Evnts" of it'),
        (dangling_decisions, "see docs/decisions/9999 for why"),
        (dangling_paths, "written in `exchange/ledger/nowhere.py`"),
        (dangling_paths, "held by `test_nowhere_at_all.py`"),
        (foreign, 'as DETAILS "Keys" says'),
        (foreign, "as DESIGN §4 says"),
        (foreign, "measured in research/feeds.md"),
        (foreign, "asked for by issue 14"),
        (foreign, "lies in ../shared/suites"),
    ],
)
def test_a_citation_that_leads_nowhere_is_found(check: object, text: str) -> None:
    assert callable(check)
    assert len(check("somewhere.py", text)) == 1
