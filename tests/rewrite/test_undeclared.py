"""Hosts that no service declares: counted, or held back for everyone."""

from __future__ import annotations

from typing import Literal

import pytest

from consentkit.rewrite.rules import UNDECLARED, Rules, Ruleset, ServiceRule
from tests.rewrite.dom import rewrite

SERVICES = [
    ServiceRule("adnet", "marketing", ("ads.example",), ("adq.push(",)),
    ServiceRule("stats", "analytics", ("stats.example:8443",), ()),
]
OWN = ("news.example", "login.example")


def make_rules(unknown: Literal["allow", "report", "block"], *, allowed: bool = True) -> Rules:
    ruleset = Ruleset(SERVICES, ["analytics", "marketing"], unknown=unknown, declared=OWN)
    services, categories = (frozenset({"adnet", "stats"}), frozenset({"analytics", "marketing"}))
    return ruleset.for_consent(services, categories) if allowed else ruleset.for_consent(frozenset(), frozenset())


LOADS = [
    (b"<img src=https://evil.test/a?token=secret>", "evil.test"),
    (b"<script src=//evil.test/a.js></script>", "evil.test"),
    (b"<script type=module src='https:/\\evil.test/a.js'></script>", "evil.test"),
    (b"<iframe src=https://user:pass@a.evil.test:81/></iframe>", "a.evil.test"),
    (b"<iframe srcdoc='<img src=//evil.test/a>'></iframe>", "evil.test"),
    (b"<img srcset='/a 1x, https://ads.example/b 2x, //evil.test/c 3x'>", "evil.test"),
    (b"<video poster=//evil.test/p src=//ads.example/v></video>", "evil.test"),
    (b"<link rel=stylesheet href=//evil.test/s.css>", "evil.test"),
    (b"<link rel=preconnect href=//evil.test>", "evil.test"),
    (b"<object data='data:text/html,<img src=//evil.test/a>'></object>", "evil.test"),
    (b"<img data-src=//evil.test/lazy>", "evil.test"),
    (b"<base href=//evil.test/><img src=a.png>", "evil.test"),
    (b"<img src=//stats.example/other-port>", "stats.example"),
    (b"<script data-category=marketing src=//evil.test/a.js></script>", "evil.test"),
    (b"<img src=//xn--bcher-kva.example/a>", "xn--bcher-kva.example"),
    (b"<img src=//b\xc3\xbccher.example/a>", "xn--bcher-kva.example"),
    (b"<img src=http://[2001:db8::1]/a>", "[2001:db8::1]"),
]
PASSES = [
    b"<img src=/a.png><img src=a.png><img src='?x'><img src='data:image/gif,x'><img src=''>",
    b"<img src=https://news.example/a><img src=//cdn.news.example:444/a><script src=//login.example/a></script>",
    b"<img src=//ads.example/a><img src=//sub.ads.example/a><img src=//stats.example:8443/a>",
    b"<a href=//evil.test>x</a><form action=//evil.test></form><link rel=canonical href=//evil.test>",
    b"<script>fetch('//evil.test')</script><input src=//evil.test>",
    b"<script type=application/json src=//evil.test></script>",
]


@pytest.mark.parametrize(("markup", "host"), LOADS)
def test_counted_by_host(markup: bytes, host: str) -> None:
    """With `report` nothing changes, and the host alone is counted: no path, no query, no name or password."""
    output, rewriter = rewrite(markup, make_rules("report"), inject="never")
    assert output == markup
    assert rewriter.counted == {("undeclared", host): 1}
    assert not rewriter.gated


@pytest.mark.parametrize(("markup", "host"), LOADS)
@pytest.mark.parametrize("allowed", [True, False])
def test_held_back_for_everyone(markup: bytes, host: str, allowed: bool) -> None:
    """With `block` the element is made inert whatever the visitor allows, with a label that no script acts on."""
    output, rewriter = rewrite(markup, make_rules("block", allowed=allowed), inject="never", placeholder=None)
    assert f'data-ckit-undeclared="{host}"'.encode() in output
    assert b"data-ckit=" not in output
    assert rewriter.counted == {("blocked", f"{UNDECLARED} {host}"): 1}
    again, second = rewrite(output, make_rules("report"), inject="never")
    assert not second.counted, again


@pytest.mark.parametrize("markup", PASSES)
@pytest.mark.parametrize("unknown", ["report", "block"])
def test_what_is_declared_or_the_sites_own_passes(markup: bytes, unknown: Literal["report", "block"]) -> None:
    """Relative addresses, the site's own hosts and declared ones are none of it, nor is what loads nothing."""
    output, rewriter = rewrite(markup, make_rules(unknown), inject="never")
    assert output == markup
    assert not rewriter.counted


@pytest.mark.parametrize(("markup", "host"), LOADS)
def test_allowed_as_before(markup: bytes, host: str) -> None:
    """With `allow` such hosts are not looked at."""
    output, rewriter = rewrite(markup, make_rules("allow"), inject="never")
    assert output == markup
    assert (rewriter.counted, make_rules("allow").shadow) == ({}, None), host


def test_the_placeholder_is_asked_for_by_host() -> None:
    """An iframe shows the document made for its key, which names the host."""
    seen: list[str] = []

    def placeholder(key: str) -> str:
        seen.append(key)
        return "<p>held back"

    output, _ = rewrite(b"<iframe src=//evil.test/a></iframe>", make_rules("block"), placeholder=placeholder)
    assert seen == ["(undeclared) evil.test"]
    assert b'srcdoc="&lt;p&gt;held back"' in output


def test_what_is_too_deep_or_too_long_is_held_back() -> None:
    """A document nested too deeply to be read, and a tag too long to be read, may lead anywhere."""
    nested = "<img src=/a>"
    for _ in range(6):
        nested = "<iframe srcdoc='" + nested.replace("&", "&amp;").replace("'", "&#39;") + "'></iframe>"
    output, rewriter = rewrite(nested.encode(), make_rules("block"), inject="never")
    assert b" data-ckit-srcdoc=" in output
    assert rewriter.counted == {("blocked", f"{UNDECLARED} srcdoc"): 1}
    long = b"<img x='" + b"x" * 200_000 + b"' src=//evil.test/a>"
    assert rewrite(long, make_rules("block"), inject="never")[0].startswith(b"<img src=data:, srcset=data:,")


def test_without_quotes_where_a_quote_could_end_a_value() -> None:
    """Where readings of the page differ, the label has no quotes and swallows nothing after it."""
    markup = b"<noscript><!-- </noscript><img src=//evil.test/a> --></noscript>"
    output, rewriter = rewrite(markup, make_rules("block"), inject="never")
    assert b"<img data-ckit-undeclared=evil.test  data-ckit-src=//evil.test/a>" in output
    assert rewriter.diverged
