"""What visitors do: by keyboard, with hostile records about, over a thin line."""

from __future__ import annotations

import pytest

from tests.browser import hostile
from tests.browser.conftest import TELEPHONE, Visit
from tests.browser.places import Places

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

HOME_BYTES = 150_000


def test_the_keyboard_comes_first_to_the_skip_link_and_by_it_to_the_text(
    visit: Visit, places: Places
) -> None:
    with visit() as visitor:
        visitor.open(places.path("record-penalty"))
        page = visitor.page
        page.keyboard.press("Tab")
        skip = page.locator("a.skip")
        assert skip.evaluate("node => node === document.activeElement")
        assert skip.bounding_box()["x"] >= 0  # it is seen once it is reached
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('main') !== null")


def test_the_keyboard_shows_where_it_is(visit: Visit) -> None:
    with visit() as visitor:
        visitor.open("/")
        for _ in range(12):
            visitor.page.keyboard.press("Tab")
            width = visitor.page.evaluate(
                "getComputedStyle(document.activeElement).outlineStyle !== 'none' &&"
                " parseFloat(getComputedStyle(document.activeElement).outlineWidth)"
            )
            assert width >= 2


def test_a_visitor_searches_and_comes_to_a_record_by_keyboard_alone_without_javascript(
    visit: Visit, places: Places
) -> None:
    number = hostile.number_of(hostile.NAMES.index(hostile.PICTURES))
    with visit(java_script_enabled=False) as visitor:
        visitor.open("/")
        page = visitor.page
        page.locator("#q").focus()
        page.keyboard.type(number)
        page.keyboard.press("Enter")
        page.wait_for_url("**/search?q=*")
        page.locator("ol.hits a").first.focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/record/*")
        assert hostile.PICTURES in page.locator("h1").inner_text()


def test_the_timeline_and_its_table_say_the_same(visit: Visit, places: Places) -> None:
    with visit() as visitor:
        visitor.open(places.path("subject-on-a-list"))
        page = visitor.page
        drawing = page.locator("svg[role=img]").first
        bars = drawing.locator("rect").count()
        assert bars >= 1
        assert str(bars) in (drawing.locator("title").first.text_content() or "")
        page.locator("summary").first.click()
        assert page.locator("table.twin tbody tr").count() == bars


def test_the_months_and_their_table_say_the_same(visit: Visit, places: Places) -> None:
    with visit() as visitor:
        visitor.open(places.path("dataset-penalty"))
        page = visitor.page
        drawn = [text.split()[1] for text in page.locator("rect title").all_text_contents()]
        page.locator("summary").first.click()
        assert page.locator("table.twin td.number").all_inner_texts() == drawn
        assert sum(map(int, drawn)) > 0


def test_the_home_page_is_light_and_brings_no_script(visit: Visit) -> None:
    with visit() as visitor:
        weights: list[int] = []
        visitor.page.on("response", lambda answer: weights.append(len(answer.body())))
        visitor.open("/")
        visitor.page.wait_for_load_state("networkidle")
        assert len(weights) >= 2
        assert sum(weights) < HOME_BYTES
        assert not any(url.endswith(".js") for url in visitor.asked)


@pytest.mark.parametrize("name", hostile.NAMES)
@pytest.mark.parametrize("width", [1280, TELEPHONE])
def test_a_hostile_record_is_text_and_nothing_else(
    visit: Visit, places: Places, name: str, width: int
) -> None:
    shown = name
    for hidden in "\u202e\u2066\u200f":
        shown = shown.replace(hidden, f"⟨U+{ord(hidden):04X}⟩")
    code = hostile.code(hostile.NAMES.index(name))
    for path in (places.hostile(name), f"/subject/{code}"):
        with visit(width) as visitor:
            assert visitor.open(path) == 200
            page = visitor.page
            assert page.title() != "taken"
            assert shown[:100] in " ".join(page.locator("main").inner_text().split("\n"))
            assert page.locator("main img, main script, main x").count() == 0
            assert page.locator("a[href^='javascript']").count() == 0
            assert not any(hidden in page.content() for hidden in "\u202e\u2066\u200f")
            assert visitor.overhang() <= 0
            assert visitor.said == []


def test_a_name_beyond_bounds_never_came_in(places: Places) -> None:
    answer = places.city.get(
        "/sparql?query=SELECT%20(MAX(STRLEN(%3Fo))%20AS%20%3Fm)%20%7B%20%3Fs%20%3Chttps%3A%2F%2Fw3id.org%2Fcredence%2Fns%23counterpartName%3E%20%3Fo%20%7D",
        "text/csv",
    )
    assert int(answer.split()[1]) == len(hostile.ENDLESS)
