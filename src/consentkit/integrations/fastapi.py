"""For FastAPI: consent as a dependency. FastAPI itself is not imported; a dependency is any callable of a request."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import HTTPConnection

from consentkit.consent import Consent
from consentkit.integrations.starlette import demand, get_consent


def require_consent(category: str) -> Callable[[HTTPConnection], Consent]:
    """For `Depends(require_consent("marketing"))`: 403 `consent_required` unless the visitor allows `category`.

    The endpoint gets the `Consent` of the request.
    """

    def dependency(connection: HTTPConnection) -> Consent:
        demand(connection, category)
        return get_consent(connection)

    return dependency
