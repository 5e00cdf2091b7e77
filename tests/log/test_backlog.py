"""Tests of the work that waits while the log is down."""

from __future__ import annotations

import pytest

from consentkit.log import backlog as module
from consentkit.log.backlog import DROPPED, Backlog
from tests.log.records import make_record

DIGEST = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"


def test_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refusals beyond the bound are counted instead of kept, and so are no more names than the bound."""
    monkeypatch.setattr(module, "MAX_DEFERRED", 2)
    monkeypatch.setattr(module, "MAX_COUNTERS", 2)
    waiting = Backlog()
    records = [make_record() for _ in range(3)]
    assert [waiting.defer(record, "2026-03-01") for record in records] == [True, True, False]
    for name in ("a", "b", "a"):
        waiting.count("2026-03-01", name)
    taken = waiting.take(10)
    assert taken.records == records[:2]
    assert taken.counts == {("2026-03-01", DROPPED): 1, ("2026-03-01", "a"): 2}


def test_given_back_in_order() -> None:
    """What could not be stored comes again, in front of what came since, and counts add up."""
    waiting = Backlog()
    first, second = make_record(), make_record()
    waiting.defer(first, "d")
    waiting.count("d", "a")
    taken = waiting.take(10)
    waiting.defer(second, "d")
    waiting.count("d", "a")
    waiting.give_back(taken)
    again = waiting.take(10)
    assert again.records == [first, second]
    assert again.counts == {("d", "a"): 2}
    assert waiting.due() is None


def test_taken_in_portions() -> None:
    """No more records are taken than asked for, and the rest is still due."""
    waiting = Backlog()
    records = [make_record() for _ in range(5)]
    for record in records:
        waiting.defer(record, "d")
    assert waiting.take(3).records == records[:3]
    assert waiting.due() is not None
    assert waiting.take(3).records == records[3:]


def test_documents_once() -> None:
    """A document is taken once, however often it is offered."""
    waiting = Backlog()
    assert waiting.keep("policy", DIGEST, b"a")
    assert not waiting.keep("policy", DIGEST, b"a")
    assert waiting.take(1).documents == [("policy", DIGEST, b"a")]
    assert not waiting.keep("policy", DIGEST, b"a")


def test_counts_may_gather(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counts wait a while for company, a refusal does not."""
    monkeypatch.setattr(module, "monotonic", lambda: 100.0)
    waiting = Backlog()
    waiting.count("d", "a")
    assert waiting.due() == 100.0 + module.COUNT_SECONDS
    waiting.defer(make_record(), "d")
    assert waiting.due() == 100.0
