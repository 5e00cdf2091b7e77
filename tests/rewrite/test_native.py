"""Marks of other products are understood: closed ones wait, open ones run, and nobody's content gains a script."""

from __future__ import annotations

import pytest

from tests.rewrite.dom import RULESET, rewrite

ANALYTICS = RULESET.for_consent(frozenset({"stats"}), frozenset({"analytics"}))

_STYLES = [
    b"data-category=analytics",
    b"data-category=statistics",
    b"data-cookiecategory='analytics'",
    b"data-cookieconsent=statistics",
    b"data-cookieyes=cookieyes-analytics",
    b"data-name=stats",
    b'class="x optanon-category-C0002"',
    b"data-category=analytics data-service=stats",
]


@pytest.mark.parametrize("style", _STYLES)
def test_each_style_waits_and_runs(style: bytes) -> None:
    """Without consent the script stays inert and is labelled; with it, it is a script in the page that is sent."""
    document = b"<script type=text/plain " + style + b">f()</script>"
    refused, rewriter = rewrite(document, inject="never")
    assert refused.startswith(b'<script data-ckit="analytics')
    assert refused.endswith(b" type=text/plain " + style + b">f()</script>")
    assert sum(rewriter.gated.values()) == 1
    granted, rewriter = rewrite(document, ANALYTICS, inject="never")
    assert granted == b"<script  " + style + b">f()</script>"
    assert not rewriter.gated


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            b"<script type=text/plain data-category=analytics data-src=/a.js></script>",
            b"<script  data-category=analytics src=/a.js></script>",
        ),
        (
            b'<script data-type="module" type="text/plain" data-category=analytics>x</script>',
            b'<script data-type="module" type="module" data-category=analytics>x</script>',
        ),
        (
            b"<script type='Text/Plain' data-category=analytics src=//stats.example/x></script>",
            b"<script  data-category=analytics src=//stats.example/x></script>",
        ),
        (
            b"<script type=text/plain type=text/plain data-category=analytics>x</script>",
            b"<script   data-category=analytics>x</script>",
        ),
        (
            b"<iframe data-src=//stats.example/x data-category=analytics></iframe>",
            b"<iframe src=//stats.example/x data-category=analytics></iframe>",
        ),
        (
            b"<img data-src=/x data-srcset='/x 1x, /y 2x' data-category=analytics>",
            b"<img src=/x srcset='/x 1x, /y 2x' data-category=analytics>",
        ),
        (
            b"<script type=text/plain data-category='!marketing'>x</script>",
            b"<script  data-category='!marketing'>x</script>",
        ),
        (b"<script type=text/plain data-category=necessary>x</script>", b"<script  data-category=necessary>x</script>"),
    ],
)
def test_what_is_granted_is_activated(before: bytes, after: bytes) -> None:
    """Open markup becomes what its author meant: type, source and lazy sources in place, nothing else touched."""
    assert rewrite(before, ANALYTICS, inject="never")[0] == after
    assert rewrite(before, ANALYTICS, inject="never", size=3)[0] == after


@pytest.mark.parametrize(
    "markup",
    [
        b"<div type=text/plain data-category=analytics data-src=//stats.example/x></div>",
        b"<script type=text/plain data-category=analytics data-src=//evil.example/x></script>",
        b"<script type=text/plain data-category=necessary data-src=//evil.example/x></script>",
        b"<script type=text/plain data-category=analytics data-src='javascript:alert(1)'></script>",
        b"<script type=text/plain data-category=analytics data-src='data:text/javascript,x'></script>",
        b"<script type=text/plain data-category=necessary data-src=//stats.example/x></script>",
        b"<script type=text/plain data-category=unknown>x</script>",
        b"<script type=text/plain data-name=unknown>x</script>",
        b"<script type=text/plain data-category='!unknown'>x</script>",
        b"<script type=text/plain data-category=analytics data-type=text/x-template>x</script>",
        b"<script type=text/plain data-cookieconsent=ignore>x</script>",
        b"<script type=text/plain>x</script>",
        b"<script type=text/html data-category=analytics>x</script>",
        b"<iframe data-src=//evil.example/x data-category=analytics></iframe>",
        b"<iframe data-src='javascript:x' data-category=analytics></iframe>",
        b"<img data-src=//evil.example/x data-category=necessary>",
        b"<p class=optanon-category-C0001 data-src=/x>",
        b"<img src=/own data-category=sports>",
        b"<iframe data-srcdoc=x data-category=analytics></iframe>",
    ],
)
def test_marks_give_content_no_power(markup: bytes) -> None:
    """Only a marked script element becomes a script, and only from the page itself or a declared, open service."""
    assert rewrite(markup, ANALYTICS, inject="never")[0] == markup


