"""What a page of this visitor gets: the rewriter with the right rules, assets, and banner or re-open control."""

from __future__ import annotations

import re
from functools import partial

from markupsafe import Markup

from consentkit.decision import GPC
from consentkit.http import RawHeaders, header_values
from consentkit.pages import is_fragment_request
from consentkit.rewrite.stream import Rewriter
from consentkit.site import Visit

_NONCE = r"'nonce-([A-Za-z0-9+/_-]+={0,2})'"


def make_rewriter(visit: Visit, headers: RawHeaders) -> Rewriter:
    """The rewriter for one page whose response has `headers`."""
    if GPC in visit.consent.signals:
        visit.site.log.count("signal:gpc")
    body = b"" if visit.placed_by_hand else control(visit)
    if visit.site.reload_error is not None:
        body = _error_box(visit.site.reload_error) + body
    return Rewriter(
        visit.site.rules(visit.consent),
        head=head(visit, headers) if body or visit.placed_by_hand or _stored(visit) else b"",
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
    if site.policy.banner.reopen == "none" or visit.choices_by_hand:
        return b""
    return site.notices.reopen(visit.locale, visit.base)


def head(visit: Visit, headers: RawHeaders) -> bytes:
    """Our style sheet and, for the banner and for what is to be deleted, our script.

    They carry the page's own nonce if its Content-Security-Policy has one.
    """
    policies = " ".join(value.decode("latin-1") for value in header_values(headers, b"content-security-policy"))
    return visit.site.notices.head(
        visit.base,
        style_nonce=_nonce(policies, "style-src"),
        script_nonce=_nonce(policies, "script-src"),
        script=visit.shows_banner,
        reload=_reload(visit, policies) if visit.shows_banner else "",
        clear=_stored(visit),
    )


def _nonce(policies: str, directive: str) -> str:
    """The nonce that a page's policies ask for in `directive`, or in `default-src` where that stands for it."""
    for name in (f"{directive}-elem", directive, "default-src"):
        match = re.search(rf"(?:^|[;,\s]){name}\s[^;,]*?{_NONCE}", policies, re.IGNORECASE)
        if match:
            return match[1]
    return ""


def _reload(visit: Visit, policies: str) -> str:
    """After which choices the page must be loaded anew: its scripts can't be stopped, or new ones can't be made."""
    consent = visit.consent
    runs = any(yes and consent.reasons[name] != "required" for name, yes in consent.services.items())
    return " ".join(["refused"] * runs + ["granted"] * ("require-trusted-types-for" in policies.lower()))


def _stored(visit: Visit) -> str:
    return visit.site.notices.stored_by(visit.decision.enforcement.refused, visit.consent)


def _error_box(message: str) -> bytes:
    """What is wrong with the policy file, for the developer who is changing it (`reload=True`)."""
    html = Markup('<div class="ckit-error" role="alert">{}</div>').format(message)
    return html.encode("ascii", "xmlcharrefreplace")


def _placeholder(visit: Visit, service: str) -> str | None:
    if service not in visit.site.policy.services:
        return None
    return visit.site.notices.placeholder(service, visit.locale, visit.decision.regime, visit.base, visit.return_to)
