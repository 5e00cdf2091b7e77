"""The one decision of a request: from policy, regime, signals and cookie to a frozen `Consent`.

Pure but for the clock. Everything that enforces or shows consent works from the `Decision` made here.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from consentkit.consent import Consent, Reason, State
from consentkit.cookie import DAY, CategoryChoice, StoredChoice, Verdict, category_key, service_key
from consentkit.enforcement import OPEN, Enforcement
from consentkit.errors import ConfigurationError
from consentkit.policy.aliases import CATEGORY_ALIASES
from consentkit.policy.fields import Duration, end_of
from consentkit.policy.inventory import Change, Inventory, digest, inventories, policy_inventories, widenings
from consentkit.policy.models import CANONICAL_CATEGORIES, Policy
from consentkit.regimes import PRESETS, Regime

GPC = "gpc"
#: Every name a canonical category goes by, its own included.
_NAMES = {**CATEGORY_ALIASES, **{name: name for name in CANONICAL_CATEGORIES}}
_FOREVER = 2**62
_CACHED = 4096
#: Whoever opted out is not asked back in for at least 12 months (California Civil Code 1798.135(c)(4)).
_OPTED_OUT = Duration(12, "mo")
#: How far another machine's clock may run ahead of ours before its cookies count as not yet valid, in seconds.
CLOCK_SKEW = 60


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """A `Consent` with what the rest of the request needs to know about how it came to be.

    `asking` are the categories the banner asks about (empty: no banner); `changes` what was widened since the
    visitor's choice; `choice` that choice, if a good cookie came with the request; `until` the unix second at which
    the answer may change by itself.
    """

    consent: Consent
    regime: Regime
    choice: StoredChoice | None = None
    asking: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    until: int = _FOREVER
    enforcement: Enforcement = OPEN
    """What the gates do for this visitor."""
    standing: Mapping[str, CategoryChoice] = field(default_factory=dict[str, CategoryChoice])
    """The parts of `choice` that are in force, by category: neither ended nor overtaken by a wider declaration."""
    overtaken: Mapping[str, CategoryChoice] = field(default_factory=dict[str, CategoryChoice])
    """The parts that a wider declaration has overtaken, but whose refusals of single services still hold."""


@dataclass(slots=True)
class _Finding:
    """What one category comes to, while deciding."""

    state: State
    asked: bool
    allowed: frozenset[str]
    reason: Reason
    chosen: frozenset[str] = frozenset()
    turned_down: frozenset[str] = frozenset()
    entry: CategoryChoice | None = None
    overtaken: CategoryChoice | None = None
    changes: tuple[Change, ...] = ()
    until: int = _FOREVER


@dataclass
class Revisions:
    """The declarations visitors may have consented to: this policy's, and earlier ones the log has kept."""

    loaded_at: int
    known: dict[tuple[int, bytes], Inventory] = field(default_factory=dict[tuple[int, bytes], Inventory])
    by_policy: dict[str, dict[str, bytes]] = field(default_factory=dict[str, dict[str, bytes]])

    def add(self, policy_digest: str, policy: Mapping[str, object]) -> None:
        """Remember the categories of `policy`, the mapping inside `Policy.canonical()`."""
        digests = self.by_policy.setdefault(policy_digest, {})
        for name, inventory in inventories(policy).items():
            digests[name] = digest(inventory)
            self.known[category_key(name), digests[name]] = inventory

    def services(self, category: str, digest: bytes) -> frozenset[str] | None:
        """The services of `category` in the declaration with this digest, or None when it isn't known."""
        inventory = self.known.get((category_key(category), digest))
        return frozenset(inventory) if inventory is not None else None


