"""What the documents say is so: links lead somewhere, files exist, tables are the code's."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from publisher import settings
from publisher.cli.main import credence

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"\]\(([^)#]+)")
TARGET = re.compile(r"^`?make ([a-z-]+)", re.MULTILINE)


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_there_are_documents_to_check() -> None:
    assert len(DOCUMENTS) >= 9


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_within_the_project_leads_somewhere(document: Path) -> None:
    links = [link for link in LINK.findall(document.read_text(encoding="utf-8")) if ":" not in link]
    assert [link for link in links if not (document.parent / link).exists()] == []


def test_the_settings_document_is_the_table_of_the_code() -> None:
    assert read("docs/settings.md") == settings.table()


def test_the_commands_of_the_readme_are_targets() -> None:
    targets = set(re.findall(r"^([a-z-]+):", read("Makefile"), re.MULTILINE))
    named = set(TARGET.findall(read("README.md")))
    assert {"demo", "test"} <= named
    assert named <= targets


def test_the_changelog_has_the_headings_that_consumers_read() -> None:
    headings = re.findall(r"^### (.+)$", read("CHANGELOG.md"), re.MULTILINE)
    assert {"Vocabulary", "Feed/API contract"} <= set(headings)


def test_every_verb_tells_what_it_does() -> None:
    context = click.Context(credence)
    verbs = {name: credence.get_command(context, name) for name in credence.list_commands(context)}
    assert len(verbs) >= 18
    assert [name for name, verb in verbs.items() if not (verb and verb.get_short_help_str())] == []
