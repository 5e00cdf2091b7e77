"""What readers send: comments and newsletter addresses.

consentkit's form gates come in a later version. Until then the app itself obeys the `forms` section of `consent.yaml`:
without consent, e-mail and website are dropped before anything is stored.
"""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from consentkit import get_consent

from . import cookies
from .comments import looks_like_spam, read_draft
from .forms import clean_line, is_email, read_form
from .newsroom import newsroom_of
from .pages import show_article


async def post_comment(request: Request) -> Response:
    """Store a comment, as much of it as the reader allows to be stored."""
    newsroom = newsroom_of(request)
    article = newsroom.articles.find(request.path_params["slug"])
    if article is None:
        raise HTTPException(404)
    draft = read_draft(await read_form(request))
    if draft.errors:
        return await show_article(request, article, draft, status=422)
    allowed = get_consent(request).allows_service("remember-me")
    kept = draft if allowed else draft.without_contact()
    held = looks_like_spam(draft)
    await run_in_threadpool(
        newsroom.comments.add,
        article.slug,
        kept,
        newsroom.clock(),
        held=held,
        ticket=cookies.ticket_of(request),
    )
    note = "held" if held else "published" if kept == draft else "published_without"
    response = RedirectResponse(f"{article.path}?comment={note}#comments", 303)
    if draft.remember:
        cookies.remember(response, draft)
    return response


async def forget(request: Request) -> Response:
    """Forget name, e-mail and website in this browser; what was published stays."""
    article = newsroom_of(request).articles.find(request.path_params["slug"])
    if article is None:
        raise HTTPException(404)
    await read_form(request)
    response = RedirectResponse(f"{article.path}#comment-form", 303)
    cookies.forget(response)
    return response


async def subscribe(request: Request) -> Response:
    """Store an address for the newsletter."""
    newsroom = newsroom_of(request)
    fields = await read_form(request)
    address = clean_line(fields.get("address", ""))
    home = "/fr/" if fields.get("edition") == "fr" else "/"
    if not is_email(address):
        return RedirectResponse(f"{home}?letter=address_wrong#newsletter", 303)
    await run_in_threadpool(newsroom.subscribers.add, address, newsroom.clock())
    return RedirectResponse(f"{home}?letter=subscribed#newsletter", 303)
