"""What is decided at a glance is what a full look would decide, to the last edit and count."""

from __future__ import annotations

import random

from consentkit.rewrite.decisions import decide
from consentkit.rewrite.plain import decide_plainly
from consentkit.rewrite.rules import Ruleset, ServiceRule
from consentkit.rewrite.tags import Inside, Tag, scan_tag
from consentkit.rewrite.urls import RELATIVE

SERVICES = [
    ServiceRule("adnet", "marketing", ("ads.example",), ("adq.push(",)),
    ServiceRule("stats", "analytics", ("stats.example", "odd.example:8443", "cdn.ads.example"), ()),
    ServiceRule("plain", "analytics", ("odd.example:80",), ()),
    ServiceRule("own", "necessary", ("files.ads.example",), ()),
]
CATEGORIES = ["necessary", "analytics", "marketing"]
DECLARED = ["site.example"]
RULES = [
    rules
    for unknown in ("allow", "block")
    for allowed, categories in ((frozenset({"own"}), frozenset[str]()), (frozenset({"own", "stats"}), {"analytics"}))
    for rules in [
        Ruleset(SERVICES, CATEGORIES, unknown=unknown, declared=DECLARED).for_consent(allowed, frozenset(categories))
    ]
]
NAMES = ["script", "img", "video", "audio", "source", "track", "embed", "link", "iframe", "input", "object", "SCRIPT"]
HOSTS = ["ads.example", "x.ads.example", "files.ads.example", "cdn.ads.example", "stats.example", "odd.example"]
HOSTS += ["odd.example:8443", "site.example", "other.test", "ADS.example", "ads.example.", "1.2.3.4", "ads.0x1", "a"]
HOSTS += ["u@ads.example", "ads&period;example", "b" * 64 + ".ads.example", "xn--ls8h.ads.example"]
PATHS = ["", "/a.js", "?a=1&amp;b=2", "/x?u=//stats.example/", "#f", "/a b", "/@ads.example", "\\ads.example", "/&#10;"]
SCHEMES = ["//", "https://", "http://", "https:", "HTTPS://", "", "/", "data:text/html,//"]
EXTRA = [
    'alt="a > b"',
    "async",
    'class="hero"',
    'class="optanon-category-C0002"',
    'data-domain="x"',
    'data-category="ads"',
]
EXTRA += [
    'data-src="//ads.example/l"',
    'type="module"',
    'type="text/plain"',
    'src="//stats.example/2"',
    'srcset="/a 1x"',
]
EXTRA += [
    'rel="stylesheet"',
    'rel="preload"',
    'rel="canonical"',
    'rel="icon"',
    'REL="preload"',
    'data-ckit="x"',
    "hidden",
]
EXTRA += [
    'poster="//ads.example/p"',
    'href="//ads.example/h"',
    'data="x"',
    'language="vbscript"',
    "defer=",
    'id="a&quot;"',
]
EXTRA += ["width=500", "height=1", 'width="3"', 'height="50%"', 'style="display:none"', 'sandbox="x"', "srcdoc='x'"]
EXTRA += ['nonce="n"', 'integrity="sha256-x"', 'imagesrcset="//ads.example/i 1x"', "data-name=x", 'style="width:1px"']


def _tag(source: random.Random) -> bytes:
    name = source.choice(NAMES)
    address = source.choice(SCHEMES) + source.choice(HOSTS) + source.choice(PATHS)
    loading = "href" if name == "link" else "src"
    parts = [f'{loading}="{address}"', *source.choices(EXTRA, k=source.randrange(3))]
    if name == "link" and source.random() < 0.8:
        parts.append(source.choice(['rel="stylesheet"', 'rel="preconnect"', 'rel="dns-prefetch"']))
    source.shuffle(parts)
    space = " " if source.random() < 0.9 else source.choice(["  ", "\n", "/"])
    return (
        f"<{name}" + "".join(space + part for part in parts) + source.choice([">", ">", "/>", " />", " >"])
    ).encode()


def test_a_glance_sees_what_a_look_sees() -> None:
    """Many thousand tags, written plainly and not, under every kind of rules; a good part is seen at a glance."""
    source, seen = random.Random(11), 0
    for _ in range(40_000):
        tag, rules = _tag(source), source.choice(RULES)
        end, state = scan_tag(tag, Tag(tag).name_end, len(tag), Inside.BETWEEN)
        if state < Inside.CLOSED or end < len(tag):
            continue
        decision = decide_plainly(tag, rules)
        if decision is not None:
            seen += 1
            assert decision == decide(tag, rules, RELATIVE, lambda _: None), tag
    assert seen > 600


def test_addresses_that_are_kept_are_bounded() -> None:
    """A page that names a new host in every tag doesn't grow what is remembered without end."""
    rules = RULES[0]
    for number in range(20_000):
        decide_plainly(b'<img src="//h%d.ads.example/x">' % number, rules)
    assert 0 < len(rules.blocked) < 10_000
