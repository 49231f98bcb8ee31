"""Every sort of page in a real browser: both languages, desk and telephone, light and dark."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import DESK, TELEPHONE, Visit, Visitor
from tests.browser.places import PLACES, Places

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

LANGUAGES = {"zh": "zh-Hans", "en": "en"}
LOOKS = {"desk": (DESK, "light"), "telephone": (TELEPHONE, "dark")}
# The browser itself says so on the console where a page is not found or gone.
_STATUS = "the server responded with a status of 4"

every_page = pytest.mark.parametrize("place", PLACES)
every_view = pytest.mark.parametrize("view", list(product(LANGUAGES, LOOKS)), ids="-".join)

At = Callable[..., AbstractContextManager[Visitor]]


@pytest.fixture
def at(visit: Visit, places: Places) -> At:
    @contextmanager
    def opened(
        place: str, view: tuple[str, str] = ("zh", "desk"), **options: Any
    ) -> Iterator[Visitor]:
        lang, look = view
        width, scheme = LOOKS[look]
        with visit(width, color_scheme=scheme, **options) as visitor:
            assert visitor.open(places.path(place, lang)) == places.status(place)
            yield visitor

    return opened


def test_no_sort_of_page_is_left_out() -> None:
    assert len(PLACES) >= 32


@every_view
@every_page
def test_a_page_is_accessible_fits_its_window_and_asks_nobody_else(
    at: At, axe: str, place: str, view: tuple[str, str], screens: Path
) -> None:
    with at(place, view) as visitor:
        visitor.page.screenshot(path=screens / f"{place}-{'-'.join(view)}.png", full_page=True)
        assert visitor.page.locator("html").get_attribute("lang") == LANGUAGES[view[0]]
        assert visitor.overhang() <= 0
        assert visitor.asked
        assert visitor.strangers == []
        assert [text for text in visitor.said if _STATUS not in text] == []
        assert visitor.violations(axe) == []


@every_page
def test_a_page_is_whole_without_javascript_and_leads_to_its_other_language(
    at: At, places: Places, place: str
) -> None:
    with at(place, java_script_enabled=False) as visitor:
        page = visitor.page
        assert page.locator("h1").count() == 1
        assert page.locator("h1").is_visible()
        assert page.locator('script:not([type="application/ld+json"])').count() == 0
        before = page.url.partition("?")[0]
        page.locator("a.tongue").click()
        assert page.locator("html").get_attribute("lang") == LANGUAGES["en"]
        if places.status(place) == 200:
            assert page.url.partition("?")[0] == before


@pytest.mark.parametrize("place", ["home", "record-penalty", "subject", "dataset-penalty"])
def test_on_paper_there_is_no_menu_and_no_form(at: At, place: str) -> None:
    with at(place) as visitor:
        visitor.page.emulate_media(media="print")
        assert not visitor.page.locator("nav").is_visible()
        assert not any(form.is_visible() for form in visitor.page.locator("form").all())
        assert visitor.page.locator("h1").is_visible()
