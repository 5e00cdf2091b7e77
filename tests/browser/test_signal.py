"""The Global Privacy Control signal, from a browser that sends it."""

from __future__ import annotations

from tests.browser.conftest import OpenPage
from tests.browser.looking import ARTICLE, choose, foreign_requests, gated_cookies, root, stored
from tests.browser.serving import Demo

SIGNAL = {"Sec-GPC": "1"}


def test_what_sells_or_shares_stays_closed_also_after_accepting(newsroom: Demo, open_page: OpenPage) -> None:
    """With the signal "accept" opens statistics and films, but neither advertising nor the social network."""
    page = open_page(extra_http_headers=SIGNAL)
    page.goto(newsroom.origin + ARTICLE)
    asked = foreign_requests(page, newsroom)
    choose(page, "Accept all")
    page.frame_locator(".video iframe").get_by_role("button").wait_for()
    page.goto(newsroom.origin + ARTICLE)
    page.frame_locator(".video iframe").get_by_role("button").wait_for()
    page.wait_for_load_state("networkidle")
    stats, _, _, video = newsroom.parties
    called = {url[: len(stats)] for url in newsroom.calls()}
    assert (called, {url[: len(stats)] for url in asked}) == ({stats, video}, {stats, video})
    assert not gated_cookies(page) & {"_ad_seg", "_ad_id"}
    assert stored(page) == {"reader_id"}


def test_no_banner_answers_the_signal_where_silence_is_a_yes(newsroom: Demo, open_page: OpenPage) -> None:
    """In California with the signal nothing pops up, what sells or shares is closed, and the pages say why."""
    page = open_page(extra_http_headers={**SIGNAL, "CF-IPCountry": "US-CA"})
    page.goto(newsroom.origin + ARTICLE)
    page.frame_locator(".video iframe").get_by_role("button").wait_for()
    page.wait_for_load_state("networkidle")
    _, ads, social, _ = newsroom.parties
    assert page.locator("form.ckit-form").count() == 0
    assert [url for url in newsroom.calls() if url.startswith((ads, social))] == []
    root(page).get_by_role("link", name="Privacy choices").click()
    assert page.get_by_text("this site honours it").is_visible()


def test_without_the_signal_the_same_visitor_is_asked(newsroom: Demo, open_page: OpenPage) -> None:
    """In California without the signal everything runs, the banner says so, and refusing there ends it at once."""
    page = open_page(extra_http_headers={"CF-IPCountry": "US-CA"})
    page.goto(newsroom.origin + ARTICLE)
    page.locator("[data-shoal-loaded]").wait_for()
    page.wait_for_load_state("networkidle")
    assert stored(page) == {"reader_id", "ad_id", "shoal_visitor"}
    choose(page, "Reject all")
    page.wait_for_load_state("networkidle")
    newsroom.calls()
    page.goto(newsroom.origin + ARTICLE)
    assert page.locator("[data-shoal-loaded]").count() == 0
    assert (newsroom.calls(), gated_cookies(page), stored(page)) == ([], set(), set())
