"""Debian's Chromium, driven by Playwright: checks a page in a real browser and records policy violations.

A ``Visitor`` collects as ``complaints`` every error of the console, every violation of the content security policy, and
every request that fails or goes to another host.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
    expect,
    sync_playwright,
)
from support.waiting import eventually

WIDTHS = {"widest": 1600, "wide": 1280, "phone": 390}
HEIGHT = 900
PATIENCE = 40_000.0
"""Milliseconds until something is shown at the latest."""
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def chromium() -> str:
    """The path of the browser; without it the tests are skipped, and fail in CI."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        message = "chromium is not installed"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return found


@contextmanager
def browser() -> Iterator[Browser]:
    """One browser for a file of tests."""
    path = chromium()
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            yield started
        finally:
            started.close()


class Visitor:
    """One person before the page: a context of their own, with cookies of their own."""

    def __init__(self, browser: Browser, base: str, *, script: bool = True) -> None:
        self.base = base
        self.complaints: list[str] = []
        self._context: BrowserContext = browser.new_context(
            base_url=base, java_script_enabled=script, viewport={"width": WIDTHS["wide"], "height": HEIGHT}
        )
        self._context.set_default_timeout(PATIENCE)
        self.page: Page = self._context.new_page()
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on("request", self._request)
        self.page.on("response", self._response)

    def open(self, path: str) -> Page:
        """The page at ``path``, loaded."""
        self.page.goto(path, wait_until="load")
        return self.page

    def look(self, width: str, scheme: Literal["light", "dark"]) -> None:
        """The same page on another screen."""
        self.page.set_viewport_size({"width": WIDTHS[width], "height": HEIGHT})
        self.page.emulate_media(color_scheme=scheme)

    def violations(self) -> list[str]:
        """What axe finds on the page that is open: the rule and the elements."""
        found = Axe().run(self.page, options={"resultTypes": ["violations"]}).response
        return [
            f"{one['id']} ({one['impact']}): {', '.join(node['html'][:120] for node in one['nodes'][:3])}"
            for one in found["violations"]
        ]

    def scrolls_sideways(self) -> bool:
        """Whether the page is wider than the screen."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))

    def close(self) -> None:
        self._context.close()

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"console: {message.text}")

    def _request(self, request: Request) -> None:
        host = urlsplit(request.url).netloc
        if host and host != urlsplit(self.base).netloc:
            self.complaints.append(f"foreign: {request.url}")

    def _response(self, response: Response) -> None:
        if response.status >= 400:
            self.complaints.append(f"{response.status}: {response.url}")


def listening(page: Page) -> Page:
    """Wait until the page hears of events."""
    # Not wait_for_function, which evaluates a string in the page; the policy forbids that.
    eventually(lambda: page.evaluate("feed !== null && feed.readyState === 1"), "the page hears of no events")
    return page


def picture(visitor: Visitor, name: str) -> None:
    """The whole page as ``name.png``, where ``PAGE_PICTURES`` names a folder for pictures."""
    folder = os.environ.get("PAGE_PICTURES")
    if folder:
        visitor.page.screenshot(path=f"{folder}/{name}.png", full_page=True)
