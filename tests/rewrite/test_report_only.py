"""Markup of what is only reported stays as the page wrote it, and is counted."""

from __future__ import annotations

import pytest

from consentkit.rewrite.rules import Rules, Ruleset, ServiceRule
from tests.rewrite.dom import REFUSED, RULESET, rewrite

SERVICES = [
    ServiceRule("adnet", "marketing", ("ads.example",), ("adq.push(",)),
    ServiceRule("stats", "analytics", ("stats.example",), ("stats.track",)),
]
CATEGORIES = ["necessary", "analytics", "marketing", "functional"]
EVERYTHING = frozenset({"analytics", "marketing", "functional"})
NOTHING_HELD = Ruleset(SERVICES, CATEGORIES, report_only=EVERYTHING).for_consent(frozenset(), frozenset())
MARKETING = Ruleset(SERVICES, CATEGORIES, report_only=frozenset({"marketing"}))
SILENT = MARKETING.for_consent(frozenset(), frozenset())
STATS_ALLOWED = MARKETING.for_consent(frozenset({"stats"}), frozenset({"analytics"}))

#: Markup, and what is counted of it.
COUNTED: list[tuple[bytes, dict[tuple[str, str], int]]] = [
    (b"<script src=https://ads.example/a.js></script>", {("reported", "adnet ads.example"): 1}),
    (b"<img src=//x.ads.example/p.gif><img src=//x.ads.example/p.gif>", {("reported", "adnet x.ads.example"): 2}),
    (b"<img src=/own.png srcset='/a 1x, https://ads.example/b?q=secret 2x'>", {("reported", "adnet ads.example"): 1}),
    (b"<script>adq.push(1)</script>", {("reported", "adnet"): 1}),
    (b"<svg><script>adq.push(1)</script></svg>", {("reported", "adnet"): 1}),
    (b"<script data-category=marketing src=/local.js></script>", {("reported", "category:marketing"): 1}),
    (b"<img data-category=functional src=//cdn.test/a>", {("reported", "category:functional cdn.test"): 1}),
    (b"<iframe srcdoc='<script src=//ads.example/a></script>'></iframe>", {("reported", "adnet"): 1}),
    (b"<iframe src=//ads.example/i></iframe>", {("reported", "adnet ads.example"): 1}),
    (b"<script type=text/plain data-category=marketing>x</script>", {("reported", "category:marketing"): 1}),
    (b"<img data-src=//ads.example/lazy.png>", {("reported", "adnet ads.example"): 1}),
    (b"<base href=//ads.example/><img src=a.png>", {("reported", "adnet ads.example"): 1}),
    (b"<noscript><img src=//ads.example/p.gif></noscript>", {("reported", "adnet ads.example"): 1}),
    (b"<p>nothing<script>x()</script><img src=/a.png>", {}),
]


@pytest.mark.parametrize("size", [0, 1, 7])
@pytest.mark.parametrize(("markup", "counted"), COUNTED)
def test_counted_and_left_alone(markup: bytes, counted: dict[tuple[str, str], int], size: int) -> None:
    """What would be made inert is counted by service and host, and every byte stays, in whatever pieces it comes."""
    output, rewriter = rewrite(markup, NOTHING_HELD, size, inject="never")
    assert output == markup
    assert rewriter.counted == counted
    assert not rewriter.gated


@pytest.mark.parametrize("markup", [markup for markup, _ in COUNTED])
def test_the_same_is_counted_where_it_is_enforced(markup: bytes) -> None:
    """Switching the mode changes what happens, not what is counted."""
    enforced = Ruleset(SERVICES, CATEGORIES).for_consent(frozenset(), frozenset())
    _, blocked = rewrite(markup, enforced, inject="never")
    _, reported = rewrite(markup, NOTHING_HELD, inject="never")
    assert {name: n for (_, name), n in blocked.counted.items()} == {
        name: n for (_, name), n in reported.counted.items()
    }
    assert sum(blocked.counted.values()) == sum(blocked.gated.values())


def test_a_long_tag_is_left_alone() -> None:
    """A start tag that is too long to be read whole gets no guards where nothing is held back."""
    markup = b"<script data-x='" + b"x" * 200_000 + b"' src=//ads.example/a></script>"
    assert rewrite(markup, NOTHING_HELD, inject="never")[0] == markup


