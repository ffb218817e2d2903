"""A page in headless Chromium, with all that it said, asked for or was refused."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
WIDE, NARROW = (1440, 900), (380, 800)
WATCH = """
window.refused = [];
document.addEventListener("securitypolicyviolation", (event) => refused.push(event.violatedDirective));
"""


@contextmanager
def chromium() -> Iterator[Any]:
    """One browser for many pages; the test is skipped where there is none."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip(f"no browser: none of {', '.join(NAMES)} is installed")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=found, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Seen:
    """An open page and what happened in it."""

    page: Any
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    @property
    def refused(self) -> list[str]:
        """What the policy had to forbid."""
        found: list[str] = self.page.evaluate("window.refused")
        return found

    @property
    def too_wide(self) -> int:
        """Pixels by which the page is wider than its window."""
        found: int = self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        return found

    def texts(self, selector: str) -> list[str]:
        """The texts of all elements that a selector names."""
        found: list[str] = self.page.locator(selector).all_inner_texts()
        return found

    def count(self, selector: str) -> int:
        """How many elements a selector names."""
        found: int = self.page.locator(selector).count()
        return found


@contextmanager
def opened(browser: Any, file: Path, size: tuple[int, int] = WIDE, **options: Any) -> Iterator[Seen]:
    """The page in a window of that size, drawn."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, **options)
    context.add_init_script(WATCH)
    seen = Seen(page=context.new_page())
    seen.page.on("console", lambda message: seen.said.append(f"{message.type}: {message.text}"))
    seen.page.on("pageerror", lambda error: seen.said.append(f"error: {error}"))
    seen.page.on("dialog", lambda dialog: seen.said.append(f"dialog: {dialog.message}"))
    seen.page.on("request", lambda request: seen.asked.append(request.url))
    try:
        seen.page.goto(file.as_uri())
        if options.get("java_script_enabled", True):
            seen.page.wait_for_selector("html.drawn", state="attached", timeout=20_000)
        yield seen
    finally:
        context.close()
