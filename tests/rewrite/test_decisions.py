"""What becomes of one tag when its service is closed."""

from __future__ import annotations

import re

import pytest

from consentkit.rewrite.rawtext import SCRIPT_LIMIT
from consentkit.rewrite.tags import TAG_LIMIT
from tests.rewrite.dom import REFUSED, RULESET, rewrite

LABEL = b' data-ckit="marketing/adnet"'
FRAME = b' srcdoc="&lt;p lang=&quot;fr&quot;&gt;Bloqu&#233; &amp; &quot;cach&#233;&quot;&lt;/p&gt;"'


def _gated(document: bytes) -> bytes:
    output, rewriter = rewrite(document, inject="never")
    assert sum(rewriter.gated.values()) == 1
    return output


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            b"<script async src=//ads.example/x></script>",
            b'<script type="text/plain"' + LABEL + b" async data-ckit-src=//ads.example/x></script>",
        ),
        (
            b"<script type=module src=//ads.example></script>",
            b'<script type="text/plain"' + LABEL + b" data-ckit-type=module data-ckit-src=//ads.example></script>",
        ),
        (b"<script>adq.push(1)</script>", b'<script type="text/plain"' + LABEL + b">adq.push(1)</script>"),
        (
            b"<img src=//ads.example/x src=//ads.example/y>",
            b"<img" + LABEL + b" data-ckit-src=//ads.example/x data-ckit-src=//ads.example/y>",
        ),
        (
            b"<img src=/own srcset='/a 1x, //ads.example/b,c 2x'>",
            b"<img" + LABEL + b" src=/own data-ckit-srcset='/a 1x, //ads.example/b,c 2x'>",
        ),
        (
            b"<img class=lazy src=/own data-src=//ads.example/x>",
            b"<img" + LABEL + b" class=lazy src=/own data-ckit-data-src=//ads.example/x>",
        ),
        (
            b"<iframe sandbox src=//ads.example></iframe>",
            b"<iframe" + LABEL + FRAME + b" data-ckit-sandbox data-ckit-src=//ads.example></iframe>",
        ),
        (
            b"<iframe srcdoc='&lt;img src=//ads.example>'></iframe>",
            b"<iframe" + LABEL + FRAME + b" data-ckit-srcdoc='&lt;img src=//ads.example>'></iframe>",
        ),
        (
            b"<iframe width=1 src=//ads.example></iframe>",
            b"<iframe" + LABEL + b" width=1 data-ckit-src=//ads.example></iframe>",
        ),
        (
            b"<iframe hidden src=//ads.example></iframe>",
            b"<iframe" + LABEL + b" hidden data-ckit-src=//ads.example></iframe>",
        ),
        (
            b"<iframe style='Display : none' src=//ads.example></iframe>",
            b"<iframe" + LABEL + b" style='Display : none' data-ckit-src=//ads.example></iframe>",
        ),
        (
            b"<iframe height=2% src=//ads.example></iframe>",
            b"<iframe" + LABEL + FRAME + b" height=2% data-ckit-src=//ads.example></iframe>",
        ),
        (
            b"<video poster=//ads.example src=/v></video>",
            b"<video" + LABEL + b" data-ckit-poster=//ads.example src=/v></video>",
        ),
        (b"<object data=//ads.example></object>", b"<object" + LABEL + b" data-ckit-data=//ads.example></object>"),
        (b"<input type=IMAGE src=//ads.example>", b"<input" + LABEL + b" type=IMAGE data-ckit-src=//ads.example>"),
        (
            b"<link rel='x PRELOAD' href=//ads.example>",
            b"<link" + LABEL + b" rel='x PRELOAD' data-ckit-href=//ads.example>",
        ),
        (b"<svg><image href=//ads.example></svg>", b"<svg><image" + LABEL + b" data-ckit-href=//ads.example></svg>"),
        (
            b"<noscript><img src=//ads.example></noscript>",
            b"<noscript><img" + LABEL + b" data-ckit-src=//ads.example></noscript>",
        ),
        (b"<IMG\nSRC=//ads.example\n>", b"<IMG" + LABEL + b"\ndata-ckit-SRC=//ads.example\n>"),
    ],
)
def test_what_would_load_is_renamed_in_place(before: bytes, after: bytes) -> None:
    """Exactly the loading attributes get other names, a label is added, and every other byte stays."""
    assert _gated(before) == after


