"""Hostile input costs no more than its length, and holds no more than the limits."""

from __future__ import annotations

import time

import pytest

from consentkit.rewrite.rawtext import SCRIPT_LIMIT
from consentkit.rewrite.stream import Rewriter
from consentkit.rewrite.tags import TAG_LIMIT
from tests.rewrite.dom import REFUSED, rewrite

_TRAPS = [
    b"<a ",
    b"<a",
    b"<",
    b"</",
    b"<!--",
    b"<![CDATA[",
    b"a='",
    b"<a b='",
    b"<img src='",
    b"<img a ",
    b"<script>",
    b"<b>",
    b"<script><!--<script>",
    b"</script",
    b"<!-- --",
    b"<svg>",
    b"<svg><script>",
    b"<svg></x>",
    b"<svg></x><p><b>",
    b"<svg><desc><b>",
    b"&",
    b"<select>",
    b"<noscript>",
    b"<noscript><!--",
    b"<template>",
    b"<table><td>",
    b"<a x=1><div>",
    b"<li>",
    b"<title>",
    b"<a href=#>",
    b"<iframe srcdoc='<iframe srcdoc=",
    b"<img srcset='a,",
    b" ",
    b"<svg><path ",
    b"<select><option ",
]


def _seconds(document: bytes) -> float:
    started = time.process_time()
    rewrite(document, size=1460)
    return time.process_time() - started


@pytest.mark.parametrize("trap", _TRAPS)
def test_time_grows_with_length(trap: bytes) -> None:
    """Six times the length takes less than twelve times the time: nothing is quadratic (that would be thirty-six)."""
    short, long = (b"<body>" + trap * (size // len(trap)) for size in (25_000, 150_000))
    assert min(_seconds(long) for _ in range(3)) < 12 * max(_seconds(short), 0.02)


@pytest.mark.parametrize("trap", _TRAPS)
def test_little_is_held(trap: bytes) -> None:
    """However long it goes on, no more than a long tag (or a long script) and one piece is kept waiting."""
    rewriter = Rewriter(REFUSED, head=b"", body=b"")
    given = taken = 0
    for _ in range(160):
        piece = (trap * 800)[:2000]
        given += len(piece)
        taken += len(rewriter.feed(piece))
        assert given - taken <= SCRIPT_LIMIT + 4000
    assert given - taken <= TAG_LIMIT + 4000


def test_a_replay_happens_once_and_only_early() -> None:
    """The beginning kept for a second reading is given up once it is long, and after the one reading."""
    rewriter = Rewriter(REFUSED, head=b"", body=b"")
    rewriter.feed(b"<body>" + b"<p>x" * 50_000)
    assert rewriter._log is None
    assert b"data-ckit-src" in rewriter.feed(b"<svg></x><style><img src=//ads.example></style></svg>")
    early = Rewriter(REFUSED, head=b"", body=b"")
    early.feed(b"<body><div><svg></div><style><img src=//ads.example></style>")
    assert early._log is None


def test_divergence_by_noscript_gates_both_readings() -> None:
    """Where a comment hides the end of `noscript`, what a browser with scripting loads is gated, without quotes."""
    document = b'<body><noscript><p title="</noscript><script src=//ads.example></script><iframe src=//ads.example>">'
    output, rewriter = rewrite(document, inject="never")
    assert rewriter.gated == {"adnet": 2}
    assert rewriter.diverged
    assert output.count(b'"') == document.count(b'"')
    assert rewrite(document, inject="never", size=1)[0] == output
