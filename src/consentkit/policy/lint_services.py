"""Advice about services: what they leave unsaid, what a browser would refuse, and what hides under "necessary"."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from fnmatch import fnmatchcase

from consentkit.errors import Problem
from consentkit.policy.catalogue import catalogue
from consentkit.policy.fields import Duration
from consentkit.policy.models import DeclaredCookie, Policy, Service
from consentkit.policy.suggest import listed

#: Browsers clamp cookies to 400 days (RFC 6265bis).
_BROWSER_LIMIT = 400
#: The French exemption for audience measurement: trackers 13 months, data 25 months.
_TRACKER_LIMIT = Duration(13, "mo")
_DATA_LIMIT = Duration(25, "mo")


def lint_services(policy: Policy) -> Iterator[Problem]:
    """Warnings about single services, and about services that claim the same thing."""
    in_forms = _services_of_forms(policy)
    for name, service in policy.services.items():
        path = f"services.{name}"
        required = policy.all_categories[service.category].required
        yield from _unsaid(service, path, policy.site.url, used_by_form=name in in_forms)
        if required:
            yield from _not_necessary(name, service, path)
        for index, cookie in enumerate(service.cookies):
            yield from _cookie(cookie, policy, service, f"{path}.cookies.{index}")
        if service.category == "analytics" and service.retention and service.retention.days > _DATA_LIMIT.days:
            yield _warn(f"data of audience measurement kept over {_DATA_LIMIT} is hard to defend", f"{path}.retention")
    yield from _shared(policy)


def _warn(message: str, path: str) -> Problem:
    return Problem(message, path, level="warning")


def _services_of_forms(policy: Policy) -> frozenset[str]:
    parts = [part for form in policy.forms.values() for part in (form.remember, form.spam) if part is not None]
    return frozenset(part.service for part in parts)


def _of_site(host: str, site_url: str) -> bool:
    """Whether `host` is a name below the site's own, as a self-hosted service has."""
    own = site_url.split("://", 1)[1].partition(":")[0].removeprefix("www.")
    return f".{host.partition(':')[0]}".endswith(f".{own}")


def _unsaid(service: Service, path: str, site_url: str, *, used_by_form: bool) -> Iterator[Problem]:
    if not service.purpose:
        message = "has no purpose, so visitors can't know what they are asked; add purpose: {en: ...}"
        yield _warn(message, path)
    storage = service.storage
    declared = (service.hosts, service.inline, service.cookies, storage.local, storage.session, storage.indexed_db)
    if not any(declared) and not used_by_form:
        yield _warn(
            "declares no hosts, inline, cookies or storage, so there is nothing to hold back; "
            "declare what it loads and sets",
            path,
        )
    if service.provider is None and not all(_of_site(host, site_url) for host in service.hosts):
        yield _warn("loads from another host, but names no provider; say whose it is: provider: {name: ...}", path)


def _not_necessary(name: str, service: Service, path: str) -> Iterator[Problem]:
    known = next((entry for entry in catalogue() if entry in (service.use, name) or _looks_like(entry, service)), None)
    if known is not None:
        usual = catalogue()[known]["category"]
        yield _warn(
            f"looks like {known}, which is {usual}, not necessary for what the visitor asked; "
            f"required categories are never asked. Write category: {usual}",
            f"{path}.category",
        )


def _looks_like(entry: str, service: Service) -> bool:
    facts = catalogue()[entry]
    hosts, inline = facts.get("hosts", ()), facts.get("inline", ())
    cookies = [cookie["name"] for cookie in facts.get("cookies", ())]
    return (
        any(own == host or own.endswith(f".{host}") for own in service.hosts for host in hosts)
        or any(marker in inline for marker in service.inline)
        or any(fnmatchcase(own.name, cookie) for own in service.cookies for cookie in cookies)
    )


def _cookie(cookie: DeclaredCookie, policy: Policy, service: Service, path: str) -> Iterator[Problem]:
    days = cookie.lifetime.days if isinstance(cookie.lifetime, Duration) else 0
    if days > _BROWSER_LIMIT:
        yield _warn(f"browsers keep no cookie longer than {_BROWSER_LIMIT} days; say so", f"{path}.lifetime")
    elif service.category == "analytics" and days > _TRACKER_LIMIT.days:
        message = f"a tracker of audience measurement that lives over {_TRACKER_LIMIT} is hard to defend"
        yield _warn(message, f"{path}.lifetime")
    secure = policy.site.url.startswith("https://")
    if cookie.name.startswith("__Host-") and (cookie.domain is not None or cookie.path != "/"):
        yield _warn("a browser refuses a __Host- cookie with a domain or a path other than /", path)
    if cookie.name.startswith(("__Host-", "__Secure-")) and not secure:
        yield _warn(f"a browser refuses a {cookie.name.split('-')[0]}- cookie on a site without https", f"{path}.name")
    if fnmatchcase(policy.language.cookie, cookie.name) and service.category in policy.asked_categories:
        message = "language.cookie is gated with this service, so the language is forgotten without consent"
        yield _warn(message, f"{path}.name")


def _shared(policy: Policy) -> Iterator[Problem]:
    hosts: dict[str, list[tuple[str, str]]] = defaultdict(list)
    cookies: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for name, service in policy.services.items():
        for index, host in enumerate(service.hosts):
            hosts[host].append((name, f"services.{name}.hosts.{index}"))
        for index, cookie in enumerate(service.cookies):
            cookies[cookie.name].append((name, f"services.{name}.cookies.{index}.name"))
    for kind, found in (("host", hosts), ("cookie", cookies)):
        for thing, claims in found.items():
            yield from _claims(policy, kind, thing, claims)


def _claims(policy: Policy, kind: str, thing: str, claims: list[tuple[str, str]]) -> Iterator[Problem]:
    categories = list(dict.fromkeys(policy.services[name].category for name, _ in claims))
    if len(categories) > 1:
        first = claims[0][0]
        yield from (
            _warn(
                f"the {kind} {thing!r} is also declared by {first!r} in another category "
                f"({listed(categories)}); "
                "it passes only when both are allowed, so declare it once",
                path,
            )
            for _, path in claims[1:]
        )
