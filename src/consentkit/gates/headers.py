"""The header gates in one place: every response header that could load or store something for a held service.

A response goes through once. Only headers that some gate knows are looked at, so that a response without any of them
costs next to nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from consentkit.counters import GateCounters
from consentkit.enforcement import Enforcement
from consentkit.gates.set_cookie import CookieGate
from consentkit.policy.models import Policy

RawHeader = tuple[bytes, bytes]
#: What becomes of one header's value: the value to send, or None to send no such header.
_Gate = Callable[[bytes, Enforcement], bytes | None]


class Result(NamedTuple):
    """The headers to send: the list that was given when nothing changed.

    `tightened` says that the page's own policy forbids more than it would without the gates. A loaded page's policy
    can't be loosened, so such a page must be loaded anew after a grant.
    """

    headers: list[RawHeader]
    tightened: bool = False


class HeaderGates:
    """All header gates of one policy."""

    def __init__(self, policy: Policy, cookie_gate: CookieGate, counters: GateCounters) -> None:
        self._cookies = cookie_gate
        self._counters = counters
        self._gates: Mapping[bytes, _Gate] = {b"set-cookie": self._set_cookie}

    @property
    def names(self) -> frozenset[bytes]:
        """The response headers that some gate knows, in lower case."""
        return frozenset(self._gates)

    def response(self, headers: list[RawHeader], enforcement: Enforcement, *, page: bool) -> Result:
        """What to send instead of these response headers. `page` says that they belong to a page."""
        gates = self._gates
        for key, _ in headers:
            if key.lower() in gates:
                return self._gated(headers, enforcement)
        return Result(headers)

    def early_hints(self, links: Sequence[bytes], enforcement: Enforcement) -> list[bytes]:
        """The links of an `http.response.early_hint` message without those of held services."""
        return list(links)

    def _gated(self, headers: list[RawHeader], enforcement: Enforcement) -> Result:
        kept: list[RawHeader] = []
        changed = False
        for header in headers:
            gate = self._gates.get(header[0].lower())
            value = header[1] if gate is None else gate(header[1], enforcement)
            if value is header[1]:
                kept.append(header)
                continue
            changed = True
            if value is not None:
                kept.append((header[0], value))
        return Result(kept if changed else headers)

    def _set_cookie(self, value: bytes, enforcement: Enforcement) -> bytes | None:
        return value if self._cookies.may_set(value, enforcement) else None
