"""Counters of the gates: bounded, safe to print, and handed on to the log by day."""

from __future__ import annotations

import asyncio
import threading
from datetime import date
from typing import cast

import pytest

from consentkit import counters as module
from consentkit.counters import (
    FLUSH_EVERY,
    OTHERS,
    CountSink,
    GateCounters,
    Key,
    Outcome,
    daily_counts,
    log_name,
    read_log_name,
)
from consentkit.errors import LogUnavailableError
from consentkit.log.memory import MemoryLog
from tests.conftest import Clock

#: 2026-03-01T23:59:58Z.
LATE = 1_772_409_598.0


def test_counts_add_up_since_the_start() -> None:
    """A snapshot holds everything that was ever counted, also after it was handed on."""
    counted = GateCounters()
    counted.add("markup", "blocked", "youtube", 3)
    counted.drain()
    counted.add("markup", "blocked", "youtube")
    assert counted.snapshot() == {("markup", "blocked", "youtube"): 4}


def test_drained_once(clock: Clock) -> None:
    """Each count is handed on once, under the UTC day on which it was made."""
    clock.now = LATE
    counted = GateCounters(clock=clock)
    counted.add("cookie", "reported", "_ga")
    clock.now += 4
    counted.add("cookie", "reported", "_ga", 2)
    key: Key = ("cookie", "reported", "_ga")
    assert counted.drain() == {(date(2026, 3, 1), key): 1, (date(2026, 3, 2), key): 2}
    assert counted.drain() == {}


def test_names_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the bound new names are counted together, whether or not anybody takes them over."""
    monkeypatch.setattr(module, "_MAX_KEYS", 2)
    counted = GateCounters()
    for name in "abcda":
        counted.add("link", "blocked", name)
    expected = {("link", "blocked", "a"): 2, ("link", "blocked", "b"): 1, ("link", "blocked", OTHERS): 2}
    assert counted.snapshot() == expected
    assert {key: times for (_, key), times in counted.drain().items()} == expected


def test_days_that_nobody_takes_over_are_bounded(clock: Clock) -> None:
    """A counter that is never drained does not grow by the day, and hands on the last days."""
    counted = GateCounters(clock=clock)
    for _ in range(100):
        clock.now += 86400
        counted.add("link", "blocked", "a")
    assert list(counted.drain().values()) == [1] * 8
    assert counted.snapshot() == {("link", "blocked", "a"): 100}


def test_a_clock_that_is_set_back_over_midnight(clock: Clock) -> None:
    """Counts of a day that comes twice add up."""
    counted = GateCounters(clock=clock)
    for step in (0, 86400, -86400):
        clock.now += step
        counted.add("link", "blocked", "a")
    assert sorted(counted.drain().values()) == [1, 2]


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("_ga", "_ga"),
        ("stats.example:8443", "stats.example:8443"),
        ("a\r\nb\x1b[31m", "a\\r\\nb\\x1b[31m"),
        ("a\u202eb\udc80", "a\\u202eb\\udc80"),
        ("x" * 500, "x" * 119 + "…"),
    ],
)
def test_names_are_safe_to_print(name: str, safe: str) -> None:
    """A name stays on its line and within bounds, whoever chose it."""
    counted = GateCounters()
    counted.add("set-cookie", "blocked", name)
    assert [key[2] for key in counted.snapshot()] == [safe]


def test_flushed_now_and_then(clock: Clock) -> None:
    """The log gets what has gathered after a while, and only then; a clock that was set back does not stop it."""

    async def numbers() -> dict[tuple[str, str], int]:
        return await log.counts()

    log = MemoryLog()
    counted = GateCounters(clock=clock)
    counted.add("markup", "blocked", "youtube", 3)
    counted.flush_if_due(log)
    assert asyncio.run(numbers()) == {}
    clock.now += FLUSH_EVERY
    counted.flush_if_due(log)
    assert list(asyncio.run(numbers()).values()) == [3]
    counted.add("markup", "blocked", "youtube")
    clock.now -= 3600
    counted.flush_if_due(log)
    assert list(asyncio.run(numbers()).values()) == [4]


def test_nothing_is_flushed_where_nothing_was_counted(clock: Clock) -> None:
    """A site that holds nothing back never bothers its log."""
    clock.now += FLUSH_EVERY
    GateCounters(clock=clock).flush_if_due(_Broken())


class _Broken:
    def count(self, what: str, day: date | None = None, n: int = 1) -> None:
        raise LogUnavailableError("away")


def test_a_log_that_is_away_fails_no_request(caplog: pytest.LogCaptureFixture) -> None:
    """What can't be handed on is told, and the request goes on."""
    counted = GateCounters()
    counted.add("markup", "blocked", "youtube")
    counted.flush(_Broken())
    assert "away" in caplog.text


def test_threads_lose_nothing(clock: Clock) -> None:
    """Counts of several threads add up while another thread hands them on."""
    counted = GateCounters(clock=clock)
    log = MemoryLog()

    def add() -> None:
        for _ in range(2000):
            counted.add("markup", "blocked", "youtube")
            counted.flush(cast("CountSink", log))

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(asyncio.run(log.counts()).values()) == 8000


@pytest.mark.parametrize("outcome", ["blocked", "reported", "undeclared", "blind"])
def test_names_in_the_log_come_back(outcome: Outcome) -> None:
    """The name of a daily number gives its key back, with whatever colons the name has."""
    key: Key = ("set-cookie", outcome, "[::1]:8000 x:y")
    assert read_log_name(log_name(key)) == key


@pytest.mark.parametrize("what", ["signal:gpc", "gate:markup", "gate:markup:other:x", "gates:markup:blocked:x", ""])
def test_other_numbers_are_no_gates(what: str) -> None:
    """Daily numbers of other kinds are passed over."""
    assert read_log_name(what) is None


def test_days_are_added_up() -> None:
    """The numbers of all days from the first asked for on are one number."""
    counts = {
        ("2026-02-27", "gate:csp:blocked:adnet.test"): 100,
        ("2026-02-28", "gate:csp:blocked:adnet.test"): 2,
        ("2026-03-01", "gate:csp:blocked:adnet.test"): 3,
        ("2026-03-01", "signal:gpc"): 9,
    }
    assert daily_counts(counts, date(2026, 2, 28)) == {("csp", "blocked", "adnet.test"): 5}