@pytest.mark.parametrize(
    ("markup", "key"),
    [
        (b"<script src=/a.js data-category=marketing></script>", "category:marketing"),
        (b"<script data-category=marketing>x</script>", "category:marketing"),
        (b"<iframe src=/x data-category=marketing></iframe>", "category:marketing"),
        (b"<iframe src=//ads.example/x data-category=marketing></iframe>", "adnet"),
        (b"<img src=/x class=optanon-category-C0002-C0004>", "category:marketing"),
        (b"<script type=text/plain data-cookieconsent='statistics,marketing'>x</script>", "category:marketing"),
        (b"<script type=text/plain data-category='!analytics'>x</script>", ""),
        (b"<script type=text/plain data-category=analytics data-src=//ads.example/x></script>", "adnet"),
        (b"<script type=text/plain data-category=analytics>adq.push(1)</script>", "adnet"),
        (b"<iframe data-src=//ads.example/x data-category=marketing></iframe>", "adnet"),
    ],
)
def test_closed_categories_gate_live_markup(markup: bytes, key: str) -> None:
    """A closed category on live markup gates it, and a closed service is never opened by another's category."""
    output, rewriter = rewrite(markup, ANALYTICS, inject="never")
    assert rewriter.gated == ({key: 1} if key else {})
    assert (b"data-ckit=" in output) is bool(key)
    assert b" src=" not in output


def test_our_own_names_in_a_page_are_taken_away() -> None:
    """Attributes named like ours that a page brings along can't be mistaken for what the rewriter said."""
    document = (
        b'<script type=text/plain data-ckit="necessary/x" DATA-CKIT-SRC=//evil.example></script><img data-ckit=x>'
    )
    for rules in (ANALYTICS, RULESET.for_consent(frozenset(), frozenset())):
        output, _ = rewrite(document, rules, inject="never")
        assert output == document.replace(b"data-ckit", b"data-page-ckit").replace(b"DATA-CKIT", b"data-page-ckit")


def test_an_inert_script_is_labelled_by_what_it_does_too() -> None:
    """One that waits for analytics but belongs to a refused ad network must not run once analytics is allowed."""
    document = b"<script type=text/plain data-category=analytics>adq.push(1)</script>"
    refused, rewriter = rewrite(document, inject="never")
    assert b' data-ckit="marketing/adnet"' in refused
    assert b"analytics/" not in refused
    assert rewriter.gated == {"adnet": 1}
    partly, _ = rewrite(document, ANALYTICS, inject="never")
    assert b' data-ckit="marketing/adnet"' in partly
    assert b' type="text/plain"' in partly


def test_a_mark_inside_a_nested_document_counts() -> None:
    """A frame whose document holds an element that a refused category's mark keeps closed is closed itself."""
    document = b"<iframe srcdoc='<img src=/own.png data-category=marketing>'></iframe>"
    refused, _ = rewrite(document, inject="never")
    assert b" data-ckit-srcdoc='" in refused
    assert b' data-ckit="marketing/adnet"' in refused
    allowed = RULESET.for_consent(frozenset({"adnet", "stats"}), frozenset({"analytics", "marketing"}))
    assert rewrite(document, allowed, inject="never")[0] == document
