"""Advice about a policy that can be used: what a regulator, a browser or a visitor would object to.

What can't be used at all is refused in `policy/references.py`; nothing here stops a policy from loading.
"""

from __future__ import annotations

from consentkit.errors import Problem
from consentkit.policy.lint_services import lint_services
from consentkit.policy.lint_settings import asks_opt_in, lint_settings
from consentkit.policy.lint_texts import lint_languages, lint_texts
from consentkit.policy.models import Policy


def lint(policy: Policy) -> tuple[Problem, ...]:
    """Every warning about `policy`, each with the dotted path it is about."""
    return (
        *lint_settings(policy),
        *lint_services(policy),
        *lint_texts(policy, opt_in=asks_opt_in(policy)),
        *lint_languages(policy),
    )
