"""The whole way by keyboard, with and without JavaScript."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import OpenPage
from tests.browser.looking import ARTICLE, choose, root
from tests.browser.serving import Demo

with_and_without_scripts = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
FOCUSED = "() => (document.activeElement.textContent || document.activeElement.value).trim()"


def allowed(page: Page) -> dict[str, bool]:
    """What the server makes of this browser's choice, by category."""
    origin = "/".join(page.url.split("/", 3)[:3])
    found: dict[str, bool] = page.context.request.get(f"{origin}/_consent/state").json()["allowed"]
    return found


def tab_to(page: Page, text: str) -> None:
    """Press Tab until what has the focus says `text`."""
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate(FOCUSED) == text:
            return
    raise AssertionError(f"no way by Tab to {text!r}")


@with_and_without_scripts
def test_the_banner_takes_no_focus(newsroom: Demo, open_page: OpenPage, scripts: bool) -> None:
    """After loading nothing is focused, the page's own skip link is the first stop and leads to its content."""
    page = open_page(java_script_enabled=scripts)
    page.goto(newsroom.origin + ARTICLE)
    assert page.evaluate("() => document.activeElement.tagName") == "BODY"
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED) == "Skip to the article"
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.closest('#ckit-root') !== null")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**#main")
    assert page.locator("[inert], [aria-hidden=true]:has(a, button), dialog, [aria-modal]").count() == 0
    page.get_by_role("link", name="Town").click()
    page.wait_for_url("**/sections/town")


@with_and_without_scripts
def test_enter_on_a_tick_box_saves_just_what_is_ticked(newsroom: Demo, open_page: OpenPage, scripts: bool) -> None:
    """The first submit button is "save": Enter presses it, and only the ticked category is allowed."""
    page = open_page(java_script_enabled=scripts)
    page.goto(newsroom.origin + ARTICLE)
    assert page.locator("#ckit-root [type=submit]").first.get_attribute("value") == "save"
    tab_to(page, "Choose one by one")
    page.keyboard.press("Enter")
    tab_to(page, "analytics")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    root(page).get_by_role("link", name="Privacy choices").wait_for()
    assert allowed(page) == {"necessary": True, "functional": False, "analytics": True, "marketing": False}


@with_and_without_scripts
@pytest.mark.parametrize(("button", "granted"), [("Reject all", False), ("Accept all", True)])
def test_each_answer_is_reached_and_given_by_keyboard(
    newsroom: Demo, open_page: OpenPage, button: str, granted: bool, scripts: bool
) -> None:
    """Tab reaches the button, its focus is seen, Enter presses it; with scripts the focus moves to the control."""
    page = open_page(java_script_enabled=scripts)
    page.goto(newsroom.origin + ARTICLE)
    tab_to(page, button)
    style = page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
    assert style == "solid"
    page.keyboard.press("Enter")
    root(page).get_by_role("link", name="Privacy choices").wait_for()
    assert allowed(page)["marketing"] is granted
    if scripts:
        assert page.evaluate(FOCUSED) == "Privacy choices"


def test_changing_and_withdrawing_by_keyboard_alone(newsroom: Demo, open_page: OpenPage) -> None:
    """From the control through the preferences page to a withdrawal, without a mouse and without scripts."""
    page = open_page(java_script_enabled=False)
    page.goto(newsroom.origin + ARTICLE)
    choose(page, "Accept all")
    tab_to(page, "Privacy choices")
    page.keyboard.press("Enter")
    page.wait_for_url("**/_consent/preferences")
    assert page.get_by_role("checkbox", name="Marketing").is_checked()
    tab_to(page, "Reject all")
    page.keyboard.press("Enter")
    page.get_by_text("Your choice has been saved.").wait_for()
    assert allowed(page)["marketing"] is False


@with_and_without_scripts
def test_nothing_focused_is_hidden_by_the_banner(newsroom: Demo, open_page: OpenPage, scripts: bool) -> None:
    """Walking all links of the page with Tab, none that has the focus lies wholly behind the banner (WCAG 2.4.11)."""
    for width, height in ((1280, 720), (320, 640), (1280, 256)):
        page = open_page(width=width, height=height, java_script_enabled=scripts)
        page.goto(newsroom.origin + "/sections/harbour")
        stops = page.evaluate("() => document.querySelectorAll('a[href], button, summary, input').length")
        for _ in range(stops):
            page.keyboard.press("Tab")
            assert not page.evaluate(
                "() => { const banner = document.querySelector('#ckit-root'), now = document.activeElement;"
                " if (now === document.body || banner.contains(now)) return false;"
                " return now.getBoundingClientRect().top >= banner.getBoundingClientRect().top }"
            ), (width, page.evaluate(FOCUSED))


@with_and_without_scripts
def test_the_way_back_is_on_every_page(newsroom: Demo, open_page: OpenPage, scripts: bool) -> None:
    """Who has decided finds "Privacy choices" at the same place on every page, and it leads to the preferences."""
    page = open_page(java_script_enabled=scripts)
    page.goto(newsroom.origin + ARTICLE)
    choose(page, "Reject all")
    places = set()
    for path in ("/", ARTICLE, "/sections/town", "/demo", "/no-such-page"):
        page.goto(newsroom.origin + path)
        link = root(page).get_by_role("link", name="Privacy choices")
        places.add(str(link.bounding_box()))
        assert root(page).get_by_role("button").count() == 0
    link.click()
    assert page.get_by_role("heading", level=1).inner_text() == "Privacy choices"
    assert len(places) == 1
