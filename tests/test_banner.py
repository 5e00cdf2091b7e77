"""What visitors are shown, as markup."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import html5lib
import pytest

from consentkit import ConsentMiddleware
from consentkit.cookie import CategoryChoice, StoredChoice, Verdict, category_key
from consentkit.log.memory import MemoryLog
from consentkit.policy.models import Policy
from tests.asgi import HTML, body, http_scope, replay, run, start
from tests.conftest import SECRET, policy_data

MakePolicy = Callable[..., Policy]
NASTY = "<img src=x onerror=alert(1)>\"'&]]></script>\u2028{{7*7}}"
XHTML = "{http://www.w3.org/1999/xhtml}"


class KeepingLog(MemoryLog):
    """A log in memory that lets a test see what was kept."""

    def __init__(self) -> None:
        super().__init__()
        self.notices: dict[str, bytes] = {}

    def keep(self, kind: Any, digest: str, body: bytes) -> None:
        if kind == "notice":
            self.notices[digest] = body
        super().keep(kind, digest, body)


def make_app(policy: Policy, log: MemoryLog | None = None, **more: Any) -> ConsentMiddleware:
    inner = replay(start(200, HTML), body(b"<!doctype html><title>t</title><body><p>x"))
    return ConsentMiddleware(inner, policy, secret_key=SECRET, log=log or MemoryLog(), **more)


def page(app: ConsentMiddleware, path: str = "/", *headers: tuple[bytes, bytes]) -> Any:
    sent = run(app, http_scope(path, headers=headers))
    return html5lib.parse(sent[1]["body"].decode())


def buttons(tree: Any) -> list[Any]:
    return list(tree.iter(XHTML + "button"))


def test_refusing_is_as_easy_as_accepting(policy: Policy) -> None:
    """Both are the same element with the same class, side by side, and the first submit button is neither accept."""
    found = buttons(page(make_app(policy)))
    assert [button.get("value") for button in found] == ["save", "reject-all", "accept-all"]
    reject, accept = found[1:]
    assert {**reject.attrib, "value": ""} == {**accept.attrib, "value": ""}


def test_nothing_is_ticked_beforehand_under_opt_in(policy: Policy) -> None:
    """Every box starts empty where silence is no; where silence is yes it shows what is in force."""
    boxes = [box for box in page(make_app(policy)).iter(XHTML + "input") if box.get("type") == "checkbox"]
    assert [box.get("value") for box in boxes] == ["analytics", "marketing"]
    assert not any("checked" in box.attrib for box in boxes)


def test_under_opt_out_the_boxes_show_what_is_in_force(make_policy: MakePolicy) -> None:
    """Open categories are ticked, and the text says that they are open."""
    tree = page(make_app(make_policy(regimes={"map": {"default": "us-ca"}})))
    boxes = [box for box in tree.iter(XHTML + "input") if box.get("type") == "checkbox"]
    assert all("checked" in box.attrib for box in boxes)
    assert "You can refuse them here" in "".join(tree.itertext())


def test_the_token_names_the_notice_that_was_shown(policy: Policy) -> None:
    """The digest in the form is that of the kept bytes, and those hold the form as it was shown."""
    log = KeepingLog()
    app = make_app(policy, log)
    text = run(app, http_scope())[1]["body"].decode()
    field = re.search(r'name="token" value="([^"]+)"', text)
    assert field
    site = app.site_for(http_scope())
    token = site.tokens.loads(field[1])
    assert token is not None
    kept = log.notices[token.notice_digest]
    assert hashlib.sha256(kept).hexdigest() == token.notice_digest
    notice = json.loads(kept)
    for words in ("Your privacy choices", "Reject all", "Accept all", "Measures how the site is used."):
        assert words in notice["html"]
        assert words in text
    assert notice["css"] == site.assets.style.body.decode()
    assert (token.locale, token.regime, token.policy_digest) == ("en", "strictest", policy.digest)


def test_another_wording_is_another_notice(policy: Policy, make_policy: MakePolicy) -> None:
    """Text, theme and position are all part of what was shown."""
    seen: set[str] = set()
    for changes in (
        {},
        {"texts": {"en": {"banner": {"accept": "Yes to all"}}}},
        {"banner": {"theme": {"accent": "#003366"}}},
        {"banner": {"position": "top"}},
    ):
        log = KeepingLog()
        run(make_app(make_policy(**changes), log), http_scope())
        seen.update(log.notices)
    assert len(seen) == 4


def test_the_page_of_one_visitor_never_shows_anothers_address(policy: Policy) -> None:
    """The return address is put in for each request anew, also from remembered pieces."""
    app = make_app(policy)
    for path in ("/private/one?secret=1", "/other"):
        text = run(app, http_scope(path))[1]["body"].decode()
        assert f'name="return_to" value="{path}"' in text
    assert "secret" not in text


def test_the_banner_says_what_changed(policy: Policy, make_policy: MakePolicy) -> None:
    """Who agreed to less is told what is new."""
    services = policy_data()["services"]
    services["stats"] = services["stats"] | {"uses": ["profiling"]}
    wide = make_app(make_policy(services=services))
    site = wide.site_for(http_scope())
    site.revisions.add(policy.digest, json.loads(policy.canonical()))
    old = make_app(policy).site_for(http_scope()).decider.digests
    entries = {category_key(name): CategoryChoice(Verdict.GRANTED, old[name]) for name in ("analytics", "marketing")}
    value = site.cookies.dumps(StoredChoice(int(site.clock()) - 5, "form", entries, "0" * 32))
    text = "".join(page(wide, "/", (b"cookie", f"consent={value}".encode())).itertext())
    assert "New since your last choice:" in text
    assert "Stats: used for something new" in text


@pytest.mark.parametrize("path", ["/", "/_consent/preferences", "/_consent/policy"])
def test_every_text_of_the_policy_is_only_text(path: str) -> None:
    """Markup, quotes and template syntax in any text come out as the characters they are."""
    data = policy_data()
    data["site"] = {
        "url": "http://testserver",
        "name": NASTY,
        "controller": {"name": NASTY, "address": NASTY, "contact": NASTY},
    }
    data["services"]["stats"] |= {
        "purpose": NASTY,
        "label": NASTY,
        "provider": {"name": NASTY, "transfer": NASTY, "policy_url": "https://x.test/'\"><b>"},
        "transfers": [NASTY],
        "storage": {"local": [NASTY]},
    }
    data["categories"] = {"analytics": {"label": NASTY, "description": NASTY}, "marketing": {}}
    data["texts"] = {"en": {"banner": {"title": NASTY, "description": NASTY, "accept": NASTY, "reopen": NASTY}}}
    tree = page(make_app(Policy.model_validate(data)), path)
    assert not list(tree.iter(XHTML + "b"))
    assert not list(tree.iter(XHTML + "img"))
    assert not [name for element in tree.iter() for name in element.attrib if name.startswith("on")]
    scripts = list(tree.iter(XHTML + "script"))
    assert all("src" in script.attrib and not script.text for script in scripts)
    assert NASTY in "".join(tree.itertext())


def test_the_policy_page_lists_everything_declared() -> None:
    """Every service, cookie, host, purpose and form of the policy is on the page."""
    fields = {"email": {"basis": "consent", "for": "analytics"}}
    data = policy_data(forms={"comment": {"match": "POST /c", "fields": fields}})
    text = "".join(page(make_app(Policy.model_validate(data)), "/_consent/policy").itertext())
    wanted = "Stats Ltd, FR|_st*|13 months|stats.test|Counts readers|adnet.test|sale of data|targeted advertising"
    wanted += "|Plays videos|email|your consent|Global Privacy Control|3 years"
    for words in wanted.split("|"):
        assert words in text, words


def test_the_preferences_page_works_alone(policy: Policy) -> None:
    """One form with every category, save first, and no script needed."""
    tree = page(make_app(policy), "/_consent/preferences")
    assert [button.get("value") for button in buttons(tree)] == ["save", "reject-all", "accept-all"]
    assert "always on" in "".join(tree.itertext())


def test_our_pages_can_be_neither_framed_nor_stored(policy: Policy) -> None:
    """Strict headers on every page of ours."""
    for path in ("/_consent/preferences", "/_consent/policy"):
        headers = dict(run(make_app(policy), http_scope(path))[0]["headers"])
        assert headers[b"cache-control"] == b"no-store"
        assert b"frame-ancestors 'none'" in headers[b"content-security-policy"]
        assert b"default-src 'none'" in headers[b"content-security-policy"]
        assert headers[b"x-frame-options"] == b"DENY"


def test_a_site_may_replace_a_template(policy: Policy, tmp_path: Path) -> None:
    """A template of the same name in the site's own folder wins; the others stay."""
    (tmp_path / "reopen.html").write_text('<p id="ckit-root">{{ t("banner.reopen") }}!</p>')
    app = make_app(policy, templates=tmp_path)
    site = app.site_for(http_scope())
    assert site.notices.reopen("en", "http://testserver") == b'<p id="ckit-root">Privacy choices!</p>'
    assert buttons(page(app))


def test_assets_are_immutable_compressed_and_named_by_their_content(policy: Policy) -> None:
    """A changed theme is another name; what has a name never changes."""
    app = make_app(policy)
    assets = app.site_for(http_scope()).assets
    for url in (assets.style_url, assets.script_url):
        plain = run(app, http_scope(url))
        packed = run(app, http_scope(url, headers=[(b"accept-encoding", b"gzip, br")]))
        headers = dict(packed[0]["headers"])
        assert b"immutable" in headers[b"cache-control"]
        assert headers[b"content-encoding"] == b"gzip"
        assert len(packed[1]["body"]) < len(plain[1]["body"]) / 2
        tag = headers[b"etag"]
        assert run(app, http_scope(url, headers=[(b"if-none-match", tag)]))[0]["status"] == 304
    other = make_app(Policy.model_validate(policy_data(banner={"theme": {"accent": "#003366"}})))
    assert other.site_for(http_scope()).assets.style_url != assets.style_url
    assert b"#003366" in other.site_for(http_scope()).assets.style.body
