"""Advice about regimes, lifetimes, signals, the banner and everything else that is set once for a site."""

from __future__ import annotations

from collections.abc import Iterator

from consentkit.errors import Problem
from consentkit.policy.aliases import CANONICAL_CATEGORIES
from consentkit.policy.colour import contrast
from consentkit.policy.fields import Duration
from consentkit.policy.models import Policy
from consentkit.policy.suggest import listed
from consentkit.regimes import PRESETS, RegimeName

#: EU-9, CNIL: after a refusal no new question for six months.
_SHORTEST_REFUSAL = Duration(6, "mo")
_LONGEST_GRANT = Duration(13, "mo")
#: Months differ in length; so many days below six months still count as six.
_SLACK_DAYS = 3
_SURFACES = {"light": "#ffffff", "dark": "#1c1d20"}
_CONTROL_CONTRAST = 3.0
_LOOPBACK = ("http://127.0.0.1", "http://localhost", "http://[::1]")
_US = frozenset({"us-ca", "us-opt-out"})


def reachable_regimes(policy: Policy) -> frozenset[RegimeName]:
    """Every regime that some visitor can be under."""
    named = set(policy.regimes.map.values())
    if policy.regimes.region is not None or "default" not in policy.regimes.map:
        named.add("strictest")
    return frozenset(named)


def asks_opt_in(policy: Policy) -> bool:
    """Whether silence is no for some visitor and category."""
    return any("opt-in" in _modes(policy, name) for name in reachable_regimes(policy))


def _modes(policy: Policy, name: RegimeName) -> set[str]:
    own = policy.regimes.overrides.get(name, {})
    return {own.get(category, PRESETS[name].mode_for(category)) for category in policy.asked_categories}


def _warn(message: str, path: str) -> Problem:
    return Problem(message, path, level="warning")


def lint_settings(policy: Policy) -> Iterator[Problem]:
    """Warnings about what is set once for the whole site."""
    yield from _site(policy)
    yield from _regimes(policy)
    yield from _lifetimes(policy)
    yield from _signals(policy)
    yield from _banner(policy)
    yield from _headers(policy)
    yield from _categories(policy)
    yield from _mode(policy)
    yield from _unseen(policy)


def _site(policy: Policy) -> Iterator[Problem]:
    url = policy.site.url
    if url.startswith("http://") and not url.startswith(_LOOPBACK):
        yield _warn("without https the choice can be read and changed on its way; use https", "site.url")


def _regimes(policy: Policy) -> Iterator[Problem]:
    regimes = policy.regimes
    default = regimes.map.get("default")
    if default is not None and PRESETS[default].mode != "opt-in":
        yield _warn(
            f"places not listed get {default!r}, which is weaker than 'strictest'; visitors of "
            "stricter places among "
            "them would not be asked. Name the places it is meant for",
            "regimes.map.default",
        )
    if regimes.region is None and set(regimes.map) - {"default"}:
        yield _warn(
            "places are listed, but nothing says where a visitor is; set regimes.region, or pass "
            "region= to the "
            "middleware",
            "regimes.map",
        )
    for name, overrides in regimes.overrides.items():
        if name not in reachable_regimes(policy):
            yield _warn(f"no place in regimes.map has the regime {name!r}", f"regimes.overrides.{name}")
        for category, mode in overrides.items():
            if name == "strictest" and mode != "opt-in":
                path = f"regimes.overrides.{name}.{category}"
                yield _warn("visitors of unknown places get 'strictest'; weakening it weakens all", path)


def _lifetimes(policy: Policy) -> Iterator[Problem]:
    lifetime = policy.choice.lifetime
    if asks_opt_in(policy) and lifetime.refused.days < _SHORTEST_REFUSAL.days - _SLACK_DAYS:
        yield _warn(
            f"who refused would be asked again before {_SHORTEST_REFUSAL}; regulators read that as pressure",
            "choice.lifetime.refused",
        )
    if lifetime.refused.days < lifetime.granted.days:
        message = "a refusal is forgotten sooner than an acceptance; let it hold at least as long"
        yield _warn(message, "choice.lifetime.refused")
    if lifetime.granted.days > _LONGEST_GRANT.days:
        message = f"consent wears out: ask again after at most {_LONGEST_GRANT}"
        yield _warn(message, "choice.lifetime.granted")
    longest = max(lifetime.granted.days, lifetime.refused.days)
    if policy.log.retention.days < longest:
        yield _warn("the proof is deleted while the choice it proves still holds; keep it longer", "log.retention")


def _signals(policy: Policy) -> Iterator[Problem]:
    us = sorted(reachable_regimes(policy) & _US)
    if not us:
        return
    if not policy.signals.gpc:
        yield _warn(f"{listed(us)} requires that Sec-GPC is honoured as an opt-out; set gpc: true", "signals.gpc")
    if policy.signals.conflict == "choice":
        yield _warn(
            f"under {listed(us)} the signal wins over an earlier choice; set conflict: signal", "signals.conflict"
        )
    for name, service in policy.services_in("marketing").items():
        if not service.uses:
            yield _warn(
                f"has no `uses`, so Sec-GPC would not refuse it under {listed(us)}; say which apply: "
                "uses: [sale, sharing, targeted-ads, profiling]",
                f"services.{name}",
            )


def _banner(policy: Policy) -> Iterator[Problem]:
    banner = policy.banner
    if banner.reopen == "none":
        yield _warn(
            "withdrawing must be as easy as agreeing: make sure that every page links to "
            f"{policy.path}/preferences, or write reopen: footer",
            "banner.reopen",
        )
    schemes = ("light", "dark") if banner.theme.scheme == "auto" else (banner.theme.scheme,)
    if all(contrast(banner.theme.accent, _SURFACES[scheme]) < _CONTROL_CONTRAST for scheme in schemes):
        yield _warn(
            f"{banner.theme.accent} hardly stands out from the banner (contrast below "
            f"{_CONTROL_CONTRAST:g}:1), so "
            "its buttons get a border in the colour of the text; a stronger colour reads better",
            "banner.theme.accent",
        )


def _headers(policy: Policy) -> Iterator[Problem]:
    if policy.csp == "strict" and policy.delivery == "shared":
        yield _warn(
            "every page then has a Content-Security-Policy for its visitor alone, so none can be shared; write tighten",
            "csp",
        )


def _categories(policy: Policy) -> Iterator[Problem]:
    for name, category in policy.categories.items():
        if name in CANONICAL_CATEGORIES:
            continue
        missing = [key for key in ("label", "description") if getattr(category, key) is None]
        if missing:
            message = f"has no {' and no '.join(missing)}, and there is no built-in wording for a category of your own"
            yield _warn(message, f"categories.{name}")
        if category.required:
            yield _warn(
                "is required, so nobody is asked; only for what the visitor asked for", f"categories.{name}.required"
            )


def _mode(policy: Policy) -> Iterator[Problem]:
    told = "nothing of it is held back and nobody is asked, also not for those who refused or send a privacy signal"
    if policy.mode == "report-only":
        yield _warn(f"what is optional is only counted: {told}, but where a category says `mode: enforce`", "mode")
    for name, category in policy.categories.items():
        if category.mode == "report-only" and policy.mode == "enforce":
            yield _warn(f"is only counted: {told}", f"categories.{name}.mode")


def _unseen(policy: Policy) -> Iterator[Problem]:
    if policy.unknown.cookies == "allow" and policy.asked_categories:
        message = "cookies that no service declares pass unseen; `report` lists them, `block` drops them"
        yield _warn(message, "unknown.cookies")
