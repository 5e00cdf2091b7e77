"""The cookie gates: which cookies a response may set, which the app may see, and how refused ones are expired."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Literal, NamedTuple

from consentkit.counters import GateCounters, Outcome
from consentkit.enforcement import Enforcement
from consentkit.http import RawHeaders, cookie_pairs, without_cookies
from consentkit.policy.models import Policy

logger = logging.getLogger("consentkit.gates")
RawHeader = tuple[bytes, bytes]
_MAX_AGE = re.compile(rb"-?[0-9]+")
_MAX_WARNED = 1000
#: A browser keeps some 180 cookies of a site; a request that names hundreds of refused ones is no browser's.
_MAX_EXPIRED = 20
_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,256}")
#: What frameworks take off a cookie's name: `str.strip` on its latin-1 reading.
_SPACE = rb"[\t-\r\x1c- \x85\xa0]"
_END_OF_NAME = _SPACE + rb"*+(?:[;=]|\Z)"
#: What becomes of a cookie that no service declares; None: it passes, unseen.
_UNDECLARED: Mapping[str, Outcome | None] = {"allow": None, "report": "undeclared", "block": "blocked"}
_NEVER = b"Expires=Thu, 01 Jan 1970 00:00:00 GMT"


class _Known(NamedTuple):
    """What a policy says about one cookie name: the services that declare it, and how it is written there."""

    services: frozenset[str]
    declared: str = ""


class CookieGate:
    """Knows the cookies a policy declares. `own` are the names of consentkit's own cookies, which always pass."""

    def __init__(self, policy: Policy, own: Iterable[str], counters: GateCounters) -> None:
        self._undeclared: Outcome | None = _UNDECLARED[policy.unknown_cookies]
        self._own = frozenset(name.encode() for name in own)
        self._counters = counters
        self._declared = [
            (_matcher(cookie.name), service, cookie)
            for service, declared in policy.services.items()
            for cookie in declared.cookies
        ]
        self._warned: set[bytes] = set()
        self._any = _matcher(*(cookie.name for _, _, cookie in self._declared))
        self._optional = _finder(_optional_names(policy))
        self._known = lru_cache(maxsize=1024)(self._look_up)

    def services_of(self, name: bytes) -> frozenset[str]:
        """The services that declare a cookie of this name."""
        return self._known(name).services if self._any(name) else frozenset()

    def _look_up(self, name: bytes) -> _Known:
        found = [(service, cookie.name) for matches, service, cookie in self._declared if matches(name)]
        return _Known(frozenset(service for service, _ in found), found[0][1]) if found else _Known(frozenset())

    def may_set(self, value: bytes, enforcement: Enforcement, *, counted: bool = True) -> bool:
        """Whether a response may carry this `Set-Cookie`. Deletions and our own always may."""
        name = _sent_back_as(value)
        if name in self._own:
            return True
        declared = self.services_of(name)
        outcome = self._outcome(name, enforcement) if declared else self._undeclared
        if outcome is None or is_deletion(value):
            return True
        if counted:
            self._counters.add("set-cookie", outcome, name.decode("latin-1"))
            if not declared:
                self._warn(name, outcome)
        return outcome != "blocked"

    def _warn(self, name: bytes, outcome: Outcome) -> None:
        if name not in self._warned and len(self._warned) < _MAX_WARNED:
            self._warned.add(name)
            logger.warning(
                "undeclared cookie %r was %s; declare it under a service in the policy",
                name.decode("latin-1"),
                "blocked" if outcome == "blocked" else "let through",
            )

    def _outcome(self, name: bytes, enforcement: Enforcement) -> Literal["blocked", "reported"] | None:
        """A name that several services declare is closed only while each of them is."""
        services = self.services_of(name)
        if not services or name in self._own:
            return None
        if services <= enforcement.held:
            return "blocked"
        return "reported" if services <= enforcement.held | enforcement.reported else None

    def is_hidden(self, name: bytes, enforcement: Enforcement) -> bool:
        """Whether the app must not see a cookie of this name: some service declares it, and all that do are held."""
        return self._outcome(name, enforcement) == "blocked"

    def may_hide(self, cookie_header: bytes) -> bool:
        """Whether a raw `Cookie` header names any cookie of a service that can be refused: cheap, and never missed."""
        return self._optional(b";" + cookie_header) is not None

    def request_headers(self, headers: RawHeaders, enforcement: Enforcement) -> RawHeaders:
        """The request's headers without hidden cookies; the same object when there is none.

        Counted under the name in the policy: who sends requests must not be able to fill the counters.
        """
        if not any(key == b"cookie" and self.may_hide(value) for key, value in headers):
            return headers
        found: dict[bytes, Literal["blocked", "reported"]] = {}

        def hides(name: bytes) -> bool:
            outcome = self._outcome(name, enforcement)
            if outcome is not None:
                found[name] = outcome
            return outcome == "blocked"

        left = without_cookies(headers, hides)
        for name, outcome in found.items():
            self._counters.add("cookie", outcome, self._known(name).declared)
        return left if "blocked" in found.values() else headers

    def expiries(self, headers: RawHeaders, enforcement: Enforcement) -> list[RawHeader]:
        """`Set-Cookie` headers that delete the refused services' cookies which the request carried.

        A browser deletes a cookie only by its exact name, domain and path (RFC 6265bis 5.7): one header for each that
        the policy declares, and one for this host with path `/`.
        """
        if not enforcement.refused or not any(key == b"cookie" and self.may_hide(value) for key, value in headers):
            return []
        names: dict[bytes, None] = {}
        for name, _ in cookie_pairs(headers):
            if len(names) == _MAX_EXPIRED:
                break
            refused = self.services_of(name) & enforcement.refused
            if refused and self.is_hidden(name, enforcement) and _TOKEN.fullmatch(name):
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


