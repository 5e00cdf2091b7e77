"""What a page of this visitor gets: the rewriter with the right rules, assets, and banner or re-open control."""

from __future__ import annotations

import re
from functools import partial

from markupsafe import Markup

from consentkit.http import RawHeaders, header_values
from consentkit.pages import is_fragment_request
from consentkit.rewrite.stream import Rewriter
from consentkit.site import Visit

_NONCE = re.compile(r"'nonce-([A-Za-z0-9+/_-]+={0,2})'")


def make_rewriter(visit: Visit, headers: RawHeaders) -> Rewriter:
    """The rewriter for one page whose response has `headers`."""
    body = b"" if visit.placed_by_hand else control(visit)
    if visit.site.reload_error is not None:
        body = _error_box(visit.site.reload_error) + body
    return Rewriter(
        visit.site.rules(visit.consent),
        head=head(visit, headers) if body or visit.placed_by_hand else b"",
        body=body,
        inject="document" if is_fragment_request(visit.scope["headers"]) else "page",
        placeholder=partial(_placeholder, visit),
    )


def control(visit: Visit) -> bytes:
    """The banner for who is to be asked, the "Privacy choices" control for others, nothing where nothing is asked."""
    site = visit.site
    if not site.policy.asked_categories:
        return b""
    if visit.shows_banner:
        return site.notices.banner(visit.decision, visit.locale, visit.base, visit.return_to)
    if site.policy.banner.reopen == "none":
        return b""
    return site.notices.reopen(visit.locale, visit.base)


def head(visit: Visit, headers: RawHeaders) -> bytes:
    """Our style sheet, and for the banner our script, with the page's own nonce if its policy has one."""
    nonce = ""
    for value in header_values(headers, b"content-security-policy"):
        match = _NONCE.search(value.decode("latin-1"))
        if match:
            nonce = match[1]
            break
    return visit.site.notices.head(visit.base, nonce, script=visit.shows_banner)


def _error_box(message: str) -> bytes:
    """What is wrong with the policy file, for the developer who is changing it (`reload=True`)."""
    html = Markup('<div class="ckit-error" role="alert">{}</div>').format(message)
    return html.encode("ascii", "xmlcharrefreplace")


def _placeholder(visit: Visit, service: str) -> str | None:
    if service not in visit.site.policy.services:
        return None
    return visit.site.notices.placeholder(service, visit.locale, visit.decision.regime, visit.base, visit.return_to)
