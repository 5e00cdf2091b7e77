"""How a page is delivered: made for one visitor, or the same for everyone, so that a shared cache may keep it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from consentkit.additions import PageStart
from consentkit.gates.validators import response_validators
from consentkit.http import (
    RawHeaders,
    directives,
    header_values,
    made_private,
    merged,
    never_stored,
    tells_shared_caches,
)
from consentkit.pages import NEVER_A_PAGE, is_fragment_request
from consentkit.visit import Visit

RawHeader = tuple[bytes, bytes]
#: Headers that no gate looks at, and that are the same for many pages.
_ALIKE = frozenset({b"content-type", b"cache-control", b"vary", b"x-content-type-options", b"referrer-policy"})
#: Reasons for the personal form that hold for every page with the same status and headers.
_LASTING = frozenset({"policy", "cache-control", "vary"})
#: What lets a shared cache store a response (RFC 9111 section 3), when nothing forbids it.
_ALLOWS = frozenset({"public", "s-maxage", "max-age"})
_FORBIDS = frozenset({"private", "no-store"})
#: Parts of `Vary` that tell visitors apart.
_TELLS_APART = frozenset({"*", "authorization", "cookie", "sec-gpc"})
#: Why an answer may be a page that no gate has looked into.
_UNSEEN = frozenset({"charset", "digest trailer", "encoded", "file", "length", "mark", "part"})
#: The statuses a shared page may have: those a cache keeps without being told (RFC 9110 section 15.1), with a page.
_KEPT = frozenset({200, 203, 404, 410})


def reason_personal(visit: Visit, message: Mapping[str, Any], headers: RawHeaders) -> str | None:
    """Why a page must be made for this visitor alone, or None when the shared form will do."""
    if visit.site.policy.delivery == "personal":
        return "policy"
    if message["status"] not in _KEPT or visit.scope["method"] not in ("GET", "HEAD"):
        return "not for caches"
    if is_fragment_request(visit.given) or b"authorization" in visit.given:
        return "request"
    if visit.loopback not in (None, visit.site.policy.site.url):
        return "address"
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
    if would_be_tightened(visit, list(headers)):
        return "csp"
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


def must_be_private(visit: Visit, headers: list[RawHeader], reason: str, *, page: bool) -> bool:
    """Whether shared caches must not keep an answer that was left as it is for `reason`.

    Not every visitor gets these headers; or it is a page that no gate could look into, perhaps because the request
    looked like one for an image. `page` says that it gets the headers of a page all the same.
    """
    unseen = reason in _UNSEEN and any(b"html" in value.lower() for value in header_values(headers, b"content-type"))
    told = may_be_shared(headers, silence=False) or tells_shared_caches(headers)
    if unseen and (told or visit.given.get(b"sec-fetch-dest") in NEVER_A_PAGE):
        return True
    gates, everyone = visit.site.header_gates, visit.site.decider.everyone
    return (told or unseen) and gates.response(headers, everyone, page=page, counted=False).headers is not headers


def known_start(visit: Visit, message: Mapping[str, Any]) -> PageStart | None:
    """How a page with the same start went out before in this consent state, if that is all there is to know.

    Most pages of a site come with the same few headers. What is remembered are pages made for one visitor, whatever the
    app did meanwhile.
    """
    headers = message.get("headers", ())
    if visit.carries_refused or visit.scope["method"] != "GET" or message.get("trailers"):
        return None
    kept = [(name, value) for name, value in headers if name != b"content-length"]
    lengths = len(headers) - len(kept)
    known = visit.additions.starts.get((message["status"], *kept)) if lengths <= 1 else None
    if known is None:
        return None
    return PageStart(list(known.headers), lengths == 1, plain=True, secret=known.secret)


def page_start(visit: Visit, message: Mapping[str, Any], headers: list[RawHeader]) -> PageStart:
    """How a page with `headers` begins: gated, and bound to this visitor's consent state or to that of everyone."""
    reason = reason_personal(visit, message, headers)
    enforcement = visit.site.decider.everyone if reason is None else visit.decision.enforcement
    kept = [header for header in headers if header[0].lower() != b"content-length"]
    found = visit.site.header_gates.response(kept, enforcement, page=True)
    made = page_headers(visit, found.headers, shared=reason is None)
    secret = not _FORBIDS.isdisjoint(directives(headers, b"cache-control"))
    start = PageStart(made, len(kept) < len(headers), reason is None, found.tightened, secret=secret)
    if reason in _LASTING and not found.tightened and all(name in _ALIKE for name, _ in kept):
        visit.additions.remember((message["status"], *kept), start._replace(headers=list(made)))
    return start if start.shared else start._replace(headers=with_expiries(visit, made))


def would_be_tightened(visit: Visit, headers: list[RawHeader]) -> bool:
    """Whether a page for everyone would forbid what the script must bring back for those who allow it."""
    gates, everyone = visit.site.header_gates, visit.site.decider.everyone
    return gates.response(headers, everyone, page=True, counted=False).tightened


def page_headers(visit: Visit, headers: RawHeaders, *, shared: bool, tag: bytes | None = None) -> list[RawHeader]:
    """The headers of a page, or of the answer that stands for one: bound to a consent state, kept where they may be.

    `tag` is the validator that a 304 stands for.
    """
    additions = visit.shared_additions if shared else visit.additions
    bound = response_validators(headers, additions.digest, tag)
    return bound if shared else merged(made_private(bound), b"vary", *visit.site.varies_by)


def with_expiries(visit: Visit, headers: Iterable[RawHeader]) -> list[RawHeader]:
    """The headers with the deletions of the refused cookies that the request carried; then no cache may store them."""
    if not visit.carries_refused:
        return list(headers)
    expiries = visit.site.cookie_gate.expiries(visit.headers, visit.decision.enforcement)
    return [*never_stored(headers), *expiries] if expiries else list(headers)
