"""What the gates in pages tell: counts, and one line in the log for each new thing."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from consentkit.counters import GateCounters
from consentkit.gates import report as module
from consentkit.gates.report import GateReport, route_of


@pytest.fixture
def counters() -> GateCounters:
    """Fresh counters."""
    return GateCounters()


def test_a_page_is_counted(counters: GateCounters) -> None:
    """What a rewriter has counted is added under the gate `markup`."""
    report = GateReport(counters)
    report.markup({("blocked", "youtube www.youtube.com"): 2, ("reported", "stats"): 1})
    report.markup({("blocked", "youtube www.youtube.com"): 1})
    assert counters.snapshot() == {
        ("markup", "blocked", "youtube www.youtube.com"): 3,
        ("markup", "reported", "stats"): 1,
    }


def test_an_undeclared_host_is_told_once(counters: GateCounters, caplog: pytest.LogCaptureFixture) -> None:
    """Each host is written to the log once, and counted every time."""
    report = GateReport(counters)
    for _ in range(3):
        report.markup({("undeclared", "evil.test"): 2, ("blocked", "stats stats.test"): 1})
    assert [record.getMessage().count("evil.test") for record in caplog.records] == [1]
    assert counters.snapshot()["markup", "undeclared", "evil.test"] == 6


def test_a_page_that_cannot_be_read_is_told_once(counters: GateCounters, caplog: pytest.LogCaptureFixture) -> None:
    """One line for each reason and route, with the route's pattern; every page is counted."""
    report = GateReport(counters)
    route = SimpleNamespace(path_format="/a/{slug}")
    for number in range(3):
        report.blind("encoded", {"path": f"/a/{number}", "query_string": b"q=1", "route": route})
    report.blind("utf-16", {"path": "/a/1", "route": route})
    assert len(caplog.records) == 2
    assert "/a/{slug}" in caplog.text
    assert counters.snapshot() == {("markup", "blind", "encoded"): 3, ("markup", "blind", "utf-16"): 1}


def test_the_memory_is_bounded(
    counters: GateCounters, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks for ever new paths fills neither the memory nor the log."""
    monkeypatch.setattr(module, "_MAX_TOLD", 5)
    report = GateReport(counters)
    for number in range(20):
        report.blind("encoded", {"path": f"/{number}"})
    assert len(caplog.records) == 5
    assert counters.snapshot() == {("markup", "blind", "encoded"): 20}


@pytest.mark.parametrize(
    ("scope", "route"),
    [
        ({"path": "/a", "query_string": b"secret=1"}, "/a"),
        ({"path": "/a\r\n\x1b[2J"}, "/a\\r\\n\\x1b[2J"),
        ({"path": "/" + "x" * 9000}, "/" + "x" * 118 + "…"),
        ({"path": "/a/7", "route": SimpleNamespace(path_format="/a/{id}")}, "/a/{id}"),
        ({"path": "/a/7", "route": object()}, "/a/7"),
        ({}, ""),
    ],
)
def test_routes_are_safe_to_print(scope: dict[str, Any], route: str) -> None:
    """A route is its pattern, else the path: bounded, on one line, and without a query."""
    assert route_of(scope) == route
