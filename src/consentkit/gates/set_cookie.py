"""The cookie gates: which cookies a response may set, which the app may see, and how refused ones are expired."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache

from consentkit.consent import Consent
from consentkit.http import RawHeaders, cookie_pairs
from consentkit.policy.models import Policy

logger = logging.getLogger("consentkit.gates")
RawHeader = tuple[bytes, bytes]
_MAX_AGE = re.compile(rb"-?[0-9]+")
_MAX_REPORTED = 1000
#: A browser keeps some 180 cookies of a site; a request that names hundreds of refused ones is no browser's.
_MAX_EXPIRED = 20
_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,256}")
_NEVER = b"Expires=Thu, 01 Jan 1970 00:00:00 GMT"


class CookieGate:
    """Knows the cookies a policy declares. `own` are the names of consentkit's own cookies, which always pass."""

    def __init__(self, policy: Policy, own: Iterable[str]) -> None:
        self._unknown = policy.unknown.cookies
        self._own = frozenset(name.encode() for name in own)
        self._declared = [
            (_matcher(cookie.name), service, cookie)
            for service, declared in policy.services.items()
            for cookie in declared.cookies
        ]
        self._reported: set[bytes] = set()
        #: How often each undeclared cookie was let through, and each declared one held back, by name.
        self.counts: dict[tuple[str, str], int] = {}
        self._any = _matcher(*(cookie.name for _, _, cookie in self._declared))
        self._services_of = lru_cache(maxsize=1024)(self._find_services)

    def services_of(self, name: bytes) -> frozenset[str]:
        """The services that declare a cookie of this name."""
        return self._services_of(name) if self._any(name) else frozenset()

    def _find_services(self, name: bytes) -> frozenset[str]:
        return frozenset(service for matches, service, _ in self._declared if matches(name))

    def response_headers(self, headers: Iterable[RawHeader], consent: Consent) -> list[RawHeader]:
        """The headers without the `Set-Cookie` of services that are not allowed. Deletions always pass."""
        return [(key, value) for key, value in headers if key.lower() != b"set-cookie" or self._may_set(value, consent)]

    def _may_set(self, value: bytes, consent: Consent) -> bool:
        name = _sent_back_as(value)
        if name in self._own or is_deletion(value):
            return True
        services = self.services_of(name)
        if not services:
            return self._undeclared(name)
        allowed = any(consent.services[service] for service in services)
        if not allowed:
            self._count("blocked", name)
        return allowed

    def _undeclared(self, name: bytes) -> bool:
        if self._unknown != "allow":
            self._count("undeclared", name)
            if name not in self._reported and len(self._reported) < _MAX_REPORTED:
                self._reported.add(name)
                logger.warning(
                    "undeclared cookie %r was %s; declare it under a service in the policy",
                    name.decode("latin-1"),
                    "blocked" if self._unknown == "block" else "let through",
                )
        return self._unknown != "block"

    def _count(self, what: str, name: bytes) -> None:
        key = (what, name.decode("latin-1"))
        if key in self.counts or len(self.counts) < _MAX_REPORTED:
            self.counts[key] = self.counts.get(key, 0) + 1

    def is_hidden(self, name: bytes, consent: Consent) -> bool:
        """Whether the app must not see a cookie of this name: some service declares it and none is allowed."""
        services = self.services_of(name)
        return bool(services) and name not in self._own and not any(consent.services[item] for item in services)

    def expiries(self, headers: RawHeaders, consent: Consent, refused: frozenset[str]) -> list[RawHeader]:
        """`Set-Cookie` headers that delete the refused services' cookies which the request carried.

        A browser deletes a cookie only by its exact name, domain and path (RFC 6265bis 5.7): one header for each that
        the policy declares, and one for this host with path `/`.
        """
        names: dict[bytes, None] = {}
        for name, _ in cookie_pairs(headers):
            if len(names) == _MAX_EXPIRED:
                break
            if _TOKEN.fullmatch(name) and self.services_of(name) & refused and self.is_hidden(name, consent):
                names[name] = None
        return [(b"set-cookie", expiry) for name in names for expiry in self._expiry(name)]

    def _expiry(self, name: bytes) -> Iterable[bytes]:
        places: dict[tuple[str | None, str, bool], None] = {(None, "/", False): None}
        for matches, _, cookie in self._declared:
            if matches(name):
                places[cookie.domain, cookie.path, cookie.partitioned] = None
                places[None, cookie.path, cookie.partitioned] = None
        for domain, path, partitioned in places:
            if name.startswith(b"__Host-") and (domain or path != "/"):
                continue
            yield deletion(name, domain, path, partitioned=partitioned)


def deletion(name: bytes, domain: str | None, path: str, *, partitioned: bool = False) -> bytes:
    """The value of a `Set-Cookie` that deletes one cookie."""
    secure = partitioned or name.startswith((b"__Host-", b"__Secure-"))
    parts = [name + b"=", b"Max-Age=0", _NEVER, b"Path=" + path.encode()]
    if domain:
        parts.append(b"Domain=" + domain.encode())
    if secure:
        parts.append(b"Secure")
    if partitioned:
        parts += [b"SameSite=None", b"Partitioned"]
    return b"; ".join(parts)


def is_deletion(value: bytes) -> bool:
    """Whether a `Set-Cookie` value deletes its cookie: `Max-Age` of 0 or less, or else `Expires` in the past."""
    attributes = _attributes(value)
    max_age = attributes.get(b"max-age")
    if max_age is not None:
        return max_age.startswith(b"-") or not max_age.strip(b"0")
    expires = attributes.get(b"expires")
    return expires is not None and _is_past(expires)


def _attributes(value: bytes) -> Mapping[bytes, bytes]:
    """The attributes by lower-case name; of several with one name the last counts (RFC 6265bis 5.6)."""
    found: dict[bytes, bytes] = {}
    for part in value.split(b";")[1:]:
        name, _, content = part.partition(b"=")
        lowered, content = name.strip(b" \t").lower(), content.strip(b" \t")
        if lowered != b"max-age" or _MAX_AGE.fullmatch(content):
            found[lowered] = content
    return found


def _sent_back_as(value: bytes) -> bytes:
    """The name under which a cookie comes back: one without a name comes back as its bare value."""
    name, _, content = value.partition(b";")[0].partition(b"=")
    return name.strip(b" \t") or content.partition(b"=")[0].strip(b" \t")


def _is_past(expires: bytes) -> bool:
    try:
        moment = parsedate_to_datetime(expires.decode("latin-1"))
    except (ValueError, OverflowError):
        return False
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    # Browsers ignore years before 1601 and read two digits up to 69 as 2069; Python reads 69 as 1969.
    return datetime(1970, 1, 1, tzinfo=UTC) <= moment <= datetime.now(UTC)


def _matcher(*patterns: str) -> Callable[[bytes], bool]:
    """Matches a cookie name against declared ones, in which `*` stands for any run of characters."""
    if not patterns:
        return lambda _: False
    written = (rb".*?".join(map(re.escape, pattern.encode().split(b"*"))) for pattern in patterns)
    expression = re.compile(rb"|".join(rb"(?:%b)" % one for one in written), re.DOTALL)
    return lambda name: expression.fullmatch(name) is not None
