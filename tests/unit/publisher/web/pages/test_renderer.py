from __future__ import annotations

import pytest

from publisher.web.pages.record_view import shortened
from publisher.web.pages.renderer import Pages, size_text

HIDDEN = "\u202e\u2066\u200b\u200f\ufeff\u00ad"


@pytest.fixture(scope="module")
def pages() -> Pages:
    return Pages("示例市\u202e", "https://credit.example/base")


def test_characters_that_nobody_sees_are_written_out_wherever_they_stand(pages: Pages) -> None:
    page = pages.render("error.html", "zh", title=f"<b>{HIDDEN}", what=HIDDEN, hint="").decode()
    assert not any(character in page for character in HIDDEN)
    assert "&lt;b&gt;⟨U+202E⟩⟨U+2066⟩⟨U+200B⟩⟨U+200F⟩⟨U+FEFF⟩⟨U+00AD⟩" in page
    assert "示例市⟨U+202E⟩" in page


def test_joiners_that_pictures_and_scripts_need_stay(pages: Pages) -> None:
    page = pages.render("error.html", "zh", title="👩\u200d💻", what="می\u200cخواهم", hint="")
    assert "👩\u200d💻" in page.decode()
    assert "می\u200cخواهم" in page.decode()


def test_links_keep_prefix_and_language(pages: Pages) -> None:
    page = pages.render("error.html", "en", title="", what="", hint="", here="/x?q=1").decode()
    assert 'href="/base/lists?lang=en"' in page
    assert 'href="/base/x?q=1"' in page


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (1234, "1.2 kB"), (12_345, "12 kB"),
        (999_600, "1.0 MB"), (5_250_000, "5.2 MB"), (10**16, "10000 TB"),
    ],
)  # fmt: skip
def test_sizes_have_two_or_three_digits(size: int, text: str) -> None:
    assert size_text(size) == text


def test_a_heading_is_never_longer_than_a_line() -> None:
    assert shortened("长" * 10_000) == "长" * 119 + "…"
    assert shortened("短") == "短"
