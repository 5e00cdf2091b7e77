"""A choice made with JavaScript: no page load, nothing before the server has confirmed, scripts as they were."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route

from tests.browser.conftest import OpenPage
from tests.browser.looking import ARTICLE, choose, foreign_requests, root
from tests.browser.serving import Demo
from tests.browser.small import STATS, small_site

ORDER = "() => window.order || []"


def hold_choice(page: Page, answer: Callable[[Route], None]) -> list[Route]:
    """Answer the browser's choice with `answer`; the list fills with what was sent."""
    sent: list[Route] = []

    def handle(route: Route) -> None:
        sent.append(route)
        answer(route)

    page.route("**/_consent/choice", handle)
    return sent


def test_accepting_loads_no_page(newsroom: Demo, open_page: OpenPage) -> None:
    """The page stays the very same, its scripts come to life, and the banner gives way to the control."""
    page = open_page()
    page.goto(newsroom.origin + ARTICLE)
    page.evaluate("() => { window.stays = 'here' }")
    choose(page, "Accept all")
    page.locator("[data-shoal-loaded]").wait_for()
    assert page.evaluate("() => window.stays") == "here"
    assert page.locator("form.ckit-form").count() == 0
    assert page.get_by_role("status").filter(has_text="Your choice has been saved.").is_visible()
    assert page.locator("html").get_attribute("data-reading-depth") == "measured"


def test_the_banner_waits_for_the_server(newsroom: Demo, open_page: OpenPage) -> None:
    """While the answer is under way the banner stands and nothing is active, and a second press sends nothing more."""
    page = open_page()
    page.goto(newsroom.origin + ARTICLE)
    asked = foreign_requests(page, newsroom)
    sent = hold_choice(page, lambda route: None)
    accept = root(page).get_by_role("button", name="Accept all")
    accept.click()
    page.locator("form[aria-busy]").wait_for()
    accept.click()
    page.evaluate("() => new Promise(requestAnimationFrame)")
    assert root(page).get_by_role("button", name="Reject all").is_visible()
    assert (len(sent), asked) == (1, [])
    sent[0].continue_()
    root(page).get_by_role("link", name="Privacy choices").wait_for()
    page.locator("[data-shoal-loaded]").wait_for()
    assert asked


@pytest.mark.parametrize(
    "answer",
    [
        lambda route: route.abort(),
        lambda route: route.fulfill(status=503, body="<p>unavailable"),
        lambda route: route.fulfill(status=200, body="<p>a proxy's own page"),
    ],
    ids=["cut off", "503", "no answer of ours"],
)
def test_a_failed_choice_says_so_and_changes_nothing(
    newsroom: Demo, open_page: OpenPage, answer: Callable[[Route], None]
) -> None:
    """The banner stays, tells what happened, keeps the focus where it was, and no script runs."""
    page = open_page()
    page.goto(newsroom.origin + ARTICLE)
    asked = foreign_requests(page, newsroom)
    hold_choice(page, answer)
    root(page).get_by_role("button", name="Accept all").click()
    page.get_by_role("status").filter(has_text="could not be saved").wait_for()
    assert root(page).get_by_role("button", name="Accept all").evaluate("button => button.matches(':focus')")
    assert asked == []
    assert [cookie["name"] for cookie in page.context.cookies()] == ["lantern_session"]
    page.unroute("**/_consent/choice")
    choose(page, "Reject all")
    assert asked == []


SCRIPTS = """<!doctype html><title>Order</title><body>
<script src="{third}/slow-one" id="a" data-x="1" crossorigin="anonymous" onload="window.loaded = true"></script>
<script id="b" @click="x" v-on:click="y" lang="en">stats(order.push("two"))</script>
<script src="{third}/slow-three" id="c" referrerpolicy="no-referrer"></script>
<script type="module" id="d">stats(order.push("four"))</script>
<script>window.stats = () => {}</script>
<script src="{third}/free" async id="e"></script>
<p>End"""


def test_scripts_come_to_life_in_order_with_all_their_attributes(open_page: OpenPage) -> None:
    """External and inline scripts run in document order, however slow, and look as the page wrote them."""
    with small_site(SCRIPTS) as origin:
        page = open_page()
        page.goto(origin)
        assert page.evaluate(ORDER) == []
        choose(page, "Accept all")
        page.wait_for_function("() => (window.order || []).length === 5")
        order = page.evaluate(ORDER)
        order.remove("free")
        assert order == ["slow-one", "two", "slow-three", "four"]
        assert page.evaluate("() => window.loaded") is True
        found = page.evaluate(
            "() => Object.fromEntries([...document.querySelectorAll('script[id]')].map((script) =>"
            " [script.id, Object.fromEntries([...script.attributes].map((x) => [x.name, x.value]))]))"
        )
        third = origin.replace("127.0.0.1", "localhost") + "/third"
        assert found == {
            "a": {
                "src": f"{third}/slow-one",
                "id": "a",
                "data-x": "1",
                "crossorigin": "anonymous",
                "onload": "window.loaded = true",
            },
            "b": {"id": "b", "@click": "x", "v-on:click": "y", "lang": "en"},
            "c": {"src": f"{third}/slow-three", "id": "c", "referrerpolicy": "no-referrer"},
            "d": {"type": "module", "id": "d"},
            "e": {"src": f"{third}/free", "async": "", "id": "e"},
        }


