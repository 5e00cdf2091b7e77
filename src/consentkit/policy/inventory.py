"""What a visitor consents to in each category, as plain data that can be digested, stored and compared.

A choice is bound to the digest of what was declared when it was made. When the declaration changes, only a *widening*
(a new service, recipient, use, cookie, a longer lifetime, a raised revision) asks the visitor again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from consentkit.policy.fields import Duration
from consentkit.policy.models import Policy

ChangeKind = Literal["service", "provider", "transfer", "recipient", "use", "cookie", "longer", "purpose"]
Inventory = Mapping[str, Mapping[str, Any]]
#: Stands for "no end stated", longer than any other lifetime.
_UNSTATED = 10**6


@dataclass(frozen=True, slots=True)
class Change:
    """One widening: what kind, and in which service."""

    kind: ChangeKind
    service: str


def inventories(policy: Mapping[str, Any]) -> dict[str, Inventory]:
    """Per category, what `policy` (the mapping inside `Policy.canonical()`) declares. Required categories included."""
    found: dict[str, dict[str, Mapping[str, Any]]] = {}
    for name, service in policy["services"].items():
        found.setdefault(service["category"], {})[name] = _service(service)
    return dict(found)


def policy_inventories(policy: Policy) -> dict[str, Inventory]:
    """The inventories of a loaded policy."""
    return inventories(json.loads(policy.canonical()))


def digest(inventory: Inventory) -> bytes:
    """Three bytes that stand for `inventory` in a cookie."""
    data = json.dumps(inventory, sort_keys=True, separators=(",", ":")).encode()
    return hashlib.sha256(data).digest()[:3]


def _service(service: Mapping[str, Any]) -> Mapping[str, Any]:
    provider: Mapping[str, Any] = service.get("provider") or {}
    storage: Mapping[str, list[str]] = service.get("storage") or {}
    stated = bool(provider.get("name"))
    return {
        "provider": provider.get("name"),
        "country": provider.get("country"),
        "recipients": sorted([*service.get("transfers", ()), *(() if stated else service.get("hosts", ()))]),
        "uses": sorted(service.get("uses", ())),
        "cookies": {cookie["name"]: _days(cookie.get("lifetime")) for cookie in service.get("cookies", ())},
        "storage": sorted(f"{kind}:{key}" for kind, keys in storage.items() for key in keys),
        "retention": _days(service.get("retention")),
        "revision": service.get("revision", 1),
    }


def _days(duration: str | None) -> int:
    if duration is None:
        return _UNSTATED
    return 0 if duration == "session" else Duration.parse(duration).days


def widenings(old: Inventory, new: Inventory) -> tuple[Change, ...]:
    """What `new` declares beyond `old`, each kind once for a service. Empty for narrowing and wording."""
    changes: list[Change] = []
    for name, service in new.items():
        before = old.get(name)
        if before is None:
            changes.append(Change("service", name))
        else:
            changes += _service_widenings(name, before, service)
    return tuple(dict.fromkeys(changes))


def _service_widenings(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    if new["provider"] and new["provider"] != old["provider"]:
        yield Change("provider", name)
    if new["country"] and new["country"] != old["country"]:
        yield Change("transfer", name)
    yield from (Change("recipient", name) for item in new["recipients"] if item not in old["recipients"])
    yield from (Change("use", name) for item in new["uses"] if item not in old["uses"])
    kept = {**dict.fromkeys(old["storage"], _UNSTATED), **old["cookies"]}
    stored = {**dict.fromkeys(new["storage"], _UNSTATED), **new["cookies"]}
    yield from (Change("cookie", name) for item in stored if item not in kept)
    if new["retention"] > old["retention"] or any(stored[item] > kept[item] for item in stored if item in kept):
        yield Change("longer", name)
    if new["revision"] > old["revision"]:
        yield Change("purpose", name)
