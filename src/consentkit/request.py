"""What the app sees of a request: its own cookies, no compression that would blind the gates, conditions that hold."""

from __future__ import annotations

from starlette.types import Scope

from consentkit.consent import WatchedConsent
from consentkit.gates.validators import CONDITIONS, Conditions, request_conditions
from consentkit.http import RawHeaders
from consentkit.pages import NEVER_A_PAGE, is_navigation
from consentkit.visit import Visit

#: Ways to send a body that never passes through us. Hidden from the app where it may answer with a page.
_BYPASSES = frozenset({"http.response.pathsend", "http.response.zerocopysend"})
_PLAIN = (b"accept-encoding", b"identity")
#: A part of the app's page, put onto a part of ours that a browser has, would make a page of neither.
_PARTS = frozenset({b"range", b"if-range"})
_LOOKED_AT = frozenset({b"cookie", b"accept-encoding", b"range"}) | CONDITIONS


def app_scope(outer: Scope, visit: Visit, consent: WatchedConsent) -> Scope:
    """The scope for the app: a copy of the server's, without what must be hidden from it, and with the consent."""
    given = visit.given
    scope: Scope = {**outer, "consentkit": consent}
    visit.app_scope = scope
    if "state" in scope:
        scope["state"]["consent"] = consent
    else:
        scope["state"] = {"consent": consent}
    if "extensions" in outer or not _LOOKED_AT.isdisjoint(given):
        may_get_page = outer["type"] == "http" and given.get(b"sec-fetch-dest") not in NEVER_A_PAGE
        scope["headers"] = _cleaned(visit, may_get_page=may_get_page)
        extensions = outer.get("extensions")
        if may_get_page and extensions:
            scope["extensions"] = {name: value for name, value in extensions.items() if name not in _BYPASSES}
    return scope


def _cleaned(visit: Visit, *, may_get_page: bool) -> RawHeaders:
    """The headers for the app. What may be a page must come whole and plain, and not be confirmed when it differs."""
    given, headers = visit.given, visit.headers
    if b"cookie" in given:
        headers = _own_cookies(visit, headers)
    if may_get_page and b"accept-encoding" in given:
        headers = [header if header[0] != b"accept-encoding" else _PLAIN for header in headers]
    if may_get_page and b"range" in given and is_navigation(given):
        headers = [header for header in headers if header[0] not in _PARTS]
    if may_get_page and not CONDITIONS.isdisjoint(given) and visit.scope["method"] in ("GET", "HEAD"):
        visit.conditions = _conditions(visit, headers)
        headers = visit.conditions.headers
    return headers


def _own_cookies(visit: Visit, headers: RawHeaders) -> RawHeaders:
    """The headers without the cookies of services that are held back. Most requests carry none that could be."""
    gate = visit.site.cookie_gate
    for value in visit.values(b"cookie"):
        if gate.may_hide(value):
            enforcement = visit.decision.enforcement
            visit.carries_refused = bool(enforcement.refused)
            if not enforcement.does_nothing:
                headers = gate.request_headers(headers, enforcement)
                visit.site.counters.flush_if_due(visit.site.log)
            return headers
    return headers


def _conditions(visit: Visit, headers: RawHeaders) -> Conditions:
    """Conditions hold for a page as this visitor would get it, or for one that all get alike."""
    digests = [visit.additions.digest]
    if visit.site.policy.delivery != "personal":
        digests.insert(0, visit.shared_additions.digest)
    return request_conditions(headers, digests, navigation=is_navigation(visit.given))
