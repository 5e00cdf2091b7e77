"""Where the parts go: where the tree builder makes a head and a body begin, and nowhere else."""

from __future__ import annotations

import pytest

from consentkit.rewrite.stream import Rewriter
from tests.rewrite.dom import BANNER, HEAD, REFUSED, banner_parents, faults, rewrite

_LURES = {
    "script string": b"<body><script>document.write('</head><body></body>')</script><p>x",
    "comment": b"<!-- <head><body></body> --><p>x",
    "textarea": b"<body><textarea><body></body></textarea>x",
    "title": b"<head><title><body></head></title><p>x",
    "attribute": b"<html title='<head><body>'><p title=\"</body>\">x",
    "srcdoc": b"<p><iframe srcdoc='<html><head></head><body></body></html>'></iframe>",
    "noscript": b"<head><noscript><link rel=x href=y></noscript></head><body>x",
    "plaintext": b"<p>x<plaintext></body><body>",
    "svg title": b"<svg><title><body></title></svg>x",
    "frameset": b"<html><head></head><frameset><frame src=/a></frameset></html>",
    "unterminated comment": b"<html><!-- <body>",
    "unterminated attribute": b"<html title='<body>x",
    "unterminated script": b"<head><script>var x = '<body>'",
    "unterminated title": b"<title>x</head><body>",
    "second body": b"<p>x<body class=late><body>",
}


@pytest.mark.parametrize("name", _LURES)
def test_lures_catch_nothing(name: str) -> None:
    """Bytes that look like a head or a body elsewhere leave the banner in the body, or the page without one."""
    document = _LURES[name]
    output, rewriter = rewrite(document)
    assert not faults(document, output, rewriter)
    if name == "frameset" or name.startswith("unterminated"):
        assert BANNER not in output
        assert not rewriter.placed_body
    else:
        assert rewriter.placed_body
        assert banner_parents(output) == ["body"]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (
            b"<!doctype html><html><head><title>x</title></head><body><p>",
            b"<!doctype html><html><head>H<title>x</title></head><body>B<p>",
        ),
        (b"<!doctype html>\n<title>x</title>\n<p>y", b"<!doctype html>\nH<title>x</title>\nB<p>y"),
        (b" \n text", b" \n HBtext"),
        (b"<!-- c --> <html> <!-- d --> <meta charset=utf-8>", b"<!-- c --> <html> <!-- d --> H<meta charset=utf-8>B"),
        (b"</p></div> <b>x", b"</p></div> HB<b>x"),
        (b"</body>x", b"HB</body>x"),
        (b"<head></head> <!-- c --> </html>", b"<head>H</head> <!-- c --> B</html>"),
        (
            b"<head><noscript><img></noscript><title>t</title><body>x",
            b"<head>H<noscript><img></noscript><title>t</title><body>Bx",
        ),
        (b"</head>x", b"H</head>Bx"),
        (b"<html>", b"<html>HB"),
        (b"", b"HB"),
        (b"\xef\xbb\xbfx", b"\xef\xbb\xbfHBx"),
        (b"<frameset></frameset>", b"H<frameset></frameset>"),
    ],
)
def test_parts_stand_where_their_parents_begin(document: bytes, expected: bytes) -> None:
    """Assets follow `<head>` or precede what implies one, the banner does the same with `<body>`."""
    assert rewrite(document, head=b"H", body=b"B")[0] == expected


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (
            b"<head><template><body><p></template></head><body>x",
            b"<head>H<template><body><p></template></head><body>Bx",
        ),
        (
            b"<template><td><style></template></style></template><p>x",
            b"H<template><td><style></template></style></template>B<p>x",
        ),
        (b"<head><template><template></template>x", b"<head>H<template><template></template>x"),
        (b"<template><svg><template></svg>x</template>", b"H<template><svg><template></svg>x</template>B"),
        (b"<head></head><template>x</template> y", b"<head>H</head><template>x</template> By"),
    ],
)
def test_templates_hold_no_body(document: bytes, expected: bytes) -> None:
    """What is inside a template makes no body begin, and a page that ends inside one gets no banner."""
    assert rewrite(document, head=b"H", body=b"B")[0] == expected


def test_a_fragment_gets_no_parts() -> None:
    """When asked for only in whole documents, the parts stay away from a fragment, and its gates still close."""
    output, rewriter = rewrite(b"<p><img src=//ads.example>", inject="document")
    assert HEAD not in output
    assert not rewriter.placed_head
    assert not rewriter.placed_body
    assert rewriter.gated == {"adnet": 1}


@pytest.mark.parametrize("document", [b"<!doctype html><p>x", b"<html><p>x", b" <!-- c --><!DOCTYPE html>x"])
def test_a_whole_document_gets_parts_when_asked_for_in_documents(document: bytes) -> None:
    """A doctype or `<html>` before the place shows that a response is a whole page."""
    output, rewriter = rewrite(document, inject="document")
    assert rewriter.placed_head
    assert rewriter.placed_body
    assert banner_parents(output) == ["body"]


def test_a_late_html_tag_makes_no_document() -> None:
    """An `<html>` tag after the place is too late to tell a page from a fragment."""
    assert not rewrite(b"<p>x<html>", inject="document")[1].placed_body


def test_never_means_never() -> None:
    """Without injection no part is placed, and nothing is appended."""
    assert rewrite(b"<html><body>x", inject="never")[0] == b"<html><body>x"


def test_the_first_bytes_are_not_held() -> None:
    """What is understood leaves at once: the head of a page, and then every piece of its text."""
    rewriter = Rewriter(None, head=b"H", body=b"B")
    assert rewriter.feed(b"<html><head><title>x</title>") == b"<html><head>H<title>x</title>"
    assert rewriter.feed(b"</head><body><p>y") == b"</head><body>B<p>y"
    assert rewriter.feed(b"z") == b"z"
    assert rewriter.close() == b""


def test_text_between_tags_is_passed_on_while_gating() -> None:
    """With gates closed only the tag that is being read is held."""
    gating = Rewriter(REFUSED, head=b"H", body=b"B")
    gating.feed(b"<body><main>")
    assert gating.feed(b"long text, <img src=//ads.exam") == b"long text, "
    assert gating.feed(b"ple> more") == b'<img data-ckit="marketing/adnet" data-ckit-src=//ads.example> more'
