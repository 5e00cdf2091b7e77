"""Which services the addresses in response headers belong to, and which of those are closed for one response."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from consentkit.enforcement import Enforcement
from consentkit.policy.models import Policy
from consentkit.rewrite.rules import HostTable, ServiceRule
from consentkit.rewrite.urls import Address, normalise_host, read_address

_REMEMBERED = 4096
_REMEMBERED_LENGTH = 300
#: Bytes with which a host can be written in another way than as it is.
_ODD = re.compile(rb"[%\\\t\r\n]")
_NUMERIC = re.compile(r"\[.*|[0-9.]+")
_HOST_SOURCE = re.compile(
    rb"(?:([A-Za-z][A-Za-z0-9+.\-]*+)://)?+(\*\.)?+([A-Za-z0-9_\-]++(?:\.[A-Za-z0-9_\-]++)*+\.?+)(?::([0-9]{1,5}|\*))?+(?:/.*+)?+",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Place:
    """What an address or a pattern of addresses covers: for each part of it, the services that declare that part."""

    host: str
    owners: tuple[frozenset[str], ...]

    def lies_in(self, services: frozenset[str]) -> bool:
        """Whether all of it belongs to these services; of several owners of one part, one is enough."""
        return all(not part.isdisjoint(services) for part in self.owners)


class HostIndex:
    """The hosts that a policy's services declare, those of what is always on too. The most specific one decides."""

    def __init__(self, policy: Policy) -> None:
        rules = [ServiceRule(name, found.category, found.hosts, ()) for name, found in policy.services.items()]
        self._table = HostTable(rules)
        self._open = HostTable([ServiceRule("", "", policy.open_hosts, ())])
        #: What becomes of hosts that no service declares.
        self.unknown = policy.unknown_hosts
        #: Every declared host with its port and service.
        self.declared = [(*_split(host), rule.service) for rule in rules for host in rule.hosts]
        self._source = lru_cache(maxsize=_REMEMBERED)(self._read_source)
        self._literals = lru_cache(maxsize=_REMEMBERED)(self._write)

    def place(self, url: bytes) -> Place | None:
        """Where a URL leads; None when no service declares it. Raw bytes are read in either way browsers may."""
        for text in _readings(url):
            address = read_address(text)
            owners = self._owners(address) if address is not None and address.host else frozenset[str]()
            if address is not None and owners:
                return Place(address.host, (owners,))
        return None

    def undeclared(self, url: bytes) -> str | None:
        """The host a URL leads to when neither a service declares it nor the site has it for its own."""
        for text in _readings(url):
            address = read_address(text)
            if (
                address is not None
                and address.host
                and not self._table.owners(address)
                and not self._open.owners(address)
            ):
                return address.host
        return None

    def source(self, token: bytes) -> Place | None:
        """What a source in a Content-Security-Policy covers; None when it isn't a host that some service declares."""
        return self._source(token) if len(token) <= _REMEMBERED_LENGTH else self._read_source(token)

    def _write(self, services: frozenset[str]) -> tuple[bytes, ...] | None:
        """The declared hosts of these services as they are written; None when one of them has other spellings too."""
        hosts = sorted({host for host, _, service in self.declared if service in services})
        return None if any(_NUMERIC.fullmatch(host) for host in hosts) else tuple(host.encode() for host in hosts)

    def may_be_named(self, value: bytes, services: frozenset[str]) -> bool:
        """Whether a header's value could name a host of these services: quickly said, and never missed."""
        hosts = self._literals(services)
        if hosts is None or not value.isascii() or _ODD.search(value):
            return True
        lowered = value.lower()
        return any(host in lowered for host in hosts)

    def _owners(self, address: Address) -> frozenset[str]:
        return frozenset(rule.service for rule in self._table.owners(address))

    def _read_source(self, token: bytes) -> Place | None:
        match = _HOST_SOURCE.fullmatch(token)
        host = normalise_host(match[3].decode()) if match else ""
        if match is None or not host:
            return None
        scheme = match[1].decode().lower() if match[1] else ""
        port = int(match[4]) if match[4] and match[4] != b"*" else None
        any_port = match[4] == b"*"
        base = self._owners(Address(host, scheme, 0 if any_port else port))
        if not base:
            return None
        inside = {
            self._owners(Address(name, scheme, declared if any_port else port))
            for name, declared, _ in self.declared
            if (name == host and any_port) or (match[2] and name.endswith("." + host))
        }
        return Place(("*." if match[2] else "") + host, (base, *(owners for owners in inside if owners)))

    def names(self, text: bytes, services: frozenset[str]) -> list[str]:
        """The declared hosts of `services` that occur anywhere in a text."""
        lowered = text.decode("latin-1").lower()
        return sorted({host for host, _, service in self.declared if service in services and host in lowered})

    def hosts_without(self, closed: frozenset[str]) -> Iterator[tuple[str, int | None, bool]]:
        """Every declared host that isn't `closed`, its port, and whether none of its subdomains is either."""
        for host, port in dict.fromkeys((host, port) for host, port, _ in self.declared):
            if not self._owners(Address(host, "", port)).isdisjoint(closed):
                continue
            beneath = "." + host
            yield (
                host,
                port,
                not any(name.endswith(beneath) and service in closed for name, _, service in self.declared),
            )


class Closed:
    """The services that one response must do without, as a question about addresses. It remembers what it found.

    `blocked` are the hosts that were to be taken out; `reported` those that would have been, but for report-only mode;
    `undeclared` those that no service declares and that pass.
    """

    def __init__(self, index: HostIndex, services: frozenset[str], reported: frozenset[str]) -> None:
        self.index = index
        self.services = services
        self._all = services | reported
        self.blocked: set[str] = set()
        self.reported: set[str] = set()
        self.undeclared: set[str] = set()

    @classmethod
    def held(cls, index: HostIndex, enforcement: Enforcement) -> Closed:
        """What must not load at all now."""
        return cls(index, enforcement.held, enforcement.reported)

    def may_be_named_in(self, value: bytes) -> bool:
        """Whether a header's value is worth reading."""
        return bool(self._all) and self.index.may_be_named(value, self._all)

    def has(self, *urls: bytes) -> bool:
        """Whether one of these URLs leads to a closed service."""
        found = [self._covers(self.index.place(url)) for url in urls]
        return any(found)

    def has_undeclared(self, *urls: bytes) -> bool:
        """Whether one of these URLs leads to a host that no service declares, and such hosts are closed."""
        if self.index.unknown == "allow":
            return False
        found = {host for url in urls if (host := self.index.undeclared(url)) is not None}
        closes = self.index.unknown == "block"
        (self.blocked if closes else self.undeclared).update(found)
        return closes and bool(found)

    def has_source(self, token: bytes) -> bool:
        """Whether all that a source in a Content-Security-Policy covers belongs to closed services."""
        return self._covers(self.index.source(token))

    def is_named_in(self, text: bytes) -> bool:
        """Whether what can't be read names the host of a closed service."""
        found = self.index.names(text, self.services)
        self.blocked.update(found)
        return bool(found)

    def _covers(self, place: Place | None) -> bool:
        if place is None or not place.lies_in(self._all):
            return False
        closed = place.lies_in(self.services)
        (self.blocked if closed else self.reported).add(place.host)
        return closed


def _split(declared: str) -> tuple[str, int | None]:
    host, colon, port = declared.rpartition(":")
    return (host, int(port)) if colon and port.isdigit() else (declared, None)


def _readings(url: bytes) -> Iterator[str]:
    yield url.decode("latin-1")
    if not url.isascii():
        yield url.decode("utf-8", "replace")
