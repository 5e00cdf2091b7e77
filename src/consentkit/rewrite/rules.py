"""What a policy and a visitor's consent say about markup: which hosts, inline scripts and categories are closed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from consentkit.policy.aliases import canonical_category
from consentkit.rewrite.edits import Blocked, Ready
from consentkit.rewrite.urls import RELATIVE, Address

NECESSARY = "necessary"
#: What stands for the service where a host has none, before the host itself.
UNDECLARED = "(undeclared)"
_CONSENT_STATES = 256
_DECISIONS = 4096
_REMEMBERED_LENGTH = 1024
_FEW_MARKERS = 8
_HOSTS = 2048


@dataclass(frozen=True, slots=True)
class ServiceRule:
    """One service as the rewriter needs it.

    `hosts` are lower-case ASCII names, each covering its subdomains, with or without `:port`. An inline script that
    contains one of the `inline` texts belongs to the service.
    """

    service: str
    category: str
    hosts: tuple[str, ...]
    inline: tuple[str, ...]


def undeclared(host: str) -> ServiceRule:
    """Stands for the service that nobody has declared for `host`."""
    return ServiceRule(f"{UNDECLARED} {host}", "", (host,), ())


class HostTable:
    """Which services a host belongs to. The most specific declaration decides; with a port beats without."""

    def __init__(self, services: Sequence[ServiceRule]) -> None:
        self._entries: dict[str, list[tuple[int | None, ServiceRule]]] = {}
        self._known: dict[Address, tuple[ServiceRule, ...]] = {}
        for rule in services:
            for declared in rule.hosts:
                host, port = _split_port(declared)
                self._entries.setdefault(host, []).append((port, rule))

    def owners(self, address: Address) -> tuple[ServiceRule, ...]:
        """The services that declare this address; several when they declare it equally closely."""
        known = self._known.get(address)
        if known is None:
            if len(self._known) >= _HOSTS:
                self._known.clear()
            known = self._known[address] = self._find(address)
        return known

    def declarers(self, host: str) -> set[str]:
        """The services that declare this host or one above it, by whatever port."""
        found: set[str] = set()
        while host:
            found.update(rule.service for _, rule in self._entries.get(host, ()))
            host = host.partition(".")[2]
        return found

    def _find(self, address: Address) -> tuple[ServiceRule, ...]:
        name = address.host
        while name:
            entries = self._entries.get(name)
            if entries is not None and (found := _fitting(entries, address)):
                return found
            name = name.partition(".")[2]
        return ()


def _split_port(declared: str) -> tuple[str, int | None]:
    host, colon, port = declared.rpartition(":")
    if colon and port.isdigit():
        return host.removesuffix("."), int(port)
    return declared.removesuffix("."), None


def _fitting(entries: Iterable[tuple[int | None, ServiceRule]], address: Address) -> tuple[ServiceRule, ...]:
    exact = tuple(rule for port, rule in entries if port is not None and address.uses_port(port))
    return exact or tuple(rule for port, rule in entries if port is None)


class Rules:
    """Decisions for one consent state. Immutable but for `memory`, which keeps decisions on tags seen before.

    Services and categories of `report_only` categories are not held back, but not opened either. With `declared`, hosts
    that neither a service declares nor that table are held back. `shadow` are the rules as they would be if everything
    that is only reported were held back; None when that makes no difference.
    """

    def __init__(
        self,
        hosts: HostTable,
        services: Mapping[str, ServiceRule],
        categories: frozenset[str],
        allowed_services: frozenset[str],
        allowed_categories: frozenset[str],
        report_only: frozenset[str] = frozenset(),
        declared: HostTable | None = None,
        shadow: Rules | None = None,
    ) -> None:
        self._hosts = hosts
        self._declared = declared
        self.shadow = shadow
        self._services = services
        self._categories = categories
        self._allowed_categories = frozenset(map(canonical_category, allowed_categories)) | {NECESSARY}
        self._closed = frozenset(
            rule.service
            for rule in services.values()
            if rule.service not in allowed_services and canonical_category(rule.category) != NECESSARY
        )
        self._report_only = report_only
        self._reported = frozenset(
            rule.service
            for rule in services.values()
            if rule.service in self._closed and canonical_category(rule.category) in report_only
        )
        self._refused = self._closed - self._reported
        self._inline = _InlineMarkers([services[x.lower()] for x in self._refused])
        self._may_hold: dict[bytes, bool] = {}
        self.memory: dict[bytes, Ready] = {}
        #: What was found out about addresses, as far as their host, that some element loads from.
        self.blocked: dict[bytes, Blocked | None] = {}
        #: Nothing is held back, nor counted: only markup that names itself may be edited.
        self.is_open = not self.refuses_something and shadow is None

    def remember(self, tag: bytes, ready: Ready) -> None:
        """Keep what was decided for `tag`, forgetting all once there is too much."""
        if len(tag) > _REMEMBERED_LENGTH:
            return
        if len(self.memory) >= _DECISIONS:
            self.memory.clear()
        self.memory[tag] = ready

    @property
    def refuses_something(self) -> bool:
        """Whether any service, category or host is held back."""
        held = self._refused or not self._categories <= self._allowed_categories | self._report_only
        return bool(held) or self._declared is not None

    def any_refused(self) -> ServiceRule | None:
        """A refused service, to name for what is too deep to be read; None when nothing is refused."""
        unknown = undeclared("srcdoc") if self._declared is not None else None
        return next((self._services[name.lower()] for name in sorted(self._refused)), unknown)

    @property
    def has_inline(self) -> bool:
        """Whether any service that is refused, or would be, is known by a text in inline scripts."""
        return self._inline.pattern is not None or (self.shadow is not None and self.shadow.has_inline)

    def refused_inline(self, content: bytes) -> tuple[ServiceRule, ...]:
        """The refused services this inline script belongs to: it may run only when all of them are allowed."""
        return self._inline.find(content)

    def all_refused_inline(self) -> tuple[ServiceRule, ...]:
        """Every refused service with inline texts, to name for a script too long to be read."""
        return self._inline.services

    def refused_at(self, address: Address | None) -> ServiceRule | None:
        """The refused service that owns this address; of several owners one refusal is enough."""
        if address is None or address is RELATIVE:
            return None
        owners = self._hosts.owners(address)
        if self._declared is not None and not owners and not self._declared.owners(address):
            return undeclared(address.host)
        return next((rule for rule in owners if rule.service in self._refused), None)

    def may_hold(self, host: bytes) -> bool:
        """Whether anything at this host, a plain name in lower case, may be held back or counted."""
        known = self._may_hold.get(host)
        if known is None:
            if len(self._may_hold) >= _HOSTS:
                self._may_hold.clear()
            held = self._declared is not None or not self._closed.isdisjoint(self._hosts.declarers(host.decode()))
            known = self._may_hold[host] = held
        return known

    def remember_blocked(self, address: bytes, blocked: Blocked | None) -> None:
        """Keep what was found out about an address, forgetting all once there is too much."""
        if len(self.blocked) >= _HOSTS:
            self.blocked.clear()
        self.blocked[address] = blocked

    def is_reported_at(self, address: Address | None) -> bool:
        """Whether a service that is closed, but only reported, owns this address."""
        if not self._reported or address is None or address is RELATIVE:
            return False
        return any(rule.service in self._reported for rule in self._hosts.owners(address))

    def may_activate(self, address: Address | None, categories: frozenset[str]) -> bool:
        """Whether markup may load this address: the page's own, or one that only allowed services declare.

        `categories` are those the markup names; a declared host must belong to a service of one of them.
        """
        if address is None:
            return False
        if not address.host:
            return True
        owners = self._hosts.owners(address)
        if not owners or any(rule.service in self._closed for rule in owners):
            return False
        return not categories or any(canonical_category(rule.category) in categories for rule in owners)

    def owner_in(self, address: Address | None, category: str) -> ServiceRule | None:
        """The service of `category` that declares this address."""
        if address is None or not address.host:
            return None
        owners = self._hosts.owners(address)
        return next((rule for rule in owners if canonical_category(rule.category) == category), None)

    def service(self, name: str) -> ServiceRule | None:
        """The service of this name, in whatever case markup writes it."""
        return self._services.get(name.strip().lower())

    def named(self, key: str) -> ServiceRule | None:
        """What an element was made inert for, by the key it goes by; for a category a service that stands for it."""
        if key.startswith(UNDECLARED):
            return undeclared(key.partition(" ")[2])
        kind, colon, category = key.partition(":")
        if kind == "category" and colon:
            refused = (self._services[name.lower()] for name in sorted(self._refused))
            return next((x for x in refused if canonical_category(x.category) == category), self.any_refused())
        return self._services.get(key.lower())

    def allows_service(self, rule: ServiceRule) -> bool:
        """Whether this service may run."""
        return rule.service not in self._closed

    def holds_service(self, rule: ServiceRule) -> bool:
        """Whether this service is held back."""
        return rule.service in self._refused

    def reports_service(self, rule: ServiceRule) -> bool:
        """Whether this service is closed, but only reported."""
        return rule.service in self._reported

    def knows_category(self, name: str) -> bool:
        """Whether the policy has this (canonical) category."""
        return name in self._categories

    def allows_category(self, name: str) -> bool:
        """Whether this (canonical) category is allowed; an unknown one never is."""
        return name in self._allowed_categories and name in self._categories

    def holds_category(self, name: str) -> bool:
        """Whether this (canonical) category is held back; an unknown one never is."""
        return name in self._categories and name not in self._allowed_categories and name not in self._report_only

    def reports_category(self, name: str) -> bool:
        """Whether this (canonical) category is closed, but only reported."""
        return name in self._report_only and name not in self._allowed_categories


class _InlineMarkers:
    """Finds in one pass which of several services an inline script mentions."""

    def __init__(self, services: Sequence[ServiceRule]) -> None:
        in_order = sorted(services, key=lambda x: x.service)
        self.services = tuple(rule for rule in in_order if any(rule.inline))
        markers = sorted({marker.encode() for rule in services for marker in rule.inline if marker})
        self._few = markers if len(markers) <= _FEW_MARKERS else None
        self.pattern = re.compile(b"|".join(map(re.escape, markers))) if markers else None

    def find(self, content: bytes) -> tuple[ServiceRule, ...]:
        if not self._may_find(content):
            return ()
        return tuple(rule for rule in self.services if any(x and x.encode() in content for x in rule.inline))

    def _may_find(self, content: bytes) -> bool:
        """Whether any marker is in `content`. One search for each is faster than a pattern while there are few."""
        if self._few is not None:
            return any(x in content for x in self._few)
        return self.pattern is not None and self.pattern.search(content) is not None


class Ruleset:
    """All services of one policy, compiled once. Immutable; `for_consent` is cheap and remembers its answers.

    `report_only` are the categories that are counted, but not held back. `unknown` says what becomes of hosts that no
    service declares; `declared` are hosts that count as declared beside the services' own: those of the site itself and
    of what is necessary.
    """

    def __init__(
        self,
        services: Sequence[ServiceRule],
        categories: Sequence[str],
        *,
        report_only: frozenset[str] = frozenset(),
        unknown: Literal["allow", "report", "block"] = "allow",
        declared: Sequence[str] = (),
    ) -> None:
        self._services = {rule.service.lower(): rule for rule in services}
        self._hosts = HostTable(services)
        named = [*categories, *(rule.category for rule in services), NECESSARY]
        self._categories = frozenset(map(canonical_category, named))
        self._report_only = frozenset(map(canonical_category, report_only))
        self._unknown = unknown
        self._declared = HostTable([ServiceRule("", NECESSARY, tuple(declared), ())])
        self._memory: dict[tuple[frozenset[str], frozenset[str]], Rules] = {}

    def for_consent(self, allowed_services: frozenset[str], allowed_categories: frozenset[str]) -> Rules:
        """The rules for a visitor who allows these services and categories (ids as in the policy)."""
        key = (allowed_services, allowed_categories)
        rules = self._memory.get(key)
        if rules is None:
            if len(self._memory) >= _CONSENT_STATES:
                self._memory.clear()
            rules = self._memory[key] = self._compiled(allowed_services, allowed_categories)
        return rules

    def _compiled(self, allowed_services: frozenset[str], allowed_categories: frozenset[str]) -> Rules:
        parts = (self._hosts, self._services, self._categories, allowed_services, allowed_categories)
        strictest = Rules(*parts, declared=self._declared if self._unknown != "allow" else None)
        if not self._report_only and self._unknown != "report":
            return strictest
        held_back = self._declared if self._unknown == "block" else None
        shadow = strictest if strictest.refuses_something else None
        return Rules(*parts, report_only=self._report_only, declared=held_back, shadow=shadow)
