"""Regimes: how a visitor's silence is read, by place. Named presets, each with the law it comes from.

A preset is a starting point a site can override per category; it is not legal advice.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Mode = Literal["opt-in", "opt-out", "notice"]
RegimeName = Literal["eu", "uk", "ch", "us-ca", "us-opt-out", "br", "quebec", "strictest"]


@dataclass(frozen=True, slots=True)
class Regime:
    """How silence is read: `mode` for every category, `overrides` for those where the law differs."""

    name: RegimeName
    mode: Mode
    source: str
    overrides: Mapping[str, Mode] = field(default_factory=dict[str, Mode])

    def mode_for(self, category: str) -> Mode:
        """`opt-in`: silence is no. `opt-out`: silence is yes until refused or signalled. `notice`: inform only."""
        return self.overrides.get(category, self.mode)


PRESETS: Mapping[str, Regime] = {
    regime.name: regime
    for regime in (
        Regime("eu", "opt-in", "Directive 2002/58/EC article 5(3); Regulation (EU) 2016/679 articles 4(11) and 7"),
        Regime(
            "uk",
            "opt-in",
            "Privacy and Electronic Communications Regulations 2003, regulation 6 and schedule A1",
        ),
        Regime("ch", "opt-out", "Telecommunications Act (SR 784.10) article 45c; Data Protection Act (SR 235.1)"),
        Regime("us-ca", "opt-out", "California Civil Code 1798.120 and 1798.135; 11 CCR 7004, 7025 and 7026"),
        Regime("us-opt-out", "opt-out", "Opt-out signal laws of CA CO CT DE MD MT NE NH NJ OR TX"),
        Regime("br", "opt-in", "Lei 13.709/2018 (LGPD) articles 7 and 8; ANPD guide on cookies"),
        Regime(
            "quebec",
            "opt-in",
            "Act respecting the protection of personal information in the private sector, s. 8.1",
        ),
        Regime("strictest", "opt-in", "The strictest reading of all presets: silence is no, signals are honoured"),
    )
}

EU = frozenset(
    "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE".split()  # noqa: SIM905 - a list of codes reads best as a line
)
EEA = EU | {"IS", "LI", "NO"}
_REGION = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")
#: Codes that networks send for "don't know" (XX, ZZ), Tor (T1) and unnamed proxies (A1, A2).
_NO_PLACE = frozenset({"XX", "ZZ", "T1", "A1", "A2", "AP"})


def parse_region(value: str | None) -> str | None:
    """A region as `GB` or `US-CA` (ISO 3166), or None when `value` names no place."""
    if value is None or not value.isascii():
        return None
    region = value.strip().upper()
    if not _REGION.fullmatch(region) or region[:2] in _NO_PLACE:
        return None
    return region


def regime_for(
    region: str | None,
    places: Mapping[str, RegimeName],
    overrides: Mapping[RegimeName, Mapping[str, Mode]],
    *,
    located: bool,
) -> Regime:
    """The regime for `region`, by the most exact entry of `places`.

    `located` says whether the site has any way to learn a visitor's place. If it has, and this visitor's place is
    unknown, the answer is `strictest`, whatever the default says.
    """
    if region is None and located:
        name: RegimeName = "strictest"
    else:
        name = _most_exact(region, places)
    preset = PRESETS[name]
    own = overrides.get(name)
    return Regime(name, preset.mode, preset.source, {**preset.overrides, **own}) if own else preset


def _most_exact(region: str | None, places: Mapping[str, RegimeName]) -> RegimeName:
    for place in _places(region):
        if place in places:
            return places[place]
    return "strictest"


def _places(region: str | None) -> list[str]:
    if region is None:
        return ["default"]
    country = region[:2]
    groups = ["EU"] * (country in EU) + ["EEA"] * (country in EEA)
    return [region, country, *groups, "default"]


def is_place(name: str) -> bool:
    """Whether `name` can be a key of `regimes.map`."""
    return name in {"default", "EU", "EEA"} or _REGION.fullmatch(name) is not None
