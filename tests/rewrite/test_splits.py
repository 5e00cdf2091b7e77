"""However a document is cut, the same bytes come out, and they are right."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from consentkit.rewrite.stream import Rewriter
from tests.rewrite.dom import faults, make_rewriter, rewrite
from tests.rewrite.short_documents import SHORT_DOCUMENTS

_GROUPS = 8


def test_there_are_enough_short_documents() -> None:
    """At least two hundred different ones are cut."""
    assert len(set(SHORT_DOCUMENTS)) >= 200


def _ways_to_cut(document: bytes) -> Iterator[tuple[bytes, ...]]:
    """The document whole and in every two and three pieces, empty ones too."""
    yield (document,)
    for first in range(len(document) + 1):
        yield document[:first], document[first:]
        for second in range(first, len(document) + 1):
            yield document[:first], document[first:second], document[second:]


def _in_pieces(pieces: tuple[bytes, ...], rewriter: Rewriter) -> bytes:
    return b"".join([*map(rewriter.feed, pieces), rewriter.close()])


@pytest.mark.parametrize("group", range(_GROUPS))
def test_every_cut_gives_the_same_bytes(group: int) -> None:
    """Every way to cut a short document into one, two or three pieces gives the same bytes, and the right ones."""
    for document in SHORT_DOCUMENTS[group::_GROUPS]:
        whole, rewriter = rewrite(document)
        assert not faults(document, whole, rewriter), document
        for pieces in _ways_to_cut(document):
            assert _in_pieces(pieces, make_rewriter()) == whole, pieces
        assert rewrite(document, size=1)[0] == whole


@pytest.mark.parametrize("settings", [{"rules": None}, {"inject": "never"}, {"inject": "document"}])
def test_every_cut_gives_the_same_bytes_in_other_settings(settings: dict[str, Any]) -> None:
    """The same holds, in two pieces and byte by byte, without gates, without our parts, and in a fragment."""
    for document in SHORT_DOCUMENTS:
        whole = rewrite(document, **settings)[0]
        assert rewrite(document, size=1, **settings)[0] == whole
        for cut in range(len(document)):
            assert _in_pieces((document[:cut], document[cut:]), make_rewriter(**settings)) == whole, (cut, document)


def test_a_longer_document_in_every_cut() -> None:
    """Every cut of a 300-byte page into two and three pieces, and its single bytes, give the same page."""
    document = (
        b"<!doctype html><html><head><title>a<b</title><script src=//ads.example/a.js></script></head><body class='>'>"
        b"<a href='#m'>Skip</a><!-- <img src=//ads.example> --><noscript><img src='//ads.example/p'></noscript>"
        b"<svg><title><![CDATA[>]]></title></svg><script>adq.push('</p>')</script><iframe src=//ads.example></iframe>"
    )
    whole = rewrite(document)[0]
    assert rewrite(document, size=1)[0] == whole
    for first in range(len(document)):
        rewriter = make_rewriter()
        start = rewriter.feed(document[:first])
        assert start + rewriter.feed(document[first:]) + rewriter.close() == whole
    for pieces in list(_ways_to_cut(document))[::7]:
        assert _in_pieces(pieces, make_rewriter()) == whole


def test_a_rewriter_that_forgets_is_caught() -> None:
    """Cutting finds a rewriter that reads every piece as if it were the beginning."""
    document = b"<p><img src=//ads.example>"
    outputs = {b"".join(rewrite(piece, inject="never")[0] for piece in pieces) for pieces in _ways_to_cut(document)}
    assert len(outputs) > 1
