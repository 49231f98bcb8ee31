from __future__ import annotations

from pathlib import Path

from exchange.domain import events
from exchange.domain.events import EVENTS, NOTE_EVENTS, VERSION_EVENTS, EventType

ROOT = Path(__file__).parents[4]


def test_the_table_has_every_event_of_the_design_once_and_in_order():
    text = (
        "genesis open close publish revise correct object suspend resume withdraw expire "
        "reinstate erase issue release recognise mapping policy trust key epoch review"
    )
    assert " ".join(EVENTS) == text
    assert list(EVENTS) == list(EventType)


def test_only_versions_have_views_of_their_own():
    own = {name for name, row in EVENTS.items() if row.views != "archive only"}
    assert own == VERSION_EVENTS
    assert all(EVENTS[name].served == "none" for name in NOTE_EVENTS)


def test_the_document_is_the_table():
    assert (ROOT / "docs" / "events.md").read_text(encoding="utf-8") == events.table()
