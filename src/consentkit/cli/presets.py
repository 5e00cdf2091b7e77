"""The starting points of `consentkit init`: which regime applies where (sources: `consentkit/regimes.py`)."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from string import Template
from types import MappingProxyType

from consentkit.policy.languages import builtin_locales

_EVERYWHERE = """\
# How silence is read. Without a way to learn a visitor's place, everyone is read alike.
regimes:
  map: {{default: {regime}}}   # {meaning}
"""
_WORLD = """\
# How silence is read, by place. `region` names a header that a proxy you trust sets; a visitor whose place is
# unknown gets the strictest reading.
regimes:
  region: {header: CF-IPCountry, trusted_proxies: [127.0.0.1/32]}
  map: {EEA: eu, GB: uk, CH: ch, US-CA: us-ca, US: us-opt-out, BR: br, CA-QC: quebec, default: strictest}
"""
_OPT_IN = "opt-in: silence is no"
_OPT_OUT = "opt-out: silence is yes until refused or signalled (Sec-GPC)"

PRESETS: Mapping[str, str] = MappingProxyType(
    {
        "strictest": _EVERYWHERE.format(regime="strictest", meaning=_OPT_IN),
        "eu": _EVERYWHERE.format(regime="eu", meaning=_OPT_IN),
        "uk": _EVERYWHERE.format(regime="uk", meaning=_OPT_IN),
        "ch": _EVERYWHERE.format(regime="ch", meaning=_OPT_OUT),
        "us": _EVERYWHERE.format(regime="us-ca", meaning=_OPT_OUT),
        "br": _EVERYWHERE.format(regime="br", meaning=_OPT_IN),
        "quebec": _EVERYWHERE.format(regime="quebec", meaning=_OPT_IN),
        "world": _WORLD,
    }
)


def starter_policy(preset: str, url: str, name: str) -> str:
    """The commented policy that `init` writes. `preset` is a key of `PRESETS`; `name` is quoted for YAML."""
    template = files("consentkit").joinpath("cli", "starter.yaml").read_text(encoding="utf-8")
    quoted = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    values = {
        "url": url,
        "name": quoted,
        "locales": ", ".join(sorted(builtin_locales())),
        "regimes": PRESETS[preset].rstrip(),
    }
    return Template(template).safe_substitute(values)
