"""A page that lies in a shared cache: the same bytes for everyone, and yet each visitor's own choice."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser.conftest import OpenPage
from tests.browser.looking import choose, root
from tests.browser.small import small_site

PAGE = """<!doctype html><html lang="en"><head><title>Kept</title></head><body><h1>Kept</h1>
<form name="body"></form><script src="{third}/one.js"></script><script src="{third}/slow.js"></script>
<script>stats((window.order ??= []).push("inline"))</script></body></html>""".replace(
    "stats(", "var stats = (x) => x; stats("
)
CACHED = {"Cache-Control": "public, max-age=600"}
ORDER = "() => window.order || []"


@pytest.fixture
def site() -> Iterator[str]:
    """A site whose pages may lie in every cache."""
    with small_site(PAGE, CACHED) as origin:
        yield origin


def test_the_banner_comes_by_script_and_the_choice_is_acted_on(site: str, open_page: OpenPage) -> None:
    """A new visitor is asked on a page that was made for all; what they allow comes to life, in order, in place."""
    page = open_page()
    page.goto(site + "/kept")
    root(page).get_by_role("button", name="Accept all").wait_for()
    assert page.evaluate(ORDER) == []
    choose(page, "Accept all")
    page.wait_for_function("() => (window.order || []).length === 3")
    assert page.evaluate(ORDER) == ["one.js", "slow.js", "inline"]
    assert root(page).get_by_role("link", name="Privacy choices").is_visible()


def test_a_kept_page_follows_each_visitor(site: str, open_page: OpenPage) -> None:
    """The browser's own copy of the page, from before the choice, acts on the choice; after a refusal it stays shut."""
    page = open_page()
    page.goto(site + "/kept")
    choose(page, "Accept all")
    page.goto(site + "/other")
    page.goto(site + "/kept")
    page.wait_for_function("() => (window.order || []).length === 3")
    assert page.locator("#ckit-root form").count() == 0
    page.goto(site + "/_consent/preferences")
    page.get_by_role("button", name="Reject all").click()
    page.goto(site + "/kept")
    root(page).get_by_role("link", name="Privacy choices").wait_for()
    page.wait_for_load_state("networkidle")
    assert page.evaluate(ORDER) == []


def test_without_scripts_there_is_a_way_to_choose(site: str, open_page: OpenPage) -> None:
    """Everything is inert, and a link leads to the preferences page."""
    page = open_page(java_script_enabled=False)
    calls: list[str] = []
    page.on("request", lambda request: calls.append(request.url))
    page.goto(site + "/kept")
    root(page).get_by_role("link", name="Privacy choices").click()
    assert page.url == site + "/_consent/preferences"
    assert not [url for url in calls if "/third/" in url]


def test_a_page_kept_for_going_back_is_loaded_anew_after_a_change(site: str, open_page: OpenPage) -> None:
    """Scripts that run in a page the browser kept are stopped by loading it again, once the visitor has refused."""
    page = open_page()
    page.goto(site + "/kept")
    choose(page, "Accept all")
    page.wait_for_function("() => (window.order || []).length === 3")
    page.reload()
    page.wait_for_function("() => (window.order || []).length === 3")
    page.goto(site + "/_consent/preferences")
    page.get_by_role("button", name="Reject all").click()
    page.wait_for_url("**/preferences?saved")
    page.go_back()
    page.go_back(wait_until="commit")
    root(page).get_by_role("link", name="Privacy choices").wait_for()
    page.wait_for_function("() => (window.order || []).length === 0")
