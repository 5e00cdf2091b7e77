"""What a policy means for visitors, by place: who is asked what, and how their silence is read."""

from __future__ import annotations

from typing import Any

from consentkit.policy.models import Policy
from consentkit.regimes import Regime, RegimeName, regime_for

_SILENCE = {"opt-in": "silence is no", "opt-out": "silence is yes until refused", "notice": "informed only"}


def summary(policy: Policy) -> dict[str, Any]:
    """The categories that are asked, always on or not enforced, and per place the regime and its modes."""
    optional = {*policy.asked_categories, *policy.report_only}
    required = [name for name in policy.all_categories if name not in optional]
    reported = [name for name in policy.all_categories if name in policy.report_only and policy.services_in(name)]
    return {
        "banner": bool(policy.asked_categories),
        "asked": {name: list(policy.services_in(name)) for name in policy.asked_categories},
        "always_on": {name: list(policy.services_in(name)) for name in required if policy.services_in(name)},
        "report_only": {name: list(policy.services_in(name)) for name in reported},
        "places": [_place(policy, place) for place in _places(policy)],
    }


def _places(policy: Policy) -> list[str]:
    named = [place for place in policy.regimes.map if place != "default"]
    return [*named, "elsewhere", "unknown"]


def _place(policy: Policy, place: str) -> dict[str, Any]:
    regime = _regime(policy, place)
    modes = {name: regime.mode_for(name) for name in policy.asked_categories}
    return {"place": place, "regime": regime.name, "source": regime.source, "modes": modes}


def _regime(policy: Policy, place: str) -> Regime:
    regimes = policy.regimes
    located = regimes.region is not None
    places: dict[str, RegimeName] = {"default": "strictest", **regimes.map}
    if place == "unknown":
        return regime_for(None, places, regimes.overrides, located=located)
    name = places["default"] if place == "elsewhere" else places[place]
    return regime_for(None, {"default": name}, regimes.overrides, located=False)


def summary_lines(policy: Policy) -> list[str]:
    """The summary for a terminal."""
    told = summary(policy)
    reported = ["Not enforced, only counted:", *_named(told["report_only"])] if told["report_only"] else []
    if not told["banner"]:
        reason = "nothing is enforced" if reported else "no service needs consent"
        return ["", f"Visitors are asked nothing: {reason}, so there is no banner.", *reported]
    return [
        "",
        "Visitors are asked about:",
        *_named(told["asked"]),
        "Always on:",
        *(_named(told["always_on"]) or ["  nothing"]),
        *reported,
        "How silence is read, by place:",
        *(f"  {place['place']:<10} {place['regime']:<11} {_modes(place['modes'])}" for place in told["places"]),
    ]


def _named(categories: dict[str, list[str]]) -> list[str]:
    return [f"  {name:<12} {', '.join(services)}" for name, services in categories.items()]


def _modes(modes: dict[str, str]) -> str:
    kinds = list(dict.fromkeys(modes.values()))
    if len(kinds) == 1:
        return f"{kinds[0]} ({_SILENCE[kinds[0]]})"
    return ", ".join(f"{name}: {mode}" for name, mode in modes.items())