ADS = {"category": "marketing", "hosts": ["ads.test"], "inline": ["ads("], "purpose": "Shows ads"}
PARTS = """<!doctype html><title>Parts</title><script>window.order = []; stats = ads = () => {}</script><body>
<script>stats(order.push("counted"))</script>
<script>ads(order.push("advertised"))</script>
<script type="text/plain" data-category="analytics">order.push("native")</script>
<script type="text/plain" data-category="analytics marketing">order.push("both")</script>
<script type="text/plain" data-category="!analytics">order.push("instead")</script>
<script type="text/plain" data-category="analytics,!marketing">order.push("unless")</script>
<script type="text/plain" data-category="analytics" data-type="module" data-src="{third}/lazy"></script>
<script type="text/plain" data-category="analytics" data-src="https://undeclared.test/x"></script>
<img alt="" id="one" src="{third}/picture"><img alt="" id="two" src="{third}/picture" srcset="https://ads.test/it 2x">
<p>End"""


def test_a_part_of_the_choice_brings_just_that_part(open_page: OpenPage) -> None:
    """With one category allowed its scripts run, in other tools' markup too, and nothing that also needs another."""
    with small_site(PARTS, services={"stats": STATS, "ads": ADS}) as origin:
        page = open_page()
        page.goto(origin)
        page.get_by_text("Choose one by one").click()
        page.get_by_label("Analytics").check()
        choose(page, "Save my choice")
        page.wait_for_function("() => order.includes('lazy')")
        assert page.evaluate(ORDER) == ["instead", "counted", "native", "lazy"]
        assert page.locator("#one").get_attribute("src") is not None
        assert page.locator("#two").get_attribute("src") is None
        page.reload()
        page.wait_for_function("() => order.includes('lazy')")
        assert page.evaluate(ORDER) == ["counted", "native", "unless", "lazy"]


def test_the_whole_choice_brings_all_but_what_waits_for_a_refusal(open_page: OpenPage) -> None:
    """All scripts run but those that other tools' markup keeps for a refusal, or takes from hosts nobody declared."""
    with small_site(PARTS, services={"stats": STATS, "ads": ADS}) as origin:
        page = open_page()
        page.goto(origin)
        choose(page, "Accept all")
        page.wait_for_function("() => order.includes('lazy')")
        page.wait_for_function("() => document.querySelector('#two').src")
        assert page.evaluate(ORDER) == ["instead", "counted", "advertised", "native", "both", "lazy"]
        left = page.locator("[data-ckit]").evaluate_all("found => found.map((x) => x.dataset.src || x.textContent)")
        assert left == ['order.push("unless")', "https://undeclared.test/x"]


IMITATED = """<!doctype html><title>Visitors' words</title><body><div id="comments"></div><script>
document.getElementById("comments").innerHTML = %s;
</script><p>End"""
FORGERIES = (
    '<img alt="" data-ckit="analytics/stats" data-ckit-onerror="order = [1]" data-ckit-src="data:,">'
    '<a data-ckit="analytics/stats" data-ckit-href="javascript:order = [2]" id="link">link</a>'
    '<div data-ckit="analytics/stats" data-ckit-onclick="order = [3]" data-ckit-style="x">box</div>'
)


def test_imitated_attributes_make_nothing_run(open_page: OpenPage) -> None:
    """Words of visitors with our attributes in them, put in by the page's own script, come to nothing but a picture."""
    with small_site(IMITATED % json.dumps(FORGERIES)) as origin:
        page = open_page()
        page.goto(origin)
        choose(page, "Accept all")
        assert page.locator("img").get_attribute("src") == "data:,"
        assert page.locator("img").get_attribute("onerror") is None
        assert page.locator("#link").get_attribute("href") is None
        assert page.locator("#comments div").get_attribute("onclick") is None


RUNNING = """<!doctype html><title>Opt-out</title><body>
<script>stats = () => {}; stats(localStorage.setItem("reader-7", "1"), sessionStorage.setItem("visit", "1"));
  stats(window.running = true); indexedDB.open("reader-db")</script>
<script>localStorage.setItem("own", "1"); localStorage.setItem("shared", "1")</script><p>End"""
STORING = STATS | {
    "storage": {"local": ["reader-*", "shared", "a+b"], "session": ["visit"], "indexed_db": ["reader-db"]}
}
SHARING = {"category": "necessary", "purpose": "Works", "storage": {"local": ["shared"]}}


def test_refusing_what_runs_already_loads_the_page_anew(open_page: OpenPage) -> None:
    """Where silence is a yes, a refusal ends the running scripts, and deletes just what they were declared to store."""
    opt_out = {"map": {"default": "us-opt-out"}}
    with small_site(RUNNING, services={"stats": STORING, "works": SHARING}, regimes=opt_out) as origin:
        page = open_page()
        page.goto(origin)
        page.wait_for_function("async () => (await indexedDB.databases()).length === 1")
        assert page.evaluate("() => [window.running, sessionStorage.visit]") == [True, "1"]
        choose(page, "Reject all")
        page.wait_for_function("async () => (await indexedDB.databases()).length === 0")
        assert page.evaluate("() => window.running") is None
        assert page.evaluate("() => Object.keys(localStorage).sort()") == ["own", "shared"]
        assert page.evaluate("() => Object.keys(sessionStorage)") == []


def test_accepting_what_runs_already_loads_nothing(open_page: OpenPage) -> None:
    """Where silence is a yes, accepting leaves the page as it is."""
    with small_site(RUNNING, regimes={"map": {"default": "us-opt-out"}}) as origin:
        page = open_page()
        page.goto(origin)
        page.evaluate("() => { window.stays = 'here' }")
        choose(page, "Accept all")
        assert page.evaluate("() => [window.stays, window.running]") == ["here", True]
