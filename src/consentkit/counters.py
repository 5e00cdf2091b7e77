"""Counters of what the gates have held back, or would have: names, hosts and numbers, never values or query strings."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from threading import Lock
from typing import Literal, Protocol, cast, get_args

from consentkit.errors import ConsentKitError

logger = logging.getLogger("consentkit.gates")
#: `blocked`: held back. `reported`: would have been, but for report-only mode. `undeclared`: no service declares it,
#: and it was let through. `blind`: the gate could not look (the reason is the name).
Outcome = Literal["blocked", "reported", "undeclared", "blind"]
#: Which gate, what became of it, and of what: a cookie's name, a host, a service.
Key = tuple[str, Outcome, str]
#: More different things than this are counted together, under `OTHERS`.
_MAX_KEYS = 2000
OTHERS = "(others)"
#: Counts that nobody takes over are forgotten after so many days.
_MAX_DAYS = 7
_MAX_NAME = 120
_PREFIX = "gate"
#: How long counts gather before they go to the log, in seconds.
FLUSH_EVERY = 5.0
_DAY = 86400
_EPOCH = date(1970, 1, 1)


class CountSink(Protocol):
    """Where daily numbers are kept: a `ConsentLog`."""

    def count(self, what: str, day: date | None = None, n: int = 1) -> None:
        """Add `n` to a daily number."""
        ...


class GateCounters:
    """Counts by gate, outcome and name. Any thread may add. `clock` answers unix seconds."""

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = Lock()
        self._counts: dict[Key, int] = {}
        self._taken: dict[Key, int] = {}
        self._day = clock() // _DAY
        self._earlier: list[tuple[float, dict[Key, int]]] = []
        self._waits = False
        self._flushed_at = clock()

    def add(self, gate: str, outcome: Outcome, name: str, times: int = 1) -> None:
        """Count `times` more. `gate` is `markup`, `set-cookie`, `cookie`, `link`, `csp`, `reporting`, ..."""
        self.add_all(gate, {(outcome, name): times})

    def add_all(self, gate: str, counted: Mapping[tuple[Outcome, str], int]) -> None:
        """Count what one gate has counted by outcome and name."""
        day = self._clock() // _DAY
        with self._lock:
            if day != self._day:
                self._begin(day)
            counts = self._counts
            for (outcome, name), times in counted.items():
                key: Key = (gate, outcome, name)
                if key not in counts:
                    key = self._admitted(key)
                counts[key] = counts.get(key, 0) + times
            self._waits = True

    def _admitted(self, key: Key) -> Key:
        gate, outcome, name = key
        safe: Key = (gate, outcome, safe_name(name))
        return safe if safe in self._counts or len(self._counts) < _MAX_KEYS else (gate, outcome, OTHERS)

    def _begin(self, day: float) -> None:
        self._earlier.append((self._day, self._take()))
        del self._earlier[:-_MAX_DAYS]
        self._day = day

    def _take(self) -> dict[Key, int]:
        before, self._taken = self._taken, dict(self._counts)
        return {key: times - before.get(key, 0) for key, times in self._taken.items() if times != before.get(key)}

    def snapshot(self) -> dict[Key, int]:
        """All counts since the start of this process."""
        with self._lock:
            return dict(self._counts)

    def drain(self) -> dict[tuple[date, Key], int]:
        """What was added since the last call, by UTC day."""
        with self._lock:
            days = [*self._earlier, (self._day, self._take())]
            self._earlier.clear()
            self._waits = False
        drained: Counter[tuple[date, Key]] = Counter()
        for day, counts in days:
            for key, times in counts.items():
                drained[_EPOCH + timedelta(day), key] += times
        return dict(drained)

    def flush_if_due(self, log: CountSink) -> None:
        """Give the log what has gathered, now and then. Cheap: for every request. Never raises, never waits."""
        if self._waits and not 0 <= self._clock() - self._flushed_at < FLUSH_EVERY:
            self.flush(log)

    def flush(self, log: CountSink) -> None:
        """Give the log what has gathered: for when the site stops. Never raises, never waits."""
        self._flushed_at = self._clock()
        try:
            for (day, key), times in self.drain().items():
                log.count(log_name(key), day, times)
        except (ConsentKitError, OSError, RuntimeError) as error:
            logger.warning("counts of the gates could not be kept in the consent log: %s", error)


def safe_name(name: str) -> str:
    """`name` as it may stand in a log or on a terminal: on one line, of bounded length."""
    if len(name) > _MAX_NAME:
        name = name[: _MAX_NAME - 1] + "\N{HORIZONTAL ELLIPSIS}"
    if name.isprintable():
        return name
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)


def log_name(key: Key) -> str:
    """The name of a daily number in the log."""
    return ":".join((_PREFIX, *key))


def read_log_name(what: str) -> Key | None:
    """The key behind the name of a daily number; None for a number that is no gate's."""
    parts = what.split(":", 3)
    if len(parts) < 4 or parts[0] != _PREFIX or parts[2] not in get_args(Outcome):
        return None
    return parts[1], cast("Outcome", parts[2]), parts[3]


def daily_counts(counts: dict[tuple[str, str], int], since: date) -> dict[Key, int]:
    """The gates' numbers among a log's daily ones, from the day `since` on, added up."""
    found: Counter[Key] = Counter()
    for (day, what), times in counts.items():
        key = read_log_name(what)
        if key is not None and day >= since.isoformat():
            found[key] += times
    return dict(found)
