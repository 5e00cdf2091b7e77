"""A policy file looked over for a person: what is wrong with it, and what could be better.

An app only loads its policy (`policy/load.py`); the rules for advice are big, and none of them is imported for that.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from consentkit.errors import Problem
from consentkit.policy.lint import lint
from consentkit.policy.load import in_order, placed, read_policy
from consentkit.policy.models import Policy


def parse_policy(
    text: str | bytes, source: str, *, environ: Mapping[str, str] = os.environ
) -> tuple[Policy, tuple[Problem, ...]]:
    """The policy in `text`, and warnings about it. `source` is the name the faults are told under.

    Raises `PolicyError` with every fault at once.
    """
    policy, locator = read_policy(text, source, environ=environ)
    return policy, in_order([placed(warning, locator) for warning in lint(policy)])
