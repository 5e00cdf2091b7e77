"""What the app sees of a request: its own cookies, no compression that would blind the gates, conditions that hold."""

from __future__ import annotations

from starlette.types import Scope

from consentkit.gates.validators import CONDITIONS, Conditions, request_conditions
from consentkit.http import RawHeaders
from consentkit.pages import NEVER_A_PAGE, is_navigation
from consentkit.visit import Visit

#: Ways to send a body that never passes through us. Hidden from the app where it may answer with a page.
_BYPASSES = frozenset({"http.response.pathsend", "http.response.zerocopysend"})
_LOOKED_AT = frozenset({b"cookie", b"accept-encoding", b"sec-fetch-dest"}) | CONDITIONS


def app_scope(visit: Visit) -> tuple[Scope, Conditions | None]:
    """The scope for the app, and its conditions where they were translated.

    It is the very scope of the server, unless something in it must be hidden.
    """
    scope, headers = visit.scope, visit.headers
    found = dict([header for header in headers if header[0] in _LOOKED_AT])
    if b"cookie" in found:
        headers = _own_cookies(visit, headers)
    conditions = None
    extensions = scope.get("extensions")
    if scope["type"] == "http" and found.get(b"sec-fetch-dest") not in NEVER_A_PAGE:
        if b"accept-encoding" in found:
            headers = [header if header[0] != b"accept-encoding" else _PLAIN for header in headers]
        if not CONDITIONS.isdisjoint(found) and scope["method"] in ("GET", "HEAD"):
            conditions = _conditions(visit, headers)
            headers = conditions.headers
        if extensions and not _BYPASSES.isdisjoint(extensions):
            extensions = {name: value for name, value in extensions.items() if name not in _BYPASSES}
    if headers is not scope["headers"] or extensions is not scope.get("extensions"):
        scope = {**scope, "headers": headers, "extensions": extensions}
    scope["consentkit"] = visit
    scope.setdefault("state", {})["consent"] = visit.consent
    return scope, conditions


_PLAIN = (b"accept-encoding", b"identity")


def _own_cookies(visit: Visit, headers: RawHeaders) -> RawHeaders:
    """The headers without the cookies of services that are held back. Most requests carry none that could be."""
    gate = visit.site.cookie_gate
    visit.carries_declared = any(key == b"cookie" and gate.may_hide(value) for key, value in headers)
    return gate.request_headers(headers, visit.decision.enforcement) if visit.carries_declared else headers


def _conditions(visit: Visit, headers: RawHeaders) -> Conditions:
    """Conditions hold for a page as this visitor would get it, or for one that all get alike."""
    digests = [visit.additions.digest]
    if visit.site.policy.delivery != "personal":
        digests.insert(0, visit.shared_additions.digest)
    return request_conditions(headers, digests, navigation=is_navigation(headers))
