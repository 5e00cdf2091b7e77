"""Advice about a policy that can be used: what a regulator, a browser or a visitor would object to."""

from __future__ import annotations

from consentkit.errors import Problem
from consentkit.policy.models import Policy


def lint(policy: Policy) -> tuple[Problem, ...]:
    """Every warning about `policy`, each with the dotted path it is about."""
    return ()
