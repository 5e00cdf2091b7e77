"""Nothing runs off a narrow screen."""

from __future__ import annotations

import pytest

from tests.browser.conftest import OpenPage
from tests.browser.looking import ARTICLE, choose, root
from tests.browser.serving import Demo

WIDTH = "() => Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)"
OURS = "() => (document.querySelector('#ckit-root') || document.documentElement).scrollWidth"


@pytest.mark.parametrize(
    "path", [ARTICLE, "/_consent/preferences", "/fr/", "/_consent/policy", "/_consent/nothing", "/sections/town"]
)
def test_no_page_scrolls_sideways(newsroom: Demo, open_page: OpenPage, path: str) -> None:
    """With everything unfolded no page is wider than the window, and ours isn't with text at twice its size either."""
    page = open_page()
    for width in (360, 320):
        page.set_viewport_size({"width": width, "height": 640})
        page.goto(newsroom.origin + path)
        page.evaluate("() => { for (const x of document.querySelectorAll('.ckit-details')) x.open = true }")
        assert page.evaluate(WIDTH) <= width
        page.evaluate("() => { document.documentElement.style.fontSize = '200%' }")
        assert page.evaluate(OURS) <= width


def test_the_control_and_its_confirmation_fit(newsroom: Demo, open_page: OpenPage) -> None:
    """After a choice the confirmation stays within the narrowest window."""
    page = open_page(width=320)
    page.goto(newsroom.origin + ARTICLE)
    choose(page, "Reject all")
    box = root(page).bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 320
