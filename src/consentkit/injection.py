"""What one page gets: the rewriter with the right rules, assets, and banner or re-open control."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import Literal, NamedTuple

from markupsafe import Markup

from consentkit.additions import Additions, PageStart
from consentkit.http import header_values
from consentkit.pages import is_fragment_request
from consentkit.rewrite.edits import Count
from consentkit.rewrite.stream import Rewriter, place_parts
from consentkit.visit import Visit

_NONCE = r"'nonce-([A-Za-z0-9+/_-]+={0,2})'"


class Parts(NamedTuple):
    """What is put into one page, and how."""

    additions: Additions
    head: bytes
    body: bytes
    inject: Literal["page", "document"] = "page"


def parts_of(visit: Visit, page: PageStart) -> Parts:
    """The parts of one page: for this visitor, or the same for all."""
    return _shared_parts(visit, page) if page.shared else _own_parts(visit, page)


def _own_parts(visit: Visit, page: PageStart) -> Parts:
    additions = visit.additions
    if additions.is_signalled:
        visit.site.log.count("signal:gpc")
    body = b"" if visit.placed_by_hand else control(visit)
    if visit.site.reload_error is not None:
        body = _error_box(visit.site.reload_error) + body
    head = _head(additions, page) if body or visit.placed_by_hand or additions.stored else b""
    return Parts(additions, head, body, "document" if is_fragment_request(visit.given) else "page")


def _shared_parts(visit: Visit, page: PageStart) -> Parts:
    """Everything inert, and a way to choose."""
    additions = visit.shared_additions
    asked = bool(visit.site.policy.asked_categories)
    body = additions.reopen if asked and not visit.choices_by_hand else b""
    return Parts(additions, _head(additions, page) if asked else b"", body)


def rewrite_whole(visit: Visit, page: PageStart, document: bytes) -> tuple[bytes, Mapping[Count, int]]:
    """A page that comes in one piece, rewritten, and what was counted in it."""
    parts = parts_of(visit, page)
    additions, head, body, inject = parts
    placed = place_parts(additions.rules, document, head=head, body=body, inject=inject, may_keep=not page.secret)
    if placed is not None:
        return placed, {}
    rewriter = make_rewriter(visit, parts)
    return rewriter.whole(document), rewriter.counted


def make_rewriter(visit: Visit, parts: Parts) -> Rewriter:
    """The rewriter for a page that gets these parts."""
    additions, head, body, inject = parts
    placeholder = partial(_placeholder, visit, additions)
    return Rewriter(additions.rules, head=head, body=body, inject=inject, placeholder=placeholder)


def control(visit: Visit, return_to: str | None = None) -> bytes:
    """The banner for who is to be asked, the "Privacy choices" control for others, nothing where nothing is asked.

    `return_to` is where a choice leads back to, if not to this page.
    """
    additions = visit.additions
    if additions.is_asking:
        return additions.banner(return_to or visit.return_to)
    return b"" if visit.choices_by_hand else additions.standing


def _head(additions: Additions, page: PageStart) -> bytes:
    """The tags that load our assets. They carry the page's own nonce if its Content-Security-Policy has one.

    A policy that lets less load than the app's own is only undone by a new page.
    """
    policies = [] if page.plain else header_values(page.headers, b"content-security-policy")
    if not policies and not page.tightened:
        return additions.plain_head
    written = ",".join(value.decode("latin-1") for value in policies)
    typed = "require-trusted-types-for" in written.lower()
    style, script = _nonce(written, "style-src"), _nonce(written, "script-src")
    return additions.head(style, script, reload_granted=page.tightened or typed)


def _nonce(policies: str, directive: str) -> str:
    """The nonce that a page's policies ask for in `directive`, or in `default-src` where that stands for it."""
    for name in (f"{directive}-elem", directive, "default-src"):
        match = re.search(rf"(?:^|[;,])\s*+{name}\s[^;,]*?{_NONCE}", policies, re.IGNORECASE)
        if match:
            return match[1]
    return ""


def _error_box(message: str) -> bytes:
    """What is wrong with the policy file, for the developer who is changing it (`reload=True`)."""
    html = Markup('<div class="ckit-error" role="alert">{}</div>').format(message)
    return html.encode("ascii", "xmlcharrefreplace")


def _placeholder(visit: Visit, additions: Additions, service: str) -> str | None:
    return additions.placeholder(service, visit.return_to)
