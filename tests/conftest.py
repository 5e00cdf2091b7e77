"""What many tests share: a policy, a key, and a browser-like client around an app."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

from consentkit.policy.models import Policy


def pytest_sessionfinish(session: pytest.Session) -> None:
    """With CONSENTKIT_NO_SKIPS=1 (as in CI) a test that was skipped counts as one that failed."""
    reporter: Any = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CONSENTKIT_NO_SKIPS") == "1" and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


SECRET = "a-secret-for-tests-0123456789-abcdefghij"
OTHER_SECRET = "another-secret-for-tests-9876543210-zyxw"


def policy_data(**changes: Any) -> dict[str, Any]:
    """A small but complete policy as a mapping; top-level keys can be replaced."""
    data: dict[str, Any] = {
        "site": {"url": "http://testserver", "name": "Test Site"},
        "services": {
            "session": {"category": "necessary", "cookies": ["session"]},
            "stats": {
                "category": "analytics",
                "hosts": ["stats.test"],
                "inline": ["_stats.push("],
                "cookies": [{"name": "_st*", "domain": "testserver", "lifetime": "13mo"}],
                "provider": {"name": "Stats Ltd", "country": "FR"},
                "purpose": {"en": "Counts readers", "fr": "Compte les lecteurs"},
            },
            "adnet": {
                "category": "marketing",
                "hosts": ["adnet.test"],
                "uses": ["sale", "targeted-ads"],
                "cookies": ["_ad"],
                "purpose": "Shows ads",
            },
            "video": {"category": "marketing", "hosts": ["video.test"], "purpose": "Plays videos"},
        },
    }
    return data | changes


@pytest.fixture
def make_policy() -> Callable[..., Policy]:
    """Builds a policy from the shared data with top-level keys replaced."""
    return lambda **changes: Policy.model_validate(policy_data(**changes))


@pytest.fixture
def policy(make_policy: Callable[..., Policy]) -> Policy:
    """The shared policy."""
    return make_policy()


@pytest.fixture(autouse=True)
def quiet_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Starts that fail within the tests say nothing when the test process ends."""
    monkeypatch.setattr("consentkit.lifespan.say_last", lambda message: None)


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: float = 1_790_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """A clock at a fixed moment."""
    return Clock()