class Decider:
    """Decides for one policy. Answers are remembered, bounded, by cookie, regime and signal."""

    def __init__(self, policy: Policy, revisions: Revisions, *, clock: Callable[[], float] = time.time) -> None:
        self.policy = policy
        self.revisions = revisions
        self._clock = clock
        self._current = policy_inventories(policy)
        self.digests: Mapping[str, bytes] = {name: digest(found) for name, found in self._current.items()}
        self._services = {name: frozenset(policy.services_in(name)) for name in policy.all_categories}
        self._signalled = frozenset(name for name, service in policy.services.items() if service.uses)
        self._required = frozenset(name for name, found in policy.all_categories.items() if found.required)
        self._reported = frozenset[str]().union(*(self._services[name] for name in policy.report_only))
        optional = frozenset(name for name, found in policy.services.items() if found.category not in self._required)
        #: For a page that many visitors share: as if each of them had refused everything.
        self.everyone = Enforcement(optional - self._reported, optional - self._reported, optional & self._reported)
        #: The decision behind such a page: nobody has said anything, and nothing is allowed.
        self.anyone = replace(self._decide(None, PRESETS["strictest"], False, 0), enforcement=self.everyone)
        self._memo: OrderedDict[tuple[bytes | None, str, bool], Decision] = OrderedDict()
        if len({category_key(name) for name in policy.all_categories}) < len(policy.all_categories):
            raise ConfigurationError("two categories share a cookie identity; rename one of them")

    def forget(self) -> None:
        """Drop remembered answers: for when earlier declarations have become known."""
        self._memo.clear()

    def decide(self, raw: bytes | None, choice: StoredChoice | None, regime: Regime, signal: bool) -> Decision:
        """The decision for a visitor whose verified cookie `raw` says `choice` (both None: no good cookie)."""
        now = int(self._clock())
        if choice is not None and choice.issued_at > now + CLOCK_SKEW:
            raw = choice = None
        signal = signal and self.policy.signals.gpc
        key = (raw, regime.name, signal)
        found = self._memo.get(key)
        if found is None or now >= found.until:
            found = self._decide(choice, regime, signal, now)
            self._memo[key] = found
            if len(self._memo) > _CACHED:
                self._memo.popitem(last=False)
        return found

    def _decide(self, choice: StoredChoice | None, regime: Regime, signal: bool, now: int) -> Decision:
        findings = {name: self._category(name, choice, regime, now) for name in self.policy.all_categories}
        asked = tuple(name for name in self.policy.asked_categories if findings[name].asked)
        states: dict[str, State] = {}
        services: dict[str, bool] = {}
        reasons: dict[str, Reason] = {}
        for name, found in findings.items():
            signalled = self._refused_by_signal(name, found, signal)
            for service in self._services[name]:
                services[service] = service in found.allowed and service not in signalled
                reasons[service] = _reason(service, found, signalled)
            states[name] = self._state(found.state, self._services[name], signalled)
        asking = tuple(name for name in asked if states[name] == "undecided")
        consent = Consent(
            categories=MappingProxyType(states),
            services=MappingProxyType(services),
            allowed_categories=self._allowed_categories(services),
            reasons=MappingProxyType(reasons),
            decided=choice is not None and not asking,
            regime=regime.name,
            signals=frozenset({GPC}) if signal else frozenset(),
            revision=self.policy.digest[:12],
            aliases=_NAMES,
        )
        return Decision(
            consent=consent,
            regime=regime,
            choice=choice,
            asking=self._shown(asking, regime, signal),
            changes=tuple(change for found in findings.values() for change in found.changes),
            until=min((found.until for found in findings.values()), default=_FOREVER),
            enforcement=self._enforcement(services, reasons),
            standing={name: found.entry for name, found in findings.items() if found.entry is not None},
            overtaken={name: found.overtaken for name, found in findings.items() if found.overtaken is not None},
        )

    def _enforcement(self, services: Mapping[str, bool], reasons: Mapping[str, Reason]) -> Enforcement:
        closed = frozenset(name for name, allowed in services.items() if not allowed)
        held = closed - self._reported
        refused = frozenset(name for name in held if reasons[name] in ("choice", "signal"))
        return Enforcement(held, refused, closed & self._reported)

    @staticmethod
    def _state(state: State, services: frozenset[str], signalled: frozenset[str]) -> State:
        """A category is not granted while a signal refuses a part of it, nor undecided when it refuses all."""
        if signalled and (state == "granted" or services <= signalled):
            return "denied"
        return state

    def _shown(self, asking: tuple[str, ...], regime: Regime, signal: bool) -> tuple[str, ...]:
        """No banner pops up in answer to a signal (11 CCR 7025), but for what only an opt-in can allow."""
        return tuple(name for name in asking if regime.mode_for(name) == "opt-in") if signal else asking

    def _allowed_categories(self, services: Mapping[str, bool]) -> frozenset[str]:
        whole = {name for name, found in self._services.items() if found and all(services[item] for item in found)}
        return frozenset(whole | self._required)

    def _refused_by_signal(self, category: str, found: _Finding, signal: bool) -> frozenset[str]:
        if not signal or category in self._required:
            return frozenset()
        refused = self._services[category] & self._signalled
        return refused - found.chosen if self.policy.signals.conflict == "choice" else refused

    def _category(self, name: str, choice: StoredChoice | None, regime: Regime, now: int) -> _Finding:
        if name in self._required:
            return _Finding("granted", False, self._services[name], "required")
        entry = choice.categories.get(category_key(name)) if choice else None
        if choice is None or entry is None:
            return self._silence(name, regime)
        granted_end, refused_end = self._ends(name, choice, entry, regime)
        if entry.verdict is not Verdict.DENIED and now < granted_end:
            found = self._granted(name, choice, entry, regime)
            found.until = granted_end
        elif entry.verdict in (Verdict.DENIED, Verdict.PARTIAL) and now < refused_end:
            # Where single services were granted and have run out, the refusal of the others still holds.
            found = _Finding(
                "denied", False, frozenset(), "choice", entry=CategoryChoice(Verdict.DENIED, age=entry.age)
            )
            found.until = refused_end
        else:
            found = self._silence(name, regime)
        return found

    def end(self, name: str, choice: StoredChoice, entry: CategoryChoice, regime: Regime) -> int:
        """The unix second at which nothing that `choice` says of category `name` holds any more."""
        granted_end, refused_end = self._ends(name, choice, entry, regime)
        ends = {Verdict.DENIED: (refused_end,), Verdict.PARTIAL: (granted_end, refused_end)}
        return max(ends.get(entry.verdict, (granted_end,)))

    def _ends(self, name: str, choice: StoredChoice, entry: CategoryChoice, regime: Regime) -> tuple[int, int]:
        """When what was granted ends, and when what was refused does."""
        lifetime = self.policy.choice.lifetime
        said_at = choice.said_at(entry)
        refused = lifetime.refused
        if regime.mode_for(name) != "opt-in" and refused.days < _OPTED_OUT.days:
            refused = _OPTED_OUT
        # A refusal is known by the day: let it hold to the end of its last day.
        return end_of(lifetime.granted, said_at), end_of(refused, said_at) + DAY

    def _silence(self, name: str, regime: Regime) -> _Finding:
        opened = self._services[name] if regime.mode_for(name) != "opt-in" else frozenset[str]()
        return _Finding("undecided", True, opened, "silence")

    def _granted(self, name: str, choice: StoredChoice, entry: CategoryChoice, regime: Regime) -> _Finding:
        services = self._services[name]
        silence = self._silence(name, regime)
        if entry.verdict is not Verdict.GRANTED:
            services = frozenset(service for service in services if service_key(service) in entry.services)
        if entry.digest != self.digests.get(name, entry.digest):
            consented = self.revisions.known.get((category_key(name), entry.digest))
            if consented is None:
                # Asked again, unless the cookie is newer than this worker: then another one has a newer policy, and
                # this one must neither open a gate nor bother the visitor.
                state: State = "denied" if choice.issued_at >= self.revisions.loaded_at else "undecided"
                return _Finding(state, state == "undecided", frozenset(), "widened")
            down = frozenset(consented) - services if entry.verdict is Verdict.PARTIAL else frozenset[str]()
            changes = [x for x in widenings(consented, self._current[name]) if x.service not in down]
            if changes:
                left, kept = silence.allowed - down, entry if down else None
                return _Finding(
                    "undecided", True, left, "widened", turned_down=down, overtaken=kept, changes=tuple(changes)
                )
        if entry.verdict is Verdict.OPEN:
            return _Finding("undecided", True, services | silence.allowed, "silence", services, entry=entry)
        state = "granted" if services == self._services[name] else "denied"
        return _Finding(state, False, services, "choice", services, entry=entry)


def _reason(service: str, found: _Finding, signalled: frozenset[str]) -> Reason:
    if service in signalled:
        return "signal"
    return "choice" if service in found.chosen | found.turned_down else found.reason
