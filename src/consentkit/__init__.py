"""consentkit: asks for, records and enforces privacy choices at the server."""

from consentkit.consent import Consent, current_consent
from consentkit.errors import ConsentKitError
from consentkit.integrations.starlette import get_consent, requires_consent
from consentkit.log.store import ConsentLog, open_log
from consentkit.middleware import ConsentMiddleware
from consentkit.policy.load import load_policy
from consentkit.policy.models import Policy

__all__ = [
    "Consent",
    "ConsentKitError",
    "ConsentLog",
    "ConsentMiddleware",
    "Policy",
    "current_consent",
    "get_consent",
    "load_policy",
    "open_log",
    "requires_consent",
]