@pytest.mark.parametrize(
    "markup",
    [
        b"<a href=//ads.example>x</a>",
        b"<link rel=canonical href=//ads.example>",
        b"<input src=//ads.example>",
        b'<script type=application/ld+json>{"x": "adq.push("}</script>',
        b"<script type=importmap>adq.push(</script>",
        b"<script type=speculationrules>adq.push(</script>",
        b"<script type=text/html>adq.push(</script>",
        b"<textarea><script src=//ads.example></script></textarea>",
        b"<style>/* adq.push( */</style>",
        b"<img alt='<img src=//ads.example>' src=/own>",
        b"<p data-src=//ads.example>",
        b"<script src=/own.js>adq.push(</script>",
    ],
)
def test_what_loads_nothing_is_left_alone(markup: bytes) -> None:
    """Links, data, raw text and lookalikes in values stay as they are."""
    assert rewrite(markup, inject="never")[0] == markup


def test_open_services_are_left_alone() -> None:
    """A service the visitor allows is sent as the app wrote it, next to one that is gated."""
    rules = RULESET.for_consent(frozenset({"adnet"}), frozenset({"marketing"}))
    document = b"<img src=//ads.example><img src=//stats.example>"
    output, rewriter = rewrite(document, rules, inject="never")
    assert output == b'<img src=//ads.example><img data-ckit="analytics/stats" data-ckit-src=//stats.example>'
    assert rewriter.gated == {"stats": 1}


def test_the_placeholder_is_asked_for_by_key() -> None:
    """The placeholder is chosen by service id, or by category where only that is known; None leaves the frame empty."""
    asked: list[str] = []

    def placeholder(key: str) -> str | None:
        asked.append(key)
        return None

    document = b"<iframe src=//ads.example></iframe><iframe src=/x data-category=analytics></iframe>"
    output, _ = rewrite(document, placeholder=placeholder, inject="never")
    assert asked == ["adnet", "category:analytics"]
    assert b"srcdoc" not in output


def test_decisions_are_remembered_by_tag_and_bounded() -> None:
    """Equal tags are decided once, and the memory of decisions stays small."""
    REFUSED.memory.clear()
    rewrite(b"<img src=//ads.example>" * 50)
    assert len([x for x in REFUSED.memory if x.startswith(b"<img")]) == 1
    rewrite(b"".join(b"<img src=/%d>" % i for i in range(9000)))
    assert len(REFUSED.memory) <= 4096


_LONG = b"x" * (TAG_LIMIT + 1000)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (
            b"<img src=//ads.example/~>",
            rb'<img data-ckit="marketing/adnet" srcset=data:, data-ckit-src=//ads.example/~>',
        ),
        (b"<img alt=~ src=//ads.example>", rb"<img src=data:, srcset=data:, alt=~ src=//ads.example>"),
        (b"<img src='data:image/png;base64,~'>", rb"<img srcset=data:, src=\'data:image/png;base64,~\'>"),
        (
            b"<script x=~ src=//ads.example></script>",
            rb"<script src=data:, href=data:, xlink:href=data:, x=~ src=//ads.example></script>",
        ),
        (b"<iframe src='~//ads.example'></iframe>", rb'<iframe srcdoc="" src=data:, src=\'~//ads.example\'></iframe>'),
        (b"<p x=~><img src=//ads.example>", rb'<p x=~><img data-ckit="marketing/adnet" data-ckit-src=//ads.example>'),
    ],
)
def test_tags_too_long_to_hold_fail_closed(document: bytes, expected: bytes) -> None:
    """What a very long tag says late can't load anything, since a harmless attribute before it counts first."""
    whole = document.replace(b"~", _LONG)
    output, _ = rewrite(whole, inject="never")
    assert output.replace(_LONG, b"~") == re.sub(rb"\\'", b"'", expected)
    assert rewrite(whole, inject="never", size=1460)[0] == output


def test_a_long_tag_is_left_alone_when_nothing_is_closed() -> None:
    """With everything allowed a very long tag passes byte for byte."""
    rules = RULESET.for_consent(frozenset({"adnet", "stats"}), frozenset({"analytics", "marketing"}))
    document = b"<img alt=" + _LONG + b" src=//ads.example>"
    assert rewrite(document, rules, inject="never")[0] == document


@pytest.mark.parametrize(("size", "gated"), [(SCRIPT_LIMIT, False), (SCRIPT_LIMIT + 1, True)])
def test_a_script_too_long_to_read_fails_closed(size: int, gated: bool) -> None:
    """An inline script is read up to the limit; a longer one waits for consent, however it is cut."""
    document = b"<script>" + b"y" * size + b"</script>"
    output, rewriter = rewrite(document, inject="never")
    assert bool(rewriter.gated) is gated
    assert rewrite(document, inject="never", size=4096)[0] == output
