"""Counters of what the gates have held back, or would have: names, hosts and numbers, never values or query strings."""

from __future__ import annotations

from collections import Counter
from threading import Lock
from typing import Literal

#: `blocked`: held back. `reported`: would have been, but for report-only mode. `undeclared`: no service declares it,
#: and it was let through. `blind`: the gate could not look (the reason is the name).
Outcome = Literal["blocked", "reported", "undeclared", "blind"]
#: Which gate, what became of it, and of what: a cookie's name, a host, a service.
Key = tuple[str, Outcome, str]
#: More different things than this are counted together, under `OTHERS`.
_MAX_KEYS = 2000
OTHERS = "(others)"


class GateCounters:
    """Counts by gate, outcome and name. Any thread may add."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts: Counter[Key] = Counter()

    def add(self, gate: str, outcome: Outcome, name: str, times: int = 1) -> None:
        """Count `times` more. `gate` is `markup`, `set-cookie`, `cookie`, `link`, `csp`, `reporting`, ..."""
        with self._lock:
            key: Key = (gate, outcome, name)
            if key not in self._counts and len(self._counts) >= _MAX_KEYS:
                key = (gate, outcome, OTHERS)
            self._counts[key] += times

    def snapshot(self) -> dict[Key, int]:
        """All counts since the start of this process."""
        with self._lock:
            return dict(self._counts)
