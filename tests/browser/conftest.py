"""A real browser on a real service: Debian's Chromium by Playwright, rules by axe-core.

Playwright never downloads a browser here, and the one that is used starts with an empty profile
and asks nothing of the network on its own account.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from exchange.sample import generate
from tests.browser.hostile import write_hostile
from tests.browser.places import Places
from tests.serving import City, lacking, npm_home

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESK, TELEPHONE = 1280, 390
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
_RUN_AXE = """async (tags) => {
  const found = await axe.run(document, {runOnly: {type: "tag", values: tags}});
  return found.violations.flatMap(rule =>
    rule.nodes.map(node => rule.id + ": " + node.target.join(" ") + " " + node.failureSummary));
}"""


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if shutil.which(CHROMIUM) is None:
        lacking(f"{CHROMIUM} is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def axe(request: pytest.FixtureRequest) -> str:
    """Return the source of axe-core."""
    home = npm_home(request.config, Path(__file__).parent / "axe" / "package.json")
    return (home / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


@dataclass
class Visitor:
    """One tab that keeps what it was told: requests, console, faults of scripts."""

    page: Page
    base: str
    asked: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))

    def open(self, path: str) -> int:
        answer = self.page.goto(self.base + path)
        assert answer is not None
        return answer.status

    @property
    def strangers(self) -> list[str]:
        """What was asked of anybody but the service."""
        own = urlsplit(self.base).netloc
        return [url for url in self.asked if urlsplit(url).netloc != own]

    def violations(self, axe: str) -> list[str]:
        self.page.evaluate(axe)
        found: list[str] = self.page.evaluate(_RUN_AXE, RULES)
        return found

    def overhang(self) -> int:
        """How many pixels the page is wider than the window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


Visit = Callable[..., Any]


@pytest.fixture
def visit(chromium: Browser, city: City) -> Visit:
    @contextmanager
    def opened(width: int = DESK, **options: Any) -> Iterator[Visitor]:
        context = chromium.new_context(viewport={"width": width, "height": 860}, **options)
        try:
            yield Visitor(context.new_page(), city.base)
        finally:
            context.close()

    return opened


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """A served city of some hundred records, hostile ones among them."""
    folder = tmp_path_factory.mktemp("sample")
    generate(120, 3, folder)
    write_hostile(folder)
    made = City(tmp_path_factory.mktemp("city") / "data")
    made.run("load", *sorted(folder.glob("*.csv")))
    made.run("publish")
    with made.served():
        yield made


@pytest.fixture(scope="session")
def places(city: City) -> Places:
    return Places(city)


@pytest.fixture(scope="session")
def screens(request: pytest.FixtureRequest) -> Path:
    """Return the folder where pictures of the pages are left for people to look at."""
    return request.config.cache.mkdir("screens")
