"""Refusing and accepting weigh the same; nothing takes more room than it needs."""

from __future__ import annotations

import itertools
import re
from typing import Any, Literal

import pytest

from consentkit.policy.colour import contrast
from tests.browser.conftest import OpenPage
from tests.browser.looking import ARTICLE, root
from tests.browser.serving import Demo
from tests.browser.small import small_site

STYLE = (
    "button => { const style = getComputedStyle(button), box = button.getBoundingClientRect();"
    " return {names: button.tagName + '.' + button.className, font: style.font, padding: style.padding,"
    " border: style.border, radius: style.borderRadius, opacity: style.opacity, shadow: style.boxShadow,"
    " colour: style.color, behind: style.backgroundColor, width: box.width, height: box.height, y: box.y} }"
)


def _hex(colour: str) -> str:
    return "#" + "".join(f"{int(part):02x}" for part in re.findall(r"\d+", colour)[:3])


def _contrast(style: dict[str, Any]) -> float:
    return contrast(_hex(style["colour"]), _hex(style["behind"]))


def _weigh(reject: dict[str, Any], accept: dict[str, Any]) -> None:
    for name in ("names", "font", "padding", "border", "radius", "opacity", "shadow", "y"):
        assert reject[name] == accept[name]
    assert abs(reject["width"] - accept["width"]) <= 1
    assert reject["height"] == accept["height"] >= 24
    assert _contrast(reject) >= 4.5
    assert abs(_contrast(reject) / _contrast(accept) - 1) <= 0.1


@pytest.mark.parametrize("path", [ARTICLE, "/fr/", "/_consent/preferences"])
def test_refusing_weighs_what_accepting_weighs(newsroom: Demo, open_page: OpenPage, path: str) -> None:
    """Same element, class, font, padding, height and row; width within a pixel, contrast within a tenth."""
    page = open_page()
    page.goto(newsroom.origin + path)
    seen = set()
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for width, scheme in itertools.product((1280, 360), schemes):
        page.set_viewport_size({"width": width, "height": 720})
        page.emulate_media(color_scheme=scheme)
        found = [page.locator(f"button[value={action}]").evaluate(STYLE) for action in ("reject-all", "accept-all")]
        _weigh(*found)
        seen.add((found[0]["width"], found[0]["border"]))
    assert len(seen) == 4


HOST_STYLES = """<!doctype html><html lang="en"><title>Loud styles</title><style>
* { margin: 7px; letter-spacing: .2em }
html { font-size: 62.5% }
body { color: #eee; background: #eee; text-align: right; text-transform: uppercase; line-height: 3 }
button, input, label, a, h2, ul li, details, summary { all: unset; display: block; width: 100%; float: left }
button, summary, h2, label { font: 8px serif }
body section form button { color: #777 !important; border-radius: 0 }
button:last-child, body > * button + button { background: green; font-size: 40px; padding: 2em }
form { display: none } section { opacity: .1; transform: scale(.2); visibility: hidden; pointer-events: none }
p, h2, li, strong { display: none } button::before { content: "Buy " }
</style><body><button id="host">Host</button><p>End"""


def test_styles_of_the_page_do_not_reach_the_banner(open_page: OpenPage) -> None:
    """Under a style sheet that restyles every element, the banner looks as it does without one."""
    script = (
        "root => [root, ...root.querySelectorAll('*')].map((element) => { const style = getComputedStyle(element);"
        " return [element.className, ...['display', 'font', 'letterSpacing', 'textTransform', 'textAlign', 'margin',"
        " 'padding', 'float', 'opacity', 'visibility', 'transform', 'pointerEvents', 'backgroundColor', 'width']"
        ".map((name) => style[name])] })"
    )
    plain = re.sub(r"<style>.*</style>", "", HOST_STYLES, flags=re.DOTALL)
    found = []
    for html in (plain, HOST_STYLES):
        with small_site(html) as origin:
            page = open_page()
            page.goto(origin)
            page.get_by_text("Choose one by one").click()
            found.append(root(page).evaluate(script))
            styles = [page.locator(f"button[value={x}]").evaluate(STYLE) for x in ("reject-all", "accept-all")]
            assert {**styles[0], "width": 0} == {**styles[1], "width": 0}
    assert found[0] == found[1]


def test_our_styles_do_not_reach_the_page(newsroom: Demo, open_page: OpenPage) -> None:
    """But for room at its end, every element of the page looks the same without our style sheet."""
    page = open_page()
    page.goto(newsroom.origin + ARTICLE)
    script = (
        "() => [...document.querySelectorAll('body, body *')].filter((x) => !x.closest('#ckit-root')).map((x) => {"
        " const style = getComputedStyle(x), room = /^--|padding-b|block|height|perspective|origin|^top|bottom|^inset/;"
        " return [...style].filter((name) => !room.test(name)).map((name) => name + ':' + style[name]).join(';') })"
    )
    before = page.evaluate(script)
    page.evaluate("() => { for (const x of document.querySelectorAll('link[data-ckit-asset]')) x.disabled = true }")
    after = page.evaluate(script)
    assert [x for x in zip(before, after, strict=True) if x[0] != x[1]] == []
    assert root(page).evaluate("root => getComputedStyle(root).position") == "static"


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
@pytest.mark.parametrize("path", [ARTICLE, "/fr/"])
def test_the_banner_is_not_taller_than_it_needs_to_be(
    newsroom: Demo, open_page: OpenPage, path: str, scripts: bool
) -> None:
    """It leaves the larger part of the window to the page, whose end can be scrolled to above it."""
    page = open_page(java_script_enabled=scripts)
    for width, height, share in ((1280, 720, 0.25), (360, 740, 0.6), (320, 640, 0.71)):
        page.set_viewport_size({"width": width, "height": height})
        page.goto(newsroom.origin + path)
        page.evaluate("() => scrollTo({top: document.documentElement.scrollHeight, behavior: 'instant'})")
        box, last = root(page).bounding_box(), page.locator(".foot a").last.bounding_box()
        assert box is not None
        assert last is not None
        assert box["height"] <= share * height
        assert last["y"] + last["height"] <= box["y"]