def _optional_names(policy: Policy) -> list[str]:
    required = {name for name, category in policy.all_categories.items() if category.required}
    optional = [service for service in policy.services.values() if service.category not in required]
    return sorted({cookie.name for service in optional for cookie in service.cookies})


def _matcher(*patterns: str) -> Callable[[bytes], bool]:
    """Matches a cookie name against declared ones, in which `*` stands for any run of characters."""
    if not patterns:
        return lambda _: False
    written = b"|".join(_expression(pattern, rb"[\x00-\xff]") + rb"\Z" for pattern in patterns)
    expression = re.compile(written)
    return lambda name: expression.match(name) is not None


def _finder(patterns: Sequence[str]) -> Callable[[bytes], object]:
    """Searches a `Cookie` header, with a `;` before it, for a cookie of one of these names.

    Around a name it allows whatever some framework takes off. Its first character is looked at first: almost always
    that is enough to go on to the next cookie.
    """
    if not patterns:
        return lambda _: None
    beginnings = sorted({pattern[0] for pattern in patterns})
    look = "" if "*" in beginnings else f"(?=[{re.escape(''.join(beginnings))}])"
    names = b"|".join(_expression(pattern, b"[^;=]") + _END_OF_NAME for pattern in patterns)
    return re.compile(b";%b*+%b(?:%b)" % (_SPACE, look.encode(), names)).search


def _expression(pattern: str, any_byte: bytes) -> bytes:
    """A pattern as an expression for the beginning of a text, linear in its length.

    The first place where a middle piece fits is as good as any later one, so nothing but the last piece is tried
    twice.
    """
    first, *rest = (re.escape(piece) for piece in pattern.encode().split(b"*"))
    if not rest:
        return first
    middle = b"".join(b"(?>%b*?%b)" % (any_byte, piece) for piece in rest[:-1] if piece)
    return b"%b%b%b*%b" % (first, middle, any_byte, rest[-1])
