"""What the tests look at in a page."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, Request

from tests.browser.serving import Demo

ARTICLE = "/articles/night-ferry-returns"
#: Every page of the newsroom, and what consentkit adds: twenty.
PAGES = (
    "/",
    "/fr/",
    *(f"/sections/{name}" for name in ("harbour", "town", "science", "culture")),
    ARTICLE,
    "/articles/four-minutes-late",
    "/articles/grade-three-orchestra",
    "/articles/leave-the-crane",
    "/articles/library-of-umbrellas",
    "/articles/mudflat-that-counts",
    "/articles/one-street-warmer",
    "/articles/painted-letters",
    "/fr/articles/le-bac-de-nuit",
    "/fr/articles/les-parapluies-de-la-bibliotheque",
    "/demo",
    "/_consent/preferences",
    "/_consent/policy",
    "/no-such-page",
)
#: What the policy declares beyond `necessary`.
GATED_COOKIES = {"comment-author", "player_volume", "_visits", "_reader", "_px", "_ad_seg", "_ad_id"}
GATED_STORAGE = {"reader_id", "ad_id", "shoal_visitor"}
READ_STORAGE = "() => [...Object.keys(localStorage), ...Object.keys(sessionStorage)]"


def foreign_requests(page: Page, demo: Demo) -> list[str]:
    """A list that fills with every address outside the site which `page` asks for from now on."""
    found: list[str] = []

    def note(request: Request) -> None:
        if request.url.startswith("http") and not request.url.startswith(demo.origin + "/"):
            found.append(request.url)

    page.context.on("request", note)
    return found


def gated_cookies(page: Page) -> set[str]:
    """The names of optional cookies the browser holds, HttpOnly ones too."""
    return {cookie["name"] for cookie in page.context.cookies()} & GATED_COOKIES


def stored(page: Page) -> set[str]:
    """All names in local and session storage of the site."""
    names: list[str] = page.evaluate(READ_STORAGE)
    return set(names)


def root(page: Page) -> Locator:
    """The banner, or what leads back to it."""
    return page.locator("#ckit-root")


def choose(page: Page, name: str) -> None:
    """Press a button of the banner, and wait until the server has confirmed."""
    root(page).get_by_role("button", name=name).click()
    root(page).get_by_role("link", name="Privacy choices").wait_for()
