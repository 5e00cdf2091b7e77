"""Pages with a strict Content-Security-Policy, and pages whose elements are named after what scripts use."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import OpenPage
from tests.browser.looking import choose, root
from tests.browser.small import small_site

SELF = "default-src 'self'; require-trusted-types-for 'script'"
NONCE = "script-src 'nonce-x' 'strict-dynamic'; base-uri 'none'; object-src 'none'"
NO_CALLS = "default-src 'none'; style-src 'self'; script-src 'self'; form-action 'self'"
LOCKED = SELF + "; trusted-types 'none'; form-action 'self'; frame-ancestors 'none'"
PAGE = """<!doctype html><html lang="en"><title>Strict</title><body>
<p id="text">Words</p>
<script nonce="x" src="{third}/counter"></script>
<p>End"""


def violations(page: Page) -> list[str]:
    """A list that fills with what the browser reports against a page's policy."""
    found: list[str] = []

    def note(what: str) -> None:
        found.append(what)

    page.on("console", lambda message: found.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    page.expose_function("noteViolation", note)
    page.add_init_script(
        "document.addEventListener('securitypolicyviolation', (event) => noteViolation(event.violatedDirective))"
    )
    return found


@pytest.mark.parametrize("policy", [SELF, NONCE, LOCKED], ids=["trusted types", "nonce", "locked"])
@pytest.mark.parametrize("button", ["Reject all", "Accept all"])
def test_the_banner_keeps_to_a_strict_policy(open_page: OpenPage, policy: str, button: str) -> None:
    """It is shown, styled and works, gated scripts are handled, and the browser has nothing to report."""
    html = PAGE if policy == NONCE else PAGE.replace("{third}", "/third")
    with small_site(html, headers={"Content-Security-Policy": policy}) as origin:
        page = open_page()
        found = violations(page)
        page.goto(origin)
        assert root(page).evaluate("root => getComputedStyle(root).position") == "fixed"
        choose(page, button)
        if policy == NONCE and button == "Accept all":
            page.wait_for_function("() => window.order")
        page.goto(origin + "/next")
        assert root(page).get_by_role("link", name="Privacy choices").is_visible()
        assert found == []


def test_scripts_under_trusted_types_come_with_a_new_page(open_page: OpenPage) -> None:
    """Where a page lets no script be made, accepting loads it anew, with its scripts, and without a report."""
    html = '<!doctype html><html lang="en"><title>T</title><body><script src="{third}/counter"></script><p>End'
    policy = "default-src 'self' http://localhost:*; require-trusted-types-for 'script'"
    with small_site(html, headers={"Content-Security-Policy": policy}) as origin:
        page = open_page()
        found = violations(page)
        page.goto(origin + "/story#part")
        choose(page, "Accept all")
        assert page.evaluate("() => window.order") == ["counter"]
        assert found == []


def test_a_page_that_allows_no_requests_gets_a_plain_form(open_page: OpenPage) -> None:
    """When the page's policy stops the script from sending, the next press sends the form as without a script."""
    with small_site(PAGE, headers={"Content-Security-Policy": NO_CALLS}) as origin:
        page = open_page()
        page.goto(origin + "/story")
        root(page).get_by_role("button", name="Reject all").click()
        page.get_by_role("status").filter(has_text="could not be saved").wait_for()
        choose(page, "Reject all")
        assert page.url == origin + "/story"


NAMED = """<!doctype html><html lang="en"><title>Names</title><body>
<img name="currentScript" alt=""><img name="documentElement" alt=""><img name="createElement" alt="">
<form name="querySelector"><input name="action" value="accept-all"><input name="token"></form>
<form name="querySelectorAll"></form><form id="consentkit"></form><form name="body"></form>
<form name="addEventListener"></form><form name="activeElement"></form><img name="cookie" alt="">
<input name="action" value="accept-all"><input name="category" value="marketing">
<a id="location" href="https://elsewhere.test/">x</a><img id="fetch" alt=""><a id="localStorage" href="/">x</a>
<div id="ckit-root"><form class="ckit-form" action="https://elsewhere.test/"></form></div>
<script>window.stats = () => {}</script><script>stats(window.counted = true)</script>
<p>End"""


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
@pytest.mark.parametrize(("button", "granted"), [("Reject all", False), ("Accept all", True)])
def test_names_in_the_page_lead_nobody_astray(open_page: OpenPage, button: str, granted: bool, scripts: bool) -> None:
    """Elements named after members of the document, our own ids among them, change nothing of a choice."""
    with small_site(NAMED) as origin:
        page = open_page(java_script_enabled=scripts)
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(origin)
        if scripts:
            page.evaluate("() => { window.stays = true }")
        banner = root(page).first
        banner.get_by_role("button", name=button).click()
        banner.get_by_role("link", name="Privacy choices").wait_for()
        state = page.context.request.get(origin + "/_consent/state").json()
        assert state["services"] == {"stats": granted}
        assert errors == []
        if scripts:
            assert page.evaluate("() => [window.stays, window.counted]") == [True, True if granted else None]


BASED = '<!doctype html><html lang="en"><head><base href="https://elsewhere.test/"><title>B</title><body><p>End'


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_a_foreign_base_leads_nothing_away(open_page: OpenPage, scripts: bool) -> None:
    """Style, form and links stay with the site when the page's `<base>` points elsewhere."""
    with small_site(BASED) as origin:
        page = open_page(java_script_enabled=scripts)
        page.goto(origin + "/story")
        assert root(page).evaluate("root => getComputedStyle(root).position") == "fixed"
        choose(page, "Reject all")
        assert page.url == origin + "/story"
        root(page).get_by_role("link", name="Privacy choices").click()
        assert page.url == origin + "/_consent/preferences"
