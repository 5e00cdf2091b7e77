"""What a policy and a visitor's consent say about markup: which hosts, inline scripts and categories are closed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from consentkit.policy.aliases import canonical_category
from consentkit.rewrite.edits import Decision
from consentkit.rewrite.urls import RELATIVE, Address

NECESSARY = "necessary"
_CONSENT_STATES = 256
_DECISIONS = 4096


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


class HostTable:
    """Which services a host belongs to. The most specific declaration decides; with a port beats without."""

    def __init__(self, services: Sequence[ServiceRule]) -> None:
        self._entries: dict[str, list[tuple[int | None, ServiceRule]]] = {}
        for rule in services:
            for declared in rule.hosts:
                host, port = _split_port(declared)
                self._entries.setdefault(host, []).append((port, rule))

    def owners(self, address: Address) -> tuple[ServiceRule, ...]:
        """The services that declare this address; several when they declare it equally closely."""
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
    """Decisions for one consent state. Immutable but for `memory`, which keeps decisions on tags seen before."""

    def __init__(
        self,
        hosts: HostTable,
        services: Mapping[str, ServiceRule],
        categories: frozenset[str],
        allowed_services: frozenset[str],
        allowed_categories: frozenset[str],
    ) -> None:
        self._hosts = hosts
        self._services = services
        self._categories = categories
        self._allowed_categories = frozenset(map(canonical_category, allowed_categories)) | {NECESSARY}
        self._refused = frozenset(
            rule.service
            for rule in services.values()
            if rule.service not in allowed_services and canonical_category(rule.category) != NECESSARY
        )
        self._inline = _InlineMarkers([services[x.lower()] for x in self._refused])
        self.memory: dict[bytes, Decision] = {}

    def remember(self, tag: bytes, decision: Decision) -> None:
        """Keep what was decided for `tag`, forgetting all once there is too much."""
        if len(self.memory) >= _DECISIONS:
            self.memory.clear()
        self.memory[tag] = decision

    @property
    def refuses_something(self) -> bool:
        """Whether any service or category is closed."""
        return bool(self._refused) or not self._categories <= self._allowed_categories

    def any_refused(self) -> ServiceRule | None:
        """A refused service, to name for what is too deep to be read; None when nothing is refused."""
        return next((self._services[name.lower()] for name in sorted(self._refused)), None)

    @property
    def has_inline(self) -> bool:
        """Whether any refused service is known by a text in inline scripts."""
        return self._inline.pattern is not None

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
        return next((rule for rule in self._hosts.owners(address) if rule.service in self._refused), None)

    def may_activate(self, address: Address | None, categories: frozenset[str]) -> bool:
        """Whether markup may load this address: the page's own, or one that only allowed services declare.

        `categories` are those the markup names; a declared host must belong to a service of one of them.
        """
        if address is None:
            return False
        if not address.host:
            return True
        owners = self._hosts.owners(address)
        if not owners or any(rule.service in self._refused for rule in owners):
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

    def allows_service(self, rule: ServiceRule) -> bool:
        """Whether this service may run."""
        return rule.service not in self._refused

    def knows_category(self, name: str) -> bool:
        """Whether the policy has this (canonical) category."""
        return name in self._categories

    def allows_category(self, name: str) -> bool:
        """Whether this (canonical) category is allowed; an unknown one never is."""
        return name in self._allowed_categories and name in self._categories


class _InlineMarkers:
    """Finds in one pass which of several services an inline script mentions."""

    def __init__(self, services: Sequence[ServiceRule]) -> None:
        in_order = sorted(services, key=lambda x: x.service)
        self.services = tuple(rule for rule in in_order if any(rule.inline))
        markers = sorted({marker.encode() for rule in services for marker in rule.inline if marker})
        self.pattern = re.compile(b"|".join(map(re.escape, markers))) if markers else None

    def find(self, content: bytes) -> tuple[ServiceRule, ...]:
        if self.pattern is None or self.pattern.search(content) is None:
            return ()
        return tuple(rule for rule in self.services if any(x and x.encode() in content for x in rule.inline))


class Ruleset:
    """All services of one policy, compiled once. Immutable; `for_consent` is cheap and remembers its answers."""

    def __init__(self, services: Sequence[ServiceRule], categories: Sequence[str]) -> None:
        self._services = {rule.service.lower(): rule for rule in services}
        self._hosts = HostTable(services)
        named = [*categories, *(rule.category for rule in services), NECESSARY]
        self._categories = frozenset(map(canonical_category, named))
        self._memory: dict[tuple[frozenset[str], frozenset[str]], Rules] = {}

    def for_consent(self, allowed_services: frozenset[str], allowed_categories: frozenset[str]) -> Rules:
        """The rules for a visitor who allows these services and categories (ids as in the policy)."""
        key = (allowed_services, allowed_categories)
        rules = self._memory.get(key)
        if rules is None:
            if len(self._memory) >= _CONSENT_STATES:
                self._memory.clear()
            rules = Rules(self._hosts, self._services, self._categories, allowed_services, allowed_categories)
            self._memory[key] = rules
        return rules
