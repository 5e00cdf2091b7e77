"""What gates tell the site's operator: numbers, and one line in the log for each new thing."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from threading import Lock

from consentkit.counters import GateCounters, Outcome, safe_name
from consentkit.http import Scope

logger = logging.getLogger("consentkit.gates")
#: No more different things than this are written to the log; all are counted.
_MAX_TOLD = 1000
MARKUP = "markup"


class GateReport:
    """Counts for the gates in pages, and writes once for each page that can't be read and each undeclared host."""

    def __init__(self, counters: GateCounters) -> None:
        self._counters = counters
        self._told: set[tuple[str, str]] = set()
        self._lock = Lock()

    def markup(self, counted: Mapping[tuple[Outcome, str], int]) -> None:
        """Take over what a rewriter has counted in one page."""
        if counted:
            self._counters.add_all(MARKUP, counted)
        for outcome, name in counted:
            if outcome == "undeclared" and self._is_new(outcome, name):
                logger.warning(
                    "a page loads something from %s, which no service declares; declare it in the policy",
                    safe_name(name),
                )

    def blind(self, reason: str, scope: Scope) -> None:
        """Note that the gates could not look into a page, and why. `scope` is the one the app was called with."""
        self._counters.add(MARKUP, "blind", reason)
        route = route_of(scope)
        if self._is_new(reason, route):
            logger.warning("a page of %s could not be looked into, so nothing in it was held back: %s", route, reason)

    def _is_new(self, kind: str, name: str) -> bool:
        with self._lock:
            if (kind, name) in self._told or len(self._told) >= _MAX_TOLD:
                return False
            self._told.add((kind, name))
            return True


def route_of(scope: Scope) -> str:
    """The route's pattern if the framework has put one into `scope`, else the path; never a query string."""
    pattern = getattr(scope.get("route"), "path_format", None)
    return safe_name(pattern if isinstance(pattern, str) else str(scope.get("path", "")))
