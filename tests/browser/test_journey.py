"""What reaches third parties, and what stays in the browser, on a whole visit."""

from __future__ import annotations

import pytest

from tests.browser.conftest import OpenPage
from tests.browser.looking import (
    ARTICLE,
    GATED_STORAGE,
    PAGES,
    choose,
    foreign_requests,
    gated_cookies,
    root,
    stored,
)
from tests.browser.serving import Demo

with_and_without_scripts = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])


@with_and_without_scripts
@pytest.mark.parametrize("choice", [None, "Reject all"], ids=["undecided", "refusing"])
def test_nothing_leaves_without_consent(newsroom: Demo, open_page: OpenPage, choice: str | None, scripts: bool) -> None:
    """On twenty pages no third party is asked, by its own count too, and no optional cookie or storage appears."""
    page = open_page(java_script_enabled=scripts)
    asked = foreign_requests(page, newsroom)
    if choice:
        page.goto(newsroom.origin)
        choose(page, choice)
    for path in PAGES:
        page.goto(newsroom.origin + path)
        assert not gated_cookies(page)
        assert not scripts or not stored(page)
    assert len(PAGES) == 20
    assert (asked, newsroom.calls()) == ([], [])


def test_accepting_lets_everything_in_at_once_and_withdrawing_takes_it_away(
    newsroom: Demo, open_page: OpenPage
) -> None:
    """One click brings every third party, cookie and key; after withdrawal the next response has none of them left."""
    page = open_page()
    page.goto(newsroom.origin + ARTICLE)
    asked = foreign_requests(page, newsroom)
    choose(page, "Accept all")
    page.locator("[data-shoal-loaded]").wait_for()
    page.frame_locator(".video iframe").get_by_role("button").wait_for()
    page.wait_for_load_state("networkidle")
    for party in newsroom.parties:
        assert any(url.startswith(party + "/") for url in asked)
    assert {url.rsplit(":", 1)[1].split("/", 1)[1] for url in newsroom.calls()} == {
        *("stats.js", "pixel.gif", "beacon", "depth", "adq.js", "advert.svg"),
        *("embed.js", "avatar.svg", "player", "player.js", "poster.svg"),
    }
    assert stored(page) == GATED_STORAGE
    assert gated_cookies(page) >= {"_px", "_reader", "_ad_id", "player_volume"}
    page.goto(newsroom.origin)
    assert gated_cookies(page) >= {"_visits", "_ad_seg"}

    page.evaluate("() => localStorage.setItem('the-sites-own', '1')")
    root(page).get_by_role("link", name="Privacy choices").click()
    page.get_by_role("button", name="Reject all").click()
    page.get_by_text("Your choice has been saved.").wait_for()
    assert gated_cookies(page) == set()
    assert stored(page) == {"the-sites-own"}
    page.wait_for_load_state("networkidle")
    newsroom.calls()
    asked.clear()
    for path in PAGES:
        page.goto(newsroom.origin + path)
        assert (gated_cookies(page), stored(page)) == (set(), {"the-sites-own"})
    assert (asked, newsroom.calls()) == ([], [])


def test_accepting_and_withdrawing_without_scripts(newsroom: Demo, open_page: OpenPage) -> None:
    """Consent brings what loads without scripts, the pixel's twin too; withdrawal is in force with the next page."""
    page = open_page(java_script_enabled=False)
    page.goto(newsroom.origin + ARTICLE)
    choose(page, "Accept all")
    assert page.url == newsroom.origin + ARTICLE
    page.wait_for_load_state("networkidle")
    called = {url.rsplit("/", 1)[1] for url in newsroom.calls()}
    assert called >= {"pixel.gif", "noscript.gif", "player", "poster.svg"}
    assert gated_cookies(page) == {"_px", "_visits", "_ad_seg"}
    root(page).get_by_role("link", name="Privacy choices").click()
    page.get_by_role("button", name="Reject all").click()
    assert page.get_by_role("status").inner_text() == "Your choice has been saved."
    assert gated_cookies(page) == set()
    page.goto(newsroom.origin + ARTICLE)
    page.wait_for_load_state("networkidle")
    newsroom.calls()
    page.goto(newsroom.origin + ARTICLE)
    assert (newsroom.calls(), gated_cookies(page)) == ([], set())


def test_one_service_can_be_allowed_where_it_stands(newsroom: Demo, open_page: OpenPage) -> None:
    """The form in place of the film allows the film alone, and leads back to the story."""
    page = open_page()
    page.goto(newsroom.origin + ARTICLE)
    page.frame_locator(".video iframe").get_by_role("button", name="Allow Films").click()
    page.frame_locator(".video iframe").get_by_role("button", name="Play").wait_for()
    assert page.url == newsroom.origin + ARTICLE
    page.wait_for_load_state("networkidle")
    assert {url.rsplit("/", 1)[1] for url in newsroom.calls()} == {"player", "player.js", "poster.svg"}
    assert gated_cookies(page) == {"player_volume"}
    assert stored(page) == set()
