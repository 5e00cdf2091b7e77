"""What one part of a policy says about another must be true: names exist, rules agree, nothing gates us.

Every fault here refuses the policy, whether it came from a file or from Python. Advice is in
`policy/lint.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatchcase

from consentkit.errors import Problem
from consentkit.policy.aliases import CANONICAL_CATEGORIES
from consentkit.policy.form_rules import form_faults
from consentkit.policy.languages import builtin_locales, language_faults
from consentkit.policy.parts import Declaration, Service
from consentkit.policy.places import place_fault
from consentkit.policy.suggest import did_you_mean, listed

#: The names of consentkit's own cookie, with and without the prefix for https.
CONSENT_COOKIES = ("consent", "__Host-consent")


class ReferenceFaults(ValueError):  # noqa: N818 - it carries many faults
    """The parts of a policy don't agree. `problems` holds every fault with its dotted path."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(f"{problem.path}: {problem.message}" for problem in problems))


def reference_faults(declared: Declaration) -> tuple[Problem, ...]:
    """Everything in `declared` that contradicts itself."""
    categories = known_categories(declared)
    return (
        *_site_faults(declared),
        *_category_faults(declared, categories),
        *_regime_faults(declared, categories),
        *_service_faults(declared),
        *form_faults(declared, categories, required_categories(declared)),
        *language_faults(declared, builtin_locales()),
        *_path_faults(declared),
    )


def known_categories(declared: Declaration) -> tuple[str, ...]:
    """The names a service, field or override may use: those declared, and the canonical ones."""
    return tuple(dict.fromkeys((*declared.categories, *CANONICAL_CATEGORIES)))


def required_categories(declared: Declaration) -> frozenset[str]:
    """The categories that are always on."""
    return frozenset({"necessary", *(name for name, c in declared.categories.items() if c.required)})


def _unknown_category(name: str, categories: tuple[str, ...], path: str) -> Problem:
    return Problem(
        f"there is no category {name!r}; there are: {listed(categories)}. A category of your own is declared "
        f"under `categories`.{did_you_mean(name, categories)}",
        path,
    )


def _site_faults(declared: Declaration) -> Iterator[Problem]:
    domain = declared.site.cookie_domain
    host = host_of(declared.site.url)
    if domain is None:
        return
    if not (host == domain or host.endswith(f".{domain}")):
        message = f"{domain!r} does not cover the site's host {host!r}; a browser would drop the cookie"
        yield Problem(f"{message}. Write the host or a parent domain of it", "site.cookie_domain")
    elif "." not in domain and domain != "localhost":
        yield Problem(f"{domain!r} is a whole top-level domain; browsers refuse it", "site.cookie_domain")


def _category_faults(declared: Declaration, categories: tuple[str, ...]) -> Iterator[Problem]:
    necessary = declared.categories.get("necessary")
    if necessary is not None and not necessary.required:
        yield Problem(
            "necessary is always required; leave `required` out, or move what isn't necessary to another category",
            "categories.necessary.required",
        )
    for name in sorted(required_categories(declared) & declared.categories.keys()):
        if declared.categories[name].mode is not None:
            yield Problem(
                f"{name!r} is required, so nothing of it is ever held back; remove this line", f"categories.{name}.mode"
            )
    for name, service in declared.services.items():
        if service.category not in categories:
            yield _unknown_category(service.category, categories, f"services.{name}.category")


def _regime_faults(declared: Declaration, categories: tuple[str, ...]) -> Iterator[Problem]:
    for place in declared.regimes.map:
        fault = place_fault(place)
        if fault:
            yield Problem(f"{place!r} {fault}", f"regimes.map.{place}", at_key=True)
    required = required_categories(declared)
    for regime, overrides in declared.regimes.overrides.items():
        for category in overrides:
            path = f"regimes.overrides.{regime}.{category}"
            if category not in categories:
                yield replace(_unknown_category(category, categories, path), at_key=True)
            elif category in required:
                message = f"{category!r} is required, so silence is never read for it; remove this line"
                yield Problem(message, path)


def _service_faults(declared: Declaration) -> Iterator[Problem]:
    required = required_categories(declared)
    for name, service in declared.services.items():
        path = f"services.{name}"
        if service.category in required and service.uses:
            yield Problem(
                f"a service of the required category {service.category!r} can't have uses "
                f"({listed(service.uses)}): "
                "what sells, shares, profiles or targets is not necessary. Move it to a category "
                "that is asked",
                f"{path}.uses",
            )
        yield from _host_faults(service, path, declared.site.url)
        yield from _cookie_faults(service, path)


def _host_faults(service: Service, path: str, site_url: str) -> Iterator[Problem]:
    for index, host in enumerate(service.hosts):
        if covers_site(host, site_url):
            yield Problem(
                f"{host!r} covers the site's own address {site_url}: refusing the service would "
                "block the site's "
                "own pages. Name the service's own host, or host and port",
                f"{path}.hosts.{index}",
            )


def covers_site(host: str, site_url: str) -> bool:
    """Whether a declared `host` (with its subdomains; any port unless one is named) covers the site."""
    own, port = host_of(site_url), _port_of(site_url)
    name, _, named_port = host.partition("]")[2].partition(":") if host.startswith("[") else host.partition(":")
    name = host.partition("]")[0] + "]" if host.startswith("[") else name
    if named_port and named_port != port:
        return False
    return own == name or own.endswith(f".{name}")


def host_of(site_url: str) -> str:
    """The host in the address of a site, without its port."""
    authority = site_url.split("://", 1)[1]
    return authority.partition("]")[0] + "]" if authority.startswith("[") else authority.partition(":")[0]


def _port_of(site_url: str) -> str:
    scheme, _, authority = site_url.partition("://")
    port = authority.removeprefix(host_of(site_url)).removeprefix(":")
    return port or ("443" if scheme == "https" else "80")


def _cookie_faults(service: Service, path: str) -> Iterator[Problem]:
    for index, cookie in enumerate(service.cookies):
        clash = next((own for own in CONSENT_COOKIES if _matches(own, cookie.name)), None)
        if clash:
            yield Problem(
                f"{cookie.name!r} matches {clash!r}, the cookie that holds the visitor's choice; "
                "gating it would lose "
                "every choice. Use a narrower name",
                f"{path}.cookies.{index}.name",
            )


def _matches(name: str, declared: str) -> bool:
    """Whether a cookie of this name is the `declared` one. Most have no `*`: no pattern is made for those."""
    return fnmatchcase(name, declared) if "*" in declared else name == declared


def _path_faults(declared: Declaration) -> Iterator[Problem]:
    for index, prefix in enumerate(declared.exclude):
        place = f"exclude.{index}"
        if prefix.strip("/") == "":
            yield Problem("excludes the whole site, so nothing would be gated; name a part of it", place)
        elif f"{declared.path}/".startswith(f"{prefix.rstrip('/')}/"):
            yield Problem(
                f"{prefix!r} covers {declared.path!r}, where visitors make their choice; exclude less, or set `path`",
                place,
            )
    if any(_matches(own, declared.language.cookie) for own in CONSENT_COOKIES):
        message = f"{declared.language.cookie!r} is the cookie that holds the visitor's choice; name another"
        yield Problem(message, "language.cookie")
