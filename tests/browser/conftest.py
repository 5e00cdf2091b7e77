"""A real Chromium on the running newsroom.

The fixtures live for this folder only: while Playwright runs, no other test may start an event loop.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.serving import Demo, running_demo

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NAMES = ("chromium", "chromium-browser", "google-chrome")
MISSING = "These tests need Chromium: apt-get install chromium, or set CONSENTKIT_CHROMIUM to where it is."
OpenPage = Callable[..., Page]


def find_chromium() -> str | None:
    """Where a Chromium is installed."""
    named = os.environ.get("CONSENTKIT_CHROMIUM")
    return named or next((path for name in NAMES if (path := shutil.which(name))), None)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """The browser of all tests here. The back/forward cache is on, as visitors have it."""
    path = find_chromium()
    if path is None:
        if os.environ.get("CONSENTKIT_NO_SKIPS") == "1":
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=ARGUMENTS, ignore_default_args=["--disable-back-forward-cache"]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The newsroom with its third parties."""
    with running_demo(tmp_path_factory.mktemp("demo")) as running:
        yield running


@pytest.fixture
def newsroom(demo: Demo) -> Demo:
    """The newsroom, with the third parties' counters at zero."""
    demo.calls()
    return demo


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[OpenPage]:
    """Opens a page in a browser of its own, with no past. `width` and `height` are the window's, in CSS pixels."""
    contexts: list[BrowserContext] = []

    def open_it(*, width: int = 1280, height: int = 720, **options: Any) -> Page:
        context = chromium.new_context(viewport={"width": width, "height": height}, **options)
        context.set_default_timeout(8000)
        contexts.append(context)
        return context.new_page()

    yield open_it
    for context in contexts:
        context.close()
