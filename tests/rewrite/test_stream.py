"""The property everything else serves: the page stays the page, whatever it is and however it is cut."""

from __future__ import annotations

import random

import pytest

from consentkit.rewrite.edits import Decision
from consentkit.rewrite.rules import Rules
from consentkit.rewrite.stream import Rewriter
from tests.rewrite.documents import random_document, random_nesting
from tests.rewrite.dom import BANNER, HEAD, PLACEHOLDER, REFUSED, RULESET, faults, rewrite

DOCUMENTS = 2000


def _random(seed: int, *, templates: bool = False, pieces: int = 14) -> bytes:
    return random_document(random.Random(seed), pieces, templates=templates).encode()


def test_random_documents_keep_their_dom() -> None:
    """With our parts taken away and inert markup made live, every random document is what it was."""
    wrong = {}
    for seed in range(DOCUMENTS):
        document = _random(seed)
        output, rewriter = rewrite(document)
        if found := faults(document, output, rewriter):
            wrong[seed] = (found, document, output)
    assert not wrong


def test_misnested_elements_are_read_as_the_parser_reads_them() -> None:
    """After any nesting, style sheets, titles, frames and CDATA sections are text exactly where the parser says so."""
    wrong = {}
    for seed in range(DOCUMENTS):
        document = random_nesting(random.Random(seed)).encode()
        output, rewriter = rewrite(document)
        if found := faults(document, output, rewriter):
            wrong[seed] = (found, document, output)
    assert not wrong


class _Tracking(Rewriter):
    """Follows the tree through the whole document."""

    def __init__(self, rules: Rules | None) -> None:
        super().__init__(rules, head=HEAD, body=BANNER, placeholder=lambda _key: PLACEHOLDER)
        self._tracks = True


def test_the_shortcut_changes_nothing() -> None:
    """Passing a body through one expression gives the bytes that following the tree gives, templates included."""
    for seed in range(DOCUMENTS):
        document = b"<body>" * (seed % 2) + _random(seed, templates=True, pieces=25)
        tracking = _Tracking(REFUSED)
        assert tracking.feed(document) + tracking.close() == rewrite(document)[0], document


def test_random_pieces_change_nothing() -> None:
    """Random documents come out the same in pieces of one to seventeen bytes."""
    for seed in range(DOCUMENTS // 2):
        document = _random(seed, templates=True)
        size = random.Random(seed).choice([1, 1, 2, 3, 5, 9, 17])
        assert rewrite(document, size=size)[0] == rewrite(document)[0], (size, document)


def test_bytes_outside_the_edits_never_change() -> None:
    """With nothing to gate and nothing to place, any bytes come out as they went in."""
    everything = RULESET.for_consent(frozenset({"adnet", "stats"}), frozenset({"analytics", "marketing"}))
    source = random.Random(5)
    for seed in range(300):
        document = _random(seed, templates=True) + source.randbytes(20)
        assert rewrite(document, everything, inject="never")[0] == document
        assert rewrite(document, None, inject="never")[0] == document


def test_the_oracle_sees_planted_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three planted faults are found: a lost byte, a host that slips through, and parts placed by string search."""
    document = b"<!doctype html><title></body></title><p>x<img src=//ads.example/p>"
    output, rewriter = rewrite(document)
    assert not faults(document, output, rewriter)
    assert faults(document, output.replace(b"<p>x", b"<p>"), rewriter)
    naive = document.replace(b"</body>", BANNER + b"</body>")
    assert faults(document, naive, rewriter)
    monkeypatch.setattr("consentkit.rewrite.gating.decide", lambda *_: Decision())
    REFUSED.memory.clear()
    leaking, other = rewrite(document)
    REFUSED.memory.clear()
    assert "still loads (scripting=True)" in faults(document, leaking, other)
