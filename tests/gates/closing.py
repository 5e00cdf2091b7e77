"""What the tests of header gates share: a policy with many hosts, and which of its services are closed."""

from __future__ import annotations

from typing import Any

from consentkit.gates.hosts import Closed, HostIndex
from consentkit.policy.models import Policy
from tests.conftest import policy_data

SERVICES: dict[str, Any] = {
    "cdn": {"category": "necessary", "hosts": ["cdn.adnet.test"]},
    "stats": {"category": "analytics", "purpose": "x", "hosts": ["stats.test", "stats.example:8443"]},
    "adnet": {"category": "marketing", "purpose": "x", "hosts": ["adnet.test", "bücher.test"]},
    "video": {"category": "marketing", "purpose": "x", "hosts": ["video.test", "player.stats.test"]},
}


def policy_with(**changes: Any) -> Policy:
    return Policy.model_validate(policy_data(**{"services": SERVICES, **changes}))


INDEX = HostIndex(policy_with())


def closed(*services: str, reported: tuple[str, ...] = ()) -> Closed:
    return Closed(INDEX, frozenset(services), frozenset(reported))
