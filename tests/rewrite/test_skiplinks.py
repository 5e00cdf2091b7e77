"""The page's own skip links stay first: the banner follows them, or stands at the body's start when in doubt."""

from __future__ import annotations

import pytest

from tests.rewrite.dom import faults, rewrite


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"<a href='#main'>Skip</a>", b"<main>"),
        (b'\n <!-- c --> <a class=skip href="#main">Skip <b>now</b></a>', b"\n<main>"),
        (b"<a href=#a>A</a> <a href=#b>B</a>", b"<p>x"),
        (b"<div class=skip><a href=#a>A</a></div>", b"<a href=/home>Home</a>"),
        (b"<nav><ul><li><a href=#a>A</a></li><li><a href=#b>B</a></li></ul></nav>", b"x"),
        (b"<a href=&#35;a>A</a>", b"x"),
        (b"<p><a href=#a>A</a></p>", b""),
    ],
)
def test_the_banner_follows_skip_links(before: bytes, after: bytes) -> None:
    """Links into the same page at the body's start come first, whole wrappers included, also with an implied body."""
    for opening in (b"<body>", b"<!doctype html><title>x</title>"):
        document = opening + before + after
        output, rewriter = rewrite(document, head=b"")
        assert before.lstrip() + b'<div id="ckit-root">' in output
        assert not faults(document, output, rewriter)
        assert rewrite(document, head=b"", size=1)[0] == output


@pytest.mark.parametrize(
    "start",
    [
        b"<a href=/home>Home</a>",
        b"<a href=#a>A<p></a>",
        b"<div>text<a href=#a>A</a></div>",
        b"<div><a href=#a>A</a>text</div>",
        b"<div><a href=#a>A</a><img></div>",
        b"<p><div><a href=#a>A</a></div></p>",
        b"<a href=#a>A",
        b"<div></div>",
        b"<a href=#a>" + b"A" * 1100 + b"</a>",
        b"<ul><li><a href=#a>A</a><li>x</ul>",
    ],
)
def test_in_doubt_the_banner_comes_first(start: bytes) -> None:
    """Anything but plain links into the page leaves the banner at the body's start."""
    document = b"<body>" + start
    output, rewriter = rewrite(document, head=b"")
    assert output.startswith(b'<body><div id="ckit-root">')
    assert not faults(document, output, rewriter)
    assert rewrite(document, head=b"", size=1)[0] == output


def test_a_link_after_a_complete_one_is_not_lost_in_doubt() -> None:
    """When a second wrapper turns out to hold more, the banner still follows the first link."""
    output, _ = rewrite(b"<body><a href=#a>A</a><div><a href=#b>B</a><h1>x</h1></div>", head=b"")
    assert output.startswith(b'<body><a href=#a>A</a><div id="ckit-root">')
