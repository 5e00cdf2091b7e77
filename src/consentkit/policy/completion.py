"""What a policy leaves to the catalogue, filled in before it is checked.

What the policy writes always wins.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from consentkit.policy.catalogue import catalogue
from consentkit.policy.shapes import is_mapping


def complete_service(data: object) -> object:
    """A service with the keys it doesn't write taken from the catalogue entry that its `use` names."""
    if not is_mapping(data):
        return data
    use = data.get("use")
    entry = catalogue().get(use) if isinstance(use, str) else None
    return {**entry, **data} if entry else data


def complete_policy(data: object) -> object:
    """A policy with the catalogue's services added that only its forms name: `spam: {service: akismet}`."""
    if not is_mapping(data) or not is_mapping(data.get("services")):
        return data
    services: Mapping[str, Any] = data["services"]
    named = _services_of_forms(data.get("forms"))
    added = {name: {"use": name} for name in named if name not in services and name in catalogue()}
    return {**data, "services": {**services, **added}} if added else data


def _services_of_forms(forms: object) -> list[str]:
    names: list[str] = []
    for form in forms.values() if is_mapping(forms) else ():
        for part in ("spam", "remember"):
            found = form.get(part) if is_mapping(form) else None
            name = found.get("service") if is_mapping(found) else None
            if isinstance(name, str):
                names.append(name)
    return names
