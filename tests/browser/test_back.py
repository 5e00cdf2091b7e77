"""The back button after a choice."""

from __future__ import annotations

import pytest

from tests.browser.conftest import OpenPage
from tests.browser.looking import ARTICLE, choose, root
from tests.browser.serving import Demo

SECTION = "/sections/town"


def test_going_back_shows_what_was_decided(newsroom: Demo, open_page: OpenPage) -> None:
    """A page seen before the choice comes back without a banner, whether the browser kept it or asks for it again."""
    page = open_page()
    page.goto(newsroom.origin + ARTICLE)
    page.goto(newsroom.origin + SECTION)
    choose(page, "Reject all")
    page.go_back(wait_until="commit")
    root(page).get_by_role("link", name="Privacy choices").wait_for()
    assert page.url == newsroom.origin + ARTICLE
    assert page.locator("#ckit-root form").count() == 0
    assert newsroom.calls() == []


def test_a_kept_page_takes_up_a_grant_made_elsewhere(newsroom: Demo, open_page: OpenPage) -> None:
    """A page the browser kept from before the choice asks the server when it is shown again, and acts on the answer."""
    page = open_page()
    page.goto(newsroom.origin + ARTICLE)
    other = page.context.new_page()
    other.goto(newsroom.origin + SECTION)
    choose(other, "Accept all")
    assert root(page).get_by_role("button", name="Accept all").is_visible()
    page.evaluate("() => dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    root(page).get_by_role("link", name="Privacy choices").wait_for()
    page.locator("[data-shoal-loaded]").wait_for()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_an_old_banner_still_tells_the_truth(newsroom: Demo, open_page: OpenPage, scripts: bool) -> None:
    """A banner left open in another tab records a choice that is really made, the last one counting."""
    page = open_page(java_script_enabled=scripts)
    page.goto(newsroom.origin + ARTICLE)
    other = page.context.new_page()
    other.goto(newsroom.origin + SECTION)
    choose(other, "Accept all")
    choose(page, "Reject all")
    other.reload()
    state = page.context.request.get(newsroom.origin + "/_consent/state").json()
    assert state["categories"] == {
        "necessary": "granted",
        "functional": "denied",
        "analytics": "denied",
        "marketing": "denied",
    }
