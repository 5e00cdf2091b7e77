"""The catalogue: facts about well-known services, so that a policy can say `use: matomo` and no more."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

from consentkit.policy.suggest import did_you_mean, listed


@lru_cache(maxsize=1)
def catalogue() -> Mapping[str, Mapping[str, Any]]:
    """Every entry by name, in the form of a service of the policy file."""
    text = files("consentkit").joinpath("policy", "catalogue.json").read_text(encoding="utf-8")
    services: dict[str, Mapping[str, Any]] = json.loads(text)["services"]
    return services


def check_catalogue_name(value: str | None) -> str | None:
    """The name of a catalogue entry. Raises `ValueError` for any other."""
    if value is not None and value not in catalogue():
        known = sorted(catalogue())
        raise ValueError(
            f"is not in the catalogue, which has: {listed(known)}; leave `use` out and declare the "
            "service yourself." + did_you_mean(value, known)
        )
    return value
