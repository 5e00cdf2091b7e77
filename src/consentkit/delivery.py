"""How a page is delivered: made for one visitor, or the same for everyone, so that a shared cache may keep it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from consentkit.gates.validators import response_validators
from consentkit.http import RawHeaders, directives, header_values, made_private, merged, never_stored
from consentkit.pages import is_fragment_request
from consentkit.visit import Visit

RawHeader = tuple[bytes, bytes]
#: What lets a shared cache store a response (RFC 9111 section 3), when nothing forbids it.
_ALLOWS = frozenset({"public", "s-maxage", "max-age"})
_FORBIDS = frozenset({"private", "no-store"})
#: Parts of `Vary` that tell visitors apart.
_TELLS_APART = frozenset({"*", "authorization", "cookie", "sec-gpc"})
#: The statuses a shared page may have: those a cache keeps without being told (RFC 9110 section 15.1), with a page.
_KEPT = frozenset({200, 203, 404, 410})


def reason_personal(visit: Visit, message: Mapping[str, Any], headers: RawHeaders) -> str | None:
    """Why a page must be made for this visitor alone, or None when the shared form will do."""
    if visit.site.policy.delivery == "personal":
        return "policy"
    if message["status"] not in _KEPT or visit.scope["method"] not in ("GET", "HEAD"):
        return "not for caches"
    if is_fragment_request(visit.headers) or header_values(visit.headers, b"authorization"):
        return "request"
    return _reason_in_app(visit) or _reason_in_headers(visit, headers)


def _reason_in_app(visit: Visit) -> str | None:
    """What the app did while it made the page."""
    if visit.consent_was_read or visit.placed_by_hand:
        return "consent was read"
    if visit.choices_by_hand and len(visit.site.policy.locales) > 1:
        return "language"
    return "a fault is shown" if visit.site.reload_error is not None else None


def _reason_in_headers(visit: Visit, headers: RawHeaders) -> str | None:
    if not may_be_shared(headers, silence=visit.site.policy.delivery == "shared"):
        return "cache-control"
    if header_values(headers, b"set-cookie"):
        return "set-cookie"
    if not _TELLS_APART.isdisjoint(directives(headers, b"vary")):
        return "vary"
    if any(b"require-trusted-types-for" in x.lower() for x in header_values(headers, b"content-security-policy")):
        return "trusted types"
    return None


def may_be_shared(headers: RawHeaders, *, silence: bool) -> bool:
    """Whether the app lets a shared cache store its response; `silence` is the answer where it says nothing of it."""
    said = directives(headers, b"cache-control")
    if not _FORBIDS.isdisjoint(said) or said.get("s-maxage", said.get("max-age")) == "0":
        return False
    return not _ALLOWS.isdisjoint(said) or silence


def depends_on_consent(visit: Visit, headers: list[RawHeader]) -> bool:
    """Whether an answer that shared caches may store has headers that not every visitor gets."""
    if not may_be_shared(headers, silence=False):
        return False
    gates, everyone = visit.site.header_gates, visit.site.decider.everyone
    return gates.response(headers, everyone, page=False, counted=False).headers is not headers


def page_headers(visit: Visit, headers: RawHeaders, *, shared: bool, tag: bytes | None = None) -> list[RawHeader]:
    """The headers of a page, or of the answer that stands for one: bound to a consent state, kept where they may be.

    `tag` is the validator that a 304 stands for.
    """
    additions = visit.shared_additions if shared else visit.additions
    bound = response_validators(headers, additions.digest, tag)
    return bound if shared else merged(made_private(bound), b"vary", *visit.site.varies_by)


def with_expiries(visit: Visit, headers: Iterable[RawHeader]) -> list[RawHeader]:
    """The headers with the deletions of the refused cookies that the request carried; then no cache may store them."""
    if not visit.carries_declared:
        return list(headers)
    expiries = visit.site.cookie_gate.expiries(visit.headers, visit.decision.enforcement)
    return [*never_stored(headers), *expiries] if expiries else list(headers)
