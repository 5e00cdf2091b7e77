"""The header gates in one place: every response header that could load or store something for a held service.

A response goes through once. Only headers that some gate knows are looked at, so that a response without any of them
costs next to nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import NamedTuple

from consentkit.counters import GateCounters, Outcome
from consentkit.enforcement import Enforcement
from consentkit.gates import csp, permissions, reporting
from consentkit.gates.hosts import Closed, HostIndex
from consentkit.gates.links import without_closed_links
from consentkit.gates.set_cookie import CookieGate
from consentkit.policy.aliases import canonical_category
from consentkit.policy.models import Policy

RawHeader = tuple[bytes, bytes]
_CSP = b"content-security-policy"
_CSP_REPORT_ONLY = b"content-security-policy-report-only"
_PERMISSIONS = b"permissions-policy"
_MADE = 256


class Result(NamedTuple):
    """The headers to send: the list that was given when nothing changed.

    `tightened` says that the page's own policy forbids more than it would without the gates. A loaded page's policy
    can't be loosened, so such a page must be loaded anew after a grant.
    """

    headers: list[RawHeader]
    tightened: bool = False


@dataclass(slots=True)
class _Run:
    """One response on its way through the gates: the values found, by header, and what came of them."""

    enforcement: Enforcement
    found: dict[bytes, list[bytes]]
    counted: bool
    tightened: bool = False


#: What becomes of all values of one header: each new value, the same object if unchanged, None where it is to go.
_Gate = Callable[[list[bytes], _Run], Sequence[bytes | None]]


class HeaderGates:
    """All header gates of one policy."""

    def __init__(self, policy: Policy, cookie_gate: CookieGate, counters: GateCounters) -> None:
        self._cookies = cookie_gate
        self._counters = counters
        self._index = HostIndex(policy)
        self._mode = policy.csp
        self._own = policy.site.url
        self._advertising = _advertising(policy) if policy.permissions_policy else frozenset[str]()
        self._made = lru_cache(maxsize=_MADE)(self._make)
        self._gates: Mapping[bytes, _Gate] = self._gates_in_use()
        #: The response headers that some gate knows, in lower case.
        self.names = frozenset(self._gates)

    def _gates_in_use(self) -> dict[bytes, _Gate]:
        gates: dict[bytes, _Gate] = {b"set-cookie": self._set_cookie}
        if self._index.declared or self._index.unknown != "allow":
            gates[b"link"] = self._link
        if self._index.declared:
            gates |= {b"reporting-endpoints": self._endpoints}
            gates |= {b"report-to": self._report_to, b"nel": self._nel}
            if self._mode != "off":
                gates |= {_CSP: self._policy, _CSP_REPORT_ONLY: self._policy_report_only}
        if self._advertising:
            gates |= {
                _PERMISSIONS: self._permissions,
                **{name: partial(self._opt_in, name) for name in permissions.OPT_INS},
            }
        return gates

    def response(
        self, headers: list[RawHeader], enforcement: Enforcement, *, page: bool, counted: bool = True
    ) -> Result:
        """What to send instead of these response headers.

        `page` says that they belong to a page. Without `counted` it is only tried out what would become of them.
        """
        found: dict[bytes, list[bytes]] = {}
        names = self.names
        for key, value in headers:
            lowered = key.lower()
            if lowered in names:
                found.setdefault(lowered, []).append(value)
        if not found and not page:
            return Result(headers)
        run = _Run(enforcement, found, counted)
        added = self._added(run) if page else []
        kept = self._kept(headers, run) if found else headers
        return Result([*kept, *added] if added else kept, run.tightened)

    def early_hints(self, links: Sequence[bytes], enforcement: Enforcement) -> list[bytes]:
        """The links of an `http.response.early_hint` message without those of held services."""
        return [link for link in self._link(list(links), _Run(enforcement, {}, counted=True)) if link is not None]

    def _kept(self, headers: list[RawHeader], run: _Run) -> list[RawHeader]:
        answers = {name: iter(self._gates[name](values, run)) for name, values in run.found.items()}
        kept: list[RawHeader] = []
        changed = False
        for header in headers:
            answer = answers.get(header[0].lower())
            value = header[1] if answer is None else next(answer)
            if value is header[1]:
                kept.append(header)
                continue
            changed = True
            if value is not None:
                kept.append((header[0], value))
        return kept if changed else headers

    def _added(self, run: _Run) -> list[RawHeader]:
        """What a page gets that the app said nothing of."""
        added: list[RawHeader] = []
        held = run.enforcement.held
        if _PERMISSIONS not in run.found and not self._advertising.isdisjoint(held):
            added.append((_PERMISSIONS, permissions.OFF))
        if self._mode == "strict" and _CSP not in run.found:
            added.append((_CSP, self._made(held)))
            run.tightened = bool(held)
        return added

    def _make(self, held: frozenset[str]) -> bytes:
        return csp.made(self._index, self._own, held)

    def _set_cookie(self, values: list[bytes], run: _Run) -> Sequence[bytes | None]:
        may_set = self._cookies.may_set
        return [value if may_set(value, run.enforcement, counted=run.counted) else None for value in values]

    def _link(self, values: list[bytes], run: _Run) -> Sequence[bytes | None]:
        closed = Closed.held(self._index, run.enforcement)
        left = [without_closed_links(value, closed) for value in values]
        self._count("link", closed, run)
        return left

    def _policy(self, values: list[bytes], run: _Run) -> Sequence[bytes | None]:
        left = self._policy_report_only(values, run)
        run.tightened = run.tightened or left != values
        return left

    def _policy_report_only(self, values: list[bytes], run: _Run) -> Sequence[bytes | None]:
        enforcement = run.enforcement
        services = enforcement.held if self._mode == "strict" else enforcement.refused
        closed = Closed(self._index, services, enforcement.reported)
        left = [csp.tighten(value, closed) for value in values]
        self._count("csp", closed, run)
        return left

    def _endpoints(self, values: list[bytes], run: _Run) -> Sequence[bytes | None]:
        closed = Closed.held(self._index, run.enforcement)
        left = [reporting.endpoints(value, closed) for value in values]
        self._count("reporting", closed, run)
        return left

    def _report_to(self, values: list[bytes], run: _Run) -> Sequence[bytes | None]:
        closed = Closed.held(self._index, run.enforcement)
        left, _ = reporting.report_to(values, closed)
        self._count("reporting", closed, run)
        return left

    def _nel(self, values: list[bytes], run: _Run) -> Sequence[bytes | None]:
        closed = Closed.held(self._index, run.enforcement)
        _, gone = reporting.report_to(run.found.get(b"report-to", []), closed)
        return [reporting.nel(value, gone, closed) for value in values]

    def _permissions(self, values: list[bytes], run: _Run) -> Sequence[bytes | None]:
        left = permissions.switched_off(values)
        if left == values:
            return values
        named = [feature.decode() for feature in permissions.FEATURES if any(feature in value for value in values)]
        return left if self._closes_advertising(named, run) else values

    def _opt_in(self, name: bytes, values: list[bytes], run: _Run) -> Sequence[bytes | None]:
        return [None for _ in values] if self._closes_advertising([name.decode()], run) else values

    def _closes_advertising(self, names: Iterable[str], run: _Run) -> bool:
        """Whether the browsers' advertising features are off now: as a whole, once one service that advertises is."""
        enforcement = run.enforcement
        closed = not self._advertising.isdisjoint(enforcement.held)
        if run.counted and (closed or not self._advertising.isdisjoint(enforcement.reported)):
            for name in names:
                self._counters.add("permissions-policy", "blocked" if closed else "reported", name)
        return closed

    def _count(self, gate: str, closed: Closed, run: _Run) -> None:
        if not run.counted:
            return
        found: Mapping[Outcome, set[str]] = {
            "blocked": closed.blocked,
            "reported": closed.reported,
            "undeclared": closed.undeclared,
        }
        for outcome, hosts in found.items():
            for host in sorted(hosts):
                self._counters.add(gate, outcome, host)


def _advertising(policy: Policy) -> frozenset[str]:
    """The services whose refusal switches the browsers' own advertising off: marketing, and whoever targets ads."""
    return frozenset(
        name
        for name, service in policy.services.items()
        if not policy.all_categories[service.category].required
        and (canonical_category(service.category) == "marketing" or "targeted-ads" in service.uses)
    )
