"""What lets a whole document pass unread: it must never pass one in which something would be edited."""

from __future__ import annotations

import random
from typing import Literal

import pytest

from consentkit.rewrite.marks import _unmarked, may_be_marked
from consentkit.rewrite.stream import place_parts
from tests.rewrite.documents import random_document
from tests.rewrite.dom import BANNER, HEAD, REFUSED, RULESET, make_rewriter

_OPEN = RULESET.for_consent(frozenset({"adnet", "stats"}), frozenset({"analytics", "marketing"}))
_MARKS = [
    '<script type="text/plain" data-category="analytics">f()</script>',
    "<SCRIPT TYPE=Text/Plain DATA-CATEGORY=analytics></SCRIPT>",
    "<script type='text/plain' class='optanon-category-C0002' src=//stats.example/x></script>",
    "<script type=text/plain data-name=stats data-src=/x></script>",
    "<script type=text&#47;plain data-name=stats></script>",
    "<script language=plain data-category=analytics data-src=/x></script>",
    "<script type=text/plain data-category=unknown></script>",
    "<img data-src=//stats.example/x data-category=analytics>",
    "<iframe DATA-SRC=//ads.example/x Data-CookieConsent=marketing></iframe>",
    "<img data-srcset='/x 1x' class=optanon-category-C0002>",
    "<img class='optanon&#45;category-C0002' data-src=/x>",
    "<img data-ckit=x>",
    "<p Data-CKIT-src=//evil.example/x>",
    "<script src=/own.js data-ckit-src=//evil.example/x></script>",
    "<img data-src=/own.png loading=lazy>",
    "<pre>text/plain</pre>",
]


def _marked(seed: int) -> bytes:
    source = random.Random(seed)
    parts = [random_document(source, 6), *source.choices(_MARKS, k=source.randrange(3)), random_document(source, 4)]
    document = bytearray("".join(parts).encode())
    for _ in range(source.randrange(3)):
        at = source.randrange(len(document) + 1)
        document[at : at + 1] = source.choice((b"", b"-", b"D", b" ", b"&#45;"))
    return bytes(document)


@pytest.mark.parametrize("inject", ["page", "document", "never"])
def test_what_passes_unread_is_what_reading_gives(inject: Literal["page", "document", "never"]) -> None:
    """For a visitor who has allowed everything, a whole document comes out as it does when it is read in pieces."""
    unread = 0
    for seed in range(3000):
        document = _marked(seed)
        pieces = make_rewriter(_OPEN, inject=inject)
        read = pieces.feed(document) + pieces.close()
        assert make_rewriter(_OPEN, inject=inject).whole(document) == read, document
        placed = place_parts(_OPEN, document, head=HEAD, body=BANNER, inject=inject)
        assert placed in (None, read), document
        assert placed is None or not pieces.counted
        unread += placed is not None
    assert unread > 500


def test_nothing_passes_unread_while_anything_is_refused() -> None:
    """Rules that hold something back always have the document read."""
    assert place_parts(REFUSED, b"<!doctype html><p>x", head=HEAD, body=BANNER) is None


@pytest.mark.parametrize("mark", [x for x in _MARKS if "&#" not in x and "own.png" not in x and "<pre>" not in x])
def test_marks_are_found(mark: str) -> None:
    """Every mark that leads to an edit is seen in the bytes, in any case; a page without one is not read."""
    assert may_be_marked(b"<p>x" + mark.encode() + b"</p>", may_keep=True)
    assert not may_be_marked(b"<p>x<img src=/own.png class=lazy><pre>data-category, text / plain</pre>", may_keep=True)


def test_a_page_is_searched_anew_when_it_changes() -> None:
    """A page of the same length as one that was found unmarked is not taken for it."""
    clean = b"<p>" + b"x" * 64
    marked = b"<p data-ckit=" + b"x" * (len(clean) - 13)
    assert len(clean) == len(marked)
    assert not may_be_marked(clean, may_keep=True)
    assert not may_be_marked(clean, may_keep=True)
    assert may_be_marked(marked, may_keep=True)
    assert not may_be_marked(clean, may_keep=True)


def test_whole_documents_are_rewritten_under_any_rules() -> None:
    """A document given whole comes out as it does in pieces, with services refused too, and without rules."""
    for rules in (RULESET.for_consent(frozenset(), frozenset()), None):
        for seed in range(500):
            document = _marked(seed)
            whole, pieces = make_rewriter(rules), make_rewriter(rules)
            assert whole.whole(document) == pieces.feed(document) + pieces.close(), document


def test_a_document_that_must_not_be_kept_is_not() -> None:
    """What an app keeps out of caches is searched each time, and no copy of it stays in memory."""
    secret, plain = (b"<!doctype html><title>%b</title><body><p>page" % word for word in (b"secret", b"plain!"))
    for document, may_keep in ((secret, False), (plain, True)):
        assert not may_be_marked(document, may_keep=may_keep)
        assert _unmarked.holds(document) is may_keep
