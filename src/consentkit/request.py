"""What the app sees of a request: its own cookies, no compression that would blind the gates, conditions that hold."""

from __future__ import annotations

from starlette.types import Scope

from consentkit.gates.validators import CONDITIONS, Conditions, request_conditions
from consentkit.http import RawHeaders, header
from consentkit.pages import NEVER_A_PAGE, is_navigation
from consentkit.visit import Visit

#: Ways to send a body that never passes through us. Hidden from the app where it may answer with a page.
_BYPASSES = frozenset({"http.response.pathsend", "http.response.zerocopysend"})
_LOOKED_AT = frozenset({b"cookie", b"accept-encoding"}) | CONDITIONS


def app_scope(visit: Visit) -> Scope:
    """The scope for the app: a copy, without what must be hidden from it, and with the consent."""
    outer = visit.scope
    scope = {**outer, "consentkit": visit}
    if "state" in scope:
        scope["state"]["consent"] = visit.consent
    else:
        scope["state"] = {"consent": visit.consent}
    for name, _ in outer["headers"]:
        if name in _LOOKED_AT:
            scope["headers"] = _cleaned(visit, outer["headers"])
            break
    if outer.get("extensions") and _may_get_page(visit):
        scope["extensions"] = {name: value for name, value in outer["extensions"].items() if name not in _BYPASSES}
    return scope


def _cleaned(visit: Visit, headers: RawHeaders) -> RawHeaders:
    found = {name for name, _ in headers}
    if b"cookie" in found:
        headers = _own_cookies(visit, headers)
    if _may_get_page(visit):
        if b"accept-encoding" in found:
            headers = [header if header[0] != b"accept-encoding" else _PLAIN for header in headers]
        if not CONDITIONS.isdisjoint(found) and visit.scope["method"] in ("GET", "HEAD"):
            visit.conditions = _conditions(visit, headers)
            headers = visit.conditions.headers
    return headers


def _may_get_page(visit: Visit) -> bool:
    """Whether the answer may be a page. A browser says so by `Sec-Fetch-Dest`."""
    return visit.scope["type"] == "http" and header(visit.headers, b"sec-fetch-dest") not in NEVER_A_PAGE


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
