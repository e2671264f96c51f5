"""A real Chromium for tests of pages, and the pages with all that they said and requested."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

PATIENCE = 30.0  # seconds
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--mute-audio",
)  # fmt: skip


@contextmanager
def chromium() -> Iterator[Any]:
    """Yield a running Chromium; skip the test where there is none."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    if found is None:
        pytest.skip("there is no Chromium; install Debian's package chromium")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


class Visit:
    """A visit to one page."""

    def __init__(self, browser: Any, address: str, width: int = 1200, dark: bool = False) -> None:
        """Open a page.

        Args:
            browser: The browser.
            address: The page's address.
            width: Width of the window in pixels.
            dark: Whether the user prefers dark pages.
        """
        scheme = "dark" if dark else "light"
        size: Any = {"width": width, "height": 800}
        self.context = browser.new_context(viewport=size, color_scheme=scheme)
        self.page = self.context.new_page()
        self.said: list[str] = []
        self.requested: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.requested.append(request.url))
        self.page.goto(address)

    def close(self) -> None:
        """Close the page."""
        self.context.close()

    def foreign(self) -> list[str]:
        """Return the requests besides the page itself; data and blobs are parts of it."""
        inside = ("data:", "blob:")
        return [url for url in self.requested[1:] if not url.startswith(inside)]

    def until(self, expression: str) -> None:
        """Wait for an expression to be true; the page's policy forbids Playwright's own waiting."""
        end = time.monotonic() + PATIENCE
        while not self.page.evaluate(expression):
            assert time.monotonic() < end, expression
            self.page.wait_for_timeout(20)

    def violations(self, *rules: str) -> list[str]:
        """Return what axe-core finds against accessibility, by all rules or by these."""
        pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is missing")
        script = resources.files("axe_playwright_python").joinpath("axe.min.js").read_text()
        self.page.evaluate(script)
        options: dict[str, Any] = {"resultTypes": ["violations"]}
        if rules:
            options["runOnly"] = list(rules)
        found = self.page.evaluate("(options) => axe.run(document, options)", options)
        return [
            f"{one['impact']} {one['id']}: {one['nodes'][0]['html'][:200]}"
            for one in found["violations"]
        ]


def address_of(path: Path) -> str:
    """Return the address of a file."""
    return path.resolve().as_uri()
