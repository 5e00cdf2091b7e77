"""The campaign in short: many spoilt documents, each rewritten, judged by two parsers, and found unharmed."""

from __future__ import annotations

import os

import pytest

from consentkit.rewrite.stream import Rewriter
from tests.rewrite.campaign import Report, Rewrite, describe, examine_bytes, run, run_all
from tests.rewrite.dom import BANNER, RULESET, judge, rewrite
from tests.rewrite.loads import live_loads
from tests.rewrite.mutations import document
from tests.rewrite.oracles import parse_lexbor, read_bytes
from tests.rewrite.shrinking import shrink

#: How many documents are tried here; `make fuzz` tries a million.
_DOCUMENTS = 20_000
_PROCESSES = min(2, os.cpu_count() or 1)


def test_no_document_is_harmed() -> None:
    """Every document keeps its tree and its bytes, loads nothing refused, and gets its banner, however it is cut."""
    report = run_all(_DOCUMENTS, _PROCESSES)
    assert report.documents == _DOCUMENTS
    assert not report.failures, describe(report)
    assert report.disagreements < _DOCUMENTS // 100


def test_documents_are_always_the_same() -> None:
    """A number names one document for good, so that a failure can be looked at again."""
    assert [document(x) for x in range(60)] == [document(x) for x in range(60)]
    assert len({document(x) for x in range(600)}) > 500


def _banner_by_search(data: bytes) -> tuple[bytes, Rewriter]:
    """A rewriter that puts the banner before the last `</body>` there is, or at the end."""
    output, rewriter = rewrite(data)
    start, _, end = output.replace(BANNER, b"", 1).rpartition(b"</body>")
    return (start + BANNER + b"</body>" + end if start else end + BANNER), rewriter


def _edits_in_comments(data: bytes) -> tuple[bytes, Rewriter]:
    """A rewriter that changes images in comments, too."""
    output, rewriter = rewrite(data)
    return output.replace(b"<!-- <img src", b"<!-- <img data-ckit-src"), rewriter


def _loses_a_byte(data: bytes) -> tuple[bytes, Rewriter]:
    output, rewriter = rewrite(data)
    return output[:-1], rewriter


@pytest.mark.parametrize("spoilt", [_banner_by_search, _edits_in_comments, _loses_a_byte])
def test_a_spoilt_rewriter_is_caught(spoilt: Rewrite) -> None:
    """A banner placed by string search, an edit in a comment and a lost byte are found within 600 documents."""
    assert run(range(600), spoilt).failures


def test_an_open_gate_is_caught() -> None:
    """A rewriter that lets everything pass is found."""
    everything = RULESET.for_consent(frozenset({"adnet", "stats"}), frozenset({"analytics", "marketing"}))
    report = run(range(100), lambda data: rewrite(data, everything))
    assert any("still loads" in fault for _, faults in report.failures for fault in faults)


def test_a_failing_document_is_made_small() -> None:
    """What is left of a failing document is what makes it fail, and no more."""

    def fails(data: bytes) -> bool:
        found = examine_bytes(data, 1, _edits_in_comments, Report())
        return "other DOM (scripting=True)" in found

    noise = b"<p class=x>text<b>y</b>" * 20
    assert shrink(noise + b"<!-- <img src=/x> -->" + noise, fails) == b"<!-- <img src"


@pytest.mark.parametrize("blank", [b"&Tab;", b"&NewLine;", b"&#10;", b"&#x20", b"&#013;"])
def test_white_space_by_reference_begins_no_body(blank: bytes) -> None:
    """White space may be written as a character reference, and then implies no head and no body either."""
    page = blank + b"<title>x</title>" + blank + b"<p>y"
    output, rewriter = rewrite(page)
    assert not judge(page, output, rewriter).faults


@pytest.mark.parametrize(
    "page",
    [
        b"<noscript><img src=//ads.example/</noscript>x",
        b"<noscript><iframe src='//ads.example/</noscript>'>",
        b"<noscript><img </noscript src=//ads.example/x>",
        b"<noscript><script src=//ads.example/x </noscript>></script>",
    ],
)
def test_a_tag_cut_off_by_the_end_of_noscript_is_gated(page: bytes) -> None:
    """For browsers without scripting such a tag ends later, and would load what it names."""
    output, _ = rewrite(page)
    assert not live_loads(parse_lexbor(read_bytes(output), False), parse_lexbor, scripting=False)