def test_what_is_enforced_is_still_held_back() -> None:
    """Next to a service that is only reported, another one is made inert."""
    page = b"<img src=//ads.example/a><img src=//stats.example/b>"
    output, rewriter = rewrite(page, SILENT, inject="never")
    assert output.startswith(b'<img src=//ads.example/a><img data-ckit="analytics/stats" data-ckit-src=')
    assert rewriter.gated == {"stats": 1}
    assert rewriter.counted == {("reported", "adnet ads.example"): 1, ("blocked", "stats stats.example"): 1}


@pytest.mark.parametrize(
    "markup",
    [
        b"<img src=//ads.example/a srcset=//stats.example/b>",
        b"<script>adq.push(stats.track)</script>",
        b"<script data-category='marketing analytics' src=/a.js></script>",
        b"<script data-category=analytics data-service=adnet src=/a.js></script>",
        b"<script data-category=analytics src=//ads.example/a.js></script>",
    ],
)
def test_what_names_both_is_gated_for_the_one_that_is_held(markup: bytes) -> None:
    """An element that waits for an enforced service as well is made inert, and its label names only that one."""
    output, rewriter = rewrite(markup, SILENT, inject="never")
    assert b'data-ckit="analytics' in output
    assert b"adnet" not in output.replace(b"data-service=adnet", b"")
    assert all(outcome == "blocked" for outcome, _ in rewriter.counted)


#: Inert markup that names something only reported, and markup of an allowed category that turns out to be such.
NAMED = [
    b"<script type=text/plain data-category=marketing>run()</script>",
    b"<script type=text/plain data-category='analytics marketing'>run()</script>",
    b"<script type=text/plain data-category=analytics data-service=adnet>run()</script>",
    b"<script type=text/plain data-name=adnet src=//ads.example/a.js></script>",
    b"<script type=text/plain data-category=analytics data-src=//ads.example/a.js></script>",
    b"<script type=text/plain data-cookieconsent=!marketing>run()</script>",
    b"<img data-category=marketing data-src=//ads.example/a.png>",
]
FOUND_OUT = [
    b"<script type=text/plain data-category=analytics>adq.push(1)</script>",
    b"<svg><script type=text/plain data-category=analytics>adq.push(1)</script></svg>",
    b"<svg><script><script type=text/plain data-category=analytics>adq.push(1)</script></svg>",
    b"<img data-category=analytics data-src=//ads.example/a.png>",
    b"<img data-name=stats data-src=//ads.example/a.png>",
]


@pytest.mark.parametrize(
    ("markup", "rules"),
    [
        *((markup, rules) for markup in NAMED for rules in (SILENT, STATS_ALLOWED, NOTHING_HELD)),
        *((markup, rules) for markup in FOUND_OUT for rules in (STATS_ALLOWED, NOTHING_HELD)),
    ],
)
def test_inert_markup_is_neither_opened_nor_labelled(markup: bytes, rules: Rules) -> None:
    """Report-only opens nothing: what the page wrote inert stays just so, whatever else is allowed."""
    assert rewrite(markup, rules, inject="never")[0] == markup


def test_what_is_allowed_is_activated_as_ever() -> None:
    """The visitor's consent to an enforced category counts, and so does one that is left from before."""
    markup = b"<script type=text/plain data-category=analytics>run()</script>"
    assert rewrite(markup, STATS_ALLOWED, inject="never")[0] == markup.replace(b"type=text/plain ", b" ")
    everything = MARKETING.for_consent(frozenset({"stats", "adnet"}), frozenset(CATEGORIES))
    assert everything.shadow is None
    _, rewriter = rewrite(b"<img src=//ads.example/a>", everything, inject="never")
    assert not rewriter.counted


def test_where_nothing_is_reported_there_is_no_second_look() -> None:
    """Without report-only categories the rules have no shadow, and what is blocked is counted with its host."""
    assert REFUSED.shadow is None
    assert RULESET.for_consent(frozenset({"adnet"}), frozenset()).shadow is None
    _, rewriter = rewrite(b"<img src=https://sub.ads.example:8443/a?b#c>", inject="never")
    assert rewriter.counted == {("blocked", "adnet sub.ads.example"): 1}
