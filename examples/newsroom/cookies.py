"""The cookies this site would set on its own account.

Most of them are set without a question asked, as ordinary sites do. That is the point: consentkit sits outside the app,
and what the visitor hasn't allowed never leaves the server. Each is declared in `consent.yaml`.
"""

from __future__ import annotations

import json
import secrets
from urllib.parse import quote, unquote

from starlette.requests import Request
from starlette.responses import Response

from .comments import LIMITS, Draft, is_web_address

TICKET = "lantern_session"
REMEMBER = "comment-author"
VISITS = "_visits"
AD_SEGMENT = "_ad_seg"
DAY = 24 * 60 * 60


def measure(request: Request, response: Response, section: str) -> None:
    """Count this visit and note what was read: an analytics cookie and an advertising one."""
    seen = request.cookies.get(VISITS, "")
    count = int(seen) + 1 if seen.isascii() and seen.isdigit() and len(seen) < 6 else 1
    response.set_cookie(VISITS, str(count), max_age=180 * DAY, samesite="lax")
    response.set_cookie(AD_SEGMENT, section, max_age=90 * DAY, samesite="lax")


def give_ticket(request: Request, response: Response) -> None:
    """A random word for the comment form, so that a double click leaves one comment. Gone with the browser session."""
    if TICKET not in request.cookies:
        response.set_cookie(TICKET, secrets.token_urlsafe(12), httponly=True, samesite="lax")


def ticket_of(request: Request) -> str | None:
    """The word given by `give_ticket`, if it came back."""
    return request.cookies.get(TICKET, "")[:64] or None


def remember(response: Response, draft: Draft) -> None:
    """Keep name, e-mail and website in the reader's browser, who ticked the box for it."""
    value = json.dumps({"author": draft.author, "email": draft.email, "website": draft.website})
    response.set_cookie(REMEMBER, quote(value, safe=""), max_age=180 * DAY, httponly=True, samesite="lax")


def forget(response: Response) -> None:
    """Delete what `remember` kept."""
    response.delete_cookie(REMEMBER, httponly=True, samesite="lax")


def remembered(request: Request) -> Draft:
    """What `remember` kept, read as carefully as anything a browser sends."""
    try:
        kept = json.loads(unquote(request.cookies.get(REMEMBER, "")))
    except (ValueError, RecursionError):
        return Draft()
    if not isinstance(kept, dict):
        return Draft()
    fields = {name: _text(kept.get(name), LIMITS[name]) for name in ("author", "email", "website")}
    website = fields["website"] if is_web_address(fields["website"]) else ""
    return Draft(author=fields["author"], email=fields["email"], website=website)


def _text(value: object, limit: int) -> str:
    return value[:limit] if isinstance(value, str) and value.isprintable() else ""
